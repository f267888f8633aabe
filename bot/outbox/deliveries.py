"""Deliveries in the database: taking them in hand, marking how they ended, freeing those that were left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from bot.messages import Outgoing
from triage.bell import DESK
from triage.model import Attachment, Conversation, DeliveryStatus, Message, Outbox, table
from triage.store import Transaction

#: A delivery in hand is nobody else's for so long; whoever holds it longer has died.
HOLD = timedelta(seconds=60)
_OUTBOX, _MESSAGE, _CONVERSATION = table(Outbox), table(Message), table(Conversation)
_ATTACHMENT = table(Attachment)
#: What an agent sent along with the message.
_FILE = (
    select(_ATTACHMENT.c.name)
    .where(_ATTACHMENT.c.message_id == _MESSAGE.c.id, _MESSAGE.c.author == "agent")
    .correlate(_MESSAGE)
    .scalar_subquery()
    .label("file")
)
_OPEN = _OUTBOX.c.status.in_((DeliveryStatus.WAITING, DeliveryStatus.SENDING))


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery in hand."""

    id: int
    #: Its number among the takings of this row: another process that took it over has a higher one.
    attempt: int
    parts_sent: int
    #: When a person had it sent once more.
    resent_at: datetime | None
    message: Outgoing
    #: Name of the attachment that goes with it.
    file: str | None = None


def something_due(connection: Connection, channels: Sequence[str], now: datetime) -> bool:
    """Say whether there is something to send or to free."""
    oldest = select(func.min(_OUTBOX.c.id)).where(_OPEN, _OUTBOX.c.channel.in_(channels))
    oldest = oldest.group_by(_OUTBOX.c.channel, _OUTBOX.c.recipient)
    due = select(_OUTBOX.c.id).where(_OUTBOX.c.id.in_(oldest), _OUTBOX.c.due_at <= now)
    return connection.execute(due.limit(1)).first() is not None


def take(
    transaction: Transaction, channel: str, resting: Sequence[str], room: int, now: datetime
) -> list[Delivery]:
    """Take what is due in hand: of each recipient the oldest delivery that is not done, if it may go.

    resting: recipients who get nothing now. room: at most so many.
    """
    oldest = select(func.min(_OUTBOX.c.id)).where(_OPEN, _OUTBOX.c.channel == channel)
    oldest = oldest.where(_OUTBOX.c.recipient.not_in(resting)).group_by(_OUTBOX.c.recipient)
    due = (
        select(
            _OUTBOX,
            *(_MESSAGE.c[name] for name in ("author", "text", "ask", "strip", "at")),
            _CONVERSATION.c.talk,
            _FILE,
        )
        .join(_MESSAGE, _MESSAGE.c.id == _OUTBOX.c.message_id)
        .join(_CONVERSATION, _CONVERSATION.c.id == _MESSAGE.c.conversation_id)
        .where(_OUTBOX.c.id.in_(oldest), _OUTBOX.c.status == DeliveryStatus.WAITING, _OUTBOX.c.due_at <= now)
        .order_by(_OUTBOX.c.due_at, _OUTBOX.c.id)
        .limit(room)
        # Several processes share the work: what another one is taking is left to it.
        .with_for_update(skip_locked=True, of=_OUTBOX)
    )
    rows = transaction.execute(due).all()
    taken = update(_OUTBOX).where(_OUTBOX.c.id.in_([row.id for row in rows]))
    values = {"status": DeliveryStatus.SENDING, "due_at": now + HOLD}
    if rows:
        transaction.execute(taken.values(attempts=_OUTBOX.c.attempts + 1, **values))
    return [_delivery(row) for row in rows]


def _delivery(row: Row[Any]) -> Delivery:
    message = Outgoing(
        id=row.message_id,
        channel=row.channel,
        sender=row.recipient,
        author=row.author,
        text=row.text,
        ask=row.ask,
        strip=row.strip,
        language=row.talk["language"],
        at=row.at,
    )
    return Delivery(
        id=row.id,
        attempt=row.attempts + 1,
        parts_sent=row.parts_sent,
        resent_at=row.resent_at,
        message=message,
        file=row.file,
    )


def mark(transaction: Transaction, delivery: Delivery, **values: Any) -> bool:
    """Write how a taking ended; False when the delivery was taken over since, and is not ours to mark."""
    ours = (
        (_OUTBOX.c.id == delivery.id)
        & (_OUTBOX.c.attempts == delivery.attempt)
        & (_OUTBOX.c.status == DeliveryStatus.SENDING)
    )
    marked = transaction.execute(update(_OUTBOX).where(ours).values(values)).rowcount == 1
    if values["status"] in (DeliveryStatus.FAILED, DeliveryStatus.UNCERTAIN):
        transaction.touch(DESK)
    return marked


def doubt(transaction: Transaction, delivery: Delivery, now: datetime) -> None:
    """Mark a delivery of which nobody knows whether it arrived."""
    held = select(_OUTBOX.c.id, _OUTBOX.c.doubts, _MESSAGE.c.author).join(_MESSAGE)
    row = transaction.execute(held.where(_OUTBOX.c.id == delivery.id)).one()
    mark(transaction, delivery, **_doubtful(row, now))


def free(transaction: Transaction, channels: Sequence[str], now: datetime, *, all_held: bool) -> int:
    """Free deliveries whose sender died in the middle of them; gives how many there were.

    all_held: no other process can be holding one, so none is waited for.
    """
    held = (_OUTBOX.c.status == DeliveryStatus.SENDING) & _OUTBOX.c.channel.in_(channels)
    if not all_held:
        held &= _OUTBOX.c.due_at <= now
    left = select(_OUTBOX.c.id, _OUTBOX.c.doubts, _MESSAGE.c.author).join(_MESSAGE).where(held)
    rows = transaction.execute(left.with_for_update(skip_locked=True, of=_OUTBOX)).all()
    for row in rows:
        freed = update(_OUTBOX).where(_OUTBOX.c.id == row.id, _OUTBOX.c.status == DeliveryStatus.SENDING)
        transaction.execute(freed.values(_doubtful(row, now)))
    if rows:
        transaction.touch(DESK)
    return len(rows)


def _doubtful(row: Row[Any], now: datetime) -> dict[str, Any]:
    """Give a doubtful delivery's values: the bot's text is sent once more, a person's is left to a person."""
    again = row.author == "bot" and row.doubts == 0
    status = DeliveryStatus.WAITING if again else DeliveryStatus.UNCERTAIN
    return {"status": status, "doubts": row.doubts + 1, "due_at": now, "error": "uncertain"}


def give_up_on(transaction: Transaction, channel: str, recipient: str, reason: str) -> None:
    """Fail everything that still waits for a recipient who can no longer be reached."""
    theirs = (_OUTBOX.c.channel == channel) & (_OUTBOX.c.recipient == recipient)
    waiting = update(_OUTBOX).where(theirs, _OUTBOX.c.status == DeliveryStatus.WAITING)
    transaction.execute(waiting.values(status=DeliveryStatus.FAILED, error=reason))
    transaction.touch(DESK)
