"""The stream that tells an open page what changed."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Self

import pytest

from tests.triage.house import House, Visitor, open_house
from triage import accounts
from triage.store import Store


@pytest.fixture
def house(store: Store) -> House:
    return open_house(store)


@pytest.fixture
def lin(house: House) -> Visitor:
    return house.log_in("lin")


class Stream:
    """An open stream: runs the real application and collects what it sends."""

    def __init__(self, house: House, visitor: Visitor) -> None:
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.client.cookies.jar)
        self._app = house.app
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/desk/stream",
            "raw_path": b"/desk/stream",
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"desk.example"), (b"cookie", cookies.encode())],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        self.headers: dict[str, str] = {}
        self.text = ""
        self._news = asyncio.Event()
        self._gone = asyncio.Event()

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self._app(self._scope, self._receive, self._send))
        await self.until(lambda text: "event: ready" in text)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._gone.set()
        await asyncio.wait_for(self.task, 10)

    async def until(self, arrived: Callable[[str], bool]) -> None:
        async with asyncio.timeout(10):
            while not arrived(self.text):
                await self._news.wait()
                self._news.clear()

    async def _receive(self) -> dict[str, str]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.headers = {key.decode(): value.decode() for key, value in message["headers"]}
        self.text += message.get("body", b"").decode()
        self._news.set()


async def test_the_stream_tells_of_new_tickets_and_of_what_changes_in_them(
    house: House, lin: Visitor
) -> None:
    house.file()
    async with Stream(house, lin) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["cache-control"] == "no-store"
        assert "changed" not in stream.text
        number = await asyncio.to_thread(house.file)
        await stream.until(lambda text: f'event: changed\ndata: {{"tickets": ["{number}"]}}' in text)
        await asyncio.to_thread(house.merchant_writes, "DZ-000001", "到了吗")
        await stream.until(lambda text: '"DZ-000001"' in text)
        assert "到了吗" not in stream.text


@pytest.mark.parametrize("end", ["logout", "disable", "idle", "password"])
async def test_the_stream_ends_with_the_session(house: House, lin: Visitor, end: str) -> None:
    steps: dict[str, Callable[[], object]] = {
        "logout": lambda: lin.client.post("/desk/logout", data={"csrf": lin.token()}),
        "disable": lambda: house.store.write(lambda tx: accounts.disable(tx, "lin", house.now)),
        "idle": lambda: setattr(house, "now", house.now + timedelta(minutes=31)),
        "password": lambda: house.store.write(
            lambda tx: accounts.set_password(tx, "lin", "another good one", house.now)
        ),
    }
    async with Stream(house, lin) as stream:
        await asyncio.to_thread(steps[end])
        await stream.until(lambda text: "event: ended" in text)
        await asyncio.wait_for(stream.task, 10)


async def test_the_stream_ends_when_the_service_stops(house: House, lin: Visitor) -> None:
    async with Stream(house, lin) as stream:
        house.store.bell.close()
        await asyncio.wait_for(stream.task, 10)
    assert "ended" not in stream.text
