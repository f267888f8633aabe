"""What the store promises, on both kinds of database."""

import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Select, delete, func, insert, inspect, select, text, update
from sqlmodel import SQLModel

from triage.bell import Bell, Listener
from triage.model import Conversation, Ticket, TicketEvent, TicketStatus, table
from triage.store import DatabaseInUseError, Store, StoreError, Transaction

CONVERSATION, TICKET, EVENT = table(Conversation), table(Ticket), table(TicketEvent)
NOW = datetime(2026, 10, 8, 6, 0, tzinfo=UTC)
PATIENCE = 20


def conversation(sender: str, **values: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "channel": "web",
        "sender": sender,
        "talk": {},
        "wake_at": None,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return row | values


def ticket(conversation_id: int, **values: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"conversation_id": conversation_id, "language": "zh", "cause": "risk_hold"}
    row |= {"queue": "risk", "priority": "high", "priority_reasons": [], "status": TicketStatus.NEW}
    row |= {"facts": {}, "diagnosis": {}, "missing": [], "due_at": NOW, "created_at": NOW, "updated_at": NOW}
    return row | values


def adding(sender: str, **values: Any) -> Callable[[Transaction], int]:
    return lambda transaction: transaction.add(CONVERSATION, conversation(sender, **values))


def file_ticket(store: Store) -> int:
    """File a ticket with one event; gives the ticket's id."""

    def work(transaction: Transaction) -> int:
        talk = transaction.add(CONVERSATION, conversation("m1"))
        filed = transaction.add(TICKET, ticket(talk))
        event = {"ticket_id": filed, "actor": "bot", "kind": "filed", "data": {}, "at": NOW}
        transaction.add(EVENT, event)
        return filed

    return store.write(work)


def senders(store: Store) -> list[str]:
    return store.read(lambda connection: list(connection.scalars(select(CONVERSATION.c.sender))))


@contextmanager
def held_writer(store: Store) -> Iterator[Callable[[Callable[[Transaction], Any]], Future[Any]]]:
    """Keep the writing thread busy; works submitted inside wait, and are then done as one group."""
    busy, go_on = threading.Event(), threading.Event()

    def hold(_: Transaction) -> None:
        busy.set()
        go_on.wait(PATIENCE)

    with ThreadPoolExecutor(Store.GROUP + 1) as threads:
        threads.submit(store.write, hold)
        assert busy.wait(PATIENCE)
        submitted: list[Future[Any]] = []

        def submit(work: Callable[[Transaction], Any]) -> Future[Any]:
            submitted.append(threads.submit(store.write, work))
            until(lambda: store._waiting.qsize() == len(submitted))
            return submitted[-1]

        try:
            yield submit
        finally:
            go_on.set()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_what_is_written_can_be_read(store: Store) -> None:
    talk = {"facts": {"brand": "拉卡拉", "amount": 350000}, "asked": []}
    key = store.write(adding("m1", talk=talk))
    row = store.read(lambda connection: connection.execute(select(CONVERSATION)).one())
    assert (row.id, row.sender, row.talk) == (key, "m1", talk)


def test_it_is_still_there_after_closing(database_url: str) -> None:
    for sender in ("m1", "m2"):
        store = Store(database_url)
        store.migrate()
        store.write(adding(sender))
        store.close()
    store = Store(database_url)
    assert sorted(senders(store)) == ["m1", "m2"]
    store.close()


def test_chinese_is_kept_as_it_is(store: Store) -> None:
    store.write(adding("m1", talk={"text": "钱没到账😀"}))
    kept = store.read(
        lambda connection: connection.scalar(text("SELECT CAST(talk AS TEXT) FROM conversation"))
    )
    assert kept == '{"text":"钱没到账😀"}'


def test_a_failing_work_leaves_nothing_and_the_next_one_is_served(store: Store) -> None:
    def fail(transaction: Transaction) -> None:
        adding("lost")(transaction)
        raise LookupError("no such merchant")

    with pytest.raises(LookupError, match="no such merchant"):
        store.write(fail)
    store.write(adding("m1"))
    assert senders(store) == ["m1"]


def test_of_a_group_only_the_failing_work_is_undone(store: Store) -> None:
    def fail(transaction: Transaction) -> None:
        adding("lost")(transaction)
        raise LookupError("no such merchant")

    with held_writer(store) as submit:
        first, failing, last = submit(adding("m1")), submit(fail), submit(adding("m2"))
    assert first.result() != last.result()
    with pytest.raises(LookupError):
        failing.result()
    assert sorted(senders(store)) == ["m1", "m2"]


def test_what_the_database_refuses_is_undone_alone_too(store: Store) -> None:
    store.write(adding("m1"))
    with held_writer(store) as submit:
        first, repeat, last = submit(adding("m2")), submit(adding("m1")), submit(adding("m3"))
    assert first.result() != last.result()
    with pytest.raises(StoreError, match=r"(?i)unique"):
        repeat.result()
    assert sorted(senders(store)) == ["m1", "m2", "m3"]


def test_more_works_than_one_group_takes_are_all_done(store: Store) -> None:
    names = [f"m{number}" for number in range(Store.GROUP)]
    with held_writer(store) as submit:
        done = [submit(adding(name)) for name in names]
    assert len({future.result() for future in done}) == len(names)
    assert sorted(senders(store)) == sorted(names)


def test_many_threads_lose_nothing(store: Store) -> None:
    key = store.write(adding("counter", talk={"count": 0}))

    def count(_: int) -> None:
        def work(transaction: Transaction) -> None:
            row = transaction.execute(select(CONVERSATION.c.talk).where(CONVERSATION.c.id == key)).one()
            talk = {"count": row.talk["count"] + 1}
            transaction.execute(update(CONVERSATION).where(CONVERSATION.c.id == key).values(talk=talk))

        store.write(work)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(count, range(400)))
    assert store.read(lambda connection: connection.scalar(select(CONVERSATION.c.talk))) == {"count": 400}


def test_readers_see_whole_transactions_only(store: Store) -> None:
    """Rows come in pairs; a reader beside the writer never meets half a pair."""
    stop = threading.Event()

    def pair(transaction: Transaction) -> None:
        so_far = transaction.execute(select(func.count()).select_from(CONVERSATION)).scalar_one()
        adding(f"m{so_far}")(transaction)
        adding(f"m{so_far + 1}")(transaction)

    def write_on() -> None:
        while not stop.is_set():
            store.write(pair)

    counting = select(func.count()).select_from(CONVERSATION)
    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write_on)
        seen = {store.read(lambda connection: connection.execute(counting).scalar_one()) for _ in range(200)}
        until(lambda: store.read(lambda connection: connection.execute(counting).scalar_one()) > 0)
        stop.set()
        writing.result()
    assert {count % 2 for count in seen} == {0}


class Witness(Listener):
    """Looks, at the moment when it is woken, at what others can see then."""

    def __init__(self, bell: Bell, store: Store) -> None:
        self.seen: list[list[str]] = []
        self._store = store
        bell.add("news", self)

    def wake(self) -> None:
        self.seen.append(senders(self._store))


def test_the_bell_rings_after_the_commit(store: Store) -> None:
    witness = Witness(store.bell, store)

    def work(transaction: Transaction) -> None:
        adding("m1")(transaction)
        transaction.touch("news")

    store.write(work)
    assert witness.seen == [["m1"]]


def test_the_bell_does_not_ring_for_what_failed(store: Store) -> None:
    witness = Witness(store.bell, store)

    def fail(transaction: Transaction) -> None:
        transaction.touch("news")
        raise LookupError

    with pytest.raises(LookupError):
        store.write(fail)
    with held_writer(store) as submit:
        failing, _ = submit(fail), submit(adding("m1"))
    with pytest.raises(LookupError):
        failing.result()
    assert witness.seen == []


async def test_a_waiting_listener_is_woken(store: Store) -> None:
    with store.bell.listen("news") as listener:
        store.write(lambda transaction: transaction.touch("news"))
        started = time.monotonic()
        await listener.wait(PATIENCE)
        assert time.monotonic() - started < PATIENCE


@pytest.mark.parametrize(
    "change", [update(EVENT).values(kind="claimed"), delete(EVENT)], ids=["update", "delete"]
)
def test_an_event_can_neither_be_changed_nor_deleted(store: Store, change: Any) -> None:
    file_ticket(store)
    with pytest.raises(StoreError, match="an event cannot be changed"):
        store.write(lambda transaction: transaction.execute(change).rowcount)
    assert store.read(lambda connection: list(connection.scalars(select(EVENT.c.kind)))) == ["filed"]


def test_a_conversation_has_one_open_ticket_at_the_most(store: Store) -> None:
    first = file_ticket(store)
    with pytest.raises(StoreError, match=r"(?i)unique"):
        store.write(lambda transaction: transaction.add(TICKET, ticket(1)))
    resolved = update(TICKET).where(TICKET.c.id == first).values(status=TicketStatus.RESOLVED)
    store.write(lambda transaction: transaction.execute(resolved).rowcount)
    assert store.write(lambda transaction: transaction.add(TICKET, ticket(1))) != first


def test_a_row_must_point_at_one_that_exists(store: Store) -> None:
    with pytest.raises(StoreError, match=r"(?i)foreign key"):
        store.write(lambda transaction: transaction.add(TICKET, ticket(404)))


def test_moments_come_back_aware_in_utc(store: Store) -> None:
    shanghai = timezone(timedelta(hours=8))
    store.write(adding("m1", wake_at=datetime(2026, 10, 8, 14, 0, 0, 123456, shanghai)))
    row = store.read(lambda connection: connection.execute(select(CONVERSATION)).one())
    assert row.wake_at == datetime(2026, 10, 8, 6, 0, 0, 123456, UTC)
    assert row.wake_at.utcoffset() == timedelta(0)


def test_moments_are_compared_as_moments(store: Store) -> None:
    shanghai = timezone(timedelta(hours=8))
    store.write(adding("m1", wake_at=NOW))

    def due(at: datetime) -> Select[Any]:
        return select(CONVERSATION.c.sender).where(CONVERSATION.c.wake_at <= at)

    early, late = (
        datetime(2026, 10, 8, 13, 59, tzinfo=shanghai),
        datetime(2026, 10, 8, 14, 0, tzinfo=shanghai),
    )
    assert store.read(lambda connection: connection.scalars(due(early)).all()) == []
    assert store.read(lambda connection: connection.scalars(due(late)).all()) == ["m1"]


def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(StoreError, match="no time zone"):
        store.write(adding("m1", created_at=naive))
    assert senders(store) == []


def test_the_migrations_make_what_the_models_describe(empty_database_url: str) -> None:
    store = Store(empty_database_url)
    store.migrate()

    def differences(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), SQLModel.metadata))

    assert store.write(lambda transaction: differences(transaction.connection)) == []
    store.close()


def test_migrating_again_changes_nothing(store: Store) -> None:
    store.write(adding("m1"))
    store.migrate()
    assert senders(store) == ["m1"]


def test_nothing_is_there_before_migrating(empty_database_url: str) -> None:
    store = Store(empty_database_url)
    tables = store.write(lambda transaction: inspect(transaction.connection).get_table_names())
    store.close()
    assert tables == []


def test_a_reader_too_gets_the_stores_own_error(store: Store) -> None:
    with pytest.raises(StoreError):
        store.read(lambda connection: connection.execute(text("SELECT nothing FROM nowhere")))


def test_closing_finishes_what_waits(database_url: str) -> None:
    store = Store(database_url)
    store.migrate()
    with ThreadPoolExecutor(1) as threads, held_writer(store) as submit:
        done = [submit(adding(f"m{number}")) for number in range(5)]
        closing = threads.submit(store.close)
        until(lambda: store._waiting.qsize() == len(done) + 1)
    closing.result()
    assert len({future.result() for future in done}) == 5
    again = Store(database_url)
    assert len(senders(again)) == 5
    again.close()


def test_closing_waits_for_who_reads_and_nobody_reads_after_it(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(database_url)
    store.migrate()
    reading, go_on, let_go = threading.Event(), threading.Event(), threading.Event()
    dispose = store._reader.dispose

    def disposing() -> None:
        let_go.set()
        dispose()

    monkeypatch.setattr(store._reader, "dispose", disposing)

    def work(connection: Connection) -> int:
        reading.set()
        go_on.wait(PATIENCE)
        return connection.scalar(select(func.count()).select_from(CONVERSATION)) or 0

    with ThreadPoolExecutor(2) as threads:
        read = threads.submit(store.read, work)
        assert reading.wait(PATIENCE)
        closing = threads.submit(store.close)
        until(lambda: store._closed)
        assert not let_go.wait(0.5)
        go_on.set()
        assert (read.result(), closing.result()) == (0, None)
    assert let_go.is_set()
    with pytest.raises(StoreError, match="closed"):
        senders(store)


OPEN_AND_WRITE = """
import sys
from datetime import datetime, UTC
from triage.model import Conversation, table
from triage.store import Store, DatabaseInUseError
try:
    store = Store(sys.argv[1])
except DatabaseInUseError as error:
    sys.exit(f"in use: {error}")
now = datetime.now(UTC)
row = {"channel": "web", "sender": "second", "talk": {}, "created_at": now, "updated_at": now}
store.write(lambda transaction: transaction.add(table(Conversation), row))
store.close()
"""


def second_process(url: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", OPEN_AND_WRITE, url]
    root = Path(__file__).parents[2]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=root, timeout=PATIENCE)


def test_a_second_process_may_write_to_postgresql_but_not_to_sqlite(store: Store, database_url: str) -> None:
    ended = second_process(database_url)
    if store.shared:
        assert (ended.returncode, ended.stderr) == (0, "")
        assert senders(store) == ["second"]
    else:
        assert ended.returncode == 1
        assert ended.stderr.startswith("in use: ")
        assert "DAOZHANG_DATABASE_URL" in ended.stderr
        assert "Traceback" not in ended.stderr


def test_a_sqlite_file_is_free_again_after_closing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'daozhang.db'}"
    store = Store(url)
    store.migrate()
    with pytest.raises(DatabaseInUseError):
        Store(url)
    store.close()
    assert second_process(url).stderr == ""


def test_a_sqlite_reader_cannot_write(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'daozhang.db'}")
    store.migrate()
    with pytest.raises(Exception, match="readonly"):
        store.read(lambda connection: connection.execute(insert(CONVERSATION), conversation("m1")))
    store.close()


def test_every_sqlite_commit_reaches_the_disk(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'daozhang.db'}")

    def pragma(name: str) -> Any:
        return store.write(lambda transaction: transaction.execute(text(f"PRAGMA {name}")).scalar())

    assert (pragma("journal_mode"), pragma("synchronous"), pragma("foreign_keys")) == ("wal", 2, 1)
    store.close()


def test_a_database_in_memory_works_the_same_way() -> None:
    store = Store("sqlite://")
    store.migrate()
    store.write(adding("m1"))
    with pytest.raises(StoreError):
        store.write(adding("m1"))
    assert senders(store) == ["m1"]
    store.close()


def test_a_statement_that_fails_says_nothing_of_its_values(store: Store) -> None:
    sender = "a-chat-id"

    def fail(connection: Connection) -> None:
        connection.execute(text("SELECT :sender FROM nowhere"), {"sender": sender})

    attempts: list[Callable[[], None]] = [
        lambda: store.read(fail),
        lambda: store.write(lambda tx: fail(tx.connection)),
    ]
    for attempt in attempts:
        with pytest.raises(StoreError) as failed:
            attempt()
        assert sender not in "".join(traceback.format_exception(failed.value))
