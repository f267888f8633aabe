"""The emulator as aiogram sees it: strictly typed, and made by people who do not know the emulator."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service import free_port
from tests.telegram_api.control import TelegramApi

#: It installs the other library first.
pytestmark = pytest.mark.soak

PICTURE = b"\xff\xd8\xff" + bytes(2000)


@pytest.fixture(scope="module", params=["polling", "webhook"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def bot(telegram_api: TelegramApi, aiogram_python: Path, way: str, tmp_path: Path) -> Iterator[TelegramApi]:
    """Run the bot, by polling and by webhook."""
    port = [str(free_port())] if way == "webhook" else []
    command = [str(aiogram_python), str(Path(__file__).with_name("aiogram_bot.py"))]
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, telegram_api.url, telegram_api.token, *port], stdout=output, stderr=output
        )
    telegram_api.set_clock(factor=0.01)  # the webhook is set before its port is open
    try:
        telegram_api.wait_for(lambda: telegram_api.commands("zh") or process.poll() is not None)
        yield telegram_api
    finally:
        process.kill()
        process.wait()
        print(log.read_text())


def test_an_aiogram_bot_lives_with_the_emulator(bot: TelegramApi) -> None:
    merchant = bot.user("王芳")
    merchant.start("brand")
    greeting = bot.wait_for(lambda: bot.sent(merchant))[0]
    assert (greeting.text, greeting.buttons) == ("您好，请选择：", [["T+1"]])

    tap = merchant.tap(greeting, "T+1")
    assert bot.wait_for(lambda: tap.answer) == {"text": "收到", "show_alert": True}
    bot.wait_for(lambda: bot.sent(merchant)[0].text == "您选择了 step:1")
    assert bot.sent(merchant)[0].buttons == []

    question = merchant.send("钱没到")
    merchant.edit(question.message, "钱还没到")
    answer = bot.wait_for(lambda: bot.sent(merchant)[1:])[0]
    assert answer.text == "已改为：钱还没到"
    assert answer.raw["reply_to_message"]["message_id"] == question.message.id

    merchant.photo(PICTURE, "小票")
    copy, picture = bot.wait_for(lambda: bot.sent(merchant)[3:] and bot.sent(merchant)[2:])
    assert copy.text == "小票"
    assert copy.raw["document"]["file_size"] == len(PICTURE) == picture.raw["photo"][0]["file_size"]

    group = bot.group(members=(merchant,))
    merchant.send("/ticket", group)
    topic = bot.wait_for(lambda: [one for one, look in group.topics().items() if look["closed"]])[0]
    assert group.topics()[topic]["name"] == "工单 1（已结）"
    [card] = bot.sent(group, topic)
    assert card.text == "可以管理话题：True"
    assert bot.pinned(group) == [card.id]

    merchant.send("/provoke")
    errors = json.loads(bot.wait_for(lambda: bot.sent(merchant)[4:])[0].text)
    query_gone = "query is too old and response timeout expired or query ID is invalid"
    tag_open = "can't parse entities: Can't find end tag corresponding to start tag \"b\""
    assert errors == [
        ["TelegramBadRequest", f"Bad Request: {tag_open}"],
        ["TelegramBadRequest", "Bad Request: message is too long"],
        ["TelegramBadRequest", "Bad Request: BUTTON_DATA_INVALID"],
        ["TelegramBadRequest", "Bad Request: chat not found"],
        ["TelegramBadRequest", "Bad Request: message to edit not found"],
        ["TelegramBadRequest", f"Bad Request: {query_gone}"],
        ["TelegramBadRequest", "Bad Request: the chat is not a forum"],
    ]
