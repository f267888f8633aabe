"""What passes between a platform and the bot: Incoming, Outgoing, Ask, and the Channel protocol."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from knowledge.model import Language

AskKind = Literal["choice", "text", "photo", "confirm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One thing that a merchant sent: a text or a tap on an option, never both."""

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
    system: dict[str, str | int] | None = None
    #: Language that the channel knows of; None = by what he writes.
    language: Language | None = None


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
class Outgoing:
    """One message to a merchant, as stored."""

    id: int
    channel: str
    sender: str
    #: "bot" or "agent".
    author: Literal["bot", "agent"]
    text: str
    ask: dict[str, Any] | None
    at: datetime


class DeliveryError(Exception):
    """A message was surely not delivered; it may be tried again."""


class Channel(Protocol):
    """A platform that pushes messages to merchants."""

    name: str

    async def send(self, message: Outgoing) -> None:
        """Deliver one message; raise DeliveryError when it surely did not arrive."""
        ...
