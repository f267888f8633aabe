"""The bot: channels, the turn, the talk with the merchant, and the wiring of the whole service."""
