"""The merchants' directory: what the operator knows of a merchant, and the proof that this is he."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, delete, func, insert, or_, select
from sqlmodel import Field, SQLModel

from triage.model import json_column, moment_column, table
from triage.store import Store, Transaction

#: So many failed proofs an hour, of one talk or for one merchant number.
MOST_FAILURES = 5
WHILE = timedelta(hours=1)


class DirectoryEntry(SQLModel, table=True):
    """One merchant of the operator's directory, as imported."""

    __tablename__ = "directory_entry"

    merchant_no: str = Field(primary_key=True)
    settle_card_last4: str
    #: Fact -> value.
    facts: dict[str, Any] = json_column()
    #: Day on which the terminal was opened, ISO 8601.
    onboarded_on: str | None = None


class ProofFailure(SQLModel, table=True):
    """A merchant who could not prove who he is; kept to slow guessing down."""

    __tablename__ = "proof_failure"

    id: int | None = Field(default=None, primary_key=True)
    conversation_id: int = Field(foreign_key="conversation.id", index=True)
    merchant_no: str = Field(index=True)
    at: datetime = moment_column()


_ENTRY, _FAILURE = table(DirectoryEntry), table(ProofFailure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One merchant of the directory."""

    merchant_no: str
    #: Last four digits of the settlement card: what he must know to be believed.
    settle_card_last4: str
    #: Fact -> value, of those that a directory may tell.
    facts: Mapping[str, str]
    onboarded_on: date | None = None


class DirectoryError(Exception):
    """The directory cannot be asked at the moment."""


class Directory(Protocol):
    """Finds merchants."""

    @property
    def in_use(self) -> bool:
        """Say whether there is anything to find."""
        ...

    def find(self, merchant_no: str) -> Entry | None:
        """Find a merchant; raises DirectoryError when that is not possible now. May wait for a network."""
        ...


class StoredDirectory:
    """The directory that was imported into the database."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._in_use = False

    @property
    def in_use(self) -> bool:
        """Say whether anything was imported, as of the last refresh."""
        return self._in_use

    def refresh(self) -> None:
        """Look whether anything is there."""
        some = select(_ENTRY.c.merchant_no).limit(1)
        self._in_use = self._store.read(lambda connection: connection.execute(some).first()) is not None

    def find(self, merchant_no: str) -> Entry | None:
        """Find a merchant by his number."""
        his = select(_ENTRY).where(_ENTRY.c.merchant_no == merchant_no)
        row = self._store.read(lambda connection: connection.execute(his).first())
        if row is None:
            return None
        return Entry(
            merchant_no=row.merchant_no,
            settle_card_last4=row.settle_card_last4,
            facts=row.facts,
            onboarded_on=date.fromisoformat(row.onboarded_on) if row.onboarded_on else None,
        )


def replace_directory(transaction: Transaction, entries: Sequence[Entry]) -> None:
    """Take a whole new directory in place of the old one."""
    transaction.execute(delete(_ENTRY))
    if entries:
        rows = [
            {
                "merchant_no": entry.merchant_no,
                "settle_card_last4": entry.settle_card_last4,
                "facts": dict(entry.facts),
                "onboarded_on": entry.onboarded_on.isoformat() if entry.onboarded_on else None,
            }
            for entry in entries
        ]
        transaction.execute(insert(_ENTRY), rows)


def may_try(connection: Connection, conversation_id: int, merchant_no: str, now: datetime) -> bool:
    """Say whether another proof may be tried in this talk and for this merchant."""
    mine = or_(_FAILURE.c.conversation_id == conversation_id, _FAILURE.c.merchant_no == merchant_no)
    lately = select(func.count()).select_from(_FAILURE).where(mine, _FAILURE.c.at > now - WHILE)
    return bool(connection.execute(lately).scalar_one() < MOST_FAILURES)


def note_failure(transaction: Transaction, conversation_id: int, merchant_no: str, now: datetime) -> None:
    """Keep a failed proof; those that no longer count are forgotten."""
    transaction.execute(delete(_FAILURE).where(_FAILURE.c.at <= now - WHILE))
    transaction.add(_FAILURE, {"conversation_id": conversation_id, "merchant_no": merchant_no, "at": now})
