"""Background work goes on after a failure."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import app, background
from bot.background import keep_going
from tests.talking import NOW


async def test_work_that_fails_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "PAUSES", (0.0,))
    begun = 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun < 4:
            raise ConnectionError

    with capture_logs() as lines:
        await keep_going("test", work)
    assert begun == 4
    assert [line["work"] for line in lines] == ["test"] * 3


@pytest.mark.parametrize("broken", ["edits", "directory", "retry"])
async def test_a_step_that_fails_keeps_no_promise_waiting(
    monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setattr(app, "ROUND_SECONDS", 0.0)
    loop, thrice = asyncio.get_running_loop(), asyncio.Event()
    done: dict[str, int] = dict.fromkeys(("edits", "directory", "retry", "wake"), 0)

    def step(name: str) -> Callable[..., None]:
        def take(*_: object) -> None:
            done[name] += 1
            if done[broken] == 3:
                loop.call_soon_threadsafe(thrice.set)
            if name == broken:
                raise FileNotFoundError(name)

        return take

    parts: Any = SimpleNamespace(
        live=SimpleNamespace(look_again=step("edits")),
        imported=SimpleNamespace(refresh=step("directory")),
        turns=SimpleNamespace(retry=step("retry"), wake=step("wake")),
    )
    with capture_logs() as lines:
        rounds = asyncio.create_task(app._keep_promises(parts, lambda: NOW))
        await thrice.wait()
        rounds.cancel()
    assert all(done.values())
    assert {line["log_level"] for line in lines} == {"error"}
