"""The laboratory of the people who maintain the knowledge base: check, show, explain, simulate."""
