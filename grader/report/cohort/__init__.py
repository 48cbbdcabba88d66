"""A ``Cohort`` to the files that an instructor, a learning platform and the students get. Renderers are pure; ``exports`` writes."""
