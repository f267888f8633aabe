"""The merchant's chat page: its template, style and script."""
