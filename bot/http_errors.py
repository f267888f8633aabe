"""HTTP answers outside the desk: the headers of every one, and errors in words."""

from collections.abc import Awaitable, Callable

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from triage.desk.gate import HEADERS as DESK_HEADERS
from triage.store import StoreError

#: A personal link is a secret, so its address goes nowhere; only the desk forbids every copy.
HEADERS = {name: value for name, value in DESK_HEADERS.items() if name != "Cache-Control"} | {
    "Referrer-Policy": "no-referrer"
}


class HeadersMiddleware:
    """Puts the headers on every answer that does not bring its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, dressed)


async def _bad_request(_: Request, error: Exception) -> JSONResponse:
    details = error.errors() if isinstance(error, RequestValidationError) else []
    place = ".".join(str(part) for part in details[0]["loc"][1:]) if details else ""
    problem = details[0]["msg"] if details else "the request is not understood"
    return JSONResponse({"error": f"{place}: {problem}" if place else problem}, status_code=422)


async def _http_error(_: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else ""
    return JSONResponse({"error": detail}, status_code=status)


async def _not_stored(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse({"error": "the message could not be stored; please send it again"}, status_code=503)


ERRORS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    RequestValidationError: _bad_request,
    HTTPException: _http_error,
    StoreError: _not_stored,
}
