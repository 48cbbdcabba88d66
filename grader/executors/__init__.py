"""Where the submissions of a batch are graded: on this machine, or on a cluster."""
