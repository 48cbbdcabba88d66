"""A cohort: who handed in what, and when; what counts; what came of it."""
