"""Helpers the three homework files share: data, training, comparison, plots."""
