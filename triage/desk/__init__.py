"""The agents' desk: pages, templates, static files."""
