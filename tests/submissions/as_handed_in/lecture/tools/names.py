NAME = "lecture"
