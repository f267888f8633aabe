"""Running the service: the web server, its signals, and what is printed at the start."""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from bot.app import build_app, ensure_admin, now, open_parts
from bot.parts import Parts
from bot.settings import Settings

#: Requests that are under way at the end get so long.
GRACE_SECONDS = 3


class ServiceError(Exception):
    """The service cannot be started; the message says why and what to do."""


class _Server(uvicorn.Server):
    """A server that greets once it answers, and leaves the signals to run_service."""

    def __init__(self, config: uvicorn.Config, greeting: str) -> None:
        super().__init__(config)
        self._greeting = greeting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Print the addresses once the service listens."""
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(self._greeting)
            sys.stdout.flush()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def run_service(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM."""
    listening = _listen(settings)
    parts = open_parts(settings)
    try:
        password_file = ensure_admin(parts, settings, now())
        asyncio.run(_serve(parts, settings, password_file, listening))
    finally:
        parts.store.close()


async def _serve(
    parts: Parts, settings: Settings, password_file: Path | None, listening: socket.socket
) -> None:
    config = uvicorn.Config(
        build_app(parts, settings),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Server(config, _greeting(settings, password_file))

    def stop() -> None:
        parts.store.bell.close()
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    with listening:
        await server.serve(sockets=[listening])


def _listen(settings: Settings) -> socket.socket:
    """Take the address before anything else is started."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        message = (
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror}); "
            "stop the other program, or set DAOZHANG_PORT to another port"
        )
        raise ServiceError(message) from None


def _greeting(settings: Settings, password_file: Path | None) -> str:
    lines = [f"Merchants:  {settings.address}/", f"Agents:     {settings.address}/desk"]
    if password_file:
        lines.append(f"First login at the desk: admin, with the password in {password_file}")
    return "\n".join(lines) + "\n"
