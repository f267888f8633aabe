"""Pictures from the merchant's page: one file in a multipart form, in memory until it is encrypted."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Cookie, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from bot.channels.web import COOKIE, ClientId, Token, WebChat, sender_of, token_of
from bot.messages import Incoming
from knowledge.model import Language
from triage.media import LARGEST_UPLOAD, File, NotKeptError, examine, uploaded

#: What the form needs around the file.
ROOM = 16 * 1024
#: Each is held in memory; who comes when there are so many already is asked to come again.
MOST_AT_ONCE = 16
#: A slow phone needs more than a minute for 10 MB.
UPLOAD_SECONDS = 180
_STATUS = {"too_large": 413, "type": 415}


class PhotoForm(BaseModel):
    """The fields of POST /chat/api/photos beside the file."""

    conversation: Token | None = None
    client_id: ClientId
    language: Language | None = None


class _InMemory(MultiPartParser):
    """Never writes a part to a temporary file: what merchants send is on no disk before it is encrypted."""

    spool_max_size = LARGEST_UPLOAD + ROOM


def build_photos(chat: WebChat) -> APIRouter:
    """Build the route that takes pictures."""
    router = APIRouter()
    places = asyncio.Semaphore(MOST_AT_ONCE)

    @router.post("/chat/api/photos", max_body_size=LARGEST_UPLOAD + ROOM)
    async def send(
        request: Request, cookie: Annotated[str | None, Cookie(alias=COOKIE)] = None
    ) -> JSONResponse:
        if places.locked():
            raise HTTPException(503, "too many pictures are on their way; please send it again")
        async with places:
            form, content = await _read(request)
            file = uploaded(form.client_id, content)
            _check(chat, form, file, content)
            token = token_of(form.conversation, cookie, request) or chat.begin(form.client_id)
            incoming = Incoming(
                channel="web",
                sender=sender_of(token),
                key=form.client_id,
                attachment=file.kind,
                file=file,
                language=form.language,
            )
            status, body = await asyncio.to_thread(chat.hear, incoming, token)
        return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})

    return router


def _check(chat: WebChat, form: PhotoForm, file: File, content: bytes) -> None:
    """Refuse at once what would not be kept."""
    try:
        examine(file.kind, content, LARGEST_UPLOAD)
    except NotKeptError as error:
        raise HTTPException(
            _STATUS.get(error.reason, 422), chat.views.refusal(error.reason, form.language)
        ) from None


async def _read(request: Request) -> tuple[PhotoForm, bytes]:
    """Read the form; raises RequestValidationError or HTTPException for one that is not as it should be."""
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            parts = await _parse(request)
            file = parts.get("file")
            content = await file.read() if isinstance(file, UploadFile) else None
            await parts.close()
    except TimeoutError:
        raise HTTPException(408, "the picture took too long; please send it again") from None
    except (MultiPartException, ClientDisconnect, KeyError):
        raise HTTPException(422, "send a multipart form with client_id and file") from None
    if content is None:
        raise HTTPException(422, "file: the picture is missing")
    try:
        # An empty field is one that is not there.
        form = PhotoForm.model_validate(
            {key: value for key, value in parts.items() if value and key != "file"}
        )
    except ValidationError as error:
        wrong = [detail | {"loc": ("body", *detail["loc"])} for detail in error.errors()]
        raise RequestValidationError(wrong) from None
    return form, content


async def _parse(request: Request) -> FormData:
    parser = _InMemory(request.headers, request.stream(), max_files=1, max_fields=5, max_part_size=ROOM)
    return await parser.parse()
