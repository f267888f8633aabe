"""The Bot API: how it is called, and what its faults say about a message."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog
from telegram import Bot, Update
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from bot.messages import DeliveryError, RefusedError

PUBLIC = "https://api.telegram.org"
#: What the bot wants to be told of.
ALLOWED_UPDATES = ("message", "edited_message", "callback_query")
#: Seconds that a connection, and then an answer, may take.
CONNECT_SECONDS, READ_SECONDS = 5.0, 10.0
#: Requests that surely did not reach the server.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
#: An HTTP status that says of the message, and not of the moment, that it cannot be.
_TOO_LARGE = 413
_log = structlog.get_logger()


class _Requests(HTTPXRequest):
    """Requests whose answers are never logged: they hold what people wrote."""

    async def do_request(self, *arguments: Any, **named: Any) -> tuple[int, bytes]:
        """Send a request; gives status and body."""
        status, body = await super().do_request(*arguments, **named)
        if status == _TOO_LARGE:
            message = "Request Entity Too Large"
            raise BadRequest(message)
        return status, body

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        """Read an answer; raises TelegramError when it is none."""
        try:
            answer = json.loads(payload.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            message = "Invalid server response"
            raise TelegramError(message)
        return answer


class _Polls(_Requests):
    """Requests for updates; one that cannot be read must not keep the others from being read."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        """Read an answer; what is no update becomes an empty one that carries it along."""
        answer = _Requests.parse_json_payload(payload)
        if isinstance(answer.get("result"), list):
            answer["result"] = list(_readable(answer["result"]))
        return answer


def _readable(updates: list[Any]) -> Iterator[dict[str, Any]]:
    for raw in updates:
        if isinstance(raw, dict) and isinstance(raw.get("update_id"), int):
            yield raw if is_readable(raw) else {"update_id": raw["update_id"], "broken": True}
        else:
            _log.error("an update without a number is left out")


def is_readable(raw: dict[str, Any]) -> bool:
    """Say whether an update has the form of one."""
    try:
        Update.de_json(raw, None)
    except Exception:  # noqa: BLE001 - python-telegram-bot raises whatever the broken part happens to raise
        return False
    return True


class Client:
    """A bot, with the connections that it uses."""

    def __init__(self, token: str, api_url: str) -> None:
        url = api_url.rstrip("/") or PUBLIC
        # A server on this machine is reached directly, whatever proxy the environment names.
        here = urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")
        options = {"trust_env": not here}
        self._requests = (
            _Polls(
                connection_pool_size=1,
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                httpx_kwargs=options,
            ),
            _Requests(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                pool_timeout=CONNECT_SECONDS,
                httpx_kwargs=options,
            ),
        )
        # Its initialize() is not called: it would put the token into the message of an error.
        self.bot = Bot(
            token,
            base_url=f"{url}/bot",
            base_file_url=f"{url}/file/bot",
            get_updates_request=self._requests[0],
            request=self._requests[1],
        )

    async def close(self) -> None:
        """Close the connections."""
        for request in self._requests:
            await request.shutdown()


def delivery_error(error: TelegramError) -> DeliveryError | None:
    """Say what an error means for a message; None when nobody knows whether it arrived."""
    if isinstance(error, Forbidden):
        return RefusedError("blocked")
    if isinstance(error, RetryAfter):
        return DeliveryError("busy", wait_of(error))
    if isinstance(error, (BadRequest, ChatMigrated)):
        return RefusedError("refused")
    if isinstance(error, InvalidToken):
        return DeliveryError("token")
    if isinstance(error, Conflict):
        return DeliveryError("conflict")
    if isinstance(error.__cause__, _NOT_SENT):
        return DeliveryError("unreachable")
    if isinstance(error, NetworkError) and not isinstance(error.__cause__, Exception):
        return DeliveryError("server")
    if isinstance(error, NetworkError) and isinstance(error.__cause__, TelegramError):
        # A status that is none of Telegram's, with a body that is no JSON: a proxy's page.
        return DeliveryError("server")
    return None


def wait_of(error: RetryAfter) -> timedelta:
    """Give the time that Telegram asks to wait."""
    after = error.retry_after
    return after if isinstance(after, timedelta) else timedelta(seconds=after)
