"""Channels: one module per platform, the only code that knows it."""
