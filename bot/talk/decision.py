"""What the talk is given and what it decides, as plain values: no database, no channel, no clock."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.messages import Ask
from bot.talk.state import Claim, Talk
from knowledge.model import Diagnosis, Facts, to_json
from triage.incidents import IncidentView
from triage.media import Refusal
from triage.tickets import TicketView

#: After so long, "it has come" is news and answers no question about a status.
SILENCE = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known when a message comes."""

    now: datetime
    talk: Talk
    #: When something was said last.
    last_at: datetime | None = None
    #: True before the first message of a merchant.
    first: bool = False
    #: The open ticket of this talk.
    ticket: TicketView | None = None
    #: The one that was resolved last.
    resolved: TicketView | None = None
    incidents: Sequence[IncidentView] = ()
    #: Finds another open ticket about the same sale.
    reported: Callable[[Facts], TicketView | None] = lambda _: None
    #: True when there is a directory of merchants to look him up in.
    directory: bool = False
    #: Why the file that came with the message is not kept; None when it is, and without a file.
    refused: Refusal | None = None
    #: Looks up an option of an older question by its id: (fact, value), or None.
    old_option: Callable[[str], tuple[str, str] | None] = lambda _: None

    @property
    def after_silence(self) -> bool:
        """Say whether he was silent for so long that an open question is no longer on his mind."""
        return self.last_at is not None and self.now - self.last_at >= SILENCE


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
    #: Makes the message that tells the merchant, which needs the number; None = he is told nothing.
    announce: Callable[[TicketView], Reply] | None = None
    #: What is noted on the ticket of an earlier sale, in place of facts; None = the ticket is this case's.
    note: str | None = None
    #: Overrides the cause's queue: complaints when he insists on a complaint.
    queue: str | None = None

    def facts_json(self) -> dict[str, Any]:
        """Write the facts as the ticket keeps them."""
        return {
            key: {"value": to_json(fact.value), "source": fact.source} for key, fact in self.known.items()
        }

    def diagnosis_json(self, asked: Sequence[str]) -> dict[str, Any]:
        """Write the diagnosis as the ticket keeps it."""
        return {
            "causes": [[cause, round(share, 4)] for cause, share in self.diagnosis.causes],
            "why": [asdict(reason) | {"value": to_json(reason.value)} for reason in self.diagnosis.why],
            "ruled_out": [asdict(out) | {"value": to_json(out.value)} for out in self.diagnosis.ruled_out],
            "asked": list(asked),
            "version": self.diagnosis.version,
        }


@dataclass(slots=True, kw_only=True)
class Decision:
    """All that follows from one message; the turn stores it in one transaction."""

    talk: Talk
    #: What the merchant's line looks like in the transcript.
    heard: str = ""
    replies: list[Reply] = field(default_factory=list)
    ticket: TicketRequest | None = None
    #: To be judged after the commit; the talk goes on then.
    claim: Claim | None = None
    #: A phone number to keep, encrypted, on the ticket.
    contact: str | None = None

    def say(self, text: str, *, ask: Ask | None = None, strip: dict[str, Any] | None = None) -> None:
        """Add a message."""
        self.replies.append(Reply(text=text, ask=ask, strip=strip))
