"""The outbox: how messages reach a platform that is pushed to."""
