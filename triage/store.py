"""The database: one writing thread that commits waiting pieces of work together, readers beside it."""

import fcntl
import json
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import (
    URL,
    Connection,
    CursorResult,
    Engine,
    Executable,
    Table,
    create_engine,
    event,
    insert,
    make_url,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import QueuePool, StaticPool

from triage.bell import Bell

Result = TypeVar("Result")


class StoreError(Exception):
    """The database cannot be used."""


class DatabaseInUseError(StoreError):
    """Another process writes this SQLite file."""


class Transaction:
    """What a piece of work may do: run statements, and say who must be woken after the commit."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.subjects: set[str] = set()

    def execute(
        self, statement: Executable, values: dict[str, Any] | list[dict[str, Any]] | None = None
    ) -> CursorResult[Any]:
        """Run one statement."""
        return self.connection.execute(statement, values)

    def add(self, into: Table, values: dict[str, Any]) -> int:
        """Insert one row; gives the id that it got."""
        key = self.connection.execute(insert(into), values).inserted_primary_key
        return int(key[0]) if key else 0

    def add_if_new(self, into: Table, values: dict[str, Any]) -> bool:
        """Insert one row, unless one with its key is there; gives whether it was new."""
        dialect = postgresql if self.connection.dialect.name == "postgresql" else sqlite
        added = dialect.insert(into).values(values).on_conflict_do_nothing().returning(*into.primary_key)
        return self.connection.execute(added).first() is not None

    def touch(self, *subjects: str) -> None:
        """Wake those who wait for these subjects once this is committed."""
        self.subjects.update(subjects)


Work = Callable[[Transaction], Result]


class Store:
    """A database by URL: sqlite:///file, sqlite:// (in memory) or postgresql+psycopg://host/name."""

    #: How many waiting pieces of work one commit takes at the most.
    GROUP = 32

    def __init__(self, url: str) -> None:
        self.url = known_url(url)
        self.bell = Bell()
        #: True when other processes may write too: streams then look again without being rung.
        self.shared = self.url.get_backend_name() == "postgresql"
        self._lock_file = _lock(self.url.database) if self._is_file else None
        self._engine = _writing_engine(str(url) if not self._is_file else self.url.render_as_string(False))
        self._reader = _reading_engine(self.url.database or "") if self._is_file else self._engine
        self._waiting: queue.SimpleQueue[tuple[Work[Any], Future[Any]] | None] = queue.SimpleQueue()
        self._closing = threading.Condition()
        self._closed = False
        self._reads = 0
        self._thread = threading.Thread(target=self._write_on, name="database writer", daemon=True)
        self._thread.start()

    @property
    def _is_file(self) -> bool:
        return self.url.get_backend_name() == "sqlite" and self.url.database not in (None, "", ":memory:")

    @property
    def _is_memory(self) -> bool:
        return not self.shared and not self._is_file

    def migrate(self) -> None:
        """Bring the tables to the newest shape."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))

        def upgrade(transaction: Transaction) -> None:
            config.attributes["connection"] = transaction.connection
            command.upgrade(config, "head")

        self.write(upgrade)

    def write(self, work: Work[Result]) -> Result:
        """Do the work in one transaction and wait for its commit; it may be run twice: no side effects."""
        future: Future[Result] = Future()
        with self._closing:
            self._check_open()
            self._waiting.put((work, future))
        return future.result()

    def read(self, work: Callable[[Connection], Result]) -> Result:
        """Do the work on a connection that sees what is committed; raises StoreError like write."""
        if self._is_memory:
            return self.write(lambda transaction: work(transaction.connection))
        with self._closing:
            self._check_open()
            self._reads += 1
        try:
            with self._reader.connect() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise _translate(error) from error
        finally:
            with self._closing:
                self._reads -= 1
                self._closing.notify_all()

    def close(self) -> None:
        """Finish what waits and what is being read, and let go of the database."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._waiting.put(None)
            self._closing.wait_for(lambda: not self._reads)
        self._thread.join()
        self._reader.dispose()
        self._engine.dispose()
        if self._lock_file:
            self._lock_file.close()

    def _check_open(self) -> None:
        if self._closed:
            message = "the database is closed"
            raise StoreError(message)

    def _write_on(self) -> None:
        while True:
            group = [self._waiting.get()]
            while len(group) < self.GROUP and not self._waiting.empty():
                group.append(self._waiting.get())
            jobs = [job for job in group if job is not None]
            if jobs:
                self._commit(jobs)
            if len(jobs) < len(group):
                return

    def _commit(self, jobs: list[tuple[Work[Any], Future[Any]]]) -> None:
        """Do the jobs in one transaction; if one of them fails, each again in its own."""
        try:
            with self._engine.begin() as connection:
                transaction = Transaction(connection)
                results = [work(transaction) for work, _ in jobs]
        except Exception as error:  # noqa: BLE001 - whatever went wrong belongs to whoever waits for it
            if len(jobs) == 1:
                jobs[0][1].set_exception(_translate(error))
                return
            for job in jobs:
                self._commit([job])
            return
        self.bell.ring(transaction.subjects)
        for (_, future), result in zip(jobs, results, strict=True):
            future.set_result(result)


def known_url(address: str) -> URL:
    """Read a database's address; raises StoreError when it is none that can be used."""
    try:
        url = make_url(address)
    except ArgumentError:
        message = (
            "the database's address is not understood; write sqlite:///file or postgresql+psycopg://host/name"
        )
        raise StoreError(message) from None
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        message = (
            f"{url.get_backend_name()} is not served; use sqlite:///file or postgresql+psycopg://host/name"
        )
        raise StoreError(message)
    return url


def _translate(error: Exception) -> Exception:
    if isinstance(error, SQLAlchemyError):
        translated = StoreError(str(error.__cause__ or type(error).__name__))
        translated.__cause__ = error
        return translated
    return error


def _lock(database: str | None) -> Any:
    """Hold the lock file beside a SQLite database for as long as this process writes it."""
    path = Path(f"{database}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = path.open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        message = (
            f"{database} is in use by another process. SQLite takes one writing process at a time: "
            "stop the other one, or set DAOZHANG_DATABASE_URL to a PostgreSQL database."
        )
        raise DatabaseInUseError(message) from None
    return handle


def _writing_engine(url: str) -> Engine:
    def to_json(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    if not url.startswith("sqlite"):
        return create_engine(url, json_serializer=to_json, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(
        url,
        json_serializer=to_json,
        poolclass=StaticPool,
        connect_args={"check_same_thread": False},
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _: object) -> None:
        # The driver must not open transactions by itself: it opens deferred ones, which deadlock.
        connection.isolation_level = None
        # secure_delete: what is removed is overwritten, not only forgotten.
        pragmas = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000")
        for pragma in (*pragmas, "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _reading_engine(database: str) -> Engine:
    """Open a SQLite file for reading only: such a connection never writes the log back."""
    address = f"sqlite:///file:{Path(database).absolute()}?mode=ro&uri=true"
    return create_engine(
        address,
        poolclass=QueuePool,
        pool_size=8,
        connect_args={"check_same_thread": False, "timeout": 10},
        hide_parameters=True,
    )
