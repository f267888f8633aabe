"""What waits for a person beside the queue: replies that may not have arrived, messages that failed."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select

from triage.model import Conversation, DeliveryStatus, Message, Outbox, Ticket, table, ticket_number
from triage.set_aside import count_given_up

_TICKET, _MESSAGE = table(Ticket), table(Message)
_CONVERSATION, _OUTBOX = table(Conversation), table(Outbox)
#: An outbox row that brings a message to its merchant.
TO_THE_MERCHANT = and_(
    _OUTBOX.c.message_id == _MESSAGE.c.id,
    _OUTBOX.c.channel == _CONVERSATION.c.channel,
    _OUTBOX.c.recipient == _CONVERSATION.c.sender,
)
_UNDELIVERED = _OUTBOX.c.status.in_((DeliveryStatus.FAILED, DeliveryStatus.UNCERTAIN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """What every page of the desk says first."""

    #: Number of a ticket -> how many replies on it are undelivered or uncertain.
    undelivered: Mapping[str, int]
    #: How many messages of merchants were set aside and given up.
    set_aside: int


def alarms(connection: Connection) -> Alarms:
    """Look for what waits for a person."""
    # The ticket that a reply belongs to is the newest one that was there when it was written.
    ticket = (
        select(func.max(_TICKET.c.id))
        .where(_TICKET.c.conversation_id == _MESSAGE.c.conversation_id, _TICKET.c.created_at <= _MESSAGE.c.at)
        .correlate(_MESSAGE)
        .scalar_subquery()
        .label("ticket_id")
    )
    replies = (
        select(ticket)
        .select_from(_OUTBOX)
        .join(_MESSAGE, _MESSAGE.c.id == _OUTBOX.c.message_id)
        .join(_CONVERSATION, _CONVERSATION.c.id == _MESSAGE.c.conversation_id)
        .where(_UNDELIVERED, TO_THE_MERCHANT, _MESSAGE.c.author == "agent")
        .subquery()
    )
    counted = select(replies.c.ticket_id, func.count().label("n")).group_by(replies.c.ticket_id)
    rows = connection.execute(counted.order_by(replies.c.ticket_id)).all()
    return Alarms(
        undelivered={ticket_number(row.ticket_id): row.n for row in rows if row.ticket_id},
        set_aside=count_given_up(connection),
    )
