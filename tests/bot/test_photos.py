"""Pictures from the web page to the desk: through HTTP, encrypted at rest, removed in time."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from bot.app import build_app
from bot.parts import Parts
from bot.settings import Settings
from tests.attached import JPEG, KEEPS, PNG, REFUSED
from tests.talking import NOW, parts_on
from tests.triage.house import PASSWORD, Door, Visitor
from triage import accounts, agents, attachments
from triage.media import LARGEST_UPLOAD
from triage.vault import Vault, new_key


class House:
    """The whole application with a clock that the test moves."""

    def __init__(self, parts: Parts, folder: Path) -> None:
        self.parts = parts
        self.folder = folder
        self.now = NOW
        self.app: FastAPI = build_app(parts, Settings(data_dir=folder, _env_file=None), lambda: self.now)
        self.client = httpx.Client(transport=Door(self.app), base_url="http://shop.example")
        parts.store.write(lambda tx: accounts.add(tx, "lin", "林晓", PASSWORD, self.now))

    def send(self, content: bytes, conversation: str = "", **form: str) -> httpx.Response:
        fields = {"conversation": conversation, "client_id": str(uuid4())} | form
        return self.client.post("/chat/api/photos", data=fields, files={"file": ("../../a.html", content)})

    def photo(self, content: bytes = JPEG, conversation: str = "", **form: str) -> dict[str, Any]:
        answer = self.send(content, conversation, **form)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def say(self, words: str, conversation: str | None = None) -> dict[str, Any]:
        body = {"conversation": conversation, "client_id": str(uuid4()), "text": words}
        return dict(self.client.post("/chat/api/messages", json=body).json())

    def agent(self) -> Visitor:
        visitor = Visitor(self)  # type: ignore[arg-type]
        assert visitor.log_in().status_code == 303
        return visitor

    def rows(self, statement: str) -> list[Any]:
        return list(self.parts.store.read(lambda connection: connection.execute(text(statement)).all()))

    def ticket_of(self, answer: dict[str, Any]) -> str:
        return str(answer["status"]["ticket"]["number"])

    def resolve(self, number: str) -> None:
        causes = self.parts.knowledge.causes
        ticket = int(number[3:])
        self.parts.store.write(
            lambda tx: agents.resolve(tx, ticket, 1, self.now, true_cause="unknown", causes=causes)
        )

    def remove_old(self) -> int:
        return self.parts.store.write(lambda tx: attachments.remove_old(tx, timedelta(days=30), self.now))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for all tests of this module, each with merchants of its own."""
    folder = tmp_path_factory.mktemp("house")
    with parts_on(f"sqlite:///{folder / 'daozhang.db'}") as parts:
        yield House(parts, folder)


@pytest.fixture
def house(home: House) -> House:
    home.now = NOW
    return home


def test_a_picture_is_answered_like_a_message_and_stands_in_the_talk(house: House) -> None:
    answer = house.photo()
    assert answer["heard"] == "［图片］"
    assert "遮住卡号" in answer["messages"][0]["text"]
    assert {"conversation", "messages", "understood", "status"} <= answer.keys()
    view = house.client.get("/chat/api/messages", params={"conversation": answer["conversation"]}).json()
    assert [line["from"] for line in view["messages"]] == ["merchant", "bot"]


def test_the_same_client_id_twice_is_one_message_and_one_file(house: House) -> None:
    client_id = str(uuid4())
    answers = [house.photo(client_id=client_id) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    again = house.photo(PNG, answers[0]["conversation"], client_id=client_id)
    assert again["messages"] == answers[0]["messages"]
    assert len(house.rows(f"SELECT 1 FROM attachment WHERE key = '{client_id}'")) == 1


def test_two_at_once_with_the_same_client_id_are_one(house: House) -> None:
    async def both() -> list[httpx.Response]:
        transport = httpx.ASGITransport(house.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
            form = {"client_id": str(uuid4())}
            sends = [client.post("/chat/api/photos", data=form, files={"file": JPEG}) for _ in range(4)]
            return await asyncio.gather(*sends)

    answers = asyncio.run(both())
    assert {answer.status_code for answer in answers} == {200}
    assert len({str(answer.json()["messages"]) for answer in answers}) == 1


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_picture_is_refused_in_words(house: House, name: str) -> None:
    before = house.rows("SELECT count(*) AS n FROM message")[0].n
    refused = house.send(REFUSED[name])
    assert refused.status_code == 415
    assert "没法保存" in refused.json()["error"]
    assert "cannot be kept" in house.send(REFUSED[name], language="en").json()["error"]
    assert house.rows("SELECT count(*) AS n FROM message")[0].n == before


@pytest.mark.parametrize("media_type", KEEPS)
def test_what_is_kept_has_its_true_type(house: House, media_type: str) -> None:
    answer = house.photo(KEEPS[media_type])
    number = house.ticket_of(house.say("人工", answer["conversation"]))
    page = house.agent().page(f"/desk/tickets/{number}")
    assert page.count("/desk/attachments/") == 2, "in the talk and among the evidence"
    kept = house.rows("SELECT media_type FROM attachment ORDER BY id DESC LIMIT 1")
    assert [row.media_type for row in kept] == [media_type]


def test_bad_forms_are_refused_in_words(house: House) -> None:
    post = house.client.post
    good = {"client_id": str(uuid4())}
    file = {"file": ("a.jpg", JPEG)}
    forms: list[dict[str, Any]] = [
        {"data": good},
        {"data": {}, "files": file},
        {"data": {"client_id": "x"}, "files": file},
        {"data": good | {"conversation": "short"}, "files": file},
        {"data": good | {"language": "fr"}, "files": file},
        {"data": good, "files": [("file", ("a.jpg", JPEG)), ("file", ("b.jpg", JPEG))]},
        {"data": good | {"file": "text"}, "files": {"other": JPEG}},
        {"data": good, "files": {"file": ("a.jpg", b"")}},
        {"json": good},
        {"content": b"--x\r\n", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"content": b"x", "headers": {"content-type": "multipart/form-data"}},
        {},
    ]
    for form in forms:
        refused = post("/chat/api/photos", **form)
        assert refused.status_code == 422, form
        assert refused.json()["error"]


def test_what_is_too_large_is_refused_here_and_sooner_elsewhere(house: House) -> None:
    just = JPEG + bytes(LARGEST_UPLOAD - len(JPEG))
    assert house.send(just).status_code == 200
    assert house.send(just + b"x").status_code == 413
    assert house.send(just + bytes(100_000)).status_code == 413
    assert house.client.post("/chat/api/messages", content=b"x" * 200_000).status_code == 413


def test_a_conversation_has_a_quota(house: House) -> None:
    conversation = house.photo()["conversation"]
    for _ in range(attachments.MOST_FILES - 1):
        last = house.photo(PNG, conversation)
    assert "遮住卡号" in last["messages"][0]["text"]
    client_id = str(uuid4())
    over = [house.photo(PNG, conversation, client_id=client_id) for _ in range(2)]
    assert "没有保存" in over[0]["messages"][0]["text"]
    assert over[0] == over[1]
    number = house.ticket_of(house.say("人工", conversation))
    page = house.agent().page(f"/desk/tickets/{number}")
    assert "照片 21 · 没有保存：这位商户的附件已满" in page
    assert page.count("/desk/attachments/") == 2 * attachments.MOST_FILES


def test_nothing_at_rest_has_the_picture(house: House) -> None:
    secret = b"only in this picture: " + uuid4().bytes + b" and then some more of it"
    house.photo(JPEG + secret)
    for path in house.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert secret not in content
            assert b"JFIF\x00 a slip" not in content


def test_the_desk_gives_it_to_who_is_logged_in_and_notes_who_opened_it(house: House) -> None:
    answer = house.photo()
    number = house.ticket_of(house.say("人工", answer["conversation"]))
    agent = house.agent()
    page = agent.page(f"/desk/tickets/{number}")
    assert "照片 1 · 1 KB" in page
    link = page.split('href="/desk/attachments/')[1].split('"')[0]
    stranger = Visitor(house)  # type: ignore[arg-type]
    refused = stranger.get(f"/desk/attachments/{link}")
    assert refused.status_code == 303
    assert b"JFIF" not in refused.content
    opened = agent.get(f"/desk/attachments/{link}")
    assert opened.status_code == 200
    assert opened.content == JPEG
    assert opened.headers["content-type"] == "image/jpeg"
    assert opened.headers["content-disposition"] == f'attachment; filename="{number}-1.jpg"'
    assert opened.headers["content-security-policy"] == "sandbox"
    assert opened.headers["x-content-type-options"] == "nosniff"
    assert opened.headers["cache-control"] == "no-store"
    theirs = f"ticket_id = {int(number[3:])}"
    events = house.rows(f"SELECT account_id FROM ticket_event WHERE {theirs} AND kind = 'attachment_opened'")
    assert [row.account_id for row in events] == [1]
    assert "打开附件 照片 1" in agent.page(f"/desk/tickets/{number}")
    for wrong in ("nothing", link[:-1], f"{link}/.."):
        assert agent.get(f"/desk/attachments/{wrong}").status_code in (404, 307)


def test_with_another_key_the_desk_says_so(house: House) -> None:
    answer = house.photo()
    number = house.ticket_of(house.say("人工", answer["conversation"]))
    sealed = Vault(new_key()).seal(JPEG)
    name = house.rows("SELECT id, name FROM attachment ORDER BY id DESC LIMIT 1")[0]
    update = text("UPDATE attachment_bytes SET sealed = :sealed WHERE attachment_id = :id")
    house.parts.store.write(
        lambda tx: tx.connection.execute(update, {"sealed": sealed, "id": name.id}).rowcount
    )
    agent = house.agent()
    assert number in agent.page(f"/desk/tickets/{number}")
    locked = agent.get(f"/desk/attachments/{name.name}")
    assert locked.status_code == 409
    assert "另一把密钥" in locked.text


def test_a_picture_with_an_open_ticket_is_evidence(house: House) -> None:
    conversation = house.say("人工")["conversation"]
    answer = house.photo(JPEG, conversation)
    number = house.ticket_of(answer)
    assert f"已放进工单 {number}" in answer["messages"][0]["text"]
    page = house.agent().page(f"/desk/tickets/{number}")
    assert "发来附件" in page
    assert "照片 1 · 1 KB" in page


def test_while_an_agent_has_it_the_bot_is_silent_and_the_picture_arrives(house: House) -> None:
    answer = house.say("人工")
    number, conversation = house.ticket_of(answer), answer["conversation"]
    agent = house.agent()
    agent.take(number, "claim")
    first = house.photo(JPEG, conversation)
    assert ["已转告" in message["text"] for message in first["messages"]] == [True]
    assert house.photo(PNG, conversation)["messages"] == []
    page = agent.page(f"/desk/tickets/{number}")
    assert "照片 2 · 1 KB" in page


def test_it_is_removed_thirty_days_after_the_ticket_is_resolved(house: House) -> None:
    answer = house.photo()
    conversation = answer["conversation"]
    number = house.ticket_of(house.say("人工", conversation))
    agent = house.agent()
    link = agent.page(f"/desk/tickets/{number}").split('href="/desk/attachments/')[1].split('"')[0]
    house.now += timedelta(days=90)
    house.remove_old()
    agent = house.agent()
    assert agent.get(f"/desk/attachments/{link}").status_code == 200, "the ticket is still open"
    agent.take(number, "claim")
    house.resolve(number)
    house.now += timedelta(days=29)
    house.remove_old()
    agent = house.agent()
    assert agent.get(f"/desk/attachments/{link}").status_code == 200
    house.now += timedelta(days=1)
    assert house.remove_old() == 1
    agent = house.agent()
    assert agent.get(f"/desk/attachments/{link}").status_code == 404
    assert "照片 1 · <time" in (page := agent.page(f"/desk/tickets/{number}"))
    assert "已到期删除" in page
    left = house.rows(
        "SELECT count(*) AS n FROM attachment_bytes b JOIN attachment a ON a.id = b.attachment_id"
        f" WHERE a.name = '{link}'"
    )
    assert left[0].n == 0


def test_without_a_ticket_it_is_removed_thirty_days_after_the_last_word(house: House) -> None:
    house.now += timedelta(days=400)
    house.remove_old()
    conversation = house.photo()["conversation"]
    house.now += timedelta(days=20)
    house.say("没到账", conversation)
    house.now += timedelta(days=20)
    assert house.remove_old() == 0
    house.now += timedelta(days=10)
    assert house.remove_old() == 1


def test_a_turn_that_fails_leaves_no_picture_behind_and_asks_for_it_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    client_id = str(uuid4())
    with monkeypatch.context() as broken:
        broken.setattr(house.parts.conversation, "hear", lambda *_: 1 / 0)
        assert house.send(JPEG, client_id=client_id).status_code == 503
    assert house.rows(f"SELECT 1 FROM set_aside WHERE key = '{client_id}'") == []
    assert house.photo(client_id=client_id)["messages"]


def test_the_cookie_counts_only_with_the_header_of_the_page(house: House) -> None:
    house.client.get("/")
    cookie = house.client.cookies["daozhang_chat"]
    files = {"file": ("a.jpg", JPEG)}
    for headers, same in (({}, False), ({"x-daozhang-page": "chat"}, True)):
        form = {"client_id": str(uuid4())}
        answer = house.client.post("/chat/api/photos", data=form, files=files, headers=headers)
        assert (answer.json()["conversation"] == cookie) == same
    house.client.cookies.clear()
