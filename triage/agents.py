"""What agents do with a ticket: each step checks, changes, and writes its event."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from triage.custody import change, in_hand, locked, still_open, take
from triage.model import Account, Conversation, Incident, Ticket, TicketStatus, table
from triage.store import Transaction
from triage.tickets import TicketError, record
from triage.vault import Vault

_TICKET, _ACCOUNT = table(Ticket), table(Account)
_CONVERSATION, _INCIDENT = table(Conversation), table(Incident)


def claim(transaction: Transaction, ticket_id: int, account_id: int, now: datetime) -> None:
    """Take a ticket that nobody has; taking it again is no step."""
    row = still_open(transaction, ticket_id)
    if row.assignee_id == account_id:
        return
    if row.assignee_id is not None:
        raise TicketError("not_yours")
    take(transaction, row, account_id, now)


def hand_over(
    transaction: Transaction,
    ticket_id: int,
    account_id: int,
    now: datetime,
    *,
    to_account: int | None = None,
    to_queue: str | None = None,
    text: str = "",
) -> None:
    """Give a ticket to another person, or to a queue where it waits to be taken; anybody may."""
    row = still_open(transaction, ticket_id)
    if to_account is not None and not _works_here(transaction, to_account):
        raise TicketError("no_such_person")
    values: dict[str, Any] = {"assignee_id": to_account, "queue": to_queue or row.queue}
    if to_account is None:
        values["status"] = TicketStatus.NEW
    elif row.status == TicketStatus.NEW:
        values["status"] = TicketStatus.CLAIMED
    data = {"to_account": to_account, "to_queue": to_queue, "text": text}
    change(transaction, row, now, **values)
    record(transaction, ticket_id, "handed_over", now, account_id=account_id, data=data)


def note(
    transaction: Transaction,
    ticket_id: int,
    account_id: int,
    text: str,
    now: datetime,
    *,
    topic: bool = False,
) -> None:
    """Write an internal note, which the merchant never sees; anybody may, on resolved tickets too.

    topic: it was written in the ticket's topic, which so has it already.
    """
    row = locked(transaction, ticket_id)
    if not text.strip():
        raise TicketError("empty_text")
    change(transaction, row, now)
    data = {"text": text.strip()} | ({"topic": True} if topic else {})
    record(transaction, ticket_id, "noted", now, account_id=account_id, data=data)


def wait(transaction: Transaction, ticket_id: int, account_id: int, now: datetime, *, text: str = "") -> None:
    """Mark a ticket as waiting for the merchant, the bank or the acquirer."""
    row = in_hand(transaction, ticket_id, account_id, now)
    change(transaction, row, now, status=TicketStatus.WAITING)
    record(transaction, ticket_id, "waiting", now, account_id=account_id, data={"text": text.strip()})


def resume(transaction: Transaction, ticket_id: int, account_id: int, now: datetime) -> None:
    """Go on with a ticket that waited."""
    row = in_hand(transaction, ticket_id, account_id, now)
    if row.status != TicketStatus.WAITING:
        return
    change(transaction, row, now, status=TicketStatus.CLAIMED)
    record(transaction, ticket_id, "resumed", now, account_id=account_id)


def resolve(
    transaction: Transaction,
    ticket_id: int,
    account_id: int,
    now: datetime,
    *,
    true_cause: str,
    causes: Collection[str],
    text: str = "",
) -> None:
    """Close a ticket with the cause that it really was, one of `causes`; the bot tells the merchant."""
    if true_cause not in causes:
        raise TicketError("unknown_cause")
    row = in_hand(transaction, ticket_id, account_id, now)
    change(transaction, row, now, status=TicketStatus.RESOLVED, true_cause=true_cause, resolved_at=now)
    # The bot is back, and tells him so.
    theirs = _CONVERSATION.c.id == row.conversation_id
    transaction.execute(update(_CONVERSATION).where(theirs), {"wake_at": now})
    data = {"true_cause": true_cause, "text": text.strip()}
    record(transaction, ticket_id, "resolved", now, account_id=account_id, data=data)


def join_incident(
    transaction: Transaction, ticket_id: int, account_id: int, now: datetime, *, incident_id: int | None
) -> None:
    """Put an open ticket under a declared outage, or (None) take it out from under one; anybody may."""
    row = still_open(transaction, ticket_id)
    if row.incident_id == incident_id:
        return
    declared = (_INCIDENT.c.id == incident_id) & _INCIDENT.c.closed_at.is_(None)
    if incident_id is not None and not transaction.execute(select(_INCIDENT.c.id).where(declared)).first():
        raise TicketError("no_such_incident")
    change(transaction, row, now, incident_id=incident_id)
    record(transaction, ticket_id, "moved", now, account_id=account_id, data={"incident": incident_id})


def reopen(transaction: Transaction, ticket_id: int, account_id: int, now: datetime) -> None:
    """Take a resolved ticket up again, unless the merchant has another open one by now."""
    row = locked(transaction, ticket_id)
    if row.status != TicketStatus.RESOLVED:
        return
    same = _TICKET.c.conversation_id == row.conversation_id
    other = select(_TICKET.c.id).where(same, _TICKET.c.status != TicketStatus.RESOLVED)
    if transaction.execute(other).first():
        raise TicketError("another_open")
    change(
        transaction,
        row,
        now,
        status=TicketStatus.CLAIMED,
        assignee_id=account_id,
        true_cause=None,
        resolved_at=None,
    )
    record(transaction, ticket_id, "reopened", now, account_id=account_id)


def reveal_contact(
    transaction: Transaction, ticket_id: int, account_id: int, now: datetime, vault: Vault
) -> str:
    """Show the phone number that the merchant left; who looked is an event."""
    row = locked(transaction, ticket_id)
    if row.contact is None:
        raise TicketError("no_contact")
    record(transaction, ticket_id, "contact_shown", now, account_id=account_id)
    return vault.open(row.contact)


def _works_here(transaction: Transaction, account_id: int) -> bool:
    here = (_ACCOUNT.c.id == account_id) & _ACCOUNT.c.disabled_at.is_(None)
    return transaction.execute(select(_ACCOUNT.c.id).where(here)).first() is not None
