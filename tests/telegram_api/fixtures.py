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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Forgive the tests of Telegram a socket that a delivery left when it was cut off while it connected."""
    left = "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    for item in items:
        if "telegram" in item.nodeid:
            item.add_marker(pytest.mark.filterwarnings(left))
