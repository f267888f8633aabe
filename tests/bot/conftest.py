"""Telegram for the tests of the bot: the emulator, and the real service on it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.bot.telegram_service import TelegramService
from tests.telegram_api.control import RunningServer, TelegramApi

__all__ = ["bot", "start_bot"]


@pytest.fixture
def start_bot(tmp_path: Path, telegram_api: TelegramApi) -> Iterator[Callable[..., TelegramService]]:
    """Give `start(way, database_url="", **settings)`, which starts a service with the bot."""
    with ExitStack() as services:

        def start(way: str, database_url: str = "", **settings: str) -> TelegramService:
            return services.enter_context(
                TelegramService(tmp_path / "service", telegram_api, way, database_url, **settings)
            )

        yield start


@pytest.fixture(scope="module", params=["polling", "webhook"])
def bot(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TelegramService]:
    """One service each way, with its own emulator, for all tests of a module: each has its own people."""
    server = RunningServer()
    try:
        folder = tmp_path_factory.mktemp(request.param)
        with TelegramService(folder, TelegramApi(server), request.param) as service:
            yield service
    finally:
        server.close()
