"""What a file really is, told from its bytes, and which files are kept at all."""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["photo", "document", "voice"]
#: Why a file is not kept; texts of the bot and of the desk are named after these.
Refusal = Literal["type", "empty", "too_large", "quota", "gone", "late"]
#: The largest file of each kind, in bytes.
LARGEST: dict[Kind, int] = {"photo": 10 * 2**20, "document": 20 * 2**20, "voice": 20 * 2**20}
#: What a page or a program may send at the most.
LARGEST_UPLOAD = 10 * 2**20
#: Media types that are kept -> what they are, and the ending of a file's name.
KEPT: dict[str, tuple[Kind, str]] = {
    "image/jpeg": ("photo", "jpg"),
    "image/png": ("photo", "png"),
    "image/webp": ("photo", "webp"),
    "image/gif": ("photo", "gif"),
    "image/heic": ("photo", "heic"),
    "application/pdf": ("document", "pdf"),
    "audio/ogg": ("voice", "ogg"),
    "audio/mpeg": ("voice", "mp3"),
    "audio/mp4": ("voice", "m4a"),
    "audio/amr": ("voice", "amr"),
}
#: How the files of each type begin.
_BEGINNINGS = {
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "application/pdf": re.compile(rb"%PDF-"),
    "audio/ogg": re.compile(rb"OggS"),
    "audio/mpeg": re.compile(rb"ID3|\xff[\xf2\xf3\xfa\xfb]"),
    "audio/amr": re.compile(rb"#!AMR"),
}
#: Brands of the ISO container (length, "ftyp", brands of four letters) by what is in it.
_BRANDS = {
    "image/heic": {b"heic", b"heix", b"heim", b"heis"},
    "audio/mp4": {b"M4A ", b"M4B "},
}


class NotKeptError(Exception):
    """A file is not kept, for a reason that the texts have words for."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that came with a message: its bytes, or what the platform gives them out for."""

    #: Unique in the conversation; the same key twice is one file.
    key: str
    kind: Kind
    #: The platform's album that it belongs to.
    album: str | None = None
    #: What the platform gives the bytes out for; None when they are here.
    reference: str | None = None
    #: The size in bytes; while they are not here, as the platform tells it.
    size: int | None = None
    content: bytes | None = None


def media_type_of(content: bytes) -> str | None:
    """Tell the media type of a file from its bytes; None for one that is not kept."""
    for media_type, beginning in _BEGINNINGS.items():
        if beginning.match(content):
            return media_type
    if content[4:8] != b"ftyp":
        return None
    length = min(int.from_bytes(content[:4], "big"), 256)
    brands = {content[at : at + 4] for at in (8, *range(16, length, 4))}
    return next((media_type for media_type, known in _BRANDS.items() if brands & known), None)


def uploaded(key: str, content: bytes) -> File:
    """Make the file of somebody who sends the bytes: of the kind that they are, or else a photo."""
    media_type = media_type_of(content)
    return File(key=key, kind=KEPT[media_type][0] if media_type else "photo", content=content)


def examine(kind: Kind, content: bytes, largest: int | None = None) -> str:
    """Give the true media type of a file that was sent as this kind; raises NotKeptError.

    largest: in bytes, where it may not be as large as others of its kind.
    """
    if not content:
        raise NotKeptError("empty")
    if len(content) > (largest or LARGEST[kind]):
        raise NotKeptError("too_large")
    media_type = media_type_of(content)
    if media_type is None:
        raise NotKeptError("type")
    return media_type
