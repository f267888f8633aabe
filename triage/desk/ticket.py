"""One ticket as its page needs it: the row, the talk with the notes in it, the history, the people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from triage.attachments import Shown, files_of
from triage.desk.alarms import TO_THE_MERCHANT
from triage.model import (
    Account,
    Conversation,
    DeliveryStatus,
    Incident,
    Message,
    Outbox,
    Ticket,
    TicketEvent,
    table,
    ticket_number,
)
from triage.replies import decisions_on

_TICKET, _EVENT, _MESSAGE = table(Ticket), table(TicketEvent), table(Message)
_ACCOUNT, _CONVERSATION, _INCIDENT = table(Account), table(Conversation), table(Incident)
_OUTBOX = table(Outbox)
#: Lines of a talk that a page shows.
MOST_LINES = 400
#: Earlier and later tickets of the same merchant that a page names.
MOST_SIBLINGS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the talk column: a message, or an agent's internal note."""

    #: Of the message; 0 for a note.
    id: int
    #: "merchant", "bot", "agent" or "note".
    author: str
    #: Display name of the agent.
    name: str | None
    text: str
    #: Labels of the options that were offered with it.
    options: tuple[str, ...]
    at: datetime
    #: How far it has come to the merchant (DeliveryStatus); None where he fetches it himself.
    delivery: str | None = None
    #: Why it did not arrive, as one word.
    error: str | None = None

    @property
    def delivery_key(self) -> str:
        """What is to say of its delivery, as a key of the desk's texts; "" when all is well."""
        if self.delivery in (DeliveryStatus.FAILED, DeliveryStatus.LEFT):
            return f"undelivered_{self.error if self.error in ('blocked', 'refused') else 'other'}"
        return {
            DeliveryStatus.WAITING: "delivery_under_way",
            DeliveryStatus.SENDING: "delivery_under_way",
            DeliveryStatus.UNCERTAIN: "delivery_uncertain",
        }.get(DeliveryStatus(self.delivery or DeliveryStatus.SENT), "")

    @property
    def decisions(self) -> tuple[str, ...]:
        """What a person may decide on it now (triage.replies.Decision)."""
        return decisions_on(self.delivery) if self.author == "agent" and self.delivery else ()

    #: What came with it.
    files: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One step of a ticket's history."""

    kind: str
    actor: str
    name: str | None
    data: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCase:
    """One ticket with everything that its page shows."""

    number: str
    row: Mapping[str, Any]
    channel: str
    assignee: str | None
    incident: Mapping[str, Any] | None
    #: Open and resolved tickets of the same merchant beside this one: number, status, cause.
    siblings: Sequence[Mapping[str, Any]]
    lines: Sequence[Line]
    events: Sequence[Event]
    #: The merchant's files, also those from before the ticket.
    files: Sequence[Shown]
    #: Whom it can be handed to: id -> display name.
    people: Mapping[int, str]

    @property
    def newest_message(self) -> int:
        """Id of the newest message that the page shows; 0 when there is none."""
        return max((line.id for line in self.lines), default=0)


def find_ticket(connection: Connection, ticket_id: int) -> TicketCase | None:
    """Read one ticket; None when there is no such one."""
    query = (
        select(_TICKET, _ACCOUNT.c.display_name, _CONVERSATION.c.channel)
        .join(_CONVERSATION, _CONVERSATION.c.id == _TICKET.c.conversation_id)
        .outerjoin(_ACCOUNT, _ACCOUNT.c.id == _TICKET.c.assignee_id)
        .where(_TICKET.c.id == ticket_id)
    )
    rows = _rows(connection, query)
    if not rows:
        return None
    row = rows[0]
    events = _events(connection, ticket_id)
    files = files_of(connection, row["conversation_id"])
    return TicketCase(
        number=ticket_number(ticket_id),
        row=row,
        channel=row["channel"],
        assignee=row["display_name"],
        incident=_incident(connection, row["incident_id"]),
        siblings=_siblings(connection, row),
        lines=_lines(connection, row["conversation_id"], events, files),
        events=events,
        files=[file for file in files if file.author == "merchant"],
        people=_people(connection),
    )


def _incident(connection: Connection, incident_id: int | None) -> Mapping[str, Any] | None:
    if incident_id is None:
        return None
    rows = _rows(connection, select(_INCIDENT).where(_INCIDENT.c.id == incident_id))
    return rows[0] if rows else None


def _siblings(connection: Connection, row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    c = _TICKET.c
    query = (
        select(c.id, c.status, c.cause, c.true_cause, c.created_at)
        .where(c.conversation_id == row["conversation_id"], c.id != row["id"])
        .order_by(c.id.desc())
        .limit(MOST_SIBLINGS)
    )
    return [dict(other) | {"number": ticket_number(other["id"])} for other in _rows(connection, query)]


def _events(connection: Connection, ticket_id: int) -> list[Event]:
    c = _EVENT.c
    query = (
        select(c.kind, c.actor, c.data, c.at, _ACCOUNT.c.display_name.label("name"))
        .outerjoin(_ACCOUNT, _ACCOUNT.c.id == c.account_id)
        .where(c.ticket_id == ticket_id)
        .order_by(c.id)
    )
    return [Event(**row) for row in _rows(connection, query)]


def _lines(
    connection: Connection, conversation_id: int, events: Sequence[Event], files: Sequence[Shown]
) -> list[Line]:
    c = _MESSAGE.c
    query = (
        select(
            *(c.id, c.author, c.text, c.ask, c.at),
            *(_ACCOUNT.c.display_name.label("name"), _OUTBOX.c.status, _OUTBOX.c.error),
        )
        .join(_CONVERSATION, _CONVERSATION.c.id == c.conversation_id)
        .outerjoin(_ACCOUNT, _ACCOUNT.c.id == c.account_id)
        .outerjoin(_OUTBOX, TO_THE_MERCHANT)
        .where(c.conversation_id == conversation_id)
        .order_by(c.id.desc())
        .limit(MOST_LINES)
    )
    lines = []
    for row in _rows(connection, query):
        ask = row["ask"] or {}
        labels = tuple(str(option["label"]) for option in ask.get("options", ()))
        lines.append(
            Line(
                id=row["id"],
                author=row["author"],
                name=row["name"],
                text=row["text"],
                options=labels,
                at=row["at"],
                delivery=row["status"],
                error=row["error"],
                files=tuple(file for file in files if file.message_id == row["id"]),
            )
        )
    for event in events:
        text = str(event.data.get("text") or "")
        if text:
            lines.append(Line(id=0, author="note", name=event.name, text=text, options=(), at=event.at))
    return sorted(lines, key=lambda line: (line.at, line.id))


def _people(connection: Connection) -> dict[int, str]:
    c = _ACCOUNT.c
    query = select(c.id, c.display_name).where(c.disabled_at.is_(None)).order_by(c.display_name)
    return {row["id"]: row["display_name"] for row in _rows(connection, query)}


def _rows(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(query).mappings()]
