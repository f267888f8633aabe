"""The fixture `telegram_api`: a fresh emulator for each test."""

import gc
import warnings
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
        with warnings.catch_warnings():
            # A delivery that is cut off while it connects leaves its socket to the collector: here, and
            # not in the middle of some later test.
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the collector come earlier, too, in the tests that use the emulator."""
    left = "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    for item in items:
        if "telegram_api" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.filterwarnings(left))
