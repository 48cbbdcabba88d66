"""Thresholds by measurement: how often the reference would miss them is stated, and what it rests on is kept beside them."""
