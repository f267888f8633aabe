"""Leases: which of the processes that share a database does what only one of them may do."""

from datetime import datetime

from sqlalchemy import delete, or_, update
from sqlmodel import Field, SQLModel

from triage.model import moment_column, table
from triage.store import Transaction


class Lease(SQLModel, table=True):
    """What only one process at a time does, and which one does it."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True)
    #: The process: its machine and data folder, the same after a start.
    holder: str
    #: When it may be taken from a holder that is not heard of any more.
    until: datetime = moment_column()


_LEASE = table(Lease)


def take_lease(transaction: Transaction, name: str, holder: str, now: datetime, until: datetime) -> bool:
    """Take a lease, or renew one that is held; False while another holder's has not run out."""
    values = {"holder": holder, "until": until}
    free = or_(_LEASE.c.holder == holder, _LEASE.c.until <= now)
    if transaction.execute(update(_LEASE).where(_LEASE.c.name == name, free), values).rowcount:
        return True
    return transaction.add_if_new(_LEASE, {"name": name, **values})


def release_lease(transaction: Transaction, name: str, holder: str) -> None:
    """Give a lease back before it runs out; another holder's is not touched."""
    transaction.execute(delete(_LEASE).where(_LEASE.c.name == name, _LEASE.c.holder == holder))
