"""A grader of deep-learning homework: the network crosses the border as data, and the examiner's side measures it."""

__version__ = "0.1.0"
