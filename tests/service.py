"""The real service in a process of its own, as `make run` starts it."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import cache
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple, Self

import httpx
import pytest

from bot.control import ask_service
from tests.started import Changed, fork_service

#: The command as it was installed beside the Python that runs the tests.
COMMAND = Path(sys.executable).with_name("daozhang")
#: Seconds that a start or an end may take before a test gives up.
PATIENCE = 60


@cache
def _shift_to(moment: datetime) -> timedelta:
    """Give the time from now to a moment, the same for as long as the tests run."""
    return moment - datetime.now(UTC)


class Ended(NamedTuple):
    """How a process ended."""

    #: From the signal to the end.
    seconds: float
    #: Exit status; below zero: the signal that ended it.
    code: int


def free_port() -> int:
    """Find a port that nobody listens on, below those that the system hands out to clients."""
    for port in random.sample(range(20000, 32000), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    pytest.fail("no free port between 20000 and 32000")


def scrubbed_environment(**settings: str) -> dict[str, str]:
    """Give an environment with nothing of the service's in it but these settings, as DAOZHANG_<NAME>.

    Its coverage is not counted either: that makes a start three times as long.
    """
    ours = ("DAOZHANG_", "COVERAGE_")
    outside = {name: value for name, value in os.environ.items() if not name.upper().startswith(ours)}
    return outside | {f"DAOZHANG_{name.upper()}": value for name, value in settings.items()}


class Service:
    """`daozhang serve` on a free port; as a context manager it is started, and killed at the end.

    It works in `folder`, so that no .env of the checkout is read; its data are in `folder`/data.
    """

    def __init__(self, folder: Path, database_url: str = "", **settings: str) -> None:
        self.data_dir = folder / "data"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._settings = {
            "data_dir": str(self.data_dir),
            "port": str(self.port),
            "database_url": database_url,
        }
        self._settings |= settings
        self._changed = Changed()
        self._log = folder / "service.log"
        self._process: BaseProcess | None = None

    def as_if_now_were(self, moment: datetime) -> Self:
        """Shift its clock, so that this moment is about now; all services are shifted alike."""
        self._changed = self._changed._replace(shift=_shift_to(moment))
        return self

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def process(self) -> BaseProcess:
        """The running process."""
        if self._process is None:
            pytest.fail("the service was not started")
        return self._process

    def start(self) -> None:
        """Start it, and wait until it answers /healthz; what it printed is in the log."""
        self._folder.mkdir(parents=True, exist_ok=True)
        environment = scrubbed_environment(**self._settings)
        self._process = fork_service(self._folder, environment, self._log, self._changed)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if not self._process.is_alive():
                pytest.fail(f"the service ended with status {self._process.exitcode}:\n{self.log()}")
            if self._answers():
                return
            time.sleep(0.05)
        self.kill()
        pytest.fail(f"the service did not answer within {PATIENCE} s:\n{self.log()}")

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", trust_env=False).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL); does nothing if it has ended."""
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def terminate(self, how: signal.Signals = signal.SIGTERM) -> Ended:
        """Ask it to end."""
        asked = time.monotonic()
        if self.process.is_alive() and self.process.pid:
            os.kill(self.process.pid, how)
        self.process.join(PATIENCE)
        code = self.process.exitcode
        if code is None:
            self.kill()
            pytest.fail(f"the service did not end within {PATIENCE} s of {how.name}:\n{self.log()}")
        return Ended(time.monotonic() - asked, code)

    def restart(self) -> None:
        """Start it again after it ended, on the same port, folder and database."""
        self.kill()
        self.start()

    def log(self) -> str:
        """Give everything that it printed, over all its starts."""
        return self._log.read_text()

    def administer(self, command: str, **values: Any) -> str:
        """Have it carry out a command of `daozhang`, as the command line would, without the start of one."""
        said = ask_service(self.data_dir, command, values)
        if said is None:
            pytest.fail(f"the service does not take `{command}`")
        return said

    def command(self, *words: str, given: str = "") -> str:
        """Run `daozhang` beside it, with its settings; gives what it printed."""
        environment = scrubbed_environment(**self._settings)
        ended = subprocess.run(
            [COMMAND, *words],
            cwd=self._folder,
            env=environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        if ended.returncode:
            pytest.fail(f"daozhang {' '.join(words)} ended with status {ended.returncode}:\n{ended.stderr}")
        return ended.stdout

    def admin_password(self) -> str:
        """Read the password that the first start made for the account `admin`."""
        return (self.data_dir / "admin-password").read_text().strip()


@pytest.fixture
def start_service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Give `start(database_url="", **settings)`, which starts a service; several are fine."""
    with ExitStack() as services:
        count = 0

        def start(database_url: str = "", **settings: str) -> Service:
            nonlocal count
            count += 1
            return services.enter_context(Service(tmp_path / f"service{count}", database_url, **settings))

        yield start


@pytest.fixture
def service(start_service: Callable[..., Service]) -> Service:
    """One service with a fresh SQLite database."""
    return start_service()
