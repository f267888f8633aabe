"""What passes between a platform and the bot: Incoming, Outgoing, Ask, and the Channel protocol."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from knowledge.model import JsonValue, Language
from triage.media import KEPT, File, Kind

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
AskKind = Literal["choice", "text", "photo", "confirm"]
Command = Literal["start", "help", "status", "human", "language", "cancel"]
Attachment = Literal["photo", "document", "voice", "sticker", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One thing that a merchant sent: a text, a tap on an option, a command or an attachment."""

    #: Name of the channel: "web", "console", "telegram".
    channel: str
    #: Opaque to everything but the channel.
    sender: str
    #: Unique among this sender's messages; the same key twice is one message.
    key: str
    text: str | None = None
    #: Option id, as given in Ask.options.
    choice: str | None = None
    #: What a lookup would say, fact -> value; only the test console sends it.
    system: dict[str, JsonValue] | None = None
    #: Language that the channel knows of; None = by what he writes.
    language: Language | None = None
    #: What he brings with him, fact -> value: the payload of the link that he came by.
    facts: dict[str, str] | None = None
    #: Something from the platform's menu instead of words.
    command: Command | None = None
    #: Something that is no text, which the bot cannot read; `text` may be its caption.
    attachment: Attachment | None = None
    #: A phone number that was masked in `text` when the message was set aside; encrypted while it is stored.
    phone: str | None = None
    #: The file of a photo, document or voice message, kept for the people who work on the case.
    file: File | None = None

    def cleaned(self) -> "Incoming":
        """Leave out what no text holds and no database takes: control characters, halves of characters."""
        text, choice = self.text, self.choice
        return replace(
            self,
            text=None if text is None else _UNPRINTABLE.sub("", text),
            choice=None if choice is None else _UNPRINTABLE.sub("", choice),
        )

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "Incoming":
        """Read what was set aside as JSON; a file in it is one that the platform still has."""
        return cls(**raw | {"file": File(**raw["file"]) if raw.get("file") else None})


@dataclass(frozen=True, slots=True)
class Choice:
    """One quick reply."""

    id: str
    label: str
    #: A value of the fact, "unknown", or for a confirm "yes" and "no".
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question on a message."""

    #: Key of the fact that is asked.
    fact: str
    kind: AskKind
    options: tuple[Choice, ...] = ()
    #: For a confirm: fact -> what was read, as JSON values.
    value: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the form that every channel's API shows."""
        shown: dict[str, Any] = {
            "fact": self.fact,
            "kind": self.kind,
            "options": [{"id": o.id, "label": o.label, "value": o.value} for o in self.options],
        }
        if self.value is not None:
            shown["value"] = self.value
        return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingFile:
    """A file to be shown to somebody."""

    kind: Kind
    media_type: str
    content: bytes

    def name(self, stem: str) -> str:
        """Give it a name with the ending of its type."""
        return f"{stem}.{KEPT[self.media_type][1]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message to a merchant, as stored."""

    id: int
    channel: str
    sender: str
    #: "bot" or "agent".
    author: Literal["bot", "agent"]
    text: str
    #: What an agent sent along.
    file: OutgoingFile | None = None
    ask: dict[str, Any] | None
    #: The days from sale to arrival, with "alt": the same in words; for channels that can show it.
    strip: dict[str, Any] | None
    #: Language of the talk.
    language: Language
    at: datetime


class DeliveryError(Exception):
    """A message was surely not delivered; it may be tried again.

    reason: one word for the row and the desk. after: not before so much time, where the platform said so.
    """

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after


class RefusedError(DeliveryError):
    """A message was surely not delivered, and never will be: "blocked", "refused"."""


class FetchError(Exception):
    """A file could not be fetched; it may be tried again.

    reason: one word for the log. after: not before so much time, where the platform said so.
    """

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after


class FileSource(Protocol):
    """A platform that gives files out later than it tells of them."""

    name: str

    async def fetch(self, reference: str, largest: int) -> bytes:
        """Fetch a file of at most so many bytes.

        Raises triage.media.NotKeptError when it never can be, FetchError when it may be tried again.
        """
        ...


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many in any stretch of so many seconds."""

    most: int
    seconds: float


class Channel(Protocol):
    """A platform that pushes messages to merchants."""

    name: str
    #: How fast it takes messages over all.
    rate: Rate

    def rate_for(self, recipient: str) -> Rate:
        """Say how fast it takes messages for one recipient."""
        ...

    def parts(self, message: Outgoing) -> Sequence[str]:
        """Split a message into the texts that are sent one after the other: at least one."""
        ...

    async def send(self, message: Outgoing, part: int) -> None:
        """Deliver one part of a message.

        Raises DeliveryError when it surely did not arrive, RefusedError when it never will; after any other
        exception nobody knows.
        """
        ...
