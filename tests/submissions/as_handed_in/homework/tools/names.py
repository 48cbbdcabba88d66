NAME = "homework"
