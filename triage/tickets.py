"""Filing tickets: the bot's side. One open ticket a conversation; every step is an event."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from triage.bell import DESK, chat_subject
from triage.incidents import hold_open
from triage.model import Conversation, Ticket, TicketEvent, TicketStatus, table, ticket_number
from triage.routing import PRIORITIES, Routing
from triage.store import Transaction

_TICKET, _EVENT, _CONVERSATION = table(Ticket), table(TicketEvent), table(Conversation)

# Built once: building a statement costs as much as running it.
_OF_CONVERSATION = (
    select(_TICKET.c.id, _TICKET.c.status, _TICKET.c.queue, _TICKET.c.due_at, _TICKET.c.resolved_at)
    .where(_TICKET.c.conversation_id == bindparam("conversation_id"))
    .order_by(_TICKET.c.id.desc())
)


class TicketError(Exception):
    """A step that a ticket does not allow now; `key` names the reason in the desk's texts."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """What the merchant may know of a ticket."""

    id: int
    number: str
    status: str
    queue: str
    #: When a person must have touched it first.
    due_at: datetime
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDraft:
    """A case as the bot hands it over."""

    conversation_id: int
    language: str
    cause: str
    routing: Routing
    #: Fact -> {"value", "source"}.
    facts: Mapping[str, Any]
    #: As triage.model.Ticket keeps it.
    diagnosis: Mapping[str, Any]
    missing: tuple[str, ...]
    incident_id: int | None = None


def file_ticket(transaction: Transaction, draft: TicketDraft, now: datetime) -> TicketView:
    """File a ticket, or bring the conversation's open one up to date.

    Raises triage.incidents.IncidentError when the incident of the case has come to its end meanwhile.
    """
    if draft.incident_id is not None:
        hold_open(transaction, draft.incident_id)
    known = _open_row(transaction, draft.conversation_id)
    if known is not None:
        return _bring_up_to_date(transaction, known, draft, now)
    routing = draft.routing
    values = {
        "conversation_id": draft.conversation_id,
        "language": draft.language,
        "cause": draft.cause,
        "queue": routing.queue,
        "priority": routing.priority,
        "priority_reasons": list(routing.reasons),
        "status": TicketStatus.NEW,
        "incident_id": draft.incident_id,
        "facts": dict(draft.facts),
        "diagnosis": dict(draft.diagnosis),
        "missing": list(draft.missing),
        "due_at": routing.due_at,
        "created_at": now,
        "updated_at": now,
    }
    ticket_id = transaction.add(_TICKET, values)
    data = {"cause": draft.cause, "queue": routing.queue, "priority": routing.priority}
    record(transaction, ticket_id, "filed", now, actor="bot", data=data)
    return TicketView(
        id=ticket_id,
        number=ticket_number(ticket_id),
        status=TicketStatus.NEW,
        queue=routing.queue,
        due_at=routing.due_at,
    )


def add_sale(transaction: Transaction, draft: TicketDraft, note: str, now: datetime) -> TicketView:
    """Note another sale on the conversation's open ticket, which keeps its own facts and cause.

    Raises TicketError gone when none is open.
    """
    known = _open_row(transaction, draft.conversation_id)
    if known is None:
        raise TicketError("gone")
    urgency = _more_urgent(known, draft.routing) if known.status == TicketStatus.NEW else {}
    this = _TICKET.c.id == known.id
    transaction.execute(update(_TICKET).where(this), {**urgency, "updated_at": now})
    record(transaction, known.id, "another_sale", now, actor="bot", data={"text": note, "cause": draft.cause})
    transaction.touch(chat_subject(draft.conversation_id))
    return view_of(_open_row(transaction, draft.conversation_id) or known)


def merchant_wrote(transaction: Transaction, ticket: TicketView, now: datetime) -> None:
    """Note that the merchant wrote while his ticket is open; one that waited for him goes on."""
    this = _TICKET.c.id == ticket.id
    waits = this & (_TICKET.c.status == TicketStatus.WAITING)
    if transaction.execute(update(_TICKET).where(waits), {"status": TicketStatus.CLAIMED}).rowcount:
        record(transaction, ticket.id, "resumed", now, actor="merchant")
    transaction.execute(update(_TICKET).where(this), {"updated_at": now})
    transaction.touch(DESK)


def file_came(transaction: Transaction, ticket: TicketView, now: datetime) -> None:
    """Note that the merchant sent a file while his ticket is open."""
    record(transaction, ticket.id, "attachment_added", now, actor="merchant")


def touch(transaction: Transaction, ticket_id: int, now: datetime) -> None:
    """Have those who look at a ticket look again."""
    transaction.execute(update(_TICKET).where(_TICKET.c.id == ticket_id), {"updated_at": now})
    transaction.touch(DESK)


def keep_contact(transaction: Transaction, ticket_id: int, locked: str, now: datetime) -> None:
    """Keep a phone number, encrypted by triage.vault, as the contact for a call."""
    changed = update(_TICKET).where(_TICKET.c.id == ticket_id)
    transaction.execute(changed, {"contact": locked, "updated_at": now})
    record(transaction, ticket_id, "contact_given", now, actor="merchant")


def tickets_of(connection: Connection, conversation_id: int) -> tuple[TicketView | None, TicketView | None]:
    """Give the open ticket of a conversation and the one resolved last, each None if there is none."""
    rows = connection.execute(_OF_CONVERSATION, {"conversation_id": conversation_id})
    views = [view_of(row) for row in rows]
    still_open = next((view for view in views if view.status != TicketStatus.RESOLVED), None)
    resolved = [view for view in views if view.resolved_at]
    return still_open, max(resolved, key=lambda view: view.resolved_at or view.due_at, default=None)


def record(
    transaction: Transaction,
    ticket_id: int,
    kind: str,
    now: datetime,
    *,
    actor: str = "agent",
    account_id: int | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Write one event of a ticket and wake the desk."""
    transaction.add(
        _EVENT,
        {
            "ticket_id": ticket_id,
            "account_id": account_id,
            "actor": actor,
            "kind": kind,
            "data": dict(data or {}),
            "at": now,
        },
    )
    transaction.touch(DESK)


def _bring_up_to_date(
    transaction: Transaction, known: Row[Any], draft: TicketDraft, now: datetime
) -> TicketView:
    """Take what is new; a ticket stays where a person put it, and it never gets less urgent."""
    values: dict[str, Any] = {
        "facts": dict(draft.facts),
        "diagnosis": dict(draft.diagnosis),
        "missing": list(draft.missing),
        "updated_at": now,
    }
    changed: dict[str, Any] = {
        "facts": sorted(k for k in draft.facts if known.facts.get(k) != draft.facts[k])
    }
    if known.status == TicketStatus.NEW:
        routing = draft.routing
        values |= {
            "cause": draft.cause,
            "queue": known.queue if _was(transaction, "handed_over", known.id) else routing.queue,
            "incident_id": known.incident_id if _was(transaction, "moved", known.id) else draft.incident_id,
            **_more_urgent(known, routing),
        }
        keys = ("cause", "queue", "priority")
        changed |= {key: values[key] for key in keys if getattr(known, key) != values[key]}
    transaction.execute(update(_TICKET).where(_TICKET.c.id == known.id), values)
    record(transaction, known.id, "updated", now, actor="bot", data=changed)
    transaction.touch(chat_subject(draft.conversation_id))
    return view_of(_open_row(transaction, draft.conversation_id) or known)


def _more_urgent(known: Row[Any], routing: Routing) -> dict[str, Any]:
    return {
        "priority": min(known.priority, routing.priority, key=PRIORITIES.index),
        "priority_reasons": list(dict.fromkeys([*known.priority_reasons, *routing.reasons])),
        "due_at": min(known.due_at, routing.due_at),
    }


def _was(transaction: Transaction, step: str, ticket_id: int) -> bool:
    """Say whether a person has taken this step."""
    by_hand = (_EVENT.c.ticket_id == ticket_id) & (_EVENT.c.kind == step)
    return transaction.execute(select(_EVENT.c.id).where(by_hand).limit(1)).first() is not None


def _open_row(transaction: Transaction, conversation_id: int) -> Row[Any] | None:
    still_open = (_TICKET.c.conversation_id == conversation_id) & (_TICKET.c.status != TicketStatus.RESOLVED)
    return transaction.execute(select(_TICKET).where(still_open).with_for_update()).first()


def view_of(row: Any) -> TicketView:
    """Show a ticket's row (id, status, queue, due_at, resolved_at) as its merchant may see it."""
    return TicketView(
        id=row.id,
        number=ticket_number(row.id),
        status=row.status,
        queue=row.queue,
        due_at=row.due_at,
        resolved_at=row.resolved_at,
    )
