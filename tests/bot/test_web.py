"""The web chat through HTTP: a merchant's page, its calls, its stream."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Row

from bot.app import build_app
from bot.parts import Parts
from bot.settings import Settings
from tests.attached import JPEG
from tests.talking import NOW, parts_on
from triage import accounts, agents
from triage.replies import Reply, send_reply

CARD = "6222020200112345679"
PHONE = "13812345678"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class House:
    """The application with its parts, and a client."""

    def __init__(self, parts: Parts, app: FastAPI, clock: Clock) -> None:
        self.parts = parts
        self.app = app
        self.clock = clock
        self.client = self.new_client()

    def new_client(self) -> httpx.AsyncClient:
        """Give another browser."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://test", trust_env=False
        )

    async def say(self, text: str, conversation: str | None = None, **more: Any) -> dict[str, Any]:
        """Send a text; gives the answer."""
        body = {"conversation": conversation, "client_id": str(uuid4()), "text": text or None} | more
        response = await self.client.post("/chat/api/messages", json=body)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def tap(self, conversation: str, option: str) -> dict[str, Any]:
        """Tap an option by its id."""
        return await self.say("", conversation, choice=option)

    async def finish(self, conversation: str, known: dict[str, str]) -> dict[str, Any]:
        """Answer what is asked from what is known, else "not sure"; gives the last message."""
        for _ in range(12):
            last: dict[str, Any] = (await self.talk(conversation))["messages"][-1]
            if last["ask"] is None:
                break
            value = known.get(last["ask"]["fact"], "unknown")
            await self.tap(conversation, next(o["id"] for o in last["ask"]["options"] if o["value"] == value))
        return last

    def rows(self, statement: str) -> list[Row[Any]]:
        """Read the database."""
        return self.parts.store.read(lambda connection: list(connection.exec_driver_sql(statement)))

    async def talk(self, conversation: str) -> dict[str, Any]:
        """Read the whole talk."""
        response = await self.client.get("/chat/api/messages", params={"conversation": conversation})
        return dict(response.json())

    def agent(self) -> int:
        """Add an agent; gives the account's id."""
        return self.parts.store.write(
            lambda tx: accounts.add(tx, "li", "小李", "a long pass phrase 7", self.clock())
        )


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    clock = Clock()
    with parts_on(database_url) as parts:
        settings = Settings(data_dir=tmp_path, _env_file=None)
        yield House(parts, build_app(parts, settings, clock), clock)


async def test_a_talk_from_first_message_to_date(house: House) -> None:
    house.clock.now = datetime.fromisoformat("2026-10-04T10:00:00+08:00")
    answer = await house.say("9月30号中午12点刷了3500没到账，T+1")
    last = await house.finish(answer["conversation"], {"payout_status": "pending"})
    assert "10月8日（周四）14:00" in last["text"]
    assert "国庆" in last["text"]
    assert last["strip"]["svg"].startswith("<svg")
    assert (await house.talk(answer["conversation"]))["tickets"] == []


async def test_the_same_client_id_twice_is_one_message(house: House) -> None:
    body = {"conversation": None, "client_id": str(uuid4()), "text": "昨天刷的钱没到账"}
    answers = [await house.client.post("/chat/api/messages", json=body) for _ in range(3)]
    assert answers[0].json() == answers[1].json() == answers[2].json()
    view = await house.talk(answers[0].json()["conversation"])
    assert [message["from"] for message in view["messages"]] == ["merchant", "bot"]


async def test_two_messages_at_once_are_both_kept(house: House) -> None:
    token = (await house.say("你好"))["conversation"]
    await asyncio.gather(
        *(house.say(text, token) for text in ("昨天刷了3500", "没到账", "T+1", "人工", "人工"))
    )
    view = await house.talk(token)
    assert len([m for m in view["messages"] if m["from"] == "merchant"]) == 6
    assert len(view["tickets"]) == 1


async def test_bad_bodies_are_refused_in_words(house: House) -> None:
    good = {"conversation": None, "client_id": str(uuid4()), "text": "没到账"}
    for change in (
        {"text": "  "},
        {"text": None},
        {"choice": "1.0"},
        {"client_id": "x"},
        {"conversation": "short"},
        {"text": "长" * 2001},
    ):
        response = await house.client.post("/chat/api/messages", json=good | change)
        assert response.status_code == 422, change
        assert response.json()["error"]
    assert (await house.client.post("/chat/api/messages", content=b"{")).status_code == 422
    assert (await house.client.post("/chat/api/messages", content=b"x" * 200_000)).status_code == 413
    assert (await house.client.get("/chat/api/messages")).status_code == 404


@pytest.mark.parametrize("client_id", ["message1", "msg-00000001", "20261009-000001"])
async def test_a_client_id_that_can_be_counted_opens_no_talk(house: House, client_id: str) -> None:
    body = {"conversation": None, "client_id": client_id, "text": "昨天刷的3500没到账"}
    refused = await house.client.post("/chat/api/messages", json=body)
    assert refused.status_code == 422
    assert "a UUID" in refused.json()["error"]
    photo = await house.client.post("/chat/api/photos", data={"client_id": client_id}, files={"file": JPEG})
    assert photo.status_code == 422
    assert "a UUID" in photo.json()["error"]
    token = (await house.say("没到账"))["conversation"]
    await house.say("昨天刷的", token, client_id=client_id)


async def test_an_unknown_option_does_no_harm(house: House) -> None:
    token = (await house.say("没到账"))["conversation"]
    answer = await house.tap(token, "77.9")
    assert answer["messages"][-1]["ask"]


async def test_the_page_finds_its_talk_again_and_another_device_by_the_link(house: House) -> None:
    page = await house.client.get("/", headers={"accept-language": "zh-CN"})
    assert 'lang="zh' in page.text
    mine = {"x-daozhang-page": "chat"}
    body = {"conversation": None, "client_id": str(uuid4()), "text": "昨天刷的没到账"}
    token = (await house.client.post("/chat/api/messages", json=body, headers=mine)).json()["conversation"]
    assert token == house.client.cookies["daozhang_chat"]
    assert len((await house.client.get("/chat/api/messages", headers=mine)).json()["messages"]) == 2
    link = (await house.client.get("/chat/api/link", headers=mine)).json()["link"]
    async with house.new_client() as phone:
        arrived = await phone.get(link.replace("http://127.0.0.1:8000", ""))
        assert arrived.status_code == 303
        assert len((await phone.get("/chat/api/messages", headers=mine)).json()["messages"]) == 2


async def test_a_link_takes_nobody_from_his_own_talk_unasked(house: House) -> None:
    await house.client.get("/")
    mine = house.client.cookies["daozhang_chat"]
    theirs = (await house.say("没到账"))["conversation"]
    asked = await house.client.get(f"/chat/{theirs}", headers={"accept-language": "en"})
    assert asked.status_code == 200
    assert "already have a conversation" in asked.text
    assert f'action="/chat/{theirs}"' in asked.text
    assert "已有一段对话" in (await house.client.get(f"/chat/{theirs}")).text
    assert house.client.cookies["daozhang_chat"] == mine
    switched = await house.client.post(f"/chat/{theirs}")
    assert (switched.status_code, switched.headers["location"]) == (303, "/")
    assert house.client.cookies["daozhang_chat"] == theirs
    assert (await house.client.get(f"/chat/{theirs}")).status_code == 303, "it is his own by now"


async def test_a_form_of_another_site_switches_nothing(house: House) -> None:
    theirs = (await house.say("没到账"))["conversation"]
    async with house.new_client() as victim:  # its browser sends no cookie with another site's form
        answer = await victim.post(f"/chat/{theirs}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/chat/{theirs}")
        assert "daozhang_chat" not in victim.cookies


async def test_the_cookie_writes_only_with_the_header_that_other_sites_cannot_send(house: House) -> None:
    await house.client.get("/")
    cookie = house.client.cookies["daozhang_chat"]
    body = {"conversation": None, "client_id": str(uuid4()), "text": "没到账"}
    answer = await house.client.post("/chat/api/messages", json=body)
    assert answer.json()["conversation"] != cookie


async def test_every_answer_has_its_headers(house: House) -> None:
    for path in ("/", "/healthz", "/chat/api/messages", "/nowhere", "/page/chat.js", "/page/none"):
        headers = (await house.client.get(path)).headers
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


async def test_card_numbers_are_hidden_and_the_merchant_is_told(house: House) -> None:
    answer = await house.say(f"钱没到账，卡号 {CARD}")
    assert CARD not in json.dumps(answer)
    assert "5679" in answer["heard"]
    assert any("不要发" in message["text"] for message in answer["messages"])


async def test_a_phone_number_is_kept_only_for_a_call(house: House) -> None:
    answer = await house.say("没到账，打我电话13812345678")
    token = answer["conversation"]
    assert "138****5678" in answer["heard"]
    assert any("人工" in message["text"] for message in answer["messages"])
    await house.say("人工", token)
    answer = await house.say("13812345678", token)
    assert "138****5678" in answer["messages"][-1]["text"]
    view = json.dumps(await house.talk(token), ensure_ascii=False)
    assert "13812345678" not in view


async def test_the_agents_reply_arrives_in_the_stream_and_the_bot_is_silent(house: House) -> None:
    token = (await house.say("昨天刷的3500没到账"))["conversation"]
    await house.say("人工", token)
    agent = house.agent()
    async with stream(house, token) as events:
        before = [event async for event in until_state(events)]
        assert len(before) == 5
        house.parts.store.write(lambda tx: agents.claim(tx, 1, agent, house.clock()))
        reply = Reply(text="您好，正在查。", seen=before[-2]["id"], key="k1")
        house.parts.store.write(lambda tx: send_reply(tx, 1, agent, reply, house.clock()))
        event = await next_message(events)
        assert event["from"] == "agent"
        assert event["text"] == "您好，正在查。"
    assert len((await house.say("好的", token))["messages"]) == 1
    assert (await house.say("在吗", token))["messages"] == []
    assert (await house.say("进度", token))["messages"]
    house.parts.store.write(
        lambda tx: agents.resolve(
            tx, 1, agent, house.clock(), true_cause="unknown", causes=house.parts.knowledge.causes
        )
    )
    house.parts.turns.wake(house.clock())
    last = (await house.talk(token))["messages"][-1]
    assert "DZ-000001 已办结" in last["text"]
    assert (await house.say("又有一笔昨天的没到账", token))["messages"]


async def test_the_stream_resumes_without_loss(house: House) -> None:
    token = (await house.say("没到账"))["conversation"]
    async with stream(house, token) as events:
        first = [event async for event in until_state(events)]
    await house.say("不清楚", token)
    async with stream(house, token, last=first[-2]["id"]) as events:
        rest = [event["id"] async for event in until_state(events) if "id" in event]
    assert rest == [message["id"] for message in (await house.talk(token))["messages"]][2:]


async def test_the_promise_is_kept_when_its_moment_comes(house: House) -> None:
    house.clock.now = datetime.fromisoformat("2026-10-09T17:00:00+08:00")
    token = (await house.say("钱在余额里没提现，昨天刷的没到账"))["conversation"]
    await house.finish(token, {"payout_status": "to_withdraw"})
    count = len((await house.talk(token))["messages"])
    house.clock.now += timedelta(days=1)
    assert house.parts.turns.wake(house.clock.now) == 1
    assert house.parts.turns.wake(house.clock.now) == 0
    messages = (await house.talk(token))["messages"]
    assert len(messages) == count + 1
    assert "到账了吗" in messages[-1]["text"]


@asynccontextmanager
async def stream(house: House, token: str, last: int = 0) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """Read the stream as it comes; httpx's ASGI transport would wait for its end."""
    received: asyncio.Queue[bytes] = asyncio.Queue()
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            received.put_nowait(message.get("body", b""))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": "/chat/api/stream",
        "raw_path": b"/chat/api/stream",
        "query_string": f"conversation={token}".encode(),
        "headers": [(b"last-event-id", str(last).encode())] if last else [],
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
        "scheme": "http",
        "root_path": "",
    }
    task = asyncio.create_task(house.app(scope, receive, send))

    async def events() -> AsyncIterator[dict[str, Any]]:
        text = ""
        while True:
            text += (await asyncio.wait_for(received.get(), 10)).decode()
            while "\n\n" in text:
                block, text = text.split("\n\n", 1)
                data = re.search(r"^data: (.*)$", block, re.MULTILINE)
                if data:
                    yield json.loads(data.group(1))

    try:
        yield events()
    finally:
        gone.set()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until_state(events: AsyncIterator[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    """Give the events up to the first state."""
    async for event in events:
        yield event
        if "understood" in event:
            return


async def next_message(events: AsyncIterator[dict[str, Any]]) -> dict[str, Any]:
    """Give the next message."""
    async for event in events:
        if "id" in event:
            return event
    raise AssertionError("the stream ended")


def test_a_turn_that_fails_is_kept_and_tried_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    hear = house.parts.conversation.hear
    fails = {"left": 1}

    def sometimes(*args: Any) -> Any:
        if fails["left"]:
            fails["left"] -= 1
            raise RuntimeError("a bug")
        return hear(*args)

    monkeypatch.setattr(house.parts.conversation, "hear", sometimes)
    asyncio.run(_fail_and_retry(house, lambda: house.parts.turns.retry(house.clock.now)))


async def _fail_and_retry(house: House, retry: Callable[[], int]) -> None:
    body = {"conversation": None, "client_id": str(uuid4()), "text": f"没到账 卡号{CARD}"}
    response = await house.client.post("/chat/api/messages", json=body)
    assert response.status_code == 202
    token = response.json()["conversation"]
    assert (await house.talk(token))["messages"] == []
    assert retry() == 0
    house.clock.now += timedelta(seconds=6)
    assert retry() == 1
    assert len((await house.talk(token))["messages"]) >= 2
    assert retry() == 0


def test_the_phone_number_of_a_failed_turn_is_kept_encrypted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(_leave_a_number_while_it_fails(house, monkeypatch))


async def _leave_a_number_while_it_fails(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    token = (await house.say("人工"))["conversation"]
    with monkeypatch.context() as broken:
        broken.setattr(house.parts.conversation, "hear", _fail)
        body = {"conversation": token, "client_id": str(uuid4()), "text": f"请打 {PHONE}"}
        assert (await house.client.post("/chat/api/messages", json=body)).status_code == 202
    [kept] = house.rows("SELECT payload FROM set_aside")
    assert PHONE not in str(kept.payload)
    assert "138****5678" in str(kept.payload)
    house.clock.now += timedelta(seconds=6)
    assert house.parts.turns.retry(house.clock.now) == 1
    [ticket] = house.rows("SELECT contact FROM ticket")
    assert house.parts.vault.open(ticket.contact) == PHONE
    assert "138****5678" in (await house.talk(token))["messages"][-1]["text"]


def _fail(*_: Any) -> Any:
    raise RuntimeError("a bug")
