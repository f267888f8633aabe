"""Messages that were set aside because their turns kept failing: what a person may do with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, delete, func, select, update

from triage.bell import DESK
from triage.model import SetAside, table
from triage.store import Transaction

_SET_ASIDE = table(SetAside)
_GIVEN_UP = _SET_ASIDE.c.next_try_at.is_(None)
#: Rows that a page lists.
MOST_ROWS = 200
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """One message that was given up."""

    id: int
    channel: str
    at: datetime
    #: The kind of the error, as one word.
    error: str
    tries: int
    #: What was kept of it, redacted; empty when the platform's update could not be read at all.
    payload: Mapping[str, Any]

    @property
    def words(self) -> str:
        """What the merchant said, or tapped, or chose; "" when that is not known."""
        kept = (self.payload.get(part) for part in ("text", "choice", "command", "attachment"))
        return next((str(part) for part in kept if part), "")


def count_given_up(connection: Connection) -> int:
    """Count the messages that wait for a person."""
    return int(connection.execute(select(func.count()).where(_GIVEN_UP)).scalar_one())


def list_given_up(connection: Connection) -> list[Leftover]:
    """List the messages that wait for a person, newest first."""
    c = _SET_ASIDE.c
    columns = (c.id, c.channel, c.at, c.error, c.tries, c.payload)
    rows = select(*columns).where(_GIVEN_UP).order_by(c.id.desc()).limit(MOST_ROWS)
    return [Leftover(**row) for row in connection.execute(rows).mappings()]


def try_again(transaction: Transaction, row_id: int, account: str, now: datetime) -> None:
    """Let a message be tried once more, at once; one that cannot be read, or is gone, stays as it is."""
    this = (_SET_ASIDE.c.id == row_id) & _GIVEN_UP
    row = transaction.execute(select(_SET_ASIDE.c.payload).where(this).with_for_update()).first()
    if row is None or not row.payload:
        return
    transaction.execute(update(_SET_ASIDE).where(this), {"next_try_at": now})
    transaction.touch(DESK)
    _log.info("a message that was set aside is tried again", row=row_id, by=account)


def put_away(transaction: Transaction, row_id: int, account: str) -> None:
    """Drop a message that a person has seen to."""
    if transaction.execute(delete(_SET_ASIDE).where(_SET_ASIDE.c.id == row_id, _GIVEN_UP)).rowcount:
        transaction.touch(DESK)
        _log.info("a message that was set aside is put away", row=row_id, by=account)
