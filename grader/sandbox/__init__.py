"""Places to run the worker in."""
