"""The outbox: order, pace, faults, and who may mark what, on both databases, with a platform in memory."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import Row, select, update

from bot.messages import DeliveryError, Outgoing, Rate, RefusedError
from bot.outbox import deliveries
from bot.outbox.deliveries import HOLD, Delivery
from bot.outbox.pace import Pace
from bot.outbox.worker import GIVE_UP_AFTER, OutboxWorker
from bot.talk.state import Talk
from tests.attached import JPEG
from triage import attachments
from triage.attachments import Brought
from triage.bell import OUTBOX
from triage.media import File
from triage.model import Message, Outbox, table
from triage.store import Store, Transaction
from triage.talks import conversation_for, post
from triage.vault import Vault, new_key

NOW = datetime(2026, 10, 9, 2, 0, tzinfo=UTC)
PATIENCE = 30
FAST = Rate(100_000, 1)

VAULT = Vault(new_key())
_OUTBOX, _MESSAGE = table(Outbox), table(Message)


@dataclass
class Platform:
    """Takes messages in memory; `faults` of a text are raised one after the other when it is sent."""

    name: str = "push"
    rate: Rate = FAST
    faults: dict[str, list[Exception]] = field(default_factory=lambda: defaultdict(list))
    #: (recipient, text) in the order of the calls, faulty ones too.
    calls: list[tuple[str, str]] = field(default_factory=list)
    #: Only what arrived.
    shown: list[tuple[str, str]] = field(default_factory=list)
    #: Exceptions after which the message is there all the same.
    arrives_with: type[Exception] = TimeoutError

    def rate_for(self, _: str) -> Rate:
        return FAST

    def parts(self, message: Outgoing) -> Sequence[str]:
        return message.text.split("|")

    async def send(self, message: Outgoing, part: int) -> None:
        text = self.parts(message)[part]
        self.calls.append((message.sender, text))
        await asyncio.sleep(0)
        fault = self.faults[text].pop(0) if self.faults[text] else None
        if fault is None or isinstance(fault, self.arrives_with):
            self.shown.append((message.sender, text))
        if fault:
            raise fault

    def texts_for(self, recipient: str) -> list[str]:
        return [text for to, text in self.shown if to == recipient]


@dataclass
class Clock:
    """A clock that the test moves."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def say(store: Store, recipient: str, *texts: str, author: str = "bot", at: datetime = NOW) -> None:
    def work(transaction: Transaction) -> None:
        row = conversation_for(transaction, "push", recipient, "", Talk().to_json(), at)
        for text in texts:
            post(transaction, row, author, text, at)

    store.write(work)


def rows(store: Store) -> dict[str, Row[Any]]:
    """Give the deliveries by their texts."""
    joined = select(_OUTBOX, _MESSAGE.c.text).join(_MESSAGE).order_by(_OUTBOX.c.id)
    return {row.text: row for row in store.read(lambda connection: connection.execute(joined).all())}


def ends(store: Store) -> dict[str, str]:
    return {text: row.status for text, row in rows(store).items()}


@asynccontextmanager
async def working(store: Store, platform: Platform, clock: Callable[[], datetime]) -> AsyncIterator[None]:
    worker = asyncio.create_task(OutboxWorker(store, VAULT, [platform], clock).run())
    try:
        yield
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.01)


async def work_off(store: Store, platform: Platform, clock: Callable[[], datetime] = Clock()) -> None:  # noqa: B008
    """Let a worker run until nothing is due or under way."""

    def nothing_due() -> bool:
        kept, now = rows(store).values(), clock()
        open_ = [row for row in kept if row.status in ("waiting", "sending")]
        held_up = {row.recipient for row in open_ if row.status == "waiting" and row.due_at > now}
        return all(row.recipient in held_up for row in open_)

    async with working(store, platform, clock):
        await until(nothing_due)


async def test_each_recipient_gets_all_in_order(store: Store) -> None:
    for round_ in range(5):
        for merchant in range(8):
            say(store, f"m{merchant}", f"m{merchant}.{round_}")
    platform = Platform()
    await work_off(store, platform)
    for merchant in range(8):
        assert platform.texts_for(f"m{merchant}") == [f"m{merchant}.{n}" for n in range(5)]
    assert set(ends(store).values()) == {"sent"}


async def test_a_message_that_comes_later_wakes_the_worker(store: Store) -> None:
    platform = Platform()
    async with working(store, platform, Clock()):
        await asyncio.sleep(0.05)
        say(store, "m1", "hello")
        await until(lambda: ends(store) == {"hello": "sent"})
    assert platform.shown == [("m1", "hello")]


async def test_what_the_platform_asks_to_wait_for_holds_up_one_recipient_only(store: Store) -> None:
    platform, clock = Platform(), Clock()
    platform.faults["a1"] = [DeliveryError("busy", timedelta(seconds=35))]
    say(store, "a", "a1", "a2")
    say(store, "b", "b1", "b2")
    await work_off(store, platform, clock)
    assert ends(store) == {"a1": "waiting", "a2": "waiting", "b1": "sent", "b2": "sent"}
    clock.now += timedelta(seconds=34)
    async with working(store, platform, clock):
        await asyncio.sleep(0.1)
        assert platform.texts_for("a") == []
    clock.now += timedelta(seconds=1)
    await work_off(store, platform, clock)
    assert platform.texts_for("a") == ["a1", "a2"]
    assert Counter(platform.calls)["a", "a1"] == 2


async def test_pauses_grow_and_a_day_is_enough(store: Store) -> None:
    platform, clock = Platform(), Clock()
    platform.faults["hello"] = [DeliveryError("unreachable")] * 1000
    say(store, "m1", "hello", "later")
    pauses = []
    while rows(store)["hello"].status == "waiting":
        await work_off(store, platform, clock)
        row = rows(store)["hello"]
        pauses.append((row.due_at - clock.now).total_seconds())
        clock.now = max(row.due_at, clock.now) if len(pauses) < 12 else NOW + GIVE_UP_AFTER * 1.01
    assert pauses[:9] == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert pauses[9:12] == [300, 300, 300]
    assert rows(store)["hello"].status == "failed"
    assert rows(store)["hello"].error == "unreachable"
    await work_off(store, platform, clock)
    assert platform.shown == [("m1", "later")]


async def test_what_a_person_has_sent_once_more_gets_another_day(store: Store) -> None:
    platform, clock = Platform(), Clock(NOW + GIVE_UP_AFTER + timedelta(minutes=1))
    say(store, "li", "hello", author="agent")
    anew = {"resent_at": clock.now - timedelta(hours=1), "due_at": clock.now}
    store.write(lambda tx: tx.execute(update(_OUTBOX), anew))
    platform.faults["hello"] = [DeliveryError("busy")]
    await work_off(store, platform, clock)
    assert ends(store) == {"hello": "waiting"}


async def test_a_doubtful_text_of_the_bot_is_sent_once_more_and_marked(store: Store) -> None:
    platform = Platform()
    platform.faults["hello"] = [TimeoutError()]
    say(store, "m1", "hello", "next")
    await work_off(store, platform)
    assert platform.texts_for("m1") == ["hello", "hello", "next"]
    kept = rows(store)
    assert (kept["hello"].status, kept["hello"].doubts) == ("sent", 1)
    assert (kept["next"].status, kept["next"].doubts) == ("sent", 0)


async def test_a_text_of_the_bot_that_stays_doubtful_is_left(store: Store) -> None:
    platform = Platform()
    platform.faults["hello"] = [TimeoutError(), ValueError("truncated"), TimeoutError()]
    say(store, "m1", "hello", "next")
    await work_off(store, platform)
    assert ends(store) == {"hello": "uncertain", "next": "sent"}
    assert Counter(text for _, text in platform.calls) == {"hello": 2, "next": 1}


async def test_a_doubtful_text_of_a_person_is_never_sent_again(store: Store) -> None:
    platform = Platform()
    platform.faults["I looked into it"] = [TimeoutError()]
    say(store, "m1", "I looked into it", author="agent")
    say(store, "m1", "next")
    await work_off(store, platform)
    assert platform.texts_for("m1") == ["I looked into it", "next"]
    assert ends(store) == {"I looked into it": "uncertain", "next": "sent"}


async def test_a_file_that_cannot_be_read_now_is_sent_later(store: Store) -> None:
    def work(tx: Transaction) -> None:
        row = conversation_for(tx, "push", "m1", "", Talk().to_json(), NOW)
        line = post(tx, row, "agent", "the receipt", NOW)
        file = File(key="f", kind="photo", size=len(JPEG))
        brought = Brought(file=file, media_type="image/jpeg", sealed=VAULT.seal(JPEG))
        attachments.add(tx, row, line.id, brought, NOW)

    store.write(work)
    platform, clock = Platform(), Clock()
    store.write(lambda tx: tx.connection.exec_driver_sql("ALTER TABLE attachment_bytes RENAME TO away"))
    await work_off(store, platform, clock)
    assert ends(store) == {"the receipt": "waiting"}
    assert rows(store)["the receipt"].doubts == 0
    store.write(lambda tx: tx.connection.exec_driver_sql("ALTER TABLE away RENAME TO attachment_bytes"))
    clock.now += timedelta(seconds=1)
    await work_off(store, platform, clock)
    assert platform.shown == [("m1", "the receipt")]


async def test_one_who_blocked_the_bot_is_marked_and_left_alone(store: Store) -> None:
    platform = Platform()
    platform.faults["a1"] = [RefusedError("blocked")]
    say(store, "a", "a1", "a2", "a3")
    say(store, "b", "b1")
    await work_off(store, platform)
    assert ends(store) == {"a1": "failed", "a2": "failed", "a3": "failed", "b1": "sent"}
    assert {row.error for text, row in rows(store).items() if text.startswith("a")} == {"blocked"}
    assert [text for to, text in platform.calls if to == "a"] == ["a1"]
    say(store, "a", "a4")
    await work_off(store, platform)
    assert platform.texts_for("a") == ["a4"], "he may have come back"


async def test_a_text_that_the_platform_refuses_does_not_stop_the_next(store: Store) -> None:
    platform = Platform()
    platform.faults["odd"] = [RefusedError("refused")]
    say(store, "m1", "odd", "next")
    await work_off(store, platform)
    assert ends(store) == {"odd": "failed", "next": "sent"}


async def test_parts_that_were_sent_are_not_sent_again(store: Store) -> None:
    platform, clock = Platform(), Clock()
    platform.faults["two"] = [DeliveryError("busy", timedelta(seconds=5))]
    say(store, "m1", "one|two|three", "next")
    await work_off(store, platform, clock)
    assert platform.texts_for("m1") == ["one"]
    clock.now += timedelta(seconds=5)
    await work_off(store, platform, clock)
    assert platform.texts_for("m1") == ["one", "two", "three", "next"]
    assert set(ends(store).values()) == {"sent"}


def take(store: Store, now: datetime = NOW, room: int = 10) -> list[Delivery]:
    return store.write(lambda tx: deliveries.take(tx, "push", [], room, now))


async def test_what_a_killed_process_was_sending_is_doubtful(store: Store) -> None:
    say(store, "m1", "from the bot")
    say(store, "m2", "from a person", author="agent")
    assert len(take(store)) == 2
    platform, clock = Platform(), Clock()
    if store.shared:
        # Another process may be sending them: nobody touches them before its hold has run out.
        async with working(store, platform, clock):
            await asyncio.sleep(0.1)
        assert set(ends(store).values()) == {"sending"}
        clock.now += HOLD
    await work_off(store, platform, clock)
    await work_off(store, platform, clock)
    assert ends(store) == {"from the bot": "sent", "from a person": "uncertain"}
    assert platform.shown == [("m1", "from the bot")]
    assert {row.doubts for row in rows(store).values()} == {1}


def test_a_sender_that_was_given_up_marks_nothing(store: Store) -> None:
    say(store, "m1", "hello")
    [stale] = take(store)
    later = NOW + HOLD
    store.write(lambda tx: deliveries.free(tx, ["push"], later, all_held=False))
    [fresh] = take(store, later)
    assert not store.write(lambda tx: deliveries.mark(tx, stale, status="failed", error="busy"))
    assert ends(store) == {"hello": "sending"}
    assert store.write(lambda tx: deliveries.mark(tx, fresh, status="sent"))
    assert not store.write(lambda tx: deliveries.mark(tx, stale, status="waiting"))
    assert ends(store) == {"hello": "sent"}


def test_nothing_is_taken_while_an_earlier_one_is_open(store: Store) -> None:
    say(store, "m1", "first", "second")
    [first] = take(store)
    assert first.message.text == "first"
    assert take(store) == []
    later = NOW + timedelta(seconds=9)
    store.write(lambda tx: deliveries.mark(tx, first, status="waiting", due_at=later))
    assert take(store) == []
    assert [delivery.message.text for delivery in take(store, later)] == ["first"]


async def test_going_down_lets_end_what_is_under_way(store: Store) -> None:
    platform = Platform()
    say(store, "m1", "hello", "not begun")
    worker = OutboxWorker(store, VAULT, [platform], Clock())
    started = asyncio.Event()
    go_on = asyncio.Event()
    send = platform.send

    async def slowly(message: Outgoing, part: int) -> None:
        started.set()
        await go_on.wait()
        await send(message, part)

    platform.send = slowly  # type: ignore[method-assign]
    task = asyncio.create_task(worker.run())
    await started.wait()
    store.bell.close()
    store.bell.ring([OUTBOX])
    go_on.set()
    await task
    assert ends(store) == {"hello": "sent", "not begun": "waiting"}


async def test_two_processes_share_the_work(store: Store, database_url: str) -> None:
    if not store.shared:
        pytest.skip("SQLite has one process")
    for round_ in range(10):
        for merchant in range(30):
            say(store, f"m{merchant}", f"{merchant}.{round_}")
    other = Store(database_url)
    platform = Platform()
    try:
        async with working(other, platform, Clock()):
            await work_off(store, platform)
            await until(lambda: set(ends(store).values()) == {"sent"})
    finally:
        other.close()
    for merchant in range(30):
        assert platform.texts_for(f"m{merchant}") == [f"{merchant}.{n}" for n in range(10)]


@pytest.mark.parametrize(("chats", "each"), [(40, 3), pytest.param(100, 10, marks=pytest.mark.soak)])
async def test_a_storm_of_busy_answers(store: Store, chats: int, each: int) -> None:
    """Thirty in a hundred are told to wait 1 to 35 s: none lost, none twice, none too early."""
    chance = Random(5)
    platform = Platform()
    speed, begun = 20.0, time.monotonic()

    def clock() -> datetime:
        return NOW + timedelta(seconds=(time.monotonic() - begun) * speed)

    not_before: dict[str, datetime] = {}
    early = []
    send = platform.send

    async def busy(message: Outgoing, part: int) -> None:
        now = clock()
        if now < not_before.get(message.sender, NOW):
            early.append(message.text)
        if chance.random() < 0.3:
            after = timedelta(seconds=chance.randint(1, 35))
            not_before[message.sender] = now + after
            raise DeliveryError("busy", after)
        await send(message, part)

    platform.send = busy  # type: ignore[method-assign]
    for chat in range(chats):
        say(store, f"m{chat}", *(f"{chat}.{n}" for n in range(each)))
    async with working(store, platform, clock):
        await until(lambda: set(ends(store).values()) == {"sent"})
    assert early == []
    for chat in range(chats):
        assert platform.texts_for(f"m{chat}") == [f"{chat}.{n}" for n in range(each)]


class Limited(Platform):
    """Four in five seconds to one person."""

    def rate_for(self, _: str) -> Rate:
        return Rate(4, 5)


def test_the_pace_over_all() -> None:
    pace = Pace(Limited(rate=Rate(30, 1)))
    sent: list[float] = []
    for tick in range(500):
        now = tick / 100
        for number in range(pace.room(now)):
            pace.took(f"m{tick}.{number}", now)
            sent.append(now)
    assert len(sent) == 5 * 30
    assert all(sum(begin <= at < begin + 1 for at in sent) <= 30 for begin in sent)


def test_the_pace_of_one_recipient() -> None:
    pace = Pace(Limited())
    sent: list[float] = []
    for tick in range(1000):
        now = tick / 100
        while "m1" not in pace.resting(now):
            pace.took("m1", now)
            sent.append(now)
        assert "m2" not in pace.resting(now)
    assert sent == [0.0] * 4 + [5.0] * 4


def test_the_worker_knows_when_somebody_has_rested() -> None:
    pace = Pace(Limited())
    assert pace.seconds_to_next(0.0) is None
    for at in (0.0, 1.0, 2.0, 2.0):
        pace.took("m1", at)
    assert pace.seconds_to_next(3.0) == 2.0
    assert pace.resting(4.9) == ["m1"]
    assert pace.resting(5.0) == []
    assert pace.seconds_to_next(5.0) is None
