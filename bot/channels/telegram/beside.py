"""What is shown beside the talk (typing, marks, hints): nothing depends on it, a crash may lose it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from telegram.error import RetryAfter, TelegramError

from bot.channels.telegram.api import wait_of

#: It waits at most so long for Telegram's leave.
LONGEST_WAIT = 30.0
_log = structlog.get_logger()


class Beside:
    """Calls under way that nobody waits for."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def show(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin a call; its failure is noted in the log."""
        task = asyncio.create_task(_quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cut off what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def patiently(call: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    """Call once, and once more when Telegram asks for a short wait."""
    try:
        await call()
    except RetryAfter as error:
        wait = wait_of(error).total_seconds()
        if wait > LONGEST_WAIT:
            raise
        await asyncio.sleep(wait)
        await call()


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except TelegramError as error:
        _log.debug("Telegram did not show something", error=type(error).__name__)
    except Exception:  # noqa: BLE001 - the talk does not depend on it
        _log.exception("something beside the talk failed")
