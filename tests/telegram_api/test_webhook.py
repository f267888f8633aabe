"""Delivery by webhook, to a receiver that answers as each test wants."""

import json
import random
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.telegram_api.control import TelegramApi
from tests.telegram_api.talking import refusal, result
from tests.telegram_api.webhook import pause_before


class Receiver(ThreadingHTTPServer):
    """A bot's address; `answers` are used up first, then it is 200."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[tuple[dict[str, Any], str | None]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        #: A text that is answered only when `go` is set.
        self.slow: str | None = None
        self.go = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    def texts(self) -> list[str]:
        return [update["message"]["text"] for update, _ in self.got if "message" in update]


class Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        update = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.got.append((update, self.headers["X-Telegram-Bot-Api-Secret-Token"]))
        if self.server.slow and update.get("message", {}).get("text") == self.server.slow:
            self.server.go.wait(20)
        status, headers = self.server.answers.pop(0) if self.server.answers else (200, {})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver(telegram_api: TelegramApi) -> Iterator[Receiver]:
    telegram_api.set_clock(factor=0.001)
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.go.set()
        result(telegram_api, "deleteWebhook")
        server.shutdown()
        thread.join()


def test_updates_come_with_the_secret_and_in_order(telegram_api: TelegramApi, receiver: Receiver) -> None:
    user = telegram_api.user()
    early = user.send("早").update
    assert result(telegram_api, "setWebhook", url=receiver.url, secret_token="a-Secret_1") is True
    late = [user.send(text).update for text in ("1", "2", "3")]
    telegram_api.wait_for(lambda: not telegram_api.pending())
    assert receiver.got == [(update, "a-Secret_1") for update in (early, *late)]
    info = result(telegram_api, "getWebhookInfo")
    assert (info["url"], info["pending_update_count"]) == (receiver.url, 0)
    assert "last_error_date" not in info


def test_an_update_is_repeated_until_it_is_taken_and_those_behind_it_wait(
    telegram_api: TelegramApi, receiver: Receiver
) -> None:
    user = telegram_api.user()
    receiver.answers = [(500, {}), (403, {}), (302, {"Location": "/"}), (503, {"Retry-After": "5"})]
    result(telegram_api, "setWebhook", url=receiver.url)
    user.send("1")
    user.send("2")
    telegram_api.wait_for(lambda: not telegram_api.pending())
    assert receiver.texts() == ["1"] * 5 + ["2"]
    assert {secret for _, secret in receiver.got} == {None}
    tries = telegram_api.webhook_attempts()
    assert [one["status"] for one in tries] == [500, 403, 302, 503, 200, 200]
    assert [one["attempt"] for one in tries] == [1, 2, 3, 4, 5, 1]
    error = result(telegram_api, "getWebhookInfo")["last_error_message"]
    assert error == "Wrong response from the webhook: 503 Service Unavailable"


def test_the_pauses_between_repeats_grow_as_telegrams_do() -> None:
    roll = random.Random(1)
    assert [pause_before(attempt, None, roll) for attempt in range(1, 7)] == [0, 2, 4, 8, 16, 32]
    assert all(60 <= pause_before(20, None, roll) <= 120 for _ in range(100))
    assert [pause_before(1, after, roll) for after in ("7", "99999", "soon")] == [7, 3600, 0]


def test_a_chat_has_one_update_under_way_and_others_do_not_wait(
    telegram_api: TelegramApi, receiver: Receiver
) -> None:
    slow, other = telegram_api.user("慢"), telegram_api.user("快")
    receiver.slow = "慢"
    result(telegram_api, "setWebhook", url=receiver.url)
    slow.send("慢")
    slow.send("慢之后")
    other.send("快")
    telegram_api.wait_for(lambda: len(telegram_api.pending()) == 2)
    assert sorted(receiver.texts()) == ["快", "慢"]
    receiver.go.set()
    telegram_api.wait_for(lambda: not telegram_api.pending())
    assert sorted(receiver.texts()) == ["快", "慢", "慢之后"]


def test_a_tap_overtakes_a_message_of_the_same_person(telegram_api: TelegramApi, receiver: Receiver) -> None:
    user = telegram_api.user()
    user.start()
    button = {"text": "好", "callback_data": "x"}
    markup = {"inline_keyboard": [[button]]}
    result(telegram_api, "sendMessage", chat_id=user.id, text="x", reply_markup=markup)
    receiver.slow = "慢"
    result(telegram_api, "setWebhook", url=receiver.url, drop_pending_updates=True)
    user.send("慢")
    user.tap(telegram_api.sent(user)[0], "好")
    telegram_api.wait_for(lambda: len(telegram_api.pending()) == 1)
    assert "message" in telegram_api.pending()[0]


def test_an_address_that_is_down_gets_it_later(telegram_api: TelegramApi, receiver: Receiver) -> None:
    user = telegram_api.user()
    with Receiver() as gone:
        address = gone.url
    result(telegram_api, "setWebhook", url=address)
    user.send("1")
    telegram_api.wait_for(lambda: len(telegram_api.webhook_attempts()) > 2)
    info = result(telegram_api, "getWebhookInfo")
    assert (info["pending_update_count"], info["last_error_message"]) == (1, "Connection refused")
    result(telegram_api, "setWebhook", url=receiver.url)
    telegram_api.wait_for(lambda: not telegram_api.pending())
    assert receiver.texts() == ["1"]


def test_an_update_comes_twice_if_a_test_wants_it(telegram_api: TelegramApi, receiver: Receiver) -> None:
    result(telegram_api, "setWebhook", url=receiver.url)
    update = telegram_api.user().send("1").update
    telegram_api.deliver_again(update)
    telegram_api.wait_for(lambda: not telegram_api.pending())
    assert [got for got, _ in receiver.got] == [update, update]


def test_an_update_that_nobody_takes_is_dropped_after_a_day(
    telegram_api: TelegramApi, receiver: Receiver
) -> None:
    receiver.answers = [(500, {})] * 1_000_000
    result(telegram_api, "setWebhook", url=receiver.url)
    telegram_api.user().send("1")
    telegram_api.wait_for(lambda: len(receiver.got) > 2)
    telegram_api.set_clock(advance=24 * 3600 + 10)
    telegram_api.wait_for(lambda: not telegram_api.pending())


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"url": "http://example.com/"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        ({"url": "https://example.com/", "secret_token": "ä"}, "secret token contains unallowed characters"),
        ({"url": "https://example.com/", "secret_token": "x" * 257}, "secret token is too long"),
    ],
)
def test_a_wrong_webhook_is_refused(telegram_api: TelegramApi, given: dict[str, str], why: str) -> None:
    assert refusal(telegram_api, "setWebhook", **given) == f"Bad Request: {why}"
    assert result(telegram_api, "getWebhookInfo")["url"] == ""
