"""The lists of tickets: which ones a view shows, in which order, and how many there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, and_, case, func, or_, select

from triage.model import Account, Message, Ticket, TicketEvent, TicketStatus, table, ticket_number

_TICKET, _EVENT = table(Ticket), table(TicketEvent)
_MESSAGE, _ACCOUNT = table(Message), table(Account)
#: Rows of a list on its own page; more than that nobody reads.
LONG_LIST = 200
#: Rows of the list beside a ticket.
SHORT_LIST = 60
#: Shorter messages than this ("hello", "yes") do not say what the case is about.
TELLING = 6
_OPEN = _TICKET.c.status != TicketStatus.RESOLVED


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Which tickets a list shows: open, mine, resolved, or those of one queue or incident."""

    kind: str = "open"
    queue: str | None = None
    incident: int | None = None

    def address(self) -> str:
        """Write the view as a query string."""
        if self.queue:
            return f"view=queue&queue={self.queue}"
        if self.incident is not None:
            return f"view=incident&incident={self.incident}"
        return f"view={self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One ticket in a list."""

    id: int
    number: str
    status: str
    priority: str
    queue: str
    cause: str
    true_cause: str | None
    #: What the merchant said, in his words; "" when he only tapped.
    sentence: str
    assignee_id: int | None
    assignee: str | None
    due_at: datetime
    #: None = no person has touched it yet, and `due_at` still runs.
    touched_at: datetime | None
    created_at: datetime
    resolved_at: datetime | None
    merchant_wrote_at: datetime | None
    #: The merchant wrote after the last thing that an agent did.
    unread: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many tickets each list holds."""

    open: int
    mine: int
    #: Tickets that nobody has taken.
    new: int
    queues: Mapping[str, int]


def queue_rows(connection: Connection, view: View, account_id: int, limit: int) -> list[QueueRow]:
    """List the first tickets of a view by due time; resolved ones by when they were, newest first."""
    c = _TICKET.c
    query = (
        select(
            c.id,
            c.status,
            c.priority,
            c.queue,
            c.cause,
            c.true_cause,
            c.assignee_id,
            c.due_at,
            c.touched_at,
            c.created_at,
            c.resolved_at,
            _ACCOUNT.c.display_name.label("assignee"),
            _sentence().label("sentence"),
            _newest_merchant_message().label("merchant_wrote_at"),
            _newest_agent_step().label("agent_acted_at"),
        )
        .outerjoin(_ACCOUNT, _ACCOUNT.c.id == c.assignee_id)
        .where(_condition(view, account_id))
        .limit(limit)
    )
    resolved_first = view.kind == "resolved"
    query = query.order_by(c.resolved_at.desc()) if resolved_first else query.order_by(c.due_at, c.id)
    return [_queue_row(row) for row in connection.execute(query).mappings()]


def counts(connection: Connection, account_id: int) -> Counts:
    """Count the open tickets: all, mine, those that nobody has, and by queue."""
    c = _TICKET.c
    query = (
        select(
            c.queue,
            func.count().label("open"),
            func.sum(case((c.assignee_id == account_id, 1), else_=0)).label("mine"),
            func.sum(case((c.assignee_id.is_(None), 1), else_=0)).label("new"),
        )
        .where(_OPEN)
        .group_by(c.queue)
    )
    rows = connection.execute(query).all()
    return Counts(
        open=sum(row.open for row in rows),
        mine=sum(row.mine for row in rows),
        new=sum(row.new for row in rows),
        queues={row.queue: row.open for row in rows},
    )


def _condition(view: View, account_id: int) -> ColumnElement[bool]:
    c = _TICKET.c
    if view.kind == "resolved":
        return c.status == TicketStatus.RESOLVED
    if view.incident is not None:
        return c.incident_id == view.incident
    if view.queue is not None:
        return and_(_OPEN, c.queue == view.queue)
    if view.kind == "mine":
        return and_(_OPEN, c.assignee_id == account_id)
    return _OPEN


def _sentence() -> ScalarSelect[str]:
    """Find the first telling message of the merchant since the case before this one."""
    earlier = _TICKET.alias("earlier")
    before = (
        select(func.max(earlier.c.resolved_at))
        .where(earlier.c.conversation_id == _TICKET.c.conversation_id, earlier.c.id < _TICKET.c.id)
        .correlate(_TICKET)
        .scalar_subquery()
    )
    return (
        select(_MESSAGE.c.text)
        .where(_MESSAGE.c.conversation_id == _TICKET.c.conversation_id, _MESSAGE.c.author == "merchant")
        .where(or_(before.is_(None), _MESSAGE.c.at > before))
        .order_by(case((func.length(_MESSAGE.c.text) >= TELLING, 0), else_=1), _MESSAGE.c.id)
        .limit(1)
        .correlate(_TICKET)
        .scalar_subquery()
    )


def _newest_merchant_message() -> ScalarSelect[datetime]:
    return (
        select(_MESSAGE.c.at)
        .where(_MESSAGE.c.conversation_id == _TICKET.c.conversation_id, _MESSAGE.c.author == "merchant")
        .order_by(_MESSAGE.c.id.desc())
        .limit(1)
        .correlate(_TICKET)
        .scalar_subquery()
    )


def _newest_agent_step() -> ScalarSelect[datetime]:
    return (
        select(_EVENT.c.at)
        .where(_EVENT.c.ticket_id == _TICKET.c.id, _EVENT.c.actor == "agent")
        .order_by(_EVENT.c.id.desc())
        .limit(1)
        .correlate(_TICKET)
        .scalar_subquery()
    )


def _queue_row(row: Mapping[Any, Any]) -> QueueRow:
    values = dict(row)
    looked_at = values.pop("agent_acted_at") or values["created_at"]
    wrote_at = values["merchant_wrote_at"]
    values["sentence"] = values["sentence"] or ""
    return QueueRow(
        number=ticket_number(values["id"]), unread=wrote_at is not None and wrote_at > looked_at, **values
    )
