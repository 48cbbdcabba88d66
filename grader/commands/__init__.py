"""The commands about a cohort; ``grader.cli`` is the entry point and has the commands about one submission."""
