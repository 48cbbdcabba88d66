"""The networks and layers of the homework."""
