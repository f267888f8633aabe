"""Posting a message into a conversation: the line itself, and its delivery where the platform is pushed."""

from datetime import datetime
from typing import Any

from triage.bell import OUTBOX, chat_topic
from triage.model import Message, Outbox, table
from triage.store import Transaction

#: Channels whose merchants fetch or stream their messages; all others are pushed to from the outbox.
PULLED = frozenset({"web", "console"})
_MESSAGE, _OUTBOX = table(Message), table(Outbox)


def post(
    transaction: Transaction,
    conversation_id: int,
    channel: str,
    author: str,
    text: str,
    now: datetime,
    **columns: Any,
) -> int:
    """Store one message (already redacted) of "merchant", "bot" or "agent"; gives its id.

    columns: ask, strip, key, reply_to, account_id of the message.
    """
    values = {"conversation_id": conversation_id, "author": author, "text": text, "at": now} | columns
    message_id = transaction.add(_MESSAGE, values)
    if channel not in PULLED and author != "merchant":
        transaction.add(
            _OUTBOX,
            {"message_id": message_id, "channel": channel, "due_at": now, "status": "waiting", "attempts": 0},
        )
        transaction.touch(OUTBOX)
    transaction.touch(chat_topic(conversation_id))
    return message_id
