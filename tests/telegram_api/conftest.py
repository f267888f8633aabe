"""The emulator, and aiogram to hold against it."""

from tests.telegram_api.aiogram_env import aiogram_python
from tests.telegram_api.fixtures import telegram_api

__all__ = ["aiogram_python", "telegram_api"]
