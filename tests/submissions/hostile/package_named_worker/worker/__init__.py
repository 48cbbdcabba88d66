"""Is imported in place of the worker."""
