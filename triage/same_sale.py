"""Which sale a ticket is about: the keys by which the same sale is known again, from whomever it comes."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, UniqueConstraint, delete, select
from sqlmodel import Field, SQLModel

from knowledge.model import Facts
from triage.model import Ticket, table
from triage.store import Transaction
from triage.tickets import TicketView, view_of

#: Facts that together name one sale; the first of them alone names the merchant.
SETS = (
    ("merchant_no", "reference_no"),
    ("merchant_no", "terminal_no", "batch_no", "voucher_no"),
    ("merchant_no", "paid_at", "amount", "card_last4"),
)


class SaleKey(SQLModel, table=True):
    """By what the sale of a ticket is known again."""

    __tablename__ = "sale_key"
    __table_args__ = (UniqueConstraint("ticket_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id")
    key: str = Field(index=True)


_KEY, _TICKET = table(SaleKey), table(Ticket)


def keys_of(facts: Facts) -> Iterator[str]:
    """Give the keys of a sale, as far as its facts make any."""
    for names in SETS:
        values = [_part(facts, name) for name in names]
        if all(values):
            yield " ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))


def earlier_ticket(connection: Connection, conversation_id: int, facts: Facts) -> TicketView | None:
    """Find an open ticket of another talk about the same sale."""
    keys = list(keys_of(facts))
    if not keys:
        return None
    same = (
        select(_TICKET.c.id, _TICKET.c.status, _TICKET.c.queue, _TICKET.c.due_at, _TICKET.c.resolved_at)
        .join(_KEY, _KEY.c.ticket_id == _TICKET.c.id)
        .where(_KEY.c.key.in_(keys), _TICKET.c.conversation_id != conversation_id)
        .where(_TICKET.c.status != "resolved")
        .order_by(_TICKET.c.id)
    )
    found = connection.execute(same).first()
    return view_of(found) if found else None


def keep_keys(transaction: Transaction, ticket_id: int, facts: Facts) -> None:
    """Keep the keys of a ticket's sale in place of those that it had."""
    transaction.execute(delete(_KEY).where(_KEY.c.ticket_id == ticket_id))
    add_keys(transaction, ticket_id, facts)


def add_keys(transaction: Transaction, ticket_id: int, facts: Facts) -> None:
    """Keep the keys of another sale of a ticket beside those that it has."""
    for key in keys_of(facts):
        transaction.add_if_new(_KEY, {"ticket_id": ticket_id, "key": key})


def _part(facts: Facts, name: str) -> str:
    fact = facts.get(name)
    if fact is None or fact.value == "unknown":
        return ""
    if isinstance(fact.value, datetime):
        return fact.value.isoformat(timespec="minutes")
    return str(fact.value) if isinstance(fact.value, str | int) else ""
