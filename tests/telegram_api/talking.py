"""How the tests of the emulator call it: plain HTTP, and python-telegram-bot."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
import telegram

from tests.telegram_api.control import TelegramApi

#: Given to clients that never use it: to make one for each call is what takes longest.
UNUSED_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def post(api: TelegramApi, method: str, token: str | None = None, **parameters: Any) -> dict[str, Any]:
    """Call a method with a JSON body; the answer must have the status that it names."""
    url = f"{api.url}/bot{token or api.token}/{method}"
    answer = httpx.post(url, json=parameters, trust_env=False, verify=UNUSED_TLS, timeout=30)
    body = cast("dict[str, Any]", answer.json())
    assert answer.status_code == body.get("error_code", 200)
    assert body["ok"] is (answer.status_code == 200)
    return body


def result(api: TelegramApi, method: str, **parameters: Any) -> Any:
    """Call a method that must go well."""
    body = post(api, method, **parameters)
    assert body["ok"], body
    return body["result"]


def refusal(api: TelegramApi, method: str, **parameters: Any) -> str:
    """Call a method that must be refused, and give the description."""
    body = post(api, method, **parameters)
    assert not body["ok"], body
    return str(body["description"])


@asynccontextmanager
async def ptb(api: TelegramApi) -> AsyncIterator[telegram.Bot]:
    """Give python-telegram-bot's Bot, initialised."""
    files = f"{api.url}/file/bot"
    async with telegram.Bot(api.token, base_url=f"{api.url}/bot", base_file_url=files) as bot:
        yield bot
