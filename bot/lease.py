"""Work that one process at a time does, of all that share a database."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import structlog

from triage.leases import release_lease, take_lease
from triage.store import Store, StoreError

#: A holder that was not heard of for so long has died.
LENGTH = timedelta(seconds=15)
#: The holder renews so often; the others look whether it is free.
RENEW_SECONDS, LOOK_SECONDS = 5.0, 1.0
_log = structlog.get_logger()


class HeldWork:
    """Work under a lease.

    Nothing may depend on there being one holder: a clock may be wrong, or a process slow to notice its end.
    """

    def __init__(self, store: Store, name: str, holder: str, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._name = name
        self._holder = holder
        self._clock = clock
        #: Until when the lease is surely ours, by time.monotonic.
        self._sure_until = 0.0

    async def run(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do the work whenever this process holds the lease, until cancelled."""
        if not self._store.shared:
            await work()
            return
        while True:
            if await self._is_ours():
                await self._do(work)
            await asyncio.sleep(LOOK_SECONDS)

    async def _do(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        _log.info("this process takes over", work=self._name)
        task = asyncio.create_task(work())
        try:
            while await self._is_ours():
                await asyncio.wait([task], timeout=RENEW_SECONDS)
                if task.done():
                    await task
                    return
            _log.warning("another process has taken over", work=self._name)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._release()

    async def _is_ours(self) -> bool:
        """Take the lease or renew it; while the database is away, it is ours for as long as it was taken."""
        ticks, now = time.monotonic(), self._clock()
        try:
            ours = await asyncio.to_thread(
                self._store.write,
                lambda tx: take_lease(tx, self._name, self._holder, now, now + LENGTH),
            )
        except StoreError:
            return time.monotonic() < self._sure_until
        self._sure_until = ticks + LENGTH.total_seconds() if ours else 0.0
        return ours

    async def _release(self) -> None:
        try:
            await asyncio.to_thread(self._store.write, lambda tx: release_lease(tx, self._name, self._holder))
        except StoreError:
            _log.warning("a lease could not be given back, and will run out", work=self._name)
