"""Submissions that share code, for the instructor alone. A likeness is a reason to look, and no verdict: it changes no mark."""

from grader.similarity.compare import similar
from grader.similarity.page import to_page, to_text
from grader.similarity.records import Pair, Place, Side

__all__ = ["Pair", "Place", "Side", "similar", "to_page", "to_text"]
