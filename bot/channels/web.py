"""The web channel: the merchant's page, its JSON calls and its stream (server-sent events)."""

import asyncio
import hmac
import json
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Cookie, Depends, Header, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, StreamingResponse
from pydantic import BaseModel, Field, model_validator
from sqlalchemy import Connection

from bot.channels.web_views import View, Views
from bot.messages import Incoming, OutgoingFile
from bot.page import Page
from bot.turn import Turns
from knowledge.model import Language
from triage.attachments import FileNotHereError, is_from_agent, open_file
from triage.bell import BEGUN, chat_subject
from triage.store import Store
from triage.talks import find_conversation
from triage.vault import Vault

COOKIE = "daozhang_chat"
COOKIE_SECONDS = 180 * 24 * 3600
#: The page says by this header that it means the conversation of its cookie; other sites cannot send it.
PAGE_HEADER = "x-daozhang-page"
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
NO_UUID = (
    "client_id: a message without a conversation needs a UUID, a new random one each time, "
    "like the one that crypto.randomUUID() makes"
)
#: How often a stream looks by itself: for a conversation that is not begun, with other writers, otherwise.
LOOK_AGAIN = {"not begun": 3.0, "shared": 1.0, "alone": 15.0}


Token = Annotated[str, Field(pattern=TOKEN.pattern)]
ClientId = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]


class MessageForm(BaseModel):
    """Body of POST /chat/api/messages."""

    conversation: Token | None = None
    client_id: ClientId
    text: Annotated[str, Field(max_length=2000)] | None = None
    choice: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    language: Language | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "MessageForm":
        if (self.choice is None) == (self.text is None or not self.text.strip()):
            message = "send either a text that is not empty or a choice"
            raise ValueError(message)
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class WebChat:
    """What the web channel works with."""

    store: Store
    vault: Vault
    turns: Turns
    views: Views
    page: Page
    clock: Callable[[], datetime]
    #: Signs the token of a conversation that is begun without one.
    key: bytes
    #: Address of the service as people use it.
    address: str
    secure_cookies: bool
    version: str

    def take(self, form: MessageForm, token: str) -> tuple[int, dict[str, Any]]:
        """Take one message; gives the HTTP status and the body."""
        incoming = Incoming(
            channel="web",
            sender=sender_of(token),
            key=form.client_id,
            text=form.text,
            choice=form.choice,
            language=form.language,
        )
        return self.hear(incoming, token)

    def hear(self, incoming: Incoming, token: str) -> tuple[int, dict[str, Any]]:
        """Take what came in the conversation of a token; gives the HTTP status and the body."""
        answer = self.turns.take(incoming, self.clock())
        if answer is None:
            return 202, {"conversation": token, "messages": []}
        view = self.views.of(answer.talk, answer.ticket)
        return 200, {
            "conversation": token,
            "heard": answer.heard.text if answer.heard else "",
            "messages": [self.views.message(line, answer.talk.language) for line in answer.replies],
            **view,
        }

    def file(self, token: str, name: str) -> OutgoingFile | None:
        """Open a file that an agent sent into a conversation; None when it is not to be had (yet)."""

        def work(connection: Connection) -> OutgoingFile | None:
            row = find_conversation(connection, "web", sender_of(token))
            if row is None or not is_from_agent(connection, row.id, name):
                return None
            try:
                return OutgoingFile(**open_file(connection, name, self.vault))
            except FileNotHereError:
                return None

        return self.store.read(work)

    def begin(self, client_id: str) -> str:
        """Give the token of a conversation that this message begins: the same for the same message.

        Who knows the client_id gets the token: raises HTTPException 422 for what is no UUID, like a number.
        """
        if not _is_uuid(client_id):
            raise HTTPException(422, NO_UUID)
        digest = hmac.digest(self.key, b"web:" + client_id.encode(), "sha256")
        return _urlsafe(digest)

    def read(self, token: str, after: int = 0) -> View | None:
        """Read a conversation; None while it is not begun."""

        def work(connection: Connection) -> View | None:
            row = find_conversation(connection, "web", sender_of(token))
            return self.views.read(connection, row, after) if row else None

        return self.store.read(work)

    async def events(self, token: str, after: int) -> AsyncIterator[str]:
        """Stream what is said later than the message `after`, and changes of the state."""
        bell = self.store.bell
        yield "retry: 2000\n\n"
        while (view := await asyncio.to_thread(self.read, token, after)) is None:
            with bell.listen(BEGUN) as listener:
                await listener.wait(LOOK_AGAIN["not begun"])
            if bell.closed:
                return
            yield ": waiting\n\n"
        state: dict[str, Any] | None = None
        with bell.listen(chat_subject(view.conversation_id)) as listener:
            while not bell.closed:
                view = await asyncio.to_thread(self.read, token, after)
                if view is None:
                    return
                for message in view.messages:
                    after = int(message["id"])
                    yield _event("message", message, after)
                if view.state != state:
                    state = view.state
                    yield _event("state", state)
                await listener.wait(LOOK_AGAIN["shared" if self.store.shared else "alone"])
                yield ": still here\n\n"


def conversation_of(
    conversation: str | None = None, cookie: Annotated[str | None, Cookie(alias=COOKIE)] = None
) -> str:
    """Give the conversation's token from the query, or else from the page's cookie; 404 without either."""
    token = conversation if conversation is not None else cookie
    if token is None or not TOKEN.fullmatch(token):
        raise HTTPException(404, "no such conversation")
    return token


def token_of(given: str | None, cookie: str | None, request: Request) -> str | None:
    """Give the conversation that a message is for: the one it names, or else that of the page's cookie."""
    if given is None and cookie and request.headers.get(PAGE_HEADER) == "chat":
        return conversation_of(cookie)
    return given


def build_web(chat: WebChat) -> APIRouter:
    """Build the routes of the merchant's page."""
    router = APIRouter()

    @router.get("/", response_class=HTMLResponse)
    def page(
        lang: str | None = None,
        accept_language: Annotated[str, Header()] = "",
        token: Annotated[str | None, Cookie(alias=COOKIE)] = None,
    ) -> Response:
        language = lang if lang in ("zh", "en") else _preferred(accept_language)
        response = HTMLResponse(chat.page.render(language, chat.version))
        known = token if token and TOKEN.fullmatch(token) else secrets.token_urlsafe(32)
        _set_cookie(response, chat, known)
        return response

    @router.get("/page/{name}")
    def file(name: str) -> Response:
        if name not in chat.page.files:
            raise HTTPException(404)
        content, media_type = chat.page.files[name]
        cache = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(content, media_type=media_type, headers=cache)

    _add_link(router, chat)
    _add_calls(router, chat)
    return router


def _add_link(router: APIRouter, chat: WebChat) -> None:
    """Add the personal link; who has a talk of his own is asked before the link takes him to another."""

    @router.get("/chat/{token}")
    def open_link(
        token: Annotated[str, Depends(_token_in_path)],
        accept_language: Annotated[str, Header()] = "",
        own: Annotated[str | None, Cookie(alias=COOKIE)] = None,
    ) -> Response:
        if own is None or own == token or not TOKEN.fullmatch(own):
            return _switch(chat, token)
        page = chat.page.ask_to_switch(_preferred(accept_language), f"/chat/{token}")
        return HTMLResponse(page, headers={"Cache-Control": "no-store"})

    @router.post("/chat/{token}")
    def switch(
        token: Annotated[str, Depends(_token_in_path)],
        own: Annotated[str | None, Cookie(alias=COOKIE)] = None,
    ) -> Response:
        # A browser sends the cookie with no other site's form (SameSite): that one is asked as well.
        return _switch(chat, token) if own else RedirectResponse(f"/chat/{token}", status_code=303)


def _token_in_path(token: str) -> str:
    if not TOKEN.fullmatch(token):
        raise HTTPException(404)
    return token


def _switch(chat: WebChat, token: str) -> Response:
    response = RedirectResponse("/", status_code=303)
    _set_cookie(response, chat, token)
    return response


def _add_calls(router: APIRouter, chat: WebChat) -> None:
    @router.post("/chat/api/messages")
    def send(
        form: MessageForm,
        request: Request,
        cookie: Annotated[str | None, Cookie(alias=COOKIE)] = None,
    ) -> JSONResponse:
        token = token_of(form.conversation, cookie, request)
        status, body = chat.take(form, token or chat.begin(form.client_id))
        return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})

    @router.get("/chat/api/messages")
    def messages(token: Annotated[str, Depends(conversation_of)]) -> JSONResponse:
        view = chat.read(token)
        body = view.to_json() if view else chat.views.empty()
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    @router.get("/chat/api/stream")
    def stream(
        token: Annotated[str, Depends(conversation_of)],
        after: Annotated[int, Query(ge=0)] = 0,
        last_event_id: Annotated[str, Header()] = "",
    ) -> StreamingResponse:
        start = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else after
        return StreamingResponse(
            chat.events(token, start),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    @router.get("/chat/api/files/{name}")
    def agents_file(name: str, token: Annotated[str, Depends(conversation_of)]) -> Response:
        file = chat.file(token, name)
        if file is None:
            raise HTTPException(404, "no such file")
        headers = {
            "Cache-Control": "private, no-store",
            "Content-Disposition": f'attachment; filename="{file.name("file")}"',
            "Content-Security-Policy": "sandbox",
        }
        return Response(file.content, media_type=file.media_type, headers=headers)

    @router.get("/chat/api/link")
    def link(token: Annotated[str, Depends(conversation_of)]) -> JSONResponse:
        return JSONResponse({"link": f"{chat.address}/chat/{token}"}, headers={"Cache-Control": "no-store"})


def sender_of(token: str) -> str:
    """Give the sender's name in the database, from which nobody can find the token."""
    return sha256(token.encode()).hexdigest()


def _is_uuid(client_id: str) -> bool:
    try:
        UUID(client_id)
    except ValueError:
        return False
    return True


def _event(name: str, data: dict[str, Any], event_id: int | None = None) -> str:
    numbered = f"id: {event_id}\n" if event_id is not None else ""
    return f"{numbered}event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _set_cookie(response: Response, chat: WebChat, token: str) -> None:
    response.set_cookie(
        COOKIE, token, max_age=COOKIE_SECONDS, httponly=True, samesite="lax", secure=chat.secure_cookies
    )
    response.headers["Cache-Control"] = "no-store"


def _urlsafe(digest: bytes) -> str:
    return urlsafe_b64encode(digest).decode().rstrip("=")


def _preferred(accept_language: str) -> Language:
    """Choose English only for a browser that asks for it before Chinese."""
    wanted = [part.split(";")[0].strip()[:2].lower() for part in accept_language.split(",")]
    return "en" if "en" in wanted and "zh" not in wanted[: wanted.index("en")] else "zh"
