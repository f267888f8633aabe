"""The fixture `telegram_api`: a fresh emulator for each test."""

from collections.abc import Iterator

import pytest

from tests.telegram_api.control import RunningServer, TelegramApi


@pytest.fixture
def telegram_api() -> Iterator[TelegramApi]:
    """Give control over an emulated Telegram that runs beside the test."""
    server = RunningServer()
    try:
        yield TelegramApi(server)
    finally:
        server.close()
