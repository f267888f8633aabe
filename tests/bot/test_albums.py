"""Albums of Telegram: one message with all its pictures, also when turns fail."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Row
from telegram import Update

from bot.channels.telegram.reading import read_update
from bot.parts import Parts
from tests.talking import NOW, parts_on

MEGABYTE = 2**20


class Chat:
    """A merchant's private chat, as Telegram's updates tell of it."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._count = 0

    def send(self, media: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Send one item of an album, and have its update taken; gives the update."""
        self._count += 1
        sender = {"id": 7, "is_bot": False, "first_name": "商户", "language_code": "zh-hans"}
        message = {
            "message_id": self._count,
            "date": int(NOW.timestamp()),
            "chat": {"id": 7, "type": "private"},
            "from": sender,
            "media_group_id": "album",
            **media,
            **more,
        }
        update = {"update_id": 100 + self._count, "message": message}
        self.deliver(update)
        return update

    def deliver(self, update: dict[str, Any]) -> None:
        incoming = read_update(Update.de_json(update, None))
        assert incoming
        self.parts.turns.take(incoming, NOW)

    def lines(self, author: str) -> list[str]:
        return [row.text for row in self.rows("SELECT author, text FROM message ORDER BY id", author)]

    def rows(self, statement: str, author: str = "") -> list[Row[Any]]:
        rows = self.parts.store.read(lambda connection: list(connection.exec_driver_sql(statement)))
        return [row for row in rows if not author or row.author == author]


@pytest.fixture
def chat() -> Iterator[Chat]:
    with parts_on() as parts:
        yield Chat(parts)


def photo(name: str, megabytes: int = 1) -> dict[str, Any]:
    size = {"width": 90, "height": 90, "file_size": megabytes * MEGABYTE}
    return {"photo": [{"file_id": name, "file_unique_id": name, **size}]}


def video(name: str) -> dict[str, Any]:
    return {"video": {"file_id": name, "file_unique_id": name, "width": 90, "height": 90, "duration": 3}}


def document(name: str, megabytes: int = 1) -> dict[str, Any]:
    return {"document": {"file_id": name, "file_unique_id": name, "file_size": megabytes * MEGABYTE}}


@pytest.mark.parametrize("failing", [{0}, {0, 1}, {1, 2}, {0, 1, 2}])
def test_no_picture_is_lost_when_turns_fail(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, failing: set[int]
) -> None:
    for number in range(3):
        with monkeypatch.context() as broken:
            if number in failing:
                broken.setattr("bot.turn.Turn.take", lambda *_: 1 / 0)
            chat.send(photo(f"p{number}"))
    assert chat.parts.turns.retry(NOW + timedelta(seconds=6)) == len(failing)
    kept = chat.rows("SELECT reference, message_id FROM attachment")
    assert sorted(row.reference for row in kept) == ["p0", "p1", "p2"]
    assert len({row.message_id for row in kept}) == 1
    assert chat.lines("merchant") == ["［图片］"]
    assert len(chat.lines("bot")) == 1


def test_a_repeated_update_brings_nothing_new(chat: Chat) -> None:
    updates = [chat.send(photo(f"p{number}")) for number in range(3)]
    for update in updates:
        chat.deliver(update)
    assert len(chat.rows("SELECT id FROM attachment")) == 3
    assert len(chat.lines("bot")) == 1


def test_an_album_of_what_is_never_kept_is_answered_once(chat: Chat) -> None:
    for number in range(3):
        chat.send(video(f"v{number}"))
    assert len(chat.lines("merchant")) == len(chat.lines("bot")) == 1


def test_a_later_file_that_is_too_large_is_said_once(chat: Chat) -> None:
    chat.send(document("good"))
    for name in ("large", "larger"):
        update = chat.send(document(name, megabytes=21))
    chat.deliver(update)
    assert [row.reason for row in chat.rows("SELECT reason FROM attachment")] == [
        None,
        "too_large",
        "too_large",
    ]
    received, refused = chat.lines("bot")
    assert "收到" in received
    assert "太大" in refused
