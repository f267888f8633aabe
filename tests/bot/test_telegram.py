"""Telegram through the front door: the real service, the emulated Bot API, by polling and by webhook."""

import json
import random
import subprocess
from collections.abc import Callable
from typing import Any

import httpx

from tests.bot.telegram_service import SECRET, TelegramService, each_once
from tests.service import COMMAND, scrubbed_environment
from tests.telegram_api.control import TelegramApi
from tests.telegram_api.people import Shown, User


def answer_all(bot: TelegramService, user: User, knows: dict[str, str]) -> list[str]:
    """Tap through the bot's questions: the label that contains what he knows, else "not sure"."""
    api = bot.api
    asked: list[str] = []
    while (question := api.sent(user)[-1]).labels and len(asked) < 20:
        label = next((one for key in knows.values() for one in question.labels if key in one), "不清楚")
        count = len(api.sent(user))
        asked.append(question.text)
        user.tap(question, label)
        bot.hear(user, count + 1)
    return asked


def shown(api: TelegramApi, user: User, message: Shown) -> Shown:
    """Give a message as it looks now."""
    return next(one for one in api.messages(user) if one.id == message.id)


def test_a_whole_talk(bot: TelegramService) -> None:
    telegram_api = bot.api
    user = telegram_api.user("王芳")
    user.start()
    greeting = bot.hear(user, 1)
    assert "哪天刷的" in greeting.text
    assert "钱没到账" in greeting.labels
    user.send("昨天上午10点刷了3500没到账")
    question = bot.hear(user, 2)
    assert "¥3,500" in question.text
    asked = answer_all(bot, user, {"mode": "T+1", "status": "待结算"})
    assert asked
    advice = telegram_api.sent(user)[-1]
    assert "预计" in advice.text
    assert advice.labels == []
    user.send("人工")
    ticket = bot.hear(user, len(telegram_api.sent(user)) + 1)
    assert "DZ-" in ticket.text
    bot.settle()
    assert bot.tickets(user) == 1
    assert bot.said(user) == [message.text.split("\n\n✓")[0] for message in telegram_api.sent(user)]
    assert telegram_api.chat_actions(user)[0] == ("typing", None)


def test_the_pressed_choice_is_shown_on_its_message(bot: TelegramService) -> None:
    telegram_api = bot.api
    user = telegram_api.user()
    user.start()
    question = bot.hear(user, 1)
    user.tap(question, "钱没到账")
    bot.hear(user, 2)
    telegram_api.wait_for(lambda: shown(telegram_api, user, question).labels == [])
    assert shown(telegram_api, user, question).text == f"{question.text}\n\n✓ 钱没到账"


def test_a_tap_on_an_old_button_changes_nothing_by_itself(bot: TelegramService) -> None:
    telegram_api = bot.api
    user = telegram_api.user()
    user.start()
    first = bot.hear(user, 1)
    user.tap(first, "钱没到账")
    second = bot.hear(user, 2)
    tap = user.tap(first, "退款问题")
    offer = bot.hear(user, 3)
    assert "钱没到账" in offer.text
    assert "退款问题" in offer.text
    assert offer.labels == ["是", "不是"]
    telegram_api.wait_for(lambda: tap.answer is not None)
    telegram_api.wait_for(lambda: shown(telegram_api, user, first).labels == [])
    assert "✓ 退款问题" not in shown(telegram_api, user, first).text
    assert shown(telegram_api, user, second).labels == second.labels


def test_updates_three_times_and_out_of_order(bot: TelegramService) -> None:
    telegram_api = bot.api
    users = [telegram_api.user(f"m{number}") for number in range(6)]
    lines = ["昨天上午10点刷了3500没到账", "T+1", "人工", "谢谢"]
    chance = random.Random(3)
    with telegram_api.held(lambda ids: chance.sample(ids, len(ids))):
        updates = [user.send(line).update for line in lines for user in users]
    bot.settle()
    for _ in range(2):
        for update in chance.sample(updates, len(updates)):
            telegram_api.deliver_again(update)
        bot.settle()
    for user in users:
        assert sorted(bot.heard(user)) == sorted(lines)
        assert bot.said(user) == [message.text for message in telegram_api.sent(user)]
        assert bot.tickets(user) == 1


def test_update_numbers_begin_again_lower(bot: TelegramService) -> None:
    telegram_api = bot.api
    user = telegram_api.user()
    user.send("昨天刷的3500没到账")
    bot.hear(user, 1)
    bot.settle()
    telegram_api.set_next_update_id(17)
    user.send("T+1")
    bot.hear(user, 2)
    bot.settle()
    assert bot.heard(user) == ["昨天刷的3500没到账", "T+1"]


def test_an_edited_message_corrects(bot: TelegramService) -> None:
    telegram_api = bot.api
    user = telegram_api.user()
    wrong = user.send("昨天上午10点刷了3500没到账")
    bot.hear(user, 1)
    user.edit(wrong.message, "昨天上午10点刷了5300没到账")
    assert "¥5,300" in bot.hear(user, 2).text
    assert bot.heard(user)[-1] == "昨天上午10点刷了5300没到账"


def test_a_link_brings_the_merchant_number(bot: TelegramService) -> None:
    telegram_api = bot.api
    user, odd = telegram_api.user(), telegram_api.user()
    user.start("m_898123456789012")
    odd.start("m_not-a-number")
    for one in (user, odd):
        assert "钱没到账" in bot.hear(one, 1).labels
    kept = {
        row.sender: json.loads(row.talk) if isinstance(row.talk, str) else row.talk
        for row in bot.rows("SELECT sender, talk FROM conversation")
    }
    assert kept[str(user.id)]["facts"] == {"merchant_no": ["898123456789012", "merchant"]}
    assert kept[str(odd.id)]["facts"] == {}


def test_the_menu(bot: TelegramService) -> None:
    telegram_api = bot.api
    user = telegram_api.user()
    answers = []
    for number, command in enumerate(("/help", "/status", "/human", "/cancel", "/language"), 1):
        user.send(command)
        answers.append(bot.hear(user, number).text)
    assert "/human" in answers[0]
    assert "还没有工单" in answers[1]
    assert "DZ-" in answers[2]
    assert "DZ-" in answers[3]
    assert "English" in answers[4]
    telegram_api.wait_for(lambda: telegram_api.commands("", "all_private_chats"))
    menus = [telegram_api.commands(code, "all_private_chats") for code in ("zh", "en", "")]
    names = [[one["command"] for one in menu] for menu in menus]
    assert names == [["start", "help", "status", "human", "language", "cancel"]] * 3
    assert menus[0][1]["description"] == "我能做什么"
    assert menus[1][1]["description"] == menus[2][1]["description"] == "What I can do"


def test_leaving_it(bot: TelegramService) -> None:
    telegram_api = bot.api
    user = telegram_api.user()
    user.send("昨天刷的3500没到账")
    bot.hear(user, 1)
    user.send("/cancel")
    assert "不查了" in bot.hear(user, 2).text
    user.send("/start")
    assert bot.hear(user, 3).text.startswith("您好")


def test_his_language(bot: TelegramService) -> None:
    telegram_api = bot.api
    english, russian = telegram_api.user("Ann", "en"), telegram_api.user("Ира", "ru")
    for user in (english, russian):
        user.start()
        assert "Tell me when the sale was" in bot.hear(user, 1).text


def test_what_is_no_text_gets_a_kind_word(bot: TelegramService) -> None:
    telegram_api = bot.api
    sticker, voice, photo, place = (telegram_api.user(name) for name in ("s", "v", "p", "l"))
    sticker.sticker()
    voice.voice(b"OggS")
    for _ in range(3):
        photo.photo(b"\xff\xd8\xff", media_group_id="album")
    place.send_content({"location": {"latitude": 39.9, "longitude": 116.4}})
    assert "收到" in bot.hear(sticker, 1).text
    assert "语音" in bot.hear(voice, 1).text
    assert "遮住卡号" in bot.hear(photo, 1).text
    assert "看不懂" in bot.hear(place, 1).text
    bot.settle()
    assert len(telegram_api.sent(photo)) == 1, "an album is one message"
    assert bot.heard(voice) == ["［语音］"]


def test_a_captioned_photo_is_its_caption(bot: TelegramService) -> None:
    telegram_api = bot.api
    user = telegram_api.user()
    user.photo(b"\xff\xd8\xff", caption="昨天刷的3500没到账")
    question = bot.hear(user, 2)
    texts = [message.text for message in telegram_api.sent(user)]
    assert "¥3,500" in texts[0]
    assert "遮住卡号" in question.text
    assert bot.heard(user) == ["［图片］ 昨天刷的3500没到账"]


def test_a_group_is_told_once_to_write_in_private(bot: TelegramService) -> None:
    telegram_api = bot.api
    user = telegram_api.user()
    group = telegram_api.group("商户交流", (user,), forum=False, bot="member")
    user.send("/start", group)
    telegram_api.wait_for(lambda: telegram_api.sent(group))
    user.send("/help", group)
    user.send("昨天刷的3500没到账")
    bot.hear(user, 1)
    bot.settle()
    [hint] = telegram_api.sent(group)
    assert "单独" in hint.text
    assert bot.rows("SELECT 1 FROM conversation WHERE sender = :group", group=str(group.id)) == []


BROKEN: list[dict[str, Any]] = [
    {"message": {"message_id": 1}},
    {"message": "text"},
    {"message": {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "text": 17}},
    {"callback_query": {"id": "1", "from": {"id": 5, "is_bot": False, "first_name": "x"}}},
    {"something_new": {"in": "2031"}},
]


def test_broken_updates_stop_nobody(bot: TelegramService) -> None:
    telegram_api = bot.api
    user = telegram_api.user()
    for update in BROKEN:
        telegram_api.inject(update)
    odd = {"message_id": 9, "date": 1, "chat": {"id": 7, "type": "private"}, "text": "odd \x00"}
    telegram_api.inject({"message": odd})
    user.send("昨天刷的3500没到账")
    bot.hear(user, 1)
    bot.settle()
    set_aside = bot.rows("SELECT error FROM set_aside WHERE next_try_at IS NULL")
    assert {row.error for row in set_aside} == {"MalformedUpdate", "AttributeError"}
    assert bot.rows("SELECT text FROM message WHERE text LIKE 'odd%'")[0].text == "odd"


def test_only_who_knows_the_secret_may_bring_updates(start_bot: Callable[..., TelegramService]) -> None:
    bot = start_bot("webhook")
    update = {
        "update_id": 5,
        "message": {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "text": "人工"},
    }
    forged = [{}, *({"X-Telegram-Bot-Api-Secret-Token": s} for s in ("", "wrong", SECRET[:-1], SECRET + "x"))]
    for headers in forged:
        refused = httpx.post(bot.webhook, json=update, headers=headers, trust_env=False)
        assert refused.status_code == 403
    assert bot.count("conversation") == 0
    right = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    for _ in range(3):
        assert httpx.post(bot.webhook, json=update, headers=right, trust_env=False).status_code == 200
    assert bot.count("message") == 2
    half = json.dumps(update | {"update_id": 6}).replace("\\u4eba\\u5de5", "half \\ud800").encode()
    assert httpx.post(bot.webhook, content=half, headers=right, trust_env=False).status_code == 200
    assert bot.rows("SELECT 1 FROM message WHERE text = 'half ?'") != []
    for body in (b"no JSON", b"[" * 2000, b"{}", b'"text"'):
        taken = httpx.post(bot.webhook, content=body, headers=right, trust_env=False)
        assert taken.status_code == 200
    assert bot.count("set_aside") == 4
    assert SECRET not in bot.log()


def test_without_a_secret_it_does_not_start(tmp_path: Any, telegram_api: TelegramApi) -> None:
    settings = {"telegram_token": telegram_api.token, "telegram_webhook_url": "https://pay.example.com/tg"}
    ended = subprocess.run(
        [COMMAND, "serve"],
        cwd=tmp_path,
        env=scrubbed_environment(data_dir=str(tmp_path), **settings),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 1
    assert "DAOZHANG_TELEGRAM_WEBHOOK_SECRET" in ended.stderr
    assert telegram_api.token not in ended.stderr
    assert telegram_api.calls() == []


def test_switching_from_webhook_to_polling_keeps_what_waits(
    start_bot: Callable[..., TelegramService], telegram_api: TelegramApi
) -> None:
    bot = start_bot("webhook")
    user = telegram_api.user()
    telegram_api.wait_for(lambda: telegram_api.calls("setWebhook"))
    bot.terminate()
    user.send("昨天刷的3500没到账")
    for name in ("telegram_webhook_url", "telegram_webhook_secret"):
        del bot._settings[name]
    bot.start()
    bot.hear(user, 1)
    assert not any("drop_pending_updates" in call.parameters for call in telegram_api.calls())


def test_a_second_poller_is_named(
    start_bot: Callable[..., TelegramService], telegram_api: TelegramApi
) -> None:
    telegram_api.fail_next("getUpdates", "409", times=2)
    bot = start_bot("polling")
    user = telegram_api.user()
    user.send("昨天刷的3500没到账")
    bot.hear(user, 1)
    assert "another process fetches this bot's updates" in bot.log()


def test_the_token_is_nowhere(start_bot: Callable[..., TelegramService], telegram_api: TelegramApi) -> None:
    bot = start_bot("polling", log_level="debug")
    user = telegram_api.user()
    for fault in ("502 html", "truncated json", "401", "reset after body"):
        telegram_api.fail_next("sendMessage", fault)
        telegram_api.fail_next("getUpdates", fault)
        user.send("人工")
        telegram_api.wait_for(lambda: not telegram_api.pending())
    bot.settle()
    token = telegram_api.token
    telegram_api.revoke_token()
    telegram_api.wait_for(lambda: "refuses the token" in bot.log())
    with telegram_api.outage():
        telegram_api.wait_for(lambda: "NetworkError" in bot.log())
    bot.terminate()
    secret = token.split(":")[1]
    assert secret not in bot.log()
    for path in bot.data_dir.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes(), path


def test_each_reply_is_sent_once(bot: TelegramService) -> None:
    telegram_api = bot.api
    users = [telegram_api.user(f"m{number}") for number in range(10)]
    for user in users:
        user.send("昨天上午10点刷了3500没到账")
    bot.settle()
    for user in users:
        assert each_once([message.text for message in telegram_api.sent(user)])
        assert len(telegram_api.sent(user)) == 1
