"""What the bot says: what is shown, what Telegram refuses, and taps on buttons."""

from typing import Any

import pytest
import telegram

from tests.telegram_api.control import TelegramApi
from tests.telegram_api.people import User
from tests.telegram_api.talking import ptb, refusal, result

BUTTON = {"text": "好", "callback_data": "s:1"}


@pytest.fixture
def merchant(telegram_api: TelegramApi) -> User:
    user = telegram_api.user("王芳")
    user.start()
    return user


def keyboard(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"inline_keyboard": [[button] for button in buttons]}


@pytest.mark.parametrize(
    ("markup", "text", "entities"),
    [
        ("<b>您好</b>，<i>请选</i>", "您好，请选", [("bold", 0, 2), ("italic", 3, 2)]),
        ("&lt;b&gt; &amp; &#39;&nbsp;", "<b> & '&nbsp;", []),
        ("😀<b>a</b>", "😀a", [("bold", 2, 1)]),
        ("  <b> 您好 </b>\n", "您好", [("bold", 0, 2)]),
        ("<b><i>ab</i></b>", "ab", [("bold", 0, 2), ("italic", 0, 2)]),
        ('<a href="https://example.com/?a=1&amp;b=2">x</a>', "x", [("text_link", 0, 1)]),
        ('<pre><code class="language-py">x</code></pre>', "x", [("pre", 0, 1)]),
        ("a < b", None, 'Unsupported start tag "" at byte offset 2'),
        ("您<script>x</script>", None, 'Unsupported start tag "script" at byte offset 3'),
        ("<b>x", None, 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", None, "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", None, 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b", None, 'Unclosed start tag "b" at byte offset 0'),
    ],
)
def test_html_is_read_as_telegram_reads_it(
    telegram_api: TelegramApi, merchant: User, markup: str, text: str | None, entities: Any
) -> None:
    given = {"chat_id": merchant.id, "text": markup, "parse_mode": "HTML"}
    if text is None:
        why = f"Bad Request: can't parse entities: {entities}"
        assert refusal(telegram_api, "sendMessage", **given) == why
        assert telegram_api.sent(merchant) == []
        return
    message = result(telegram_api, "sendMessage", **given)
    assert message["text"] == text
    found = [(one["type"], one["offset"], one["length"]) for one in message.get("entities", [])]
    assert found == entities


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": " \n"}, "text must be non-empty"),
        ({"text": "<b></b>", "parse_mode": "HTML"}, "text must be non-empty"),
        ({"text": "字" * 4097}, "message is too long"),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"reply_markup": keyboard({"text": "x", "callback_data": "字" * 22})}, "BUTTON_DATA_INVALID"),
        ({"reply_markup": keyboard({"text": "x", "callback_data": ""})}, "BUTTON_DATA_INVALID"),
        (
            {"reply_markup": keyboard({"text": "x"})},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"reply_markup": keyboard({"text": "x", "url": "http://localhost:8000/"})},
            "inline keyboard button URL 'http://localhost:8000/' is invalid: Wrong HTTP URL",
        ),
        ({"reply_markup": keyboard(*[BUTTON] * 101)}, "reply markup is too long"),
        ({"reply_parameters": {"message_id": 999}}, "message to be replied not found"),
        ({"message_thread_id": 5}, "message thread not found"),
    ],
)
def test_what_telegram_refuses_is_refused(
    telegram_api: TelegramApi, merchant: User, wrong: dict[str, Any], why: str
) -> None:
    given = {"chat_id": merchant.id, "text": "x"} | wrong
    assert refusal(telegram_api, "sendMessage", **given) == f"Bad Request: {why}"
    assert telegram_api.sent(merchant) == []


def test_the_longest_text_and_the_longest_data_are_taken(telegram_api: TelegramApi, merchant: User) -> None:
    markup = keyboard({"text": "x", "callback_data": "x" * 64})
    text = "<b>" + "&amp;" * 4096 + "</b>"
    given = {"chat_id": merchant.id, "text": text, "parse_mode": "HTML", "reply_markup": markup}
    assert len(result(telegram_api, "sendMessage", **given)["text"]) == 4096


def test_a_chat_shows_what_was_edited_and_not_what_was_deleted(
    telegram_api: TelegramApi, merchant: User
) -> None:
    given = {"chat_id": merchant.id, "text": "旧", "reply_markup": keyboard(BUTTON)}
    first = result(telegram_api, "sendMessage", **given)
    second = result(telegram_api, "sendMessage", **given)
    same = {"chat_id": merchant.id, "message_id": first["message_id"]}
    not_modified = "Bad Request: message is not modified"
    assert refusal(telegram_api, "editMessageText", **same | given).startswith(not_modified)
    edited = result(telegram_api, "editMessageText", **same, text="新")
    assert edited["edit_date"] >= edited["date"]
    assert refusal(telegram_api, "editMessageReplyMarkup", **same).startswith(not_modified)
    result(telegram_api, "editMessageReplyMarkup", **same, reply_markup=keyboard(BUTTON, BUTTON))
    result(telegram_api, "deleteMessage", chat_id=merchant.id, message_id=second["message_id"])
    [shown] = telegram_api.sent(merchant)
    assert (shown.text, shown.buttons, shown.labels) == ("新", [["好"], ["好"]], ["好", "好"])
    gone = {"chat_id": merchant.id, "message_id": second["message_id"]}
    not_found = "Bad Request: message to edit not found"
    assert refusal(telegram_api, "editMessageText", **gone, text="x") == not_found
    assert refusal(telegram_api, "deleteMessage", **gone) == "Bad Request: message to delete not found"


def test_a_message_of_somebody_else_cannot_be_edited(telegram_api: TelegramApi, merchant: User) -> None:
    theirs = {"chat_id": merchant.id, "message_id": merchant.send("x").message.id}
    assert (
        refusal(telegram_api, "editMessageText", **theirs, text="y") == "Bad Request: message can't be edited"
    )


def test_a_message_older_than_two_days_cannot_be_deleted(telegram_api: TelegramApi, merchant: User) -> None:
    own = result(telegram_api, "sendMessage", chat_id=merchant.id, text="x")
    telegram_api.set_clock(advance=48 * 3600 + 10)
    given = {"chat_id": merchant.id, "message_id": own["message_id"]}
    assert refusal(telegram_api, "deleteMessage", **given) == "Bad Request: message can't be deleted"


async def test_a_tap_is_answered_once_and_in_time(telegram_api: TelegramApi, merchant: User) -> None:
    async with ptb(telegram_api) as bot:
        markup = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("好", callback_data="s:1")]])
        sent = await bot.send_message(merchant.id, "请选择", reply_markup=markup)
        [shown] = telegram_api.sent(merchant)
        await sent.edit_text("已选择")
        tap = merchant.tap(shown, "好")  # on the keyboard that was there a moment ago
        *_, update = await bot.get_updates(timeout=5)
        query = update.callback_query
        assert query
        assert isinstance(query.message, telegram.Message)
        assert (query.data, query.message.text, tap.answer) == ("s:1", "已选择", None)
        assert await query.answer("收到")
        assert tap.answer == {"text": "收到", "show_alert": False}
        with pytest.raises(telegram.error.BadRequest, match="Query is too old"):
            await query.answer("再次")

        late = merchant.tap(shown, "好")
        telegram_api.set_clock(advance=200)
        assert late.update
        with pytest.raises(telegram.error.BadRequest, match="Query is too old"):
            await bot.answer_callback_query(late.update["callback_query"]["id"])


async def test_a_tap_on_a_deleted_message_names_it_only(telegram_api: TelegramApi, merchant: User) -> None:
    async with ptb(telegram_api) as bot:
        button = telegram.InlineKeyboardButton("好", callback_data="s:1")
        sent = await bot.send_message(
            merchant.id, "x", reply_markup=telegram.InlineKeyboardMarkup([[button]])
        )
        [shown] = telegram_api.sent(merchant)
        await sent.delete()
        merchant.tap(shown, "好")
        *_, update = await bot.get_updates(timeout=5)
        assert update.callback_query
        message = update.callback_query.message
        assert message
        # It is a Message all the same: python-telegram-bot 22.8 makes no InaccessibleMessage of it.
        assert (message.message_id, message.is_accessible) == (shown.id, False)


def test_a_button_that_is_not_there_cannot_be_pressed(telegram_api: TelegramApi, merchant: User) -> None:
    link = {"text": "网页", "url": "https://example.com/"}
    given = {"chat_id": merchant.id, "text": "x", "reply_markup": keyboard(BUTTON, link)}
    result(telegram_api, "sendMessage", **given)
    [shown] = telegram_api.sent(merchant)
    with pytest.raises(LookupError, match="不好"):
        merchant.tap(shown, "不好")
    with pytest.raises(LookupError, match="sends nothing"):
        merchant.tap(shown, "网页")


async def test_files_go_out_and_messages_are_copied(telegram_api: TelegramApi, merchant: User) -> None:
    agent = telegram_api.user("李雷")
    agent.start()
    theirs = agent.photo(b"\xff\xd8\xff" + bytes(100), "看这里")
    async with ptb(telegram_api) as bot:
        copied = await bot.copy_message(merchant.id, agent.id, theirs.message.id)
        await bot.send_photo(
            merchant.id, b"\x89PNG\r\n\x1a\n" + bytes(50), caption="<b>图</b>", parse_mode="HTML"
        )
        await bot.send_document(merchant.id, b"a,b\n", filename="结算.csv")
        with pytest.raises(telegram.error.BadRequest, match=r"(?i)image_process_failed"):
            await bot.send_photo(merchant.id, b"%PDF")
        with pytest.raises(telegram.error.BadRequest, match="non-empty"):
            await bot.send_document(merchant.id, b"", filename="x")
        with pytest.raises(telegram.error.BadRequest, match="caption is too long"):
            await bot.send_photo(merchant.id, theirs.message.raw["photo"][0]["file_id"], caption="字" * 1025)
    copy, photo, document = telegram_api.sent(merchant)
    assert (copy.id, copy.text) == (copied.message_id, "看这里")
    assert copy.raw["photo"] == theirs.message.raw["photo"]
    assert photo.raw["caption_entities"] == [{"type": "bold", "offset": 0, "length": 1}]
    assert document.raw["document"]["file_name"] == "结算.csv"


def test_typing_is_shown(telegram_api: TelegramApi, merchant: User) -> None:
    result(telegram_api, "sendChatAction", chat_id=merchant.id, action="typing")
    assert telegram_api.chat_actions(merchant) == [("typing", None)]
    wrong = "Bad Request: wrong parameter action in request"
    assert refusal(telegram_api, "sendChatAction", chat_id=merchant.id, action="thinking") == wrong
