"""The talk: what the bot says to a message, decided without database, channel or clock."""
