"""Conversations and their lines in the database: finding, locking, posting, reading back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, select

from triage.bell import BEGUN, OUTBOX, chat_subject
from triage.model import Conversation, DeliveryStatus, Incident, Message, Outbox, Ticket, table
from triage.store import Transaction

#: Channels whose merchants fetch or stream their messages; all others are pushed to from the outbox.
PULLED = frozenset({"web", "console"})
_CONVERSATION, _MESSAGE, _OUTBOX = table(Conversation), table(Message), table(Outbox)
_TICKET, _INCIDENT = table(Ticket), table(Incident)
# Built once: building a statement costs as much as running it.
_THEIRS = (_CONVERSATION.c.channel == bindparam("channel")) & (_CONVERSATION.c.sender == bindparam("sender"))
_CONVERSATION_OF = select(_CONVERSATION).where(_THEIRS)
_LOCK = select(_CONVERSATION.c.id).where(_THEIRS).with_for_update()
# With what a turn must know of it, in one statement: the message with this key, tickets, open incidents.
_FOR_TURN = _CONVERSATION_OF.add_columns(
    select(_MESSAGE.c.id)
    .where(_MESSAGE.c.conversation_id == _CONVERSATION.c.id, _MESSAGE.c.key == bindparam("key"))
    .scalar_subquery()
    .label("repeated"),
    exists().where(_MESSAGE.c.conversation_id == _CONVERSATION.c.id).label("has_lines"),
    exists().where(_TICKET.c.conversation_id == _CONVERSATION.c.id).label("has_tickets"),
    exists().where(_INCIDENT.c.closed_at.is_(None)).label("has_incidents"),
)
_WITH_KEY = select(_MESSAGE.c.id).where(
    _MESSAGE.c.conversation_id == bindparam("conversation_id"), _MESSAGE.c.key == bindparam("key")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message of a conversation, as stored: redacted."""

    id: int
    #: "merchant", "bot" or "agent".
    author: str
    text: str
    ask: dict[str, Any] | None
    strip: dict[str, Any] | None
    #: The sender's key of a merchant's line.
    key: str | None
    at: datetime


def conversation_for(
    transaction: Transaction, channel: str, sender: str, key: str, talk: dict[str, Any], now: datetime
) -> Row[Any]:
    """Give a sender's conversation, locked until the commit; begun with this talk if there was none.

    The row also tells `repeated` (id of the message that came with this key), `has_lines`, `has_tickets` and
    `has_incidents` (whether any are open anywhere).
    """
    names = {"channel": channel, "sender": sender, "key": key}
    found = _find(transaction, names)
    if found is None:
        values = {"channel": channel, "sender": sender, "talk": talk, "created_at": now, "updated_at": now}
        transaction.add_if_new(_CONVERSATION, values)
        transaction.touch(BEGUN)
        found = _find(transaction, names)
    if found is None:
        message = f"the conversation of a sender on {channel} vanished while it was begun"
        raise LookupError(message)
    return found


def _find(transaction: Transaction, names: dict[str, Any]) -> Row[Any] | None:
    if transaction.connection.dialect.name == "postgresql":
        # First the lock, then the look: what another process has just committed must be seen.
        transaction.execute(_LOCK, names)
    return transaction.execute(_FOR_TURN, names).first()


def lock(transaction: Transaction, conversation_id: int) -> Row[Any]:
    """Give a conversation, locked until the commit."""
    this = select(_CONVERSATION).where(_CONVERSATION.c.id == conversation_id)
    return transaction.execute(this.with_for_update()).one()


def post(
    transaction: Transaction,
    conversation: Row[Any],
    author: str,
    text: str,
    now: datetime,
    **columns: Any,
) -> Line:
    """Store one line (already redacted), and its delivery where the platform is pushed to.

    columns: ask, strip, key, reply_to, account_id of the message.
    """
    values = {"conversation_id": conversation.id, "author": author, "text": text, "at": now} | columns
    message_id = transaction.add(_MESSAGE, values)
    if conversation.channel not in PULLED and author != "merchant":
        delivery = {
            "message_id": message_id,
            "channel": conversation.channel,
            "recipient": conversation.sender,
            "status": DeliveryStatus.WAITING,
            "attempts": 0,
            "parts_sent": 0,
            "doubts": 0,
            "due_at": now,
        }
        transaction.add(_OUTBOX, delivery)
        transaction.touch(OUTBOX)
    transaction.touch(chat_subject(conversation.id))
    return Line(
        id=message_id,
        author=author,
        text=text,
        ask=columns.get("ask"),
        strip=columns.get("strip"),
        key=columns.get("key"),
        at=now,
    )


def line_with_key(transaction: Transaction, conversation_id: int, key: str) -> int | None:
    """Find the message that came with a sender's key."""
    names = {"conversation_id": conversation_id, "key": key}
    found: int | None = transaction.execute(_WITH_KEY, names).scalar()
    return found


def latest_with_key(transaction: Transaction, conversation_id: int, key: str) -> str | None:
    """Give the newest text that was sent under a key, or under the key and ":<something>"; None for none."""
    m = _MESSAGE.c
    same = (m.key == key) | m.key.startswith(f"{key}:", autoescape=True)
    query = select(m.text).where(m.conversation_id == conversation_id, same).order_by(m.id.desc())
    found: str | None = transaction.execute(query.limit(1)).scalar()
    return found


def replies_to(transaction: Transaction, message_id: int) -> list[Line]:
    """Give the bot's answers to one message."""
    answers = select(_MESSAGE).where(_MESSAGE.c.reply_to == message_id).order_by(_MESSAGE.c.id)
    return [_line(row) for row in transaction.execute(answers)]


def asked_before(
    transaction: Transaction, conversation_id: int, until: datetime | None = None
) -> Sequence[dict[str, Any]]:
    """Give the questions of a conversation, or those until a moment, newest first."""
    asked = (_MESSAGE.c.conversation_id == conversation_id) & (_MESSAGE.c.author == "bot")
    if until:
        asked &= _MESSAGE.c.at <= until
    rows = transaction.execute(select(_MESSAGE.c.ask).where(asked).order_by(_MESSAGE.c.id.desc()))
    return [row.ask for row in rows if row.ask]


def find_conversation(connection: Connection, channel: str, sender: str) -> Row[Any] | None:
    """Find a sender's conversation without locking it."""
    return connection.execute(_CONVERSATION_OF, {"channel": channel, "sender": sender}).first()


def lines_after(connection: Connection, conversation_id: int, after: int = 0) -> list[Line]:
    """Give a conversation's lines with higher ids than `after`, oldest first."""
    later = (_MESSAGE.c.conversation_id == conversation_id) & (_MESSAGE.c.id > after)
    return [_line(row) for row in connection.execute(select(_MESSAGE).where(later).order_by(_MESSAGE.c.id))]


def _line(row: Row[Any]) -> Line:
    return Line(
        id=row.id, author=row.author, text=row.text, ask=row.ask, strip=row.strip, key=row.key, at=row.at
    )
