"""Merchants' files in the database: stored with their message, fetched later, opened, removed in time."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, exists, func, select, update

from triage.bell import DESK, FILES, chat_subject
from triage.media import KEPT, LARGEST, File, Kind, NotKeptError, Refusal, examine
from triage.model import (
    Attachment,
    AttachmentBytes,
    AttachmentState,
    Conversation,
    Message,
    Ticket,
    TicketStatus,
    table,
)
from triage.store import Transaction
from triage.vault import Vault, VaultError

#: What one conversation may have at the same time.
MOST_FILES, MOST_BYTES = 20, 100 * 2**20
#: Files whose time is over are removed so many at once.
REMOVED_AT_ONCE = 50
_ATTACHMENT, _BYTES = table(Attachment), table(AttachmentBytes)
_CONVERSATION, _TICKET, _MESSAGE = table(Conversation), table(Ticket), table(Message)
_HELD = _ATTACHMENT.c.state.in_((AttachmentState.WAITING, AttachmentState.STORED))


class FileNotHereError(Exception):
    """A file's bytes are not to be had: not yet, or no more."""

    def __init__(self, *, is_coming: bool) -> None:
        super().__init__("a file is not here")
        self.is_coming = is_coming


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A file that was looked at, ready to be stored with its message."""

    file: File
    media_type: str | None = None
    #: The bytes, encrypted; None while the platform has them, and when they are not kept.
    sealed: bytes | None = None
    refused: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A file as the desk lists it."""

    #: Its place among the files of the conversation, from 1.
    number: int
    name: str
    message_id: int
    kind: str
    media_type: str | None
    size: int | None
    state: str
    reason: str | None
    removed_at: datetime | None
    #: "merchant" or "agent".
    author: str


def look_at(file: File, vault: Vault) -> Brought:
    """Check what can be checked before the message is stored, and encrypt what is here."""
    content = file.content
    bare = replace(file, content=None)
    if content is None:
        too_large = file.size is not None and file.size > LARGEST[file.kind]
        return Brought(file=bare, refused="too_large" if too_large else None)
    try:
        media_type = examine(file.kind, content)
    except NotKeptError as error:
        return Brought(file=bare, refused=error.reason)
    return Brought(file=replace(bare, size=len(content)), media_type=media_type, sealed=vault.seal(content))


def within_quota(
    transaction: Transaction, conversation_id: int, brought: Brought, author: str = "merchant"
) -> Brought:
    """Refuse a file that is one too many of its author's in its conversation (which is locked)."""
    if brought.refused or _has_room(transaction, conversation_id, author, brought.file.size or 0):
        return brought
    return replace(brought, sealed=None, refused="quota")


def _has_room(
    transaction: Transaction, conversation_id: int, author: str, size: int, without: int = 0
) -> bool:
    """Say whether another file is within the quota of an author; `without` is one not to be counted."""
    c = _ATTACHMENT.c
    used = select(func.count().label("files"), func.coalesce(func.sum(c.size), 0).label("bytes"))
    theirs = used.join(_MESSAGE, _MESSAGE.c.id == c.message_id).where(_MESSAGE.c.author == author)
    others = theirs.where(c.conversation_id == conversation_id, c.id != without, _HELD)
    row = transaction.execute(others).one()
    return bool(row.files < MOST_FILES and row.bytes + size <= MOST_BYTES)


def add(
    transaction: Transaction,
    conversation: Row[Any],
    message_id: int,
    brought: Brought,
    now: datetime,
    *,
    source: str | None = None,
) -> Refusal | None:
    """Store a file with its message, once by its key.

    source: the channel that gives it out, where that is not the merchant's own. Gives why it is not kept, if
    it is the first of its message that is refused for this reason.
    """
    file, c = brought.file, _ATTACHMENT.c
    same = select(c.id).where(c.conversation_id == conversation.id, c.key == file.key)
    if transaction.execute(same).first():
        return None
    is_first = brought.refused and _is_first_refused(transaction, message_id, brought.refused)
    state = AttachmentState.WAITING
    if brought.refused or brought.sealed:
        state = AttachmentState.REFUSED if brought.refused else AttachmentState.STORED
    values = {
        "name": secrets.token_urlsafe(16),
        "conversation_id": conversation.id,
        "message_id": message_id,
        "channel": source or conversation.channel,
        "key": file.key,
        "album": file.album,
        "kind": KEPT[brought.media_type][0] if brought.media_type else file.kind,
        "media_type": brought.media_type,
        "size": file.size,
        "state": state,
        "reason": brought.refused,
        "reference": file.reference if state == AttachmentState.WAITING else None,
        "attempts": 0,
        "due_at": now,
        "at": now,
    }
    attachment_id = transaction.add(_ATTACHMENT, values)
    if brought.sealed:
        transaction.execute(_BYTES.insert(), {"attachment_id": attachment_id, "sealed": brought.sealed})
    transaction.touch(DESK, FILES)
    return brought.refused if is_first else None


def message_of_album(transaction: Transaction, conversation_id: int, album: str) -> int | None:
    """Find the message that began an album."""
    c = _ATTACHMENT.c
    of_album = select(func.min(c.message_id)).where(c.conversation_id == conversation_id, c.album == album)
    found: int | None = transaction.execute(of_album).scalar()
    return found


# Fetching what the platform still has.


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A file in hand, to be fetched."""

    id: int
    #: Its number among the takings of this row: another process that took it over has a higher one.
    attempt: int
    conversation_id: int
    message_id: int
    channel: str
    kind: Kind
    reference: str
    at: datetime


def take_waiting(
    transaction: Transaction, channels: Sequence[str], room: int, now: datetime, hold: timedelta
) -> list[Waiting]:
    """Take files in hand that are to be fetched now; nobody else takes them before the hold is over."""
    c = _ATTACHMENT.c
    due = (
        select(_ATTACHMENT)
        .where(c.state == AttachmentState.WAITING, c.channel.in_(channels), c.due_at <= now)
        .order_by(c.due_at, c.id)
        .limit(room)
        .with_for_update(skip_locked=True)
    )
    rows = transaction.execute(due).all()
    if rows:
        taken = update(_ATTACHMENT).where(c.id.in_([row.id for row in rows]))
        transaction.execute(taken.values(attempts=c.attempts + 1, due_at=now + hold))
    return [
        Waiting(
            id=row.id,
            attempt=row.attempts + 1,
            conversation_id=row.conversation_id,
            message_id=row.message_id,
            channel=row.channel,
            kind=row.kind,
            reference=row.reference,
            at=row.at,
        )
        for row in rows
    ]


def something_waits(connection: Connection, channels: Sequence[str], now: datetime) -> bool:
    """Say whether there is something to fetch now."""
    c = _ATTACHMENT.c
    due = select(c.id).where(c.state == AttachmentState.WAITING, c.channel.in_(channels), c.due_at <= now)
    return connection.execute(due.limit(1)).first() is not None


def release(transaction: Transaction, channels: Sequence[str], now: datetime) -> None:
    """Take back what a process that died was fetching; only where no other one can be at it."""
    c = _ATTACHMENT.c
    waiting = (c.state == AttachmentState.WAITING) & c.channel.in_(channels)
    transaction.execute(update(_ATTACHMENT).where(waiting), {"due_at": now})


def keep(transaction: Transaction, waiting: Waiting, media_type: str, size: int, sealed: bytes) -> bool:
    """Store what was fetched; False when that would be too much of its author's in its conversation."""
    author = author_of(transaction, waiting)
    if not _has_room(transaction, waiting.conversation_id, author, size, without=waiting.id):
        return False
    values = {
        "state": AttachmentState.STORED,
        "kind": KEPT[media_type][0],
        "media_type": media_type,
        "size": size,
        "reference": None,
    }
    if _mark(transaction, waiting, **values):
        transaction.execute(_BYTES.insert(), {"attachment_id": waiting.id, "sealed": sealed})
    return True


def author_of(transaction: Transaction, waiting: Waiting) -> str:
    """Say who sent a file: "merchant" or "agent"."""
    sent = select(_MESSAGE.c.author).where(_MESSAGE.c.id == waiting.message_id)
    return str(transaction.execute(sent).scalar_one())


def put_off(transaction: Transaction, waiting: Waiting, until: datetime) -> None:
    """Try again later."""
    _mark(transaction, waiting, due_at=until)


def refuse(transaction: Transaction, waiting: Waiting, reason: Refusal) -> bool:
    """Do not keep a file; gives whether it is the first of its message that is refused for this reason."""
    is_first = _is_first_refused(transaction, waiting.message_id, reason)
    values = {"state": AttachmentState.REFUSED, "reason": reason, "reference": None}
    return _mark(transaction, waiting, **values) and is_first


def _is_first_refused(transaction: Transaction, message_id: int, reason: Refusal) -> bool:
    before = select(_ATTACHMENT.c.id).where(
        _ATTACHMENT.c.message_id == message_id, _ATTACHMENT.c.reason == reason
    )
    return transaction.execute(before).first() is None


def _mark(transaction: Transaction, waiting: Waiting, **values: Any) -> bool:
    """Write how a taking ended; False when another process has taken the file over since."""
    c = _ATTACHMENT.c
    ours = (c.id == waiting.id) & (c.attempts == waiting.attempt) & (c.state == AttachmentState.WAITING)
    transaction.touch(DESK, chat_subject(waiting.conversation_id))
    return transaction.execute(update(_ATTACHMENT).where(ours).values(values)).rowcount == 1


# What the desk shows, and the end.


def files_of(connection: Connection, conversation_id: int) -> list[Shown]:
    """List the files of a conversation in the order in which they came."""
    c = _ATTACHMENT.c
    theirs = select(_ATTACHMENT, _MESSAGE.c.author).join(_MESSAGE, _MESSAGE.c.id == c.message_id)
    rows = connection.execute(theirs.where(c.conversation_id == conversation_id).order_by(c.id))
    return [
        Shown(
            number=number,
            name=row.name,
            message_id=row.message_id,
            kind=row.kind,
            media_type=row.media_type,
            size=row.size,
            state=row.state,
            reason=row.reason,
            removed_at=row.removed_at,
            author=row.author,
        )
        for number, row in enumerate(rows, 1)
    ]


def find_file(connection: Connection, name: str) -> tuple[Shown, int] | None:
    """Find a stored file by its name, and the ticket it belongs to: the open one, or else the newest.

    None when there is no such file, when it is not kept any more, or when there is no ticket yet.
    """
    c, t = _ATTACHMENT.c, _TICKET.c
    stored = select(c.conversation_id).where(c.name == name, c.state == AttachmentState.STORED)
    conversation_id = connection.execute(stored).scalar()
    if conversation_id is None:
        return None
    theirs = select(t.id).where(t.conversation_id == conversation_id)
    ticket_id = connection.execute(theirs.order_by(t.status == TicketStatus.RESOLVED, t.id.desc())).scalar()
    file = next(shown for shown in files_of(connection, conversation_id) if shown.name == name)
    return (file, ticket_id) if ticket_id is not None else None


def files_from_agents(connection: Connection, conversation_id: int) -> dict[int, Row[Any]]:
    """Give the files (name, kind, media_type, size) that agents sent to a merchant, by their messages."""
    c, m = _ATTACHMENT.c, _MESSAGE.c
    query: Select[Any] = (
        select(c.message_id, c.name, c.kind, c.media_type, c.size)
        .join(_MESSAGE, m.id == c.message_id)
        .where(c.conversation_id == conversation_id, m.author == "agent")
        .where(c.state.in_((AttachmentState.WAITING, AttachmentState.STORED)))
    )
    return {row.message_id: row for row in connection.execute(query).all()}


def is_from_agent(connection: Connection, conversation_id: int, name: str) -> bool:
    """Say whether a file was sent by an agent into this conversation."""
    return any(row.name == name for row in files_from_agents(connection, conversation_id).values())


def file_for_topic(connection: Connection, conversation_id: int, after: int) -> Row[Any] | None:
    """Give a merchant's oldest file with a higher id than `after` (id, name, kind, state, reason)."""
    c, m = _ATTACHMENT.c, _MESSAGE.c
    query: Select[Any] = (
        select(c.id, c.name, c.kind, c.state, c.reason)
        .join(_MESSAGE, m.id == c.message_id)
        .where(c.conversation_id == conversation_id, c.id > after, m.author == "merchant")
        .order_by(c.id)
    )
    return connection.execute(query.limit(1)).first()


def open_file(connection: Connection, name: str, vault: Vault) -> dict[str, Any]:
    """Give kind, media_type and content of a stored file; raises FileNotHereError for any other."""
    c = _ATTACHMENT.c
    row = connection.execute(select(c.state, c.kind, c.media_type).where(c.name == name)).first()
    sealed = sealed_bytes(connection, name)
    if row is None or sealed is None:
        raise FileNotHereError(is_coming=row is not None and row.state == AttachmentState.WAITING)
    try:
        return {"kind": row.kind, "media_type": row.media_type, "content": vault.unseal(sealed)}
    except VaultError:
        raise FileNotHereError(is_coming=False) from None


def sealed_bytes(connection: Connection, name: str) -> bytes | None:
    """Read the encrypted bytes of a stored file."""
    query = select(_BYTES.c.sealed).join(_ATTACHMENT).where(_ATTACHMENT.c.name == name)
    sealed: bytes | None = connection.execute(query).scalar()
    return sealed


def remove_old(transaction: Transaction, kept_for: timedelta, now: datetime) -> int:
    """Remove files so long after the last ticket was resolved, or after the last word where there is none.

    Gives how many there were: at most REMOVED_AT_ONCE.
    """
    a, t, before = _ATTACHMENT.c, _TICKET.c, now - kept_for
    theirs = t.conversation_id == a.conversation_id
    closed_at = select(func.max(t.resolved_at)).where(theirs).correlate(_ATTACHMENT).scalar_subquery()
    old = (
        select(a.id)
        .join(_CONVERSATION)
        .where(
            a.state == AttachmentState.STORED,
            a.at <= before,
            ~exists().where(theirs, t.status != TicketStatus.RESOLVED),
            func.coalesce(closed_at, _CONVERSATION.c.updated_at) <= before,
        )
        .limit(REMOVED_AT_ONCE)
    )
    ids = list(transaction.execute(old).scalars())
    if ids:
        transaction.execute(delete(_BYTES).where(_BYTES.c.attachment_id.in_(ids)))
        removed = update(_ATTACHMENT).where(a.id.in_(ids))
        transaction.execute(removed, {"state": AttachmentState.REMOVED, "removed_at": now})
        transaction.touch(DESK)
    return len(ids)
