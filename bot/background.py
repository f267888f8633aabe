"""Work in the background that must go on for as long as the service runs."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

#: Seconds before work that failed is begun again: longer after each failure, up to the last.
PAUSES = (1.0, 2.0, 5.0, 15.0)
#: Work that ran for so long before it failed is as good as new.
STEADY_SECONDS = 60.0
_log = structlog.get_logger()


async def keep_going(name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do some work until it ends by itself or is cancelled; after a failure begin it again."""
    failures = 0
    while True:
        began = asyncio.get_running_loop().time()
        try:
            await work()
        except Exception:  # noqa: BLE001 - it is logged, and the work must go on
            steady = asyncio.get_running_loop().time() - began > STEADY_SECONDS
            failures = 1 if steady else failures + 1
            pause = PAUSES[min(failures, len(PAUSES)) - 1]
            _log.exception("background work failed and is begun again", work=name, next_try_in=pause)
            await asyncio.sleep(pause)
        else:
            return
