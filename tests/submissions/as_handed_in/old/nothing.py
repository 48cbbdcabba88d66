"""Defines nothing, and fails."""

SIZES = [4, 10]
HEAD = SIZES[2]  # <- here
