"""Getting updates by webhook: the answer is 2xx only after the commit."""

import hmac
import json
from hashlib import sha256
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Header, HTTPException, Request, Response
from telegram import Update

from bot.channels.telegram.api import is_readable
from bot.channels.telegram.intake import Intake

_log = structlog.get_logger()


def build_webhook(path: str, secret: str, intake: Intake) -> APIRouter:
    """Build the route that Telegram calls.

    403 without the secret; 503 (from the application, for a StoreError) when an update could not be stored:
    Telegram then brings it again.
    """
    router = APIRouter()
    expected = secret.encode()

    @router.post(path)
    async def take(
        request: Request, x_telegram_bot_api_secret_token: Annotated[str, Header()] = ""
    ) -> Response:
        if not hmac.compare_digest(x_telegram_bot_api_secret_token.encode(), expected):
            raise HTTPException(403, "wrong secret")
        body = await request.body()
        raw = _read(body)
        if raw is None:
            _log.error("a webhook call holds no update", size=len(body))
            await intake.set_aside("", f"tg:body:{sha256(body).hexdigest()[:16]}", "MalformedUpdate")
        elif not is_readable(raw):
            await intake.set_aside("", f"tg:{raw['update_id']}", "MalformedUpdate")
        else:
            await intake.take(Update.de_json(raw, intake.client.bot))
        return Response(status_code=200)

    return router


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return raw if isinstance(raw, dict) and isinstance(raw.get("update_id"), int) else None
