"""When: the days and times that a text names, whose they are, and the moment of the sale that follows."""
