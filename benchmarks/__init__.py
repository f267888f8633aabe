"""What `make bench` runs: whole turns a second against the raw commit rate, and the parts."""
