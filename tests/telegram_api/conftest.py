"""The emulator, and aiogram to hold against it."""

from tests.telegram_api.aiogram_env import aiogram_python

__all__ = ["aiogram_python"]
