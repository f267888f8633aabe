"""getUpdates: what is pending stays until it is confirmed, and a call waits for it."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
import telegram

from tests.telegram_api.control import TelegramApi
from tests.telegram_api.talking import post, ptb, refusal, result


def ids(updates: list[dict[str, Any]]) -> list[int]:
    return [one["update_id"] for one in updates]


def in_background(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(work()))
    thread.start()
    return thread, answers


def test_updates_come_again_until_they_are_confirmed(telegram_api: TelegramApi) -> None:
    user = telegram_api.user()
    first, second, third = [user.send(text).update for text in ("a", "b", "c")]
    assert first
    assert second
    assert third
    assert result(telegram_api, "getUpdates") == [first, second, third]
    assert result(telegram_api, "getUpdates") == [first, second, third]
    assert result(telegram_api, "getUpdates", limit=1) == [first]
    assert result(telegram_api, "getUpdates", offset=second["update_id"]) == [second, third]
    assert telegram_api.pending() == [second, third]
    assert result(telegram_api, "getUpdates", offset=-1) == [third]
    assert result(telegram_api, "getUpdates", offset=third["update_id"] + 1) == []


def test_a_long_poll_waits_for_the_next_update(telegram_api: TelegramApi) -> None:
    thread, answers = in_background(lambda: result(telegram_api, "getUpdates", timeout=20))
    telegram_api.wait_for(lambda: telegram_api.calls("getUpdates"))
    assert answers == []
    update = telegram_api.user().send("您好").update
    thread.join(20)
    assert answers == [[update]]
    assert len(telegram_api.calls("getUpdates")) == 1


def test_a_long_poll_ends_empty(telegram_api: TelegramApi) -> None:
    assert result(telegram_api, "getUpdates", timeout=1) == []


def test_a_second_poll_ends_the_first(telegram_api: TelegramApi) -> None:
    thread, answers = in_background(lambda: post(telegram_api, "getUpdates", timeout=20))
    telegram_api.wait_for(lambda: telegram_api.calls("getUpdates"))
    assert result(telegram_api, "getUpdates") == []
    thread.join(20)
    assert answers[0]["error_code"] == 409
    assert answers[0]["description"].startswith("Conflict: terminated by other getUpdates request")


def test_there_is_no_polling_beside_a_webhook(telegram_api: TelegramApi) -> None:
    result(telegram_api, "setWebhook", url="https://192.0.2.1/hook")
    text = "Conflict: can't use getUpdates method while webhook is active"
    assert refusal(telegram_api, "getUpdates").startswith(text)
    result(telegram_api, "deleteWebhook")
    assert result(telegram_api, "getUpdates") == []


def test_only_what_was_asked_for_is_delivered(telegram_api: TelegramApi) -> None:
    user = telegram_api.user()
    result(telegram_api, "getUpdates", allowed_updates=["edited_message"])
    sent = user.send("a")
    assert sent.update is None
    edited = user.edit(sent.message, "b").update
    assert result(telegram_api, "getUpdates") == [edited]
    result(telegram_api, "getUpdates", allowed_updates=[])
    assert user.send("c").update


def test_ids_rise_from_where_a_test_puts_them(telegram_api: TelegramApi) -> None:
    user = telegram_api.user()
    high = [user.send("a").update, user.send("b").update]
    telegram_api.set_next_update_id(1000)
    low = user.send("c").update
    assert [one["update_id"] for one in [*high, low] if one] == [512_000_001, 512_000_002, 1000]


def test_an_update_can_come_twice(telegram_api: TelegramApi) -> None:
    update = telegram_api.user().send("a").update
    assert update
    result(telegram_api, "getUpdates", offset=update["update_id"] + 1)
    telegram_api.deliver_again(update)
    assert result(telegram_api, "getUpdates", offset=update["update_id"] + 1) == [update]
    assert result(telegram_api, "getUpdates", offset=update["update_id"] + 1) == []


def test_updates_can_come_in_another_order_and_none_is_lost(telegram_api: TelegramApi) -> None:
    user = telegram_api.user()
    with telegram_api.held(lambda held: held[::-1]):
        sent = [user.send(text).update for text in ("a", "b", "c")]
        assert result(telegram_api, "getUpdates") == []
    got = result(telegram_api, "getUpdates", limit=2)
    assert got == [sent[2], sent[1]]
    assert result(telegram_api, "getUpdates", offset=max(ids(got)) + 1) == [sent[0]]
    assert result(telegram_api, "getUpdates", offset=max(ids(got)) + 1) == []


def test_an_old_update_is_dropped(telegram_api: TelegramApi) -> None:
    telegram_api.user().send("a")
    telegram_api.set_clock(advance=24 * 3600 + 10)
    assert result(telegram_api, "getUpdates") == []


def test_a_broken_update_is_delivered_as_it_stands(telegram_api: TelegramApi) -> None:
    telegram_api.inject({"from_the_future": {"x": 1}})
    telegram_api.inject({"update_id": 7, "message": "not an object"})
    got = result(telegram_api, "getUpdates")
    assert got == [
        {"update_id": 512_000_001, "from_the_future": {"x": 1}},
        {"update_id": 7, "message": "not an object"},
    ]


async def test_python_telegram_bot_reads_every_kind_of_update(telegram_api: TelegramApi) -> None:
    user = telegram_api.user("王芳", username="wangfang")
    user.start("m_1024")
    user.edit(user.send("钱没到").message, "钱还没到")
    user.photo(b"\xff\xd8\xff", "小票", media_group_id="7")
    user.document(b"%PDF", "a.pdf", "application/pdf")
    user.voice(b"OggS")
    user.sticker()
    user.send_content({"location": {"latitude": 31.2, "longitude": 121.5}})
    user.block()
    async with ptb(telegram_api) as bot:
        updates = await bot.get_updates(timeout=5)
        assert not await bot.get_updates(offset=updates[-1].update_id + 1)
    assert updates[0].message
    assert updates[0].message.text == "/start m_1024"
    assert list(updates[0].message.parse_entities()) == [updates[0].message.entities[0]]
    assert updates[0].message.entities[0].type == "bot_command"
    assert updates[2].edited_message
    assert updates[2].edited_message.edit_date
    media = [update.message for update in updates[3:8] if update.message]
    assert media[0].caption == "小票"
    assert media[0].media_group_id == "7"
    kinds = [telegram.helpers.effective_message_type(one) for one in media]
    assert kinds == ["photo", "document", "voice", "sticker", "location"]
    assert updates[8].my_chat_member
    assert updates[8].my_chat_member.new_chat_member.status == "kicked"
    assert updates[0].message.from_user
    assert updates[0].message.from_user.language_code == "zh-hans"


async def test_a_poll_of_a_client_that_has_gone_takes_nothing_along(telegram_api: TelegramApi) -> None:
    async with ptb(telegram_api) as bot:
        poll = asyncio.create_task(bot.get_updates(timeout=20))
        await asyncio.to_thread(telegram_api.wait_for, lambda: telegram_api.calls("getUpdates"))
        poll.cancel()
        with pytest.raises(asyncio.CancelledError):
            await poll
        telegram_api.user().send("您好")
        [update] = await bot.get_updates(timeout=20)
        assert update.message
        assert update.message.text == "您好"
