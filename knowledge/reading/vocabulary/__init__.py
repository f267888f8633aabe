"""The words that the reader knows: loaded from lexicon.yaml and statements.yaml, and found in a text."""
