"""Reading what merchants write: text in, intent and facts out. Pure."""
