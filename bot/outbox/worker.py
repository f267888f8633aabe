"""The outbox: gives platforms what merchants must get, in order, at a bearable pace, through all faults."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.messages import Channel, DeliveryError, Outgoing, OutgoingFile, RefusedError
from bot.outbox import deliveries
from bot.outbox.deliveries import HOLD, Delivery
from bot.outbox.pace import Pace
from triage.attachments import FileNotHereError, open_file
from triage.bell import OUTBOX, Listener
from triage.model import DeliveryStatus
from triage.store import Store, StoreError, Transaction, Work
from triage.vault import Vault

#: Without being rung, the outbox looks so often.
LOOK_SECONDS = 1.0
#: Deliveries under way at the same time.
MOST_AT_ONCE = 32
#: A platform gets so long to take a message; far less than a delivery is held.
SEND_SECONDS = 20.0
#: Deliveries under way get so long to end when the service goes down.
LAST_SECONDS = 1.0
#: What a platform would not take for so long is given up.
GIVE_UP_AFTER = timedelta(days=1)
LONGEST_PAUSE = timedelta(minutes=5)
_log = structlog.get_logger()


class OutboxWorker:
    """Sends what waits; any number of processes may run one on the same PostgreSQL database."""

    def __init__(
        self, store: Store, vault: Vault, channels: Sequence[Channel], clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._vault = vault
        self._channels = {channel.name: channel for channel in channels}
        self._clock = clock
        self._paces = {channel.name: Pace(channel) for channel in channels}
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send until the bell is closed or the task is cancelled, then let end what is under way."""
        bell = self._store.bell
        fresh = True
        try:
            with bell.listen(OUTBOX) as listener:
                while not bell.closed:
                    try:
                        await self._round(listener, fresh=fresh)
                        fresh = False
                    except StoreError:
                        _log.exception("the outbox cannot read its deliveries")
                    await listener.wait(self._rest())
        finally:
            await self._end()

    async def _round(self, listener: Listener, *, fresh: bool) -> None:
        """Free what a dead sender left, and begin to send what is due."""
        names, now = list(self._channels), self._clock()
        if not fresh and not await asyncio.to_thread(self._something_due, names, now):
            return
        alone = fresh and not self._store.shared
        freed = await self._write(lambda tx: deliveries.free(tx, names, now, all_held=alone))
        if freed:
            _log.warning("deliveries were left in the middle", count=freed)
        for name, pace in self._paces.items():
            ticks = time.monotonic()
            room = min(MOST_AT_ONCE - len(self._under_way), pace.room(ticks))
            if room > 0:
                await self._begin(name, pace.resting(ticks), room, listener)

    def _something_due(self, names: Sequence[str], now: datetime) -> bool:
        return self._store.read(lambda connection: deliveries.something_due(connection, names, now))

    async def _begin(self, name: str, resting: Sequence[str], room: int, listener: Listener) -> None:
        now = self._clock()
        taken = await self._write(lambda tx: deliveries.take(tx, name, resting, room, now))
        for delivery in taken:
            self._paces[name].took(delivery.message.sender, time.monotonic())
            task = asyncio.create_task(self._deliver(delivery))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            task.add_done_callback(lambda _: listener.wake())

    async def _deliver(self, delivery: Delivery) -> None:
        """Send one part, and mark how it ended."""
        channel = self._channels[delivery.message.channel]
        try:
            message = await asyncio.to_thread(self._with_file, delivery)
            async with asyncio.timeout(SEND_SECONDS):
                await channel.send(message, delivery.parts_sent)
        except RefusedError as error:
            reason = error.reason
            await self._mark(delivery, lambda tx: self._refused(tx, delivery, reason))
        except DeliveryError as error:
            values = self._later(delivery, error)
            await self._mark(delivery, lambda tx: deliveries.mark(tx, delivery, **values))
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody knows whether the message arrived
            _log.warning("a delivery is doubtful", delivery=delivery.id, error=type(error).__name__)
            now = self._clock()
            await self._mark(delivery, lambda tx: deliveries.doubt(tx, delivery, now))
        else:
            values = self._went(delivery, len(channel.parts(message)))
            await self._mark(delivery, lambda tx: deliveries.mark(tx, delivery, **values))

    def _with_file(self, delivery: Delivery) -> Outgoing:
        """Put the file into a message that has one.

        Raises DeliveryError while the file is being fetched or cannot be read, RefusedError when it is not to
        be had.
        """
        if delivery.file is None:
            return delivery.message
        try:
            file = self._store.read(lambda connection: open_file(connection, str(delivery.file), self._vault))
        except FileNotHereError as error:
            raise (DeliveryError("file") if error.is_coming else RefusedError("file")) from None
        except StoreError as error:
            raise DeliveryError("database") from error
        return replace(delivery.message, file=OutgoingFile(**file))

    def _went(self, delivery: Delivery, parts: int) -> dict[str, Any]:
        sent = delivery.parts_sent + 1
        status = DeliveryStatus.SENT if sent >= parts else DeliveryStatus.WAITING
        return {"status": status, "parts_sent": sent, "due_at": self._clock(), "error": None}

    def _later(self, delivery: Delivery, error: DeliveryError) -> dict[str, Any]:
        """Try again after what the platform asks for, or after ever longer pauses; not for ever."""
        now = self._clock()
        if now - (delivery.resent_at or delivery.message.at) > GIVE_UP_AFTER:
            _log.warning("a delivery is given up", delivery=delivery.id, error=error.reason)
            return {"status": DeliveryStatus.FAILED, "error": error.reason}
        pause = error.after or min(timedelta(seconds=2 ** min(delivery.attempt - 1, 10)), LONGEST_PAUSE)
        return {"status": DeliveryStatus.WAITING, "due_at": now + pause, "error": error.reason}

    def _refused(self, transaction: Transaction, delivery: Delivery, reason: str) -> None:
        deliveries.mark(transaction, delivery, status=DeliveryStatus.FAILED, error=reason)
        if reason == "blocked":
            message = delivery.message
            deliveries.give_up_on(transaction, message.channel, message.sender, reason)

    async def _mark(self, delivery: Delivery, work: Work[object]) -> None:
        """Write how it ended; while the database is away, again until the delivery is no longer ours."""
        end = time.monotonic() + HOLD.total_seconds()
        while True:
            try:
                await self._write(work)
            except StoreError:
                if time.monotonic() > end or self._store.bell.closed:
                    _log.exception("the end of a delivery is not noted", delivery=delivery.id)
                    return
                await asyncio.sleep(LOOK_SECONDS)
            else:
                return

    async def _write(self, work: Work[Any]) -> Any:
        return await asyncio.to_thread(self._store.write, work)

    def _rest(self) -> float:
        """Say how long to sleep: until somebody who had to rest may be sent to, or until the next look."""
        now = time.monotonic()
        waits = [wait for pace in self._paces.values() if (wait := pace.seconds_to_next(now)) is not None]
        return min([LOOK_SECONDS, *waits])

    async def _end(self) -> None:
        """Give the deliveries under way a moment; one that is cut off is doubtful at the next start."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=LAST_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
