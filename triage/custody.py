"""Custody: a ticket's row, locked in the right order, and whose it is."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from triage.bell import chat_subject
from triage.model import Conversation, Ticket, TicketStatus, table
from triage.store import Transaction
from triage.tickets import TicketError, record

_TICKET, _CONVERSATION = table(Ticket), table(Conversation)


def locked(transaction: Transaction, ticket_id: int) -> Row[Any]:
    """Give a ticket's row, locked until the commit; raises TicketError gone."""
    # First the conversation, as a turn does: two who lock in different orders wait for each other for ever.
    theirs = select(_TICKET.c.conversation_id).where(_TICKET.c.id == ticket_id).scalar_subquery()
    transaction.execute(select(_CONVERSATION.c.id).where(_CONVERSATION.c.id == theirs).with_for_update())
    row = transaction.execute(select(_TICKET).where(_TICKET.c.id == ticket_id).with_for_update()).first()
    if row is None:
        raise TicketError("gone")
    return row


def still_open(transaction: Transaction, ticket_id: int) -> Row[Any]:
    """Give the row of a ticket that is not resolved; raises TicketError gone, resolved_already."""
    row = locked(transaction, ticket_id)
    if row.status == TicketStatus.RESOLVED:
        raise TicketError("resolved_already")
    return row


def in_hand(transaction: Transaction, ticket_id: int, account_id: int, now: datetime) -> Row[Any]:
    """Give an open ticket that this agent works on; one that nobody has becomes his."""
    row = still_open(transaction, ticket_id)
    if row.assignee_id is None:
        take(transaction, row, account_id, now)
        return locked(transaction, ticket_id)
    if row.assignee_id != account_id:
        raise TicketError("not_yours")
    return row


def take(transaction: Transaction, row: Row[Any], account_id: int, now: datetime) -> None:
    """Make a ticket somebody's."""
    status = TicketStatus.CLAIMED if row.status == TicketStatus.NEW else row.status
    touched_at = row.touched_at or now
    change(transaction, row, now, assignee_id=account_id, status=status, touched_at=touched_at)
    record(transaction, row.id, "claimed", now, account_id=account_id)


def change(transaction: Transaction, row: Row[Any], now: datetime, **values: Any) -> None:
    """Change a ticket, and wake who looks at its talk."""
    transaction.execute(update(_TICKET).where(_TICKET.c.id == row.id), values | {"updated_at": now})
    transaction.touch(chat_subject(row.conversation_id))
