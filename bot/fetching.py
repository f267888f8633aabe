"""Merchants' files: fetches what platforms still have, after the turn's commit; removes what is too old."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.messages import FetchError, FileSource
from bot.talk.wording import Wording
from triage import attachments, talks
from triage.attachments import Waiting
from triage.bell import FILES, Listener
from triage.media import LARGEST, NotKeptError, Refusal, examine
from triage.model import TicketStatus
from triage.store import Store, StoreError, Transaction, Work
from triage.tickets import tickets_of, touch
from triage.vault import Vault

#: Without being rung, the worker looks so often for what is to be fetched, and for what is too old.
LOOK_SECONDS, REMOVE_SECONDS = 1.0, 3600.0
#: Files under way at the same time: each is held in memory.
MOST_AT_ONCE = 4
#: A file gets so long; far less than it is held.
FETCH_SECONDS = 60.0
HOLD = timedelta(minutes=3)
#: What could not be fetched for so long is given up.
GIVE_UP_AFTER = timedelta(days=1)
LONGEST_PAUSE = timedelta(minutes=5)
_log = structlog.get_logger()


class Files:
    """Fetches and removes; any number of processes may run one on the same PostgreSQL database."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        wording: Callable[[], Wording],
        clock: Callable[[], datetime],
        *,
        sources: Sequence[FileSource],
        kept_for: timedelta,
    ) -> None:
        self._store = store
        self._vault = vault
        self._wording = wording
        self._clock = clock
        self._sources = {source.name: source for source in sources}
        self._kept_for = kept_for
        self._under_way: set[asyncio.Task[None]] = set()
        self._removed_at = -REMOVE_SECONDS

    async def run(self) -> None:
        """Work until the bell is closed or the task is cancelled."""
        bell, names = self._store.bell, list(self._sources)
        try:
            with bell.listen(FILES) as listener:
                fresh = not self._store.shared
                while not bell.closed:
                    try:
                        if fresh:
                            await self._write(lambda tx: attachments.release(tx, names, self._clock()))
                            fresh = False
                        await self._round(names, listener)
                    except StoreError:
                        _log.exception("the files cannot be looked after")
                    await listener.wait(LOOK_SECONDS)
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _round(self, names: Sequence[str], listener: Listener) -> None:
        ticks = time.monotonic()
        if ticks - self._removed_at >= REMOVE_SECONDS:
            await self._remove_old()
            self._removed_at = ticks
        now, room = self._clock(), MOST_AT_ONCE - len(self._under_way)
        if not names or room <= 0 or not await asyncio.to_thread(self._something_waits, names, now):
            return
        for waiting in await self._write(lambda tx: attachments.take_waiting(tx, names, room, now, HOLD)):
            task = asyncio.create_task(self._fetch(waiting))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            task.add_done_callback(lambda _: listener.wake())

    def _something_waits(self, names: Sequence[str], now: datetime) -> bool:
        return self._store.read(lambda connection: attachments.something_waits(connection, names, now))

    async def _remove_old(self) -> None:
        """Remove everything whose time is over."""
        now = self._clock()
        total = 0
        while removed := await self._write(lambda tx: attachments.remove_old(tx, self._kept_for, now)):
            total += removed
        if total:
            _log.info("files are removed, their time is over", count=total)

    async def _fetch(self, waiting: Waiting) -> None:
        """Fetch one file, and write what came of it; if that fails, it is fetched again."""
        work = await self._outcome(waiting)
        try:
            await self._write(work)
        except StoreError:
            _log.exception("what came of a file cannot be stored", attachment=waiting.id)

    async def _outcome(self, waiting: Waiting) -> Work[None]:
        """Try to fetch a file; gives what is to be written of it."""
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                content = await self._sources[waiting.channel].fetch(waiting.reference, LARGEST[waiting.kind])
            media_type = examine(waiting.kind, content)
        except NotKeptError as error:
            reason = error.reason
            return lambda tx: self._refuse(tx, waiting, reason)
        except Exception as error:  # noqa: BLE001 - whatever it was, the file is still to be fetched
            return self._later(waiting, error)
        sealed = await asyncio.to_thread(self._vault.seal, content)
        return lambda tx: self._keep(tx, waiting, media_type, len(content), sealed)

    def _later(self, waiting: Waiting, error: Exception) -> Work[None]:
        """Try again after what the platform asks for, or after ever longer pauses; not for ever."""
        now = self._clock()
        reason = error.reason if isinstance(error, FetchError) else type(error).__name__
        if now - waiting.at > GIVE_UP_AFTER:
            _log.warning("a file is given up", attachment=waiting.id, error=reason)
            return lambda tx: self._refuse(tx, waiting, "late")
        after = error.after if isinstance(error, FetchError) else None
        pause = after or min(timedelta(seconds=2 ** min(waiting.attempt - 1, 10)), LONGEST_PAUSE)
        _log.warning("a file is not fetched yet", attachment=waiting.id, error=reason)
        return lambda tx: attachments.put_off(tx, waiting, now + pause)

    def _keep(
        self, transaction: Transaction, waiting: Waiting, media_type: str, size: int, sealed: bytes
    ) -> None:
        talks.lock(transaction, waiting.conversation_id)
        if not attachments.keep(transaction, waiting, media_type, size, sealed):
            self._refuse(transaction, waiting, "quota")

    def _refuse(self, transaction: Transaction, waiting: Waiting, reason: Refusal) -> None:
        """Note that a file is not kept, and tell the merchant, unless a person has his case in hand."""
        conversation = talks.lock(transaction, waiting.conversation_id)
        tell = attachments.refuse(transaction, waiting, reason)
        ticket, _ = tickets_of(transaction.connection, waiting.conversation_id)
        if attachments.author_of(transaction, waiting) == "agent":
            # The merchant need not know; the agents see it on their card and at the desk.
            if ticket:
                touch(transaction, ticket.id, self._clock())
        elif tell and (ticket is None or ticket.status == TicketStatus.NEW):
            text = self._wording().say(f"attachment_refused_{reason}", conversation.talk["language"])
            talks.post(transaction, conversation, "bot", text, self._clock())

    async def _write(self, work: Work[Any]) -> Any:
        return await asyncio.to_thread(self._store.write, work)
