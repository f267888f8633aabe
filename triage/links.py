"""Who on a platform is which person of the desk: one-time codes, links, and what was taken once already."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, UniqueConstraint, delete, select
from sqlmodel import Field, SQLModel

from triage.model import Account, moment_column, table
from triage.store import Transaction

#: A code is good for so long, once.
GOOD_FOR = timedelta(minutes=15)
#: No platform brings an update again after so long.
REMEMBERED = timedelta(days=8)
#: Without letters and digits that look alike.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CODE_LENGTH = 10


class AccountLink(SQLModel, table=True):
    """Under which number a platform knows a person of the desk."""

    __tablename__ = "account_link"
    __table_args__ = (UniqueConstraint("channel", "external_id"), UniqueConstraint("channel", "account_id"))

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id")
    channel: str
    #: The platform's number of the person.
    external_id: str
    #: His name there, as it was when he linked it.
    name: str
    at: datetime = moment_column()


class LinkCode(SQLModel, table=True):
    """A one-time code by which somebody shows a platform that an account is his."""

    __tablename__ = "link_code"

    #: SHA-256 of the code, hexadecimal.
    id: str = Field(primary_key=True)
    account_id: int = Field(foreign_key="account.id", unique=True)
    expires_at: datetime = moment_column()


class AgentUpdate(SQLModel, table=True):
    """Something that an agent did on a platform and that was taken; the same key twice is one thing."""

    __tablename__ = "agent_update"

    key: str = Field(primary_key=True)
    at: datetime = moment_column(index=True)


_ACCOUNT, _LINK, _CODE = table(Account), table(AccountLink), table(LinkCode)
_UPDATE = table(AgentUpdate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of the desk, as a platform's update shows him to be."""

    account_id: int
    #: As colleagues see it.
    name: str


def make_code(transaction: Transaction, account_id: int, now: datetime) -> str:
    """Give a new one-time code for an account; an older one of his is void."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))
    transaction.execute(delete(_CODE).where((_CODE.c.account_id == account_id) | (_CODE.c.expires_at <= now)))
    values = {"id": _digest(code), "account_id": account_id, "expires_at": now + GOOD_FOR}
    transaction.execute(_CODE.insert(), values)
    return code


def redeem(
    transaction: Transaction, code: str, channel: str, external_id: str, name: str, now: datetime
) -> Person | None:
    """Link a person of a platform to the account of a code; None for a wrong, used or late one.

    He may have been linked to another account before, and the account to another person: the newest holds.
    """
    digest = _digest(code.strip().upper())
    found = select(_CODE.c.account_id).where(_CODE.c.id == digest, _CODE.c.expires_at > now)
    account_id = transaction.execute(found.with_for_update()).scalar()
    person = _works_here(transaction.connection, account_id) if account_id is not None else None
    transaction.execute(delete(_CODE).where(_CODE.c.id == digest))
    if person is None:
        return None
    before = (_LINK.c.external_id == external_id) | (_LINK.c.account_id == person.account_id)
    transaction.execute(delete(_LINK).where(_LINK.c.channel == channel, before))
    values = {"account_id": person.account_id, "channel": channel, "external_id": external_id}
    transaction.execute(_LINK.insert(), values | {"name": name, "at": now})
    return person


def person_of(connection: Connection, channel: str, external_id: str) -> Person | None:
    """Find who somebody on a platform is; None when he is linked to no account that is open."""
    linked = (_LINK.c.channel == channel) & (_LINK.c.external_id == external_id)
    account_id = connection.execute(select(_LINK.c.account_id).where(linked)).scalar()
    return _works_here(connection, account_id) if account_id is not None else None


def linked_as(connection: Connection, channel: str, account_id: int) -> str | None:
    """Give the name on the platform of the person that an account is linked to; None when there is none."""
    theirs = (_LINK.c.channel == channel) & (_LINK.c.account_id == account_id)
    name: str | None = connection.execute(select(_LINK.c.name).where(theirs)).scalar()
    return name


def unlink(transaction: Transaction, channel: str, account_id: int) -> None:
    """Cut the link of an account, and make its code void."""
    transaction.execute(delete(_LINK).where(_LINK.c.channel == channel, _LINK.c.account_id == account_id))
    transaction.execute(delete(_CODE).where(_CODE.c.account_id == account_id))


def take_once(transaction: Transaction, key: str, now: datetime) -> bool:
    """Note that something an agent did is taken; False when it was taken before."""
    transaction.execute(delete(_UPDATE).where(_UPDATE.c.at < now - REMEMBERED))
    return transaction.add_if_new(_UPDATE, {"key": key, "at": now})


def was_taken(connection: Connection, key: str) -> bool:
    """Say whether something an agent did was taken."""
    return connection.execute(select(_UPDATE.c.key).where(_UPDATE.c.key == key)).first() is not None


def is_like_a_code(text: str) -> bool:
    """Say whether a text could be a one-time code, as somebody sends it who forgot the command."""
    letters = set(text)
    digits = {one for one in letters if one.isdecimal()}
    return len(text) == _CODE_LENGTH and letters <= set(_ALPHABET) and bool(digits) and digits != letters


def _works_here(connection: Connection, account_id: int) -> Person | None:
    here = (_ACCOUNT.c.id == account_id) & _ACCOUNT.c.disabled_at.is_(None)
    row = connection.execute(select(_ACCOUNT.c.display_name).where(here)).first()
    return Person(account_id=account_id, name=row.display_name) if row else None


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
