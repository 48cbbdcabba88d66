"""Helpers the three homework files share: training, comparison, plots."""
