"""The gradebook of a cohort: one SQLite file that only grows. See docs/gradebook.md for its tables."""

from grader.gradebook.book import Gradebook

__all__ = ["Gradebook"]
