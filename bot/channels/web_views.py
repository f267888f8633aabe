"""What the web channel shows of a talk: its lines, what was understood, and how the ticket stands."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from bot.page.strip import draw_strip
from bot.parts import Parts
from bot.talk.state import Talk, read_talk
from bot.talk.wording import UNSPOKEN, before
from knowledge.calendar import SHANGHAI
from knowledge.model import UNKNOWN, Language
from triage.attachments import files_from_agents
from triage.media import Refusal
from triage.model import Ticket, TicketStatus, table, ticket_number
from triage.talks import Line, lines_after
from triage.tickets import TicketView, tickets_of

_TICKET = table(Ticket)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A conversation as its merchant sees it."""

    conversation_id: int
    messages: list[dict[str, Any]]
    tickets: list[dict[str, Any]]
    #: {"understood", "status"}.
    state: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Give the body of GET /chat/api/messages."""
        return {"messages": self.messages, "tickets": self.tickets, **self.state}


class Views:
    """Makes views."""

    def __init__(self, parts: Parts, clock: Callable[[], datetime]) -> None:
        self._parts = parts
        self._clock = clock

    def read(self, connection: Connection, row: Row[Any], after: int) -> View:
        """Read a conversation with its lines later than the message `after`."""
        talk = read_talk(row.talk, self._parts.knowledge.facts)
        mine = select(_TICKET.c.id, _TICKET.c.status).where(_TICKET.c.conversation_id == row.id)
        rows = connection.execute(mine.order_by(_TICKET.c.id)).all()
        lines = lines_after(connection, row.id, after)
        # Read after the lines: a file is stored with its line, and must be seen with it.
        files = files_from_agents(connection, row.id)
        return View(
            conversation_id=row.id,
            messages=[self.message(line, talk.language, files.get(line.id)) for line in lines],
            tickets=[{"number": ticket_number(ticket.id), "status": ticket.status} for ticket in rows],
            state=self.of(talk, tickets_of(connection, row.id)[0]),
        )

    def message(self, line: Line, language: Language, file: Row[Any] | None = None) -> dict[str, Any]:
        """Show one line, with the file that an agent sent along."""
        return {
            "id": line.id,
            "from": line.author,
            "text": line.text,
            "ask": line.ask,
            "strip": {"alt": line.strip["alt"], "svg": draw_strip(line.strip, language)}
            if line.strip
            else None,
            "files": [{"kind": file.kind, "size": file.size, "url": f"/chat/api/files/{file.name}"}]
            if file
            else [],
            "client_id": line.key if line.author == "merchant" else None,
            "at": line.at.astimezone(SHANGHAI).isoformat(),
        }

    def of(self, talk: Talk, ticket: TicketView | None) -> dict[str, Any]:
        """Show what was understood, and how the open ticket stands."""
        now = self._clock()
        understood = [
            {
                "fact": key,
                "title": self._parts.knowledge.facts[key].title.to(talk.language),
                "value": self._parts.wording.value(key, fact.value, talk.language, now),
            }
            for key, fact in talk.facts.items()
            if key not in UNSPOKEN and fact.source in ("merchant", "reader") and fact.value != UNKNOWN
        ]
        shown = ticket and {
            "number": ticket.number,
            "status": ticket.status,
            "due": before(ticket.due_at, talk.language, now),
        }
        silent = ticket is not None and ticket.status != TicketStatus.NEW
        return {"understood": understood, "status": {"ticket": shown, "silent": silent}}

    def refusal(self, reason: Refusal, language: Language | None) -> str:
        """Say why a file is not kept."""
        return self._parts.wording.say(f"attachment_refused_{reason}", language or "zh")

    def empty(self) -> dict[str, Any]:
        """Show a conversation that is not begun."""
        return {
            "messages": [],
            "tickets": [],
            "understood": [],
            "status": {"ticket": None, "silent": False},
        }
