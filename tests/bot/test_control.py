"""The control socket: what the command line hears when the service cannot carry a command out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from bot import control
from bot.administration import Administration, AdministrationError
from bot.control import ask_service, open_control
from tests.talking import NOW, parts_on

PATIENCE = 30


@asynccontextmanager
async def served(folder: Path, administration: Administration) -> AsyncIterator[Callable[..., Any]]:
    """Give `ask(command)`, which a service with this administration answers."""
    server = await open_control(folder, administration)
    async with server:
        yield lambda command: asyncio.to_thread(ask_service, folder, command, {})


async def test_a_database_that_refuses_is_told(tmp_path: Path) -> None:
    with parts_on() as parts:
        parts.store.close()
        async with served(tmp_path, Administration(parts, lambda: NOW)) as ask:
            with pytest.raises(AdministrationError, match="the database is closed"):
                await ask("incident list")


async def test_what_nobody_thought_of_is_told_too(tmp_path: Path) -> None:
    class Broken(Administration):
        def run(self, command: str, values: Mapping[str, Any]) -> str:
            raise ZeroDivisionError(command, values)

    with parts_on() as parts:
        async with served(tmp_path, Broken(parts, lambda: NOW)) as ask:
            with pytest.raises(AdministrationError, match="log"):
                await ask("incident list")


async def test_a_command_that_takes_long_may_still_be_carried_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, done = Event(), Event()

    class Slow(Administration):
        def run(self, command: str, values: Mapping[str, Any]) -> str:
            assert go_on.wait(PATIENCE)
            said = super().run(command, values)
            done.set()
            return said

    with parts_on() as parts:
        async with served(tmp_path, Slow(parts, lambda: NOW)) as ask:
            monkeypatch.setattr(control, "PATIENCE_SECONDS", 0.1)
            try:
                with pytest.raises(AdministrationError, match="may still be carried out"):
                    await ask("incident list")
            finally:
                go_on.set()
            assert await asyncio.to_thread(done.wait, PATIENCE)


async def test_a_service_that_ends_meanwhile_gives_no_answer(tmp_path: Path) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.close()

    server = await asyncio.start_unix_server(hang_up, control.socket_in(tmp_path))
    async with server:
        with pytest.raises(AdministrationError, match="may still be carried out"):
            await asyncio.to_thread(ask_service, tmp_path, "incident list", {})
