"""How a call comes in, and how it is refused before it is done."""

import base64
import subprocess
import sys
from contextlib import ExitStack

import httpx
import pytest

from tests.telegram_api.control import TelegramApi
from tests.telegram_api.people import User
from tests.telegram_api.talking import post, refusal, result


@pytest.fixture
def merchant(telegram_api: TelegramApi) -> User:
    user = telegram_api.user("王芳")
    user.start()
    return user


def test_a_wrong_token_and_a_wrong_method_are_refused(telegram_api: TelegramApi) -> None:
    number = telegram_api.bot_id
    assert post(telegram_api, "getMe", token=f"{number}:{'x' * 35}") == {
        "ok": False,
        "error_code": 401,
        "description": "Unauthorized",
    }
    assert post(telegram_api, "getMe", token="nonsense")["error_code"] == 401
    assert post(telegram_api, "noSuchMethod")["error_code"] == 404
    assert httpx.get(f"{telegram_api.url}/", trust_env=False).status_code == 404


def test_a_revoked_token_is_refused(telegram_api: TelegramApi) -> None:
    old = telegram_api.token
    telegram_api.revoke_token()
    assert post(telegram_api, "getMe", token=old)["error_code"] == 401
    assert result(telegram_api, "getMe")["is_bot"] is True


@pytest.mark.parametrize("kind", ["json", "data", "multipart", "query"])
def test_parameters_come_in_every_form(telegram_api: TelegramApi, merchant: User, kind: str) -> None:
    url = f"{telegram_api.url}/bot{telegram_api.token}/SENDMESSAGE"
    given = {"chat_id": str(merchant.id), "text": "您好", "reply_markup": '{"inline_keyboard": []}'}
    with httpx.Client(trust_env=False) as client:
        if kind == "json":
            answer = client.post(url, json=given | {"chat_id": merchant.id, "reply_markup": {}})
        elif kind == "data":
            answer = client.post(url, data=given)
        elif kind == "multipart":
            answer = client.post(url, files={name: (None, value) for name, value in given.items()})
        else:
            answer = client.get(url, params=given)
    assert answer.json()["ok"], answer.text
    [call] = telegram_api.calls("sendMessage")
    assert (call.chat_id, call.parameters["text"], call.status) == (merchant.id, "您好", 200)
    assert isinstance(call.parameters["reply_markup"], dict)


def test_a_body_that_cannot_be_read_is_refused(telegram_api: TelegramApi, merchant: User) -> None:
    url = f"{telegram_api.url}/bot{telegram_api.token}/sendMessage"
    with httpx.Client(trust_env=False) as client:
        broken = client.post(url, content=b"{", headers={"Content-Type": "application/json"})
        assert broken.json()["description"] == "Bad Request: can't parse JSON object"
        half = b'{"chat_id": %d, "text": "\\ud83d"}' % merchant.id
        answer = client.post(url, content=half, headers={"Content-Type": "application/json"})
        assert answer.json()["description"] == "Bad Request: strings must be encoded in UTF-8"


def test_nobody_can_be_written_to_before_they_write(telegram_api: TelegramApi) -> None:
    stranger = telegram_api.user()
    for chat in (stranger.id, "@nobody", -100123):
        assert refusal(telegram_api, "sendMessage", chat_id=chat, text="x") == "Bad Request: chat not found"
    assert refusal(telegram_api, "sendMessage", text="x") == "Bad Request: chat_id is empty"


def test_one_who_blocked_the_bot_is_told_of_and_gets_nothing(
    telegram_api: TelegramApi, merchant: User
) -> None:
    merchant.block()
    blocked = "Forbidden: bot was blocked by the user"
    assert refusal(telegram_api, "sendMessage", chat_id=merchant.id, text="x") == blocked
    change = result(telegram_api, "getUpdates")[-1]["my_chat_member"]
    assert [change[side]["status"] for side in ("old_chat_member", "new_chat_member")] == ["member", "kicked"]
    merchant.unblock()
    result(telegram_api, "sendMessage", chat_id=merchant.id, text="x")
    merchant.delete_account()
    gone = "Forbidden: user is deactivated"
    assert refusal(telegram_api, "sendMessage", chat_id=merchant.id, text="x") == gone


def test_commands_are_kept_by_language(telegram_api: TelegramApi) -> None:
    menu = [{"command": "help", "description": "帮助"}]
    result(telegram_api, "setMyCommands", commands=menu, language_code="zh")
    assert telegram_api.commands("zh") == menu
    assert telegram_api.commands() == []
    assert result(telegram_api, "getMyCommands", language_code="zh") == menu
    upper = [{"command": "Help", "description": "x"}]
    assert refusal(telegram_api, "setMyCommands", commands=upper) == "Bad Request: BOT_COMMAND_INVALID"


def test_it_can_run_in_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "tests.telegram_api", "--token", "123456:abc"]
    with ExitStack() as stack:
        process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        stack.callback(process.terminate)
        assert process.stdout
        url, token = process.stdout.readline().split()
        api = TelegramApi.connect(url, token)
        merchant = api.user()
        merchant.start()
        text = result(api, "getUpdates")[0]["message"]["text"]
        result(api, "sendMessage", chat_id=merchant.id, text=f"{text}!")
        assert [one.text for one in api.sent(merchant)] == ["/start!"]
        with pytest.raises(ValueError, match="no_such_action"):
            api.do("no_such_action")
        with pytest.raises(NotImplementedError), api.outage():
            pass


def test_an_upload_is_given_back_byte_for_byte(telegram_api: TelegramApi, merchant: User) -> None:
    content = base64.b64decode("/9j/4AAQSkZJRg==") * 1000
    sent = merchant.photo(content, "小票")
    assert sent.update
    largest = sent.update["message"]["photo"][-1]
    assert largest["file_size"] == len(content)
    file = result(telegram_api, "getFile", file_id=largest["file_id"])
    with httpx.Client(trust_env=False) as client:
        address = f"{telegram_api.url}/file/bot{telegram_api.token}/{file['file_path']}"
        assert client.get(address).content == content
        assert client.get(f"{address}x").json() == {
            "ok": False,
            "error_code": 404,
            "description": "Not Found",
        }
        assert client.get(address.replace(telegram_api.token, "1:x")).status_code == 401
    assert refusal(telegram_api, "getFile", file_id="x") == "Bad Request: invalid file_id"


def test_a_file_over_20_mb_cannot_be_fetched(telegram_api: TelegramApi, merchant: User) -> None:
    sent = merchant.document(bytes(20 * 1024 * 1024 + 1), "big.pdf", "application/pdf")
    file_id = sent.message.raw["document"]["file_id"]
    assert refusal(telegram_api, "getFile", file_id=file_id) == "Bad Request: file is too big"
