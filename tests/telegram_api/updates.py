"""The updates that the bot has not confirmed yet, and getUpdates, which waits for them."""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tests.telegram_api.errors import conflict

#: What a bot does not get unless it asks for it.
ONLY_ON_REQUEST = {"chat_member", "message_reaction", "message_reaction_count"}
LONGEST_WAIT = 50  # seconds


@dataclass(slots=True)
class Pending:
    """An update that waits for the bot."""

    update: dict[str, Any]
    #: Updates with the same key are delivered by webhook one after the other.
    key: str
    #: Seconds since 1970; afterwards it is dropped.
    expires: int
    #: Handed out once whatever the offset: a repeat, or one that was put out of order.
    out_of_turn: bool = False
    handed_out: bool = False

    @property
    def id(self) -> int:
        """Its update_id."""
        number: int = self.update["update_id"]
        return number


class UpdateQueue:
    """All pending updates in the order of delivery; `on_added` is told of each new one."""

    def __init__(self, now: Callable[[], int]) -> None:
        self.pending: list[Pending] = []
        self.next_id = 512_000_001
        #: Kinds that are delivered; None: all but ONLY_ON_REQUEST.
        self.allowed: list[str] | None = None
        self.on_added: list[Callable[[Pending], None]] = []
        #: Every update there ever was, by id.
        self.seen: dict[int, Pending] = {}
        self._now = now
        self._held: list[Pending] | None = None
        self._poll: asyncio.Future[None] | None = None

    def add(self, kind: str, content: dict[str, Any], *, key: str, expires: int) -> dict[str, Any] | None:
        """Queue an update; None if the bot does not want this kind."""
        if kind in ONLY_ON_REQUEST if self.allowed is None else kind not in self.allowed:
            return None
        update = {"update_id": self.next_id, kind: deepcopy(content)}
        self.next_id += 1
        entry = Pending(update, key, expires)
        self.seen[entry.id] = entry
        if self._held is None:
            self._deliver(entry)
        else:
            self._held.append(entry)
        return update

    def add_raw(self, update: dict[str, Any], key: str) -> None:
        """Queue an update as it is: of an unknown kind, or broken."""
        entry = Pending({"update_id": self.next_id, **update}, key, self._now() + 24 * 3600)
        self.next_id = max(self.next_id, entry.id) + 1
        self.seen[entry.id] = entry
        self._deliver(entry)

    def repeat(self, update_id: int) -> None:
        """Deliver an update once more, confirmed or not."""
        old = self.seen[update_id]
        self._deliver(Pending(old.update, old.key, self._now() + 24 * 3600, out_of_turn=True))

    def hold(self) -> None:
        """Keep new updates back until `release`."""
        self._held = []

    def release(self, order: list[int] | None = None) -> None:
        """Deliver what was held, in the order of these update ids (default: as they came)."""
        held, self._held = self._held or [], None
        if order is not None:
            held.sort(key=lambda entry: order.index(entry.id))
        for entry in held:
            entry.out_of_turn = order is not None
            self._deliver(entry)

    def held_ids(self) -> list[int]:
        """Give the ids of what is held."""
        return [entry.id for entry in self._held or ()]

    def _deliver(self, entry: Pending) -> None:
        self.pending.append(entry)
        if self._poll and not self._poll.done():
            self._poll.set_result(None)
        for told in self.on_added:
            told(entry)

    def drop_expired(self) -> None:
        """Forget what is too old."""
        now = self._now()
        self.pending = [entry for entry in self.pending if entry.expires > now]

    def confirm(self, offset: int) -> None:
        """Forget what is below the offset; a negative one keeps that many of the last."""
        if offset < 0:
            self.pending = self.pending[offset:]
        elif offset > 0:
            self.pending = [
                entry
                for entry in self.pending
                if entry.id >= offset or (entry.out_of_turn and not entry.handed_out)
            ]

    async def wait(self, offset: int, limit: int, seconds: float) -> list[dict[str, Any]]:
        """Do getUpdates; an older call that still waits is ended with 409."""
        self.end_poll(
            "terminated by other getUpdates request; make sure that only one bot instance is running"
        )
        self.drop_expired()
        self.confirm(offset)
        if not self.pending and seconds > 0:
            self._poll = poll = asyncio.get_running_loop().create_future()
            try:
                await asyncio.wait_for(poll, min(seconds, LONGEST_WAIT))
            except TimeoutError:
                pass
            finally:
                if self._poll is poll:
                    self._poll = None
        batch = self.pending[: min(limit, 100) if limit > 0 else 100]
        for entry in batch:
            entry.handed_out = True
        return [entry.update for entry in batch]

    def end_poll(self, why: str) -> None:
        """End a getUpdates that waits, with 409."""
        if self._poll and not self._poll.done():
            self._poll.set_exception(conflict(why))
