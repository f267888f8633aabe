"""The agents' group: every ticket is a topic of it, and what agents do there is done to the ticket."""
