"""The emulator for its own tests."""

from tests.telegram_api.fixtures import telegram_api

__all__ = ["telegram_api"]
