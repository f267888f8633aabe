"""What goes wrong on purpose: single calls, the whole server, and the limits on how much may be sent."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import telegram

from tests.telegram_api.control import TelegramApi
from tests.telegram_api.faults import FAULTS, migrated, too_many
from tests.telegram_api.people import User
from tests.telegram_api.talking import post, ptb, refusal, result

#: Where the reset strikes while httpx still writes, it then finds the connection at its end.
RESET = (httpx.NetworkError, httpx.RemoteProtocolError)
#: Fault -> how it looks to httpx (exceptions) or the status, and whether the message is there afterwards.
LOOKS: dict[str, tuple[int | tuple[type[Exception], ...], bool]] = {
    "reset before body": (RESET, False),
    "reset after body": (RESET, False),
    "reset after delivery": (RESET, True),
    "read timeout": ((httpx.ReadTimeout,), False),
    "read timeout after delivery": ((httpx.ReadTimeout,), True),
    "502 html": (502, False),
    "truncated json": (200, True),
    "400": (400, False),
    "401": (401, False),
    "403": (403, False),
    "404": (404, False),
    "409": (409, False),
    "413": (413, False),
    "429": (429, False),
    "500": (500, False),
}


@pytest.fixture
def merchant(telegram_api: TelegramApi) -> User:
    user = telegram_api.user("王芳")
    user.start()
    return user


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=httpx.Timeout(10, read=0.2)) as opened:
        yield opened


def send(client: httpx.Client, api: TelegramApi, user: User, text: str = "x") -> httpx.Response:
    given = {"chat_id": user.id, "text": text}
    return client.post(f"{api.url}/bot{api.token}/sendMessage", json=given)


def test_every_fault_is_looked_at() -> None:
    assert set(LOOKS) == set(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_a_call_fails_as_planned_and_the_next_one_does_not(
    telegram_api: TelegramApi, merchant: User, client: httpx.Client, name: str
) -> None:
    look, delivered = LOOKS[name]
    telegram_api.fail_next("sendMessage", name)
    if isinstance(look, int):
        answer = send(client, telegram_api, merchant, "1")
        assert answer.status_code == look
        if name in {"502 html", "truncated json"}:
            with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
                answer.json()
        else:
            assert answer.json()["error_code"] == look
    else:
        with pytest.raises(look):
            send(client, telegram_api, merchant, "1")
    assert [one.text for one in telegram_api.sent(merchant)] == (["1"] if delivered else [])
    slow = httpx.Timeout(10)
    given = {"chat_id": merchant.id, "text": "2"}
    url = f"{telegram_api.url}/bot{telegram_api.token}/sendMessage"
    assert client.post(url, json=given, timeout=slow).json()["ok"]
    first, second = telegram_api.calls("sendMessage")
    assert first.fault
    assert second.fault is None
    assert telegram_api.sent(merchant)[-1].text == "2"


def test_a_fault_can_be_of_one_chat_and_of_several_calls(telegram_api: TelegramApi, merchant: User) -> None:
    other = telegram_api.user()
    other.start()
    telegram_api.fail_next("*", too_many(35), chat=merchant, times=2)
    assert result(telegram_api, "sendMessage", chat_id=other.id, text="x")
    for _ in range(2):
        refused = post(telegram_api, "sendMessage", chat_id=merchant.id, text="x")
        assert refused["parameters"] == {"retry_after": 35}
    assert result(telegram_api, "sendMessage", chat_id=merchant.id, text="x")
    assert [call.status for call in telegram_api.calls("sendMessage")] == [200, 429, 429, 200]


def test_faults_come_in_part_of_the_calls_until_they_are_cleared(
    telegram_api: TelegramApi, merchant: User
) -> None:
    telegram_api.fail_next("sendMessage", "429", times=None, share=0.3)
    url = f"{telegram_api.url}/bot{telegram_api.token}/sendMessage"
    with httpx.Client(trust_env=False) as client:
        given = {"chat_id": merchant.id, "text": "x"}
        statuses = [client.post(url, json=given).status_code for _ in range(100)]
        assert 10 < statuses.count(429) < 50
        assert statuses.count(429) + statuses.count(200) == 100
        telegram_api.clear_faults()
        assert all(client.post(url, json=given).status_code == 200 for _ in range(20))


def test_a_fault_before_the_body_cannot_know_the_chat(telegram_api: TelegramApi, merchant: User) -> None:
    with pytest.raises(ValueError, match="nobody knows the chat"):
        telegram_api.fail_next("sendMessage", "reset before body", chat=merchant)


async def test_python_telegram_bot_tells_the_faults_apart(
    telegram_api: TelegramApi, merchant: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # otherwise RetryAfter warns when it is made
    errors = telegram.error
    expected = {
        "reset after body": errors.NetworkError,
        "502 html": errors.NetworkError,
        "truncated json": errors.TelegramError,
        "401": errors.InvalidToken,
        "403": errors.Forbidden,
        "409": errors.Conflict,
        "429": errors.RetryAfter,
    }
    async with ptb(telegram_api) as bot:
        for name, kind in expected.items():
            telegram_api.fail_next("sendMessage", name)
            with pytest.raises(kind):
                await bot.send_message(merchant.id, "x")
        telegram_api.fail_next("sendMessage", "read timeout after delivery")
        with pytest.raises(errors.TimedOut):
            await bot.send_message(merchant.id, "到了", read_timeout=0.2)
        telegram_api.fail_next("sendMessage", migrated(-100_500))
        with pytest.raises(errors.ChatMigrated) as caught:
            await bot.send_message(merchant.id, "x")
    assert caught.value.new_chat_id == -100_500
    assert telegram_api.sent(merchant)[-1].text == "到了"


@contextmanager
def slow_start() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=httpx.Timeout(10, connect=0.2)) as client:
        yield client


@pytest.mark.parametrize(("how", "look"), [("refuse", httpx.ConnectError), ("hang", httpx.ConnectTimeout)])
def test_the_server_can_be_away(
    telegram_api: TelegramApi, merchant: User, how: str, look: type[Exception]
) -> None:
    with telegram_api.outage(how), slow_start() as client, pytest.raises(look):
        send(client, telegram_api, merchant)
    assert telegram_api.calls("sendMessage") == []
    assert result(telegram_api, "sendMessage", chat_id=merchant.id, text="x")


async def test_an_outage_cuts_a_long_poll_and_loses_nothing(telegram_api: TelegramApi) -> None:
    async with ptb(telegram_api) as bot:
        poll = asyncio.create_task(bot.get_updates(timeout=20))
        await asyncio.to_thread(telegram_api.wait_for, lambda: telegram_api.calls("getUpdates"))
        with telegram_api.outage():
            with pytest.raises(telegram.error.NetworkError):
                await poll
            update = telegram_api.user().send("x").update
        [got] = await bot.get_updates(timeout=5)
    assert update
    assert got.update_id == update["update_id"]


def test_a_chat_that_is_closed_says_for_how_long(telegram_api: TelegramApi, merchant: User) -> None:
    other = telegram_api.user()
    other.start()
    telegram_api.close_chat(merchant, 30)
    refused = post(telegram_api, "sendMessage", chat_id=merchant.id, text="x")
    assert refused["description"].startswith("Too Many Requests: retry after ")
    assert 20 < refused["parameters"]["retry_after"] <= 30
    assert result(telegram_api, "sendMessage", chat_id=other.id, text="x")
    telegram_api.set_clock(advance=31)
    assert result(telegram_api, "sendMessage", chat_id=merchant.id, text="x")


def test_a_storm_shows_who_does_not_wait(telegram_api: TelegramApi, merchant: User) -> None:
    telegram_api.fail_next("sendMessage", too_many(30, kept=True), chat=merchant)
    for _ in range(2):
        assert refusal(telegram_api, "sendMessage", chat_id=merchant.id, text="x").startswith("Too Many")
    planned, too_early = telegram_api.calls("sendMessage", merchant)
    assert (planned.status, planned.fault) == (429, "answer before")
    assert (too_early.status, too_early.fault) == (429, None)


def test_a_download_can_fail(telegram_api: TelegramApi, merchant: User, client: httpx.Client) -> None:
    file_id = merchant.voice(b"OggS").message.raw["voice"]["file_id"]
    path = result(telegram_api, "getFile", file_id=file_id)["file_path"]
    address = f"{telegram_api.url}/file/bot{telegram_api.token}/{path}"
    telegram_api.fail_next("file", "502 html")
    telegram_api.fail_next("file", "read timeout")
    assert client.get(address).status_code == 502
    with pytest.raises(httpx.ReadTimeout):
        client.get(address)
    assert client.get(address).content == b"OggS"


@pytest.mark.parametrize(
    ("rule", "calls", "seconds"), [("per_chat", 5, 5), ("overall", 30, 1), ("per_group", 20, 60)]
)
def test_telegrams_limits_hold(telegram_api: TelegramApi, rule: str, calls: int, seconds: int) -> None:
    telegram_api.set_clock(factor=1000)  # so slow that no window passes by itself
    group = telegram_api.group()
    off = {"per_chat": False, "overall": False, "per_group": False}
    telegram_api.limit(**off | {rule: True})
    for number in range(calls):
        result(telegram_api, "sendMessage", chat_id=group.id, text=str(number))
    refused = post(telegram_api, "sendMessage", chat_id=group.id, text="x")
    assert 0 < refused["parameters"]["retry_after"] <= seconds
    message = telegram_api.sent(group)[0]
    edit = {"chat_id": group.id, "message_id": message.id, "text": "edited"}
    assert refusal(telegram_api, "editMessageText", **edit).startswith("Too Many Requests")
    assert result(telegram_api, "sendChatAction", chat_id=group.id, action="typing")
    telegram_api.set_clock(advance=refused["parameters"]["retry_after"])
    assert result(telegram_api, "editMessageText", **edit)
