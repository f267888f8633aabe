"""Replies of agents to merchants: sending them, and what becomes of one that did not arrive."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select, update

from triage.attachments import Brought, add, within_quota
from triage.bell import OUTBOX
from triage.custody import change, in_hand, locked
from triage.model import Conversation, DeliveryStatus, Message, Outbox, TicketStatus, table
from triage.store import Transaction
from triage.talks import line_with_key, post
from triage.tickets import TicketError, record

_MESSAGE, _CONVERSATION, _OUTBOX = table(Message), table(Conversation), table(Outbox)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What an agent answers."""

    #: May be empty when a file goes with it.
    text: str
    #: The newest message that he saw: a newer one of the merchant refuses the reply.
    seen: int
    #: The sender's id of it; the same one twice is one message.
    key: str
    file: Brought | None = None
    #: The channel that gives the file out.
    source: str | None = None


def send_reply(transaction: Transaction, ticket_id: int, account_id: int, reply: Reply, now: datetime) -> int:
    """Answer the merchant; gives the message's id."""
    row = in_hand(transaction, ticket_id, account_id, now)
    key = f"agent:{reply.key}"
    theirs = _MESSAGE.c.conversation_id == row.conversation_id
    sent = line_with_key(transaction, row.conversation_id, key)
    if sent is not None:
        return sent
    if not reply.text.strip() and reply.file is None:
        raise TicketError("empty_text")
    newer = select(_MESSAGE.c.id).where(theirs, _MESSAGE.c.id > reply.seen, _MESSAGE.c.author == "merchant")
    if transaction.execute(newer.limit(1)).first():
        raise TicketError("stale_reply")
    who = _CONVERSATION.c.id == row.conversation_id
    conversation = transaction.execute(select(_CONVERSATION).where(who)).one()
    file = within_quota(transaction, row.conversation_id, reply.file, "agent") if reply.file else None
    if file and file.refused:
        raise TicketError(f"file_{file.refused}")
    line = post(transaction, conversation, "agent", reply.text.strip(), now, key=key, account_id=account_id)
    if file:
        add(transaction, conversation, line.id, file, now, source=reply.source)
    change(transaction, row, now, touched_at=row.touched_at or now)
    record(transaction, ticket_id, "replied", now, account_id=account_id, data={"message_id": line.id})
    return line.id


def decide_delivery(
    transaction: Transaction,
    ticket_id: int,
    account_id: int,
    message_id: int,
    decision: Decision,
    now: datetime,
) -> None:
    """Decide what becomes of a reply that did not arrive, or nobody knows; on resolved tickets too."""
    row = locked(transaction, ticket_id)
    if row.status != TicketStatus.RESOLVED:
        row = in_hand(transaction, ticket_id, account_id, now)
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
