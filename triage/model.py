"""The tables: conversations, messages, attachments, tickets, incidents, accounts, sessions, outbox."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import JSON, Column, DateTime, Dialect, Index, LargeBinary, Table, UniqueConstraint, text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; SQLite, which knows no zones, keeps it without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time, turn an aware one into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"{value} has no time zone"
            raise ValueError(message)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


def moment_column(*, nullable: bool = False, index: bool = False) -> Any:
    """Give the field of a moment."""
    return Field(sa_column=Column(Moment, nullable=nullable, index=index))


def json_column(*, nullable: bool = False) -> Any:
    """Give the field of something that is kept as JSON."""
    return Field(sa_column=Column(JSON, nullable=nullable))


class TicketStatus(StrEnum):
    """Where a ticket stands."""

    #: Nobody has taken it.
    NEW = "new"
    #: An agent has it; the bot keeps silent.
    CLAIMED = "claimed"
    #: It waits for the merchant, the bank or the acquirer.
    WAITING = "waiting"
    #: Done, with the cause that it really was.
    RESOLVED = "resolved"


class DeliveryStatus(StrEnum):
    """How far an outgoing message has come on its way to a platform."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    #: The platform may or may not have shown it; a person decides.
    UNCERTAIN = "uncertain"
    #: It did not arrive, and a person has decided to leave it at that.
    LEFT = "left"


class AttachmentState(StrEnum):
    """Where a merchant's file stands."""

    #: The platform still has it.
    WAITING = "waiting"
    STORED = "stored"
    #: Not kept, for the reason that is noted.
    REFUSED = "refused"
    #: Its time is over, and its bytes are gone.
    REMOVED = "removed"


class Conversation(SQLModel, table=True):
    """One merchant on one channel, with the state of his talk."""

    __tablename__ = "conversation"
    __table_args__ = (UniqueConstraint("channel", "sender"),)

    id: int | None = Field(default=None, primary_key=True)
    channel: str
    #: Opaque: a hash of the token for the web, a chat id for a platform.
    sender: str
    #: bot.talk.state.Talk as JSON.
    talk: dict[str, Any] = json_column()
    #: When the bot speaks next without being spoken to; None = not at all.
    wake_at: datetime | None = moment_column(nullable=True, index=True)
    created_at: datetime = moment_column()
    updated_at: datetime = moment_column()


class Message(SQLModel, table=True):
    """One line of a conversation, redacted. Never changed."""

    __tablename__ = "message"
    __table_args__ = (UniqueConstraint("conversation_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    conversation_id: int = Field(foreign_key="conversation.id", index=True)
    #: "merchant", "bot" or "agent".
    author: str
    text: str
    #: The question on it, as every channel shows it.
    ask: dict[str, Any] | None = json_column(nullable=True)
    #: The strip of days that goes with a due date.
    strip: dict[str, Any] | None = json_column(nullable=True)
    #: The sender's key of an incoming message; the same key twice is one message.
    key: str | None = None
    #: The incoming message that this one answers.
    reply_to: int | None = Field(default=None, foreign_key="message.id", index=True)
    account_id: int | None = Field(default=None, foreign_key="account.id")
    at: datetime = moment_column()


class Attachment(SQLModel, table=True):
    """A picture, document or voice message of a merchant or an agent."""

    __tablename__ = "attachment"
    __table_args__ = (UniqueConstraint("conversation_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    #: Its random name in addresses.
    name: str = Field(unique=True)
    conversation_id: int = Field(foreign_key="conversation.id")
    message_id: int = Field(foreign_key="message.id", index=True)
    #: The channel that gives it out.
    channel: str
    #: The sender's key of it; the same key twice is one file.
    key: str
    #: The platform's album that it belongs to.
    album: str | None = None
    #: "photo", "document" or "voice": as it was sent, and once it is here, as it is.
    kind: str
    #: Told from its bytes.
    media_type: str | None = None
    size: int | None = None
    state: str = Field(index=True)
    #: Why it is not kept (triage.media.Refusal).
    reason: str | None = None
    #: What the platform gives the bytes out for, while they must be fetched; never an address.
    reference: str | None = None
    #: How often it was taken in hand; every taking has its own number, which must match to mark the end.
    attempts: int = 0
    #: Not before this moment: the next try, or when the hold of who is fetching it runs out.
    due_at: datetime = moment_column()
    at: datetime = moment_column()
    removed_at: datetime | None = moment_column(nullable=True)


class AttachmentBytes(SQLModel, table=True):
    """The bytes of a stored attachment, encrypted (triage.vault); apart, so that lists never read them."""

    __tablename__ = "attachment_bytes"

    attachment_id: int = Field(primary_key=True, foreign_key="attachment.id")
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Outbox(SQLModel, table=True):
    """A message that a platform must be given, or was (only for channels that push)."""

    __tablename__ = "outbox"
    __table_args__ = (
        # Finds the oldest open delivery of each recipient without looking at those that are done.
        Index(
            "open_deliveries",
            "channel",
            "recipient",
            "id",
            sqlite_where=text("status IN ('waiting', 'sending')"),
            postgresql_where=text("status IN ('waiting', 'sending')"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    message_id: int = Field(foreign_key="message.id", unique=True)
    channel: str
    #: Whom the platform gives it to, as the channel writes it; one recipient's go out in order.
    recipient: str
    status: str = DeliveryStatus.WAITING
    #: How often it was taken in hand; every taking has its own number, which must match to mark the end.
    attempts: int = 0
    #: Parts of a long text that were sent.
    parts_sent: int = 0
    #: How often nobody could tell whether it arrived: above zero, it may have been shown twice or not at all.
    doubts: int = 0
    #: Not before this moment: the first try, the next one, or when the hold of a sender runs out.
    due_at: datetime = moment_column()
    #: Why it failed or is tried again, as one word: blocked, refused, busy, …
    error: str | None = None
    #: When a person had it sent once more: the time that it may take begins anew.
    resent_at: datetime | None = moment_column(nullable=True)


class SetAside(SQLModel, table=True):
    """A message whose turn failed: tried again from here, left for a person after the fifth time."""

    __tablename__ = "set_aside"
    __table_args__ = (UniqueConstraint("channel", "sender", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    channel: str
    sender: str
    key: str
    #: The redacted message as JSON.
    payload: dict[str, Any] = json_column()
    tries: int = 1
    #: None = given up: a person must look.
    next_try_at: datetime | None = moment_column(nullable=True, index=True)
    error: str
    at: datetime = moment_column()


class Account(SQLModel, table=True):
    """A person who works at the desk."""

    __tablename__ = "account"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    display_name: str
    password_hash: str
    must_change_password: bool = False
    disabled_at: datetime | None = moment_column(nullable=True)
    created_at: datetime = moment_column()


class LoginFailure(SQLModel, table=True):
    """A wrong password, kept for an hour to slow guessing down."""

    __tablename__ = "login_failure"

    id: int | None = Field(default=None, primary_key=True)
    #: As typed, lower case, cut to 64 characters.
    name: str = Field(index=True)
    at: datetime = moment_column()


class DeskSession(SQLModel, table=True):
    """A login at the desk."""

    __tablename__ = "desk_session"

    #: SHA-256 of the cookie's token, hexadecimal.
    id: str = Field(primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    csrf_token: str
    created_at: datetime = moment_column()
    seen_at: datetime = moment_column()


class Incident(SQLModel, table=True):
    """A declared outage that collects the cases it concerns."""

    __tablename__ = "incident"

    id: int | None = Field(default=None, primary_key=True)
    #: What merchants are told, in both languages: {"zh": …, "en": …}.
    notice: dict[str, Any] = json_column()
    #: Fact -> value that a case must have: brand, pay_method, settle_bank; empty = everybody.
    scope: dict[str, Any] = json_column()
    opened_at: datetime = moment_column()
    closed_at: datetime | None = moment_column(nullable=True)


class Ticket(SQLModel, table=True):
    """A case that a person works on, with the bot's work already done."""

    __tablename__ = "ticket"
    __table_args__ = (
        # One open ticket a conversation, held by the database and not by hope.
        Index(
            "one_open_ticket",
            "conversation_id",
            unique=True,
            sqlite_where=text("status != 'resolved'"),
            postgresql_where=text("status != 'resolved'"),
        ),
        Index("queue_order", "status", "due_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    conversation_id: int = Field(foreign_key="conversation.id", index=True)
    language: str
    #: The bot's diagnosis.
    cause: str
    #: What it really was, as the agent found out.
    true_cause: str | None = None
    queue: str = Field(index=True)
    priority: str
    #: Words for why the priority is higher than the cause's own, as keys of routing.yaml.
    priority_reasons: list[str] = json_column()
    # Kept as plain text, so that a status added later needs no type change in PostgreSQL.
    status: str = TicketStatus.NEW
    assignee_id: int | None = Field(default=None, foreign_key="account.id", index=True)
    incident_id: int | None = Field(default=None, foreign_key="incident.id", index=True)
    #: Fact -> {"value", "source"}, as in the talk.
    facts: dict[str, Any] = json_column()
    #: {"causes": [[id, probability]…], "why": […], "ruled_out": […], "asked": […], "version": …}.
    diagnosis: dict[str, Any] = json_column()
    #: Facts that the cause asks for as evidence and that are still unknown.
    missing: list[str] = json_column()
    #: Phone number for a call-back, encrypted (triage.vault).
    contact: str | None = None
    #: When a person must have touched it first, in service hours.
    due_at: datetime = moment_column()
    created_at: datetime = moment_column()
    touched_at: datetime | None = moment_column(nullable=True)
    resolved_at: datetime | None = moment_column(nullable=True)
    updated_at: datetime = moment_column()


class TicketEvent(SQLModel, table=True):
    """One step of a ticket's life. The database refuses to change or delete it."""

    __tablename__ = "ticket_event"

    id: int | None = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    #: The account that did it; None = the bot or the merchant, as `actor` says.
    account_id: int | None = Field(default=None, foreign_key="account.id")
    #: "agent", "bot" or "merchant".
    actor: str
    #: filed, claimed, handed_over, replied, noted, waiting, resumed, resolved, reopened, …
    kind: str
    data: dict[str, Any] = json_column()
    at: datetime = moment_column()


def table(model: type[SQLModel]) -> Table:
    """Give the Core table of a model: the turn speaks Core, which is ten times faster than the ORM."""
    return cast("Table", model.__table__)  # type: ignore[attr-defined]


def ticket_number(ticket_id: int) -> str:
    """Write a ticket's number as people say it: DZ-000123."""
    return f"DZ-{ticket_id:06d}"
