"""Tickets, incidents, the store, and the desk where agents work."""
