"""What agents do with a ticket: each step checks, changes, and writes its event."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, select, update

from triage.bell import OUTBOX, chat_topic
from triage.model import (
    Account,
    Conversation,
    DeliveryStatus,
    Incident,
    Message,
    Outbox,
    Ticket,
    TicketStatus,
    table,
)
from triage.store import Transaction
from triage.talks import line_with_key, post
from triage.tickets import TicketError, record
from triage.vault import Vault

_TICKET, _MESSAGE, _ACCOUNT = table(Ticket), table(Message), table(Account)
_CONVERSATION, _INCIDENT, _OUTBOX = table(Conversation), table(Incident), table(Outbox)
#: What an agent may decide on a reply that did not arrive, or nobody knows.
Decision = Literal["again", "arrived", "left"]
#: Decision -> the deliveries that it is for, what becomes of them, and the event.
_DECISIONS: dict[Decision, tuple[tuple[DeliveryStatus, ...], DeliveryStatus, str]] = {
    "again": ((DeliveryStatus.FAILED, DeliveryStatus.UNCERTAIN), DeliveryStatus.WAITING, "sent_again"),
    "arrived": ((DeliveryStatus.UNCERTAIN,), DeliveryStatus.SENT, "arrival_confirmed"),
    "left": ((DeliveryStatus.FAILED,), DeliveryStatus.LEFT, "left_undelivered"),
}


def decisions_on(status: str) -> tuple[Decision, ...]:
    """List what may be decided on a delivery that has come so far."""
    return tuple(decision for decision, (of, _, _) in _DECISIONS.items() if status in of)


def claim(transaction: Transaction, ticket_id: int, account_id: int, now: datetime) -> None:
    """Take a ticket that nobody has; taking it again is no step."""
    row = _open(transaction, ticket_id)
    if row.assignee_id == account_id:
        return
    if row.assignee_id is not None:
        raise TicketError("not_yours")
    _take(transaction, row, account_id, now)


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
    """Give a ticket to another person, or to a queue where somebody takes it; anybody may."""
    row = _open(transaction, ticket_id)
    if to_account is not None and not _works_here(transaction, to_account):
        raise TicketError("no_such_person")
    values: dict[str, Any] = {"assignee_id": to_account, "queue": to_queue or row.queue}
    if row.status == TicketStatus.NEW and to_account is not None:
        values["status"] = TicketStatus.CLAIMED
    data = {"to_account": to_account, "to_queue": to_queue, "text": text}
    _change(transaction, row, now, **values)
    record(transaction, ticket_id, "handed_over", now, account_id=account_id, data=data)


def reply(
    transaction: Transaction,
    ticket_id: int,
    account_id: int,
    text: str,
    now: datetime,
    *,
    seen: int,
    key: str,
) -> int:
    """Answer the merchant; gives the message's id.

    seen: the newest message that the agent saw; a newer one of the merchant refuses the reply.
    key: the sender's id of this reply; the same one twice is one message.
    """
    row = _mine(transaction, ticket_id, account_id, now)
    key = f"agent:{key}"
    theirs = _MESSAGE.c.conversation_id == row.conversation_id
    sent = line_with_key(transaction, row.conversation_id, key)
    if sent is not None:
        return sent
    if not text.strip():
        raise TicketError("empty_text")
    newer = select(_MESSAGE.c.id).where(theirs, _MESSAGE.c.id > seen, _MESSAGE.c.author == "merchant")
    if transaction.execute(newer.limit(1)).first():
        raise TicketError("stale_reply")
    who = _CONVERSATION.c.id == row.conversation_id
    conversation = transaction.execute(select(_CONVERSATION).where(who)).one()
    line = post(transaction, conversation, "agent", text.strip(), now, key=key, account_id=account_id)
    _change(transaction, row, now, touched_at=row.touched_at or now)
    record(transaction, ticket_id, "replied", now, account_id=account_id, data={"message_id": line.id})
    return line.id


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
    row = _row(transaction, ticket_id)
    if not text.strip():
        raise TicketError("empty_text")
    _change(transaction, row, now)
    data = {"text": text.strip()} | ({"topic": True} if topic else {})
    record(transaction, ticket_id, "noted", now, account_id=account_id, data=data)


def decide_delivery(
    transaction: Transaction,
    ticket_id: int,
    account_id: int,
    message_id: int,
    decision: Decision,
    now: datetime,
) -> None:
    """Decide what becomes of a reply that did not arrive, or nobody knows; on resolved tickets too."""
    row = _row(transaction, ticket_id)
    if row.status != TicketStatus.RESOLVED:
        row = _mine(transaction, ticket_id, account_id, now)
    from_status, status, event = _DECISIONS[decision]
    theirs = select(_CONVERSATION.c.sender).where(_CONVERSATION.c.id == row.conversation_id)
    message = select(_MESSAGE.c.id).where(
        _MESSAGE.c.id == message_id,
        _MESSAGE.c.conversation_id == row.conversation_id,
        _MESSAGE.c.author == "agent",
    )
    delivery = (
        _OUTBOX.c.message_id.in_(message)
        & (_OUTBOX.c.recipient == theirs.scalar_subquery())
        & _OUTBOX.c.status.in_(from_status)
    )
    values: dict[str, Any] = {"status": status}
    if decision == "again":
        # The same row: it keeps its place before later messages, and the parts that were surely sent.
        values |= {"due_at": now, "resent_at": now, "error": None}
    if not transaction.execute(update(_OUTBOX).where(delivery), values).rowcount:
        raise TicketError("delivery_settled")
    transaction.touch(OUTBOX)
    record(transaction, ticket_id, event, now, account_id=account_id, data={"message_id": message_id})


def wait(transaction: Transaction, ticket_id: int, account_id: int, now: datetime, *, text: str = "") -> None:
    """Mark a ticket as waiting for the merchant, the bank or the acquirer."""
    row = _mine(transaction, ticket_id, account_id, now)
    _change(transaction, row, now, status=TicketStatus.WAITING)
    record(transaction, ticket_id, "waiting", now, account_id=account_id, data={"text": text.strip()})


def resume(transaction: Transaction, ticket_id: int, account_id: int, now: datetime) -> None:
    """Go on with a ticket that waited."""
    row = _mine(transaction, ticket_id, account_id, now)
    if row.status != TicketStatus.WAITING:
        return
    _change(transaction, row, now, status=TicketStatus.CLAIMED)
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
    row = _mine(transaction, ticket_id, account_id, now)
    if true_cause not in causes:
        raise TicketError("unknown_cause")
    _change(transaction, row, now, status=TicketStatus.RESOLVED, true_cause=true_cause, resolved_at=now)
    # The bot is back, and tells him so.
    theirs = _CONVERSATION.c.id == row.conversation_id
    transaction.execute(update(_CONVERSATION).where(theirs), {"wake_at": now})
    data = {"true_cause": true_cause, "text": text.strip()}
    record(transaction, ticket_id, "resolved", now, account_id=account_id, data=data)


def join_incident(
    transaction: Transaction, ticket_id: int, account_id: int, now: datetime, *, incident_id: int | None
) -> None:
    """Put an open ticket under a declared outage, or (None) take it out from under one; anybody may."""
    row = _open(transaction, ticket_id)
    if row.incident_id == incident_id:
        return
    declared = (_INCIDENT.c.id == incident_id) & _INCIDENT.c.closed_at.is_(None)
    if incident_id is not None and not transaction.execute(select(_INCIDENT.c.id).where(declared)).first():
        raise TicketError("no_such_incident")
    _change(transaction, row, now, incident_id=incident_id)
    record(transaction, ticket_id, "moved", now, account_id=account_id, data={"incident": incident_id})


def reopen(transaction: Transaction, ticket_id: int, account_id: int, now: datetime) -> None:
    """Take a resolved ticket up again, unless the merchant has another open one by now."""
    row = _row(transaction, ticket_id)
    if row.status != TicketStatus.RESOLVED:
        return
    same = _TICKET.c.conversation_id == row.conversation_id
    other = select(_TICKET.c.id).where(same, _TICKET.c.status != TicketStatus.RESOLVED)
    if transaction.execute(other).first():
        raise TicketError("another_open")
    _change(
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
    row = _row(transaction, ticket_id)
    if row.contact is None:
        raise TicketError("no_contact")
    record(transaction, ticket_id, "contact_shown", now, account_id=account_id)
    return vault.open(row.contact)


def _row(transaction: Transaction, ticket_id: int) -> Row[Any]:
    # First the conversation, as a turn does: two who lock in different orders wait for each other for ever.
    theirs = select(_TICKET.c.conversation_id).where(_TICKET.c.id == ticket_id).scalar_subquery()
    transaction.execute(select(_CONVERSATION.c.id).where(_CONVERSATION.c.id == theirs).with_for_update())
    row = transaction.execute(select(_TICKET).where(_TICKET.c.id == ticket_id).with_for_update()).first()
    if row is None:
        raise TicketError("gone")
    return row


def _open(transaction: Transaction, ticket_id: int) -> Row[Any]:
    row = _row(transaction, ticket_id)
    if row.status == TicketStatus.RESOLVED:
        raise TicketError("resolved_already")
    return row


def _mine(transaction: Transaction, ticket_id: int, account_id: int, now: datetime) -> Row[Any]:
    """Give an open ticket that this agent works on; one that nobody has becomes his."""
    row = _open(transaction, ticket_id)
    if row.assignee_id is None:
        _take(transaction, row, account_id, now)
        return _row(transaction, ticket_id)
    if row.assignee_id != account_id:
        raise TicketError("not_yours")
    return row


def _take(transaction: Transaction, row: Row[Any], account_id: int, now: datetime) -> None:
    status = TicketStatus.CLAIMED if row.status == TicketStatus.NEW else row.status
    touched_at = row.touched_at or now
    _change(transaction, row, now, assignee_id=account_id, status=status, touched_at=touched_at)
    record(transaction, row.id, "claimed", now, account_id=account_id)


def _change(transaction: Transaction, row: Row[Any], now: datetime, **values: Any) -> None:
    transaction.execute(update(_TICKET).where(_TICKET.c.id == row.id), values | {"updated_at": now})
    transaction.touch(chat_topic(row.conversation_id))


def _works_here(transaction: Transaction, account_id: int) -> bool:
    here = (_ACCOUNT.c.id == account_id) & _ACCOUNT.c.disabled_at.is_(None)
    return transaction.execute(select(_ACCOUNT.c.id).where(here)).first() is not None
