"""Why the money is due when it is: the reason in words, and the strip of days from sale to arrival."""
