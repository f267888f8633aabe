"""What the talk is given and what it decides, as plain values: no database, no channel, no clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.messages import Ask
from bot.talk import Talk
from knowledge.model import Diagnosis, Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """What the merchant may know of a ticket."""

    id: int
    number: str
    status: str
    queue: str
    #: When a person must have touched it first.
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """An open incident."""

    id: int
    #: {"zh": …, "en": …}
    notice: dict[str, str]
    #: Fact -> value that a case must have; empty = everybody.
    scope: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known when a message comes."""

    now: datetime
    talk: Talk
    #: True before the first message of a merchant.
    first: bool = False
    #: The open ticket of this talk.
    ticket: TicketView | None = None
    #: The newest resolved one.
    resolved: TicketView | None = None
    incidents: Sequence[IncidentView] = ()
    #: Looks up an option of an older question by its id: (fact, value), or None.
    old_option: Callable[[str], tuple[str, str] | None] = lambda _: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One message of the bot, before it is stored."""

    text: str
    ask: Ask | None = None
    strip: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRequest:
    """A ticket to file, or to bring up to date when one is open."""

    cause: str
    known: Facts
    diagnosis: Diagnosis
    missing: tuple[str, ...]
    incident_id: int | None
    #: Makes the message that tells the merchant; it needs the number.
    announce: Callable[[TicketView], Reply]
    #: Overrides the cause's queue: complaints when he insists on a complaint.
    queue: str | None = None


@dataclass(slots=True, kw_only=True)
class Decision:
    """All that follows from one message; the turn stores it in one transaction."""

    talk: Talk
    #: What the merchant's line looks like in the transcript.
    heard: str = ""
    replies: list[Reply] = field(default_factory=list)
    ticket: TicketRequest | None = None
    wake_at: datetime | None = None
    #: A phone number to keep, encrypted, on the ticket.
    contact: str | None = None

    def say(self, text: str, *, ask: Ask | None = None, strip: dict[str, Any] | None = None) -> None:
        """Add a message."""
        self.replies.append(Reply(text=text, ask=ask, strip=strip))
