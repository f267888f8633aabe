"""The gate before every page: cookies, sessions, forged requests, and the headers of every answer."""

import hmac
import re
import secrets
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote, urlsplit

import structlog
from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from triage.accounts import Session, find_session, keep_alive
from triage.desk.pages import Desk
from triage.desk.words import LANGUAGE_COOKIE, asked_language
from triage.vault import VaultError

#: Cookie of a login, of the login form, and of a browser that logged in before.
CookieName = Literal["session", "form", "device"]
#: How stale a session's last sign of life may be.
SEEN_EVERY = timedelta(minutes=1)
#: Sent by the page's script when it fetches anew by itself: no sign of a person.
REFRESH_HEADER = "x-desk-refresh"
YEAR = 365 * 24 * 3600
#: Pages that somebody who must change his password may still use.
ALWAYS_OPEN = ("/desk/password", "/desk/logout")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
HTTPS_HEADERS = {"Strict-Transport-Security": f"max-age={YEAR}"}
_TICKET_PAGE = re.compile(r"/desk/tickets/DZ-[0-9]{6,9}")
_LOG = structlog.get_logger(__name__)
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class LoginNeededError(Exception):
    """Nobody is logged in."""


class PasswordChangeNeededError(Exception):
    """He must choose a password of his own first."""


class ForgedError(Exception):
    """The request comes from another site, or without the token of this login's forms."""


class DeskRoute(APIRoute):
    """A route of the desk: turns what went wrong into a page, and puts the headers on every answer."""

    desk: ClassVar[Desk]

    def get_route_handler(self) -> Handler:
        """Wrap the endpoint."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            request.state.desk = self.desk
            try:
                response = await handler(request)
            except Exception as error:  # noqa: BLE001 - every error becomes a page with the same headers
                response = _page_for(self.desk, request, error)
            return _keep_language(self.desk, request, response)

        return handle

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, with the headers on the answer whoever made it."""
        headers = HEADERS | (HTTPS_HEADERS if self.desk.deps.secure_cookies else {})

        async def send_dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = MutableHeaders(scope=message)
                for name, value in headers.items():
                    own.setdefault(name, value)
            await send(message)

        await super().handle(scope, receive, send_dressed)


def _page_for(desk: Desk, request: Request, error: Exception) -> Response:
    if isinstance(error, LoginNeededError):
        return RedirectResponse(f"/desk/login?next={quote(_next_of(request))}", 303)
    if isinstance(error, PasswordChangeNeededError):
        return RedirectResponse("/desk/password", 303)
    if isinstance(error, ForgedError):
        return desk.message(request, "forged", status=403)
    if isinstance(error, RequestValidationError):
        return desk.message(request, "bad_form", status=422)
    if isinstance(error, HTTPException):
        key = {401: "login_needed", 404: "not_found", 405: "not_allowed"}.get(error.status_code, "bad_form")
        return desk.message(request, key, status=error.status_code)
    _LOG.error("desk page failed", path=request.url.path, exc_info=error)
    return desk.message(request, "failed", status=500)


def _keep_language(desk: Desk, request: Request, response: Response) -> Response:
    language = asked_language(request)
    if language:
        secure = desk.deps.secure_cookies
        response.set_cookie(
            LANGUAGE_COOKIE, language, max_age=YEAR, httponly=True, secure=secure, samesite="lax"
        )
    return response


def _next_of(request: Request) -> str:
    """Give the page to come back to after logging in."""
    page = _TICKET_PAGE.match(request.url.path)
    return page.group() if page else "/desk"


def safe_next(address: str) -> str:
    """Give the address if it is a ticket's page, else the queue's: never another site's."""
    return address if _TICKET_PAGE.fullmatch(address) else "/desk"


def current_desk(request: Request) -> Desk:
    """Give the desk that a request belongs to."""
    desk: Desk = request.state.desk
    return desk


CurrentDesk = Annotated[Desk, Depends(current_desk)]


def session_of(request: Request, desk: Desk) -> Session | None:
    """Find the living session of a request's cookie."""
    token = request.cookies.get(cookie_name(desk, "session"))
    if not token:
        return None
    now = desk.deps.clock()
    return desk.deps.store.read(lambda connection: find_session(connection, token, now))


def signed_in(request: Request, desk: CurrentDesk) -> Session:
    """Let in who is logged in, and note that he is at work; everybody else is sent to log in."""
    session = session_of(request, desk)
    if session is None:
        raise LoginNeededError
    if session.must_change_password and request.url.path not in ALWAYS_OPEN:
        raise PasswordChangeNeededError
    now = desk.deps.clock()
    if now - session.seen_at >= SEEN_EVERY and REFRESH_HEADER not in request.headers:
        desk.deps.store.write(lambda tx: keep_alive(tx, session, now))
    return session


SignedIn = Annotated[Session, Depends(signed_in)]


def check_origin(request: Request) -> None:
    """Refuse a form that another site sent; raises ForgedError.

    The browser says where a form comes from in Origin and Sec-Fetch-Site; a program that sends neither
    has no cookies of a person to misuse, and needs the form's token all the same.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    if site not in ("same-origin", "none"):
        raise ForgedError
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise ForgedError


def same_token(given: str, kept: str) -> bool:
    """Compare two tokens in constant time; an empty one is never right."""
    return bool(kept) and hmac.compare_digest(given.encode(), kept.encode())


def check_token(session: Session, given: str) -> None:
    """Refuse a form that does not carry the token of this login; raises ForgedError."""
    if not same_token(given, session.csrf_token):
        raise ForgedError


def cookie_name(desk: Desk, name: CookieName) -> str:
    """Name a cookie; with the __Host- prefix, which browsers hold to this host, behind HTTPS."""
    return f"__Host-desk_{name}" if desk.deps.secure_cookies else f"desk_{name}"


def put_cookie(
    desk: Desk, response: Response, name: CookieName, value: str, max_age: int | None = None
) -> None:
    """Set one of the desk's cookies; without max_age until the browser is closed."""
    response.set_cookie(
        cookie_name(desk, name),
        value,
        max_age=max_age,
        httponly=True,
        secure=desk.deps.secure_cookies,
        samesite="lax" if name == "session" else "strict",
    )


def known_device(desk: Desk, request: Request, name: str) -> str:
    """Give the id of a browser that logged in to this account before; "" for any other."""
    locked = request.cookies.get(cookie_name(desk, "device"), "")
    try:
        parts = desk.deps.vault.open(locked).split("\n")
    except VaultError:
        return ""
    return parts[2] if len(parts) == 3 and parts[:2] == ["device", name] else ""


def remember_device(desk: Desk, response: Response, name: str) -> None:
    """Mark a browser as one that logged in to this account."""
    locked = desk.deps.vault.lock(f"device\n{name}\n{secrets.token_hex(8)}")
    put_cookie(desk, response, "device", locked, YEAR)
