"""What holds for every test: no settings from outside, no strange machines, no logs left set up."""

import ipaddress
import logging
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest
import structlog

from bot.settings import Settings

pytest_plugins = ["tests.browser", "tests.databases", "tests.service", "tests.telegram_api.fixtures"]

# How long an example takes is no test's business.
hypothesis.settings.register_profile("untimed", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("untimed")

#: Files that take longest: begun first, so that no processor is left with one of them at the end.
SLOWEST = (
    "test_telegram_faults.py",
    "test_start.py",
    "test_kills.py",
    "test_agents_group.py",
    "test_telegram.py",
    "test_scenarios.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in SLOWEST)


class NetworkBlockedError(RuntimeError):
    """A test tried to talk to another machine."""


def _refuse_strangers(host: object) -> None:
    """Raise NetworkBlockedError unless the host is this machine."""
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    try:
        local = ipaddress.ip_address(name).is_loopback
    except ValueError:
        local = name in {"", "localhost"}
    if not local:
        raise NetworkBlockedError(f"tests may not talk to {name}: use a server on 127.0.0.1")


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: socket.socket, *arguments: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _refuse_strangers(arguments[-1][0])
        return method(self, *arguments)

    return call


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
    look_up = socket.getaddrinfo

    def guarded_look_up(host: object, *arguments: Any, **named: Any) -> Any:
        _refuse_strangers(host)
        return look_up(host, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith("DAOZHANG_"):
            monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", None)


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """A command that a test calls logs to that test's standard error, which is closed afterwards.

    Tests that set no logs up get plain text: structlog's own default draws every local variable of a
    traceback, which takes seconds.
    """
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["level", "event"]),
        ]
    )
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
