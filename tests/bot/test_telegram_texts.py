"""What goes to Telegram: parts of long texts, buttons, the due day; and what its updates say."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot, Update

from bot.channels.telegram.reading import read_update
from bot.channels.telegram.sending import LONGEST_PART, TelegramChannel, keyboard, split, units
from bot.channels.telegram.service import Telegram, TelegramSettings
from bot.http_errors import ERRORS
from bot.messages import Outgoing
from tests.talking import parts_on

NOW = datetime(2026, 10, 9, 2, 0, tzinfo=UTC)


@given(st.text(st.sampled_from("一二。，\n ab.!?😀"), max_size=300), st.integers(4, 50))
def test_parts_hold_all_of_the_text(text: str, longest: int) -> None:
    parts = split(text, longest)
    assert all(part and units(part) <= longest for part in parts)
    if text.strip():
        assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_long_text_is_split_after_a_sentence() -> None:
    sentence = "这笔预计明天到账，请放心。"
    parts = split(sentence * 1000)
    assert len(parts) > 1
    assert all(units(part) <= LONGEST_PART and part.endswith("。") for part in parts)
    assert "".join(parts) == sentence * 1000


def test_a_short_text_is_one_part() -> None:
    assert split("第一行。\n第二行。 Third. 4.5 yuan") == ["第一行。\n第二行。 Third. 4.5 yuan"]


def test_units_are_those_of_telegram() -> None:
    assert units("a") == units("账") == 1
    assert units("😀") == 2


def ask(*labels: str) -> dict[str, Any]:
    return {"options": [{"id": f"3.{n}", "label": label, "value": "x"} for n, label in enumerate(labels)]}


def test_buttons_carry_the_ids_of_options() -> None:
    made = keyboard(ask("没有通知", "调单", "顾客被扣款，交易没成功", "不清楚"))
    assert made is not None
    rows = [[(button.text, button.callback_data) for button in row] for row in made.inline_keyboard]
    assert rows == [
        [("没有通知", "3.0"), ("调单", "3.1")],
        [("顾客被扣款，交易没成功", "3.2")],
        [("不清楚", "3.3")],
    ]


def test_without_options_there_are_no_buttons() -> None:
    assert keyboard(None) is None
    assert keyboard(ask()) is None


def outgoing(text: str, due: date | None) -> Outgoing:
    strip = due and {
        "alt": "10月1日（周四）交易，预计10月8日（周四）到账",
        "days": [
            {"date": due.isoformat(), "marks": ["due"]},
            {"date": (due + timedelta(days=1)).isoformat(), "marks": ["today"]},
        ],
    }
    return Outgoing(
        id=1,
        channel="telegram",
        sender="5",
        author="bot",
        text=text,
        ask=None,
        strip=strip or None,
        language="zh",
        at=NOW,
    )


@pytest.mark.parametrize(
    ("text", "due", "sent"),
    [
        (
            "这笔还没到时间。",
            date(2026, 10, 8),
            "这笔还没到时间。\n10月1日（周四）交易，预计10月8日（周四）到账",
        ),
        ("预计10月8日（周四）14:00前到账。", date(2026, 10, 8), "预计10月8日（周四）14:00前到账。"),
        ("您好。", None, "您好。"),
    ],
)
def test_the_due_day_is_told_once(text: str, due: date | None, sent: str) -> None:
    channel = TelegramChannel(Bot("1:x"))
    assert list(channel.parts(outgoing(text, due))) == [sent]


def message(**content: Any) -> Update:
    chat = {"id": 5, "type": "private"}
    whole = {"message_id": 1, "date": 1, "chat": chat, "from": {"id": 5, "is_bot": False, "first_name": "王"}}
    return Update.de_json({"update_id": 7, "message": whole | content}, None)


@pytest.mark.parametrize(
    ("text", "command", "facts"),
    [
        ("/start", "start", None),
        ("/start b_lakala", "start", {"brand": "lakala"}),
        ("/start m_898123456789012", "start", {"merchant_no": "898123456789012"}),
        ("/start x_1", "start", None),
        ("/Status@daozhang_bot", "status", None),
        ("/unknown", None, None),
        ("/help me please", None, None),
    ],
)
def test_commands(text: str, command: str | None, facts: dict[str, str] | None) -> None:
    incoming = read_update(message(text=text))
    assert incoming is not None
    assert (incoming.command, incoming.facts) == (command, facts)
    assert incoming.text == (None if command else text)
    assert incoming.key == "tg:7"


def test_half_characters_are_replaced() -> None:
    incoming = read_update(message(text="half \ud800 NUL \x00"))
    assert incoming is not None
    assert incoming.text == "half ? NUL"


def test_service_messages_say_nothing() -> None:
    assert read_update(message(group_chat_created=True)) is None


@pytest.fixture
def webhook(tmp_path: Path) -> Iterator[tuple[FastAPI, Any]]:
    """Give the route of a webhook, and the store behind it."""
    with parts_on(f"sqlite:///{tmp_path / 'daozhang.db'}") as parts:
        settings = TelegramSettings(token="1:x", webhook_url="https://example.com/hook", webhook_secret="s")
        channel = Telegram(settings, parts.store, parts.turns, lambda: parts.wording, lambda: NOW)
        app = FastAPI()
        app.include_router(channel.routes())
        for kind, handler in ERRORS.items():
            app.add_exception_handler(kind, handler)
        yield app, parts.store


async def test_what_could_not_be_stored_is_asked_for_again(webhook: tuple[FastAPI, Any]) -> None:
    app, store = webhook
    store.close()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://example.com") as client:
        headers = {"X-Telegram-Bot-Api-Secret-Token": "s"}
        text = {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "text": "人工"}
        answer = await client.post("/hook", json={"update_id": 1, "message": text}, headers=headers)
    assert answer.status_code == 503
