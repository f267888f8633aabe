"""Topics: what a group of agents on a platform has been shown of each ticket."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, UniqueConstraint, exists, func, select, update
from sqlmodel import Field, SQLModel

from triage.bell import DESK
from triage.model import (
    Account,
    Attachment,
    AttachmentState,
    DeliveryStatus,
    Message,
    Outbox,
    Ticket,
    TicketEvent,
    TicketStatus,
    json_column,
    moment_column,
    table,
)
from triage.store import Transaction


class Topic(SQLModel, table=True):
    """What a group of agents has been shown of a ticket."""

    __tablename__ = "topic"
    __table_args__ = (UniqueConstraint("chat_id", "thread_id"),)

    ticket_id: int = Field(primary_key=True, foreign_key="ticket.id")
    #: The group.
    chat_id: str = Field(primary_key=True)
    #: The topic in it; None = it is yet to be opened.
    thread_id: int | None = None
    closed: bool = False
    #: The topic's name as last set.
    name: str = ""
    #: The message with the card; None = it is yet to be sent.
    card_id: int | None = None
    pinned: bool = False
    #: Hash of the card as last shown.
    card: str = ""
    #: Which menu is open below the card; "" = the first one.
    menu: str = ""
    #: The newest message of the talk, the newest event, and the merchant's newest file, that the topic has.
    message_id: int = 0
    event_id: int = 0
    file_id: int = 0
    #: How many replies the card says did not arrive.
    undelivered: int = 0
    #: What agents must still be told there: [{"text", "reply_to": message}…].
    notices: list[dict[str, Any]] = json_column()
    #: The step that was begun and is not noted as done: after a crash nobody knows whether it happened.
    doing: str = ""
    #: True when there is something to show of which the ticket's row does not tell.
    stirred: bool = False
    #: `updated_at` of the ticket as last shown in full.
    shown_at: datetime | None = moment_column(nullable=True)


class LostTopic(SQLModel, table=True):
    """A topic that Telegram said was gone; people may still write in it, and mean its ticket."""

    __tablename__ = "lost_topic"

    chat_id: str = Field(primary_key=True)
    thread_id: int = Field(primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id")


#: What is noted of a topic that is yet to be opened, or that is gone.
NOTHING_SHOWN: dict[str, Any] = {
    "thread_id": None,
    "closed": False,
    "name": "",
    "card_id": None,
    "pinned": False,
    "card": "",
    "menu": "",
    "message_id": 0,
    "event_id": 0,
    "file_id": 0,
    "undelivered": 0,
    "doing": "",
    "shown_at": None,
}
#: A topic begins with at most so many lines of the talk before it.
MOST_NEWS = 40
#: How the keys of replies begin that were written in a topic: it has them already.
FROM_A_TOPIC = "agent:topic:"
_TOPIC, _TICKET, _MESSAGE, _EVENT = table(Topic), table(Ticket), table(Message), table(TicketEvent)
_LOST = table(LostTopic)
_OUTBOX, _ACCOUNT, _ATTACHMENT = table(Outbox), table(Account), table(Attachment)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A line of the talk, or an agent's note, that a topic does not have yet."""

    #: "merchant", "bot" or "agent".
    author: str
    #: Display name of the agent.
    name: str | None
    text: str
    at: datetime
    #: Of the message; 0 for a note.
    message_id: int = 0
    #: Of the event that holds a note; 0 for a message.
    event_id: int = 0


def behind(connection: Connection, chat_id: str, resting: Sequence[int], limit: int) -> Sequence[int]:
    """Name the tickets of which the group must see more: first those that agents wait for, then by due time.

    A ticket that was resolved before the group ever saw it is left out, and so are those that rest.
    """
    t, p = _TICKET.c, _TOPIC.c
    is_open = t.status != TicketStatus.RESOLVED
    newer = exists().where(
        _MESSAGE.c.conversation_id == t.conversation_id, _MESSAGE.c.id > p.message_id, _not_from_a_topic()
    )
    a = _ATTACHMENT.c
    next_file = (
        select(a.state)
        .join(_MESSAGE, _MESSAGE.c.id == a.message_id)
        .where(a.conversation_id == t.conversation_id, a.id > p.file_id, _MESSAGE.c.author == "merchant")
        .order_by(a.id)
        .limit(1)
        .correlate(_TICKET, _TOPIC)
        .scalar_subquery()
    )
    lost = _lost(t.conversation_id, t.created_at).correlate(_TICKET).scalar_subquery()
    known = p.ticket_id.is_not(None)
    query = (
        select(t.id)
        .outerjoin(_TOPIC, (p.ticket_id == t.id) & (p.chat_id == chat_id))
        .where(
            (~known & is_open)
            | p.stirred
            | (known & (p.shown_at.is_(None) | (p.shown_at != t.updated_at)))
            | (is_open & known & (newer | (next_file != AttachmentState.WAITING) | (p.undelivered != lost)))
        )
        .where(t.id.not_in(resting))
        .order_by(func.coalesce(p.stirred, False).desc(), t.due_at, t.id)
        .limit(limit)
    )
    return [row.id for row in connection.execute(query)]


def _not_from_a_topic() -> ColumnElement[bool]:
    key = _MESSAGE.c.key
    return key.is_(None) | ~key.startswith(FROM_A_TOPIC, autoescape=True)


def topic_of(transaction: Transaction, ticket_id: int, chat_id: str) -> Row[Any]:
    """Give what the group has been shown of a ticket; nothing at first."""
    this = _this(ticket_id, chat_id)
    values = {
        "ticket_id": ticket_id,
        "chat_id": chat_id,
        "stirred": False,
        "notices": [],
        **NOTHING_SHOWN,
    }
    transaction.add_if_new(_TOPIC, values)
    return transaction.execute(select(_TOPIC).where(this).with_for_update()).one()


def note(
    transaction: Transaction, ticket_id: int, chat_id: str, *, told: bool = False, **values: Any
) -> None:
    """Note what the group has been shown, or a step towards it; told: the oldest notice was given."""
    if told:
        values["notices"] = topic_of(transaction, ticket_id, chat_id).notices[1:]
    transaction.execute(update(_TOPIC).where(_this(ticket_id, chat_id)).values(values))


def lose(transaction: Transaction, topic: Row[Any]) -> None:
    """Note that a topic is gone, with all that was in it; who writes in it all the same is understood."""
    if topic.thread_id is not None:
        values = {"chat_id": topic.chat_id, "thread_id": topic.thread_id, "ticket_id": topic.ticket_id}
        transaction.add_if_new(_LOST, values)
    note(transaction, topic.ticket_id, topic.chat_id, **NOTHING_SHOWN)


def stir(transaction: Transaction, ticket_id: int, chat_id: str, **values: Any) -> None:
    """Have the topic looked after soon, because of something that the ticket's row does not tell of."""
    note(transaction, ticket_id, chat_id, stirred=True, **values)
    transaction.touch(DESK)


def tell(transaction: Transaction, ticket_id: int, chat_id: str, text: str, reply_to: int) -> None:
    """Tell agents something in the topic, below one of their messages; it waits until it can be said."""
    notices = [*topic_of(transaction, ticket_id, chat_id).notices, {"text": text, "reply_to": reply_to}]
    stir(transaction, ticket_id, chat_id, notices=notices)


def topic_in(connection: Connection, ticket_id: int, chat_id: str) -> Row[Any] | None:
    """Give what the group has been shown of a ticket; None when it was not begun."""
    return connection.execute(select(_TOPIC).where(_this(ticket_id, chat_id))).first()


def newest_message(connection: Connection, ticket: Any) -> int:
    """Give the id of the newest message of a ticket's talk; 0 for none."""
    theirs = select(func.max(_MESSAGE.c.id)).where(_MESSAGE.c.conversation_id == ticket["conversation_id"])
    return int(connection.execute(theirs).scalar() or 0)


def news_for(connection: Connection, topic: Row[Any], ticket: Any) -> list[News]:
    """Give what was said and noted since the topic was last brought up to date, oldest first.

    What was written in the topic itself is left out, and so is what came after the ticket was resolved.
    """
    m, e = _MESSAGE.c, _EVENT.c
    lines = (
        select(m.id, m.author, m.text, m.at, _ACCOUNT.c.display_name)
        .outerjoin(_ACCOUNT, _ACCOUNT.c.id == m.account_id)
        .where(m.conversation_id == ticket["conversation_id"], m.id > topic.message_id)
        .where(_not_from_a_topic())
        # A fresh topic begins with the end of the talk; later ones go on where they are.
        .order_by(m.id if topic.message_id else m.id.desc())
        .limit(MOST_NEWS)
    )
    notes = (
        select(e.id, e.data, e.at, _ACCOUNT.c.display_name)
        .outerjoin(_ACCOUNT, _ACCOUNT.c.id == e.account_id)
        .where(e.ticket_id == topic.ticket_id, e.id > topic.event_id)
        .where(e.account_id.is_not(None) | (e.kind == "another_sale"))
        .order_by(e.id)
    )
    news: list[News] = []
    for row in sorted(connection.execute(lines).all(), key=lambda row: row.id):
        # Two that came at once may have been stored the other way round; a talk goes by its numbers.
        at = max(row.at, news[-1].at) if news else row.at
        said = News(author=row.author, name=row.display_name, text=row.text, at=at, message_id=row.id)
        news.append(said)
    news += [
        News(
            author="agent" if row.display_name else "bot",
            name=row.display_name,
            text=row.data["text"],
            at=row.at,
            event_id=row.id,
        )
        for row in connection.execute(notes)
        if row.data.get("text") and not row.data.get("topic")
    ]
    end = ticket["resolved_at"]
    return sorted((one for one in news if end is None or one.at <= end), key=lambda one: one.at)


def undelivered(connection: Connection, ticket: Any) -> int:
    """Count the replies of agents, since the ticket was filed, that did not or may not have arrived."""
    query = _lost(ticket["conversation_id"], ticket["created_at"])
    return int(connection.execute(query).scalar_one())


def _lost(conversation_id: Any, since: Any) -> Select[Any]:
    m, a = _MESSAGE.c, _ATTACHMENT.c
    lost = _OUTBOX.c.status.in_((DeliveryStatus.FAILED, DeliveryStatus.UNCERTAIN))
    return (
        select(func.count(m.id.distinct()))
        .select_from(_MESSAGE)
        .outerjoin(_OUTBOX, _OUTBOX.c.message_id == m.id)
        .outerjoin(_ATTACHMENT, a.message_id == m.id)
        .where(m.conversation_id == conversation_id, m.author == "agent", m.at >= since)
        .where(lost | (a.state == AttachmentState.REFUSED))
    )


def ticket_in(connection: Connection, chat_id: str, thread_id: int) -> Row[Any] | None:
    """Find the ticket of a topic (id, conversation_id, language); None when the topic is none of ours."""
    t, p, lost = _TICKET.c, _TOPIC.c, _LOST.c
    now = select(p.ticket_id).where(p.chat_id == chat_id, p.thread_id == thread_id)
    before = select(lost.ticket_id).where(lost.chat_id == chat_id, lost.thread_id == thread_id)
    query: Select[Any] = select(t.id, t.conversation_id, t.language).where(t.id.in_(now.union(before)))
    return connection.execute(query).first()


def _this(ticket_id: int, chat_id: str) -> Any:
    return (_TOPIC.c.ticket_id == ticket_id) & (_TOPIC.c.chat_id == chat_id)
