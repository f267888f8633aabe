"""Incidents: a declared outage, whom it concerns, and the cases collected under it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from knowledge.model import Facts
from triage.bell import DESK
from triage.model import Incident, table
from triage.store import Transaction

#: Money that was due longer ago than this before an outage began is late for another reason.
BEFORE = timedelta(hours=12)
_INCIDENT = table(Incident)
_OPEN = select(_INCIDENT).where(_INCIDENT.c.closed_at.is_(None)).order_by(_INCIDENT.c.id)


class IncidentError(Exception):
    """No such open incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """An open incident."""

    id: int
    #: What merchants are told: {"zh": …, "en": …}.
    notice: Mapping[str, str]
    #: Fact -> value that a case must have; empty = everybody.
    scope: Mapping[str, str]
    opened_at: datetime


def open_incident(
    transaction: Transaction,
    notice: Mapping[str, str],
    scope: Mapping[str, str],
    now: datetime,
) -> int:
    """Declare an outage; gives its id."""
    values = {"notice": dict(notice), "scope": dict(scope), "opened_at": now}
    transaction.touch(DESK)
    return transaction.add(_INCIDENT, values)


def close_incident(transaction: Transaction, incident_id: int, now: datetime) -> None:
    """Declare an outage over; raises IncidentError when none is open under that id."""
    still_open = (_INCIDENT.c.id == incident_id) & _INCIDENT.c.closed_at.is_(None)
    result = transaction.execute(update(_INCIDENT).where(still_open).values(closed_at=now))
    if result.rowcount == 0:
        message = f"no open incident has the number {incident_id}; `daozhang incident list` shows those open"
        raise IncidentError(message)
    transaction.touch(DESK)


def hold_open(transaction: Transaction, incident_id: int) -> None:
    """Keep an incident open until the commit; raises IncidentError when it is too late for that.

    Never waits: who declares it over may wait for a conversation that is locked here.
    """
    c = _INCIDENT.c
    still_open = select(c.id).where(c.id == incident_id, c.closed_at.is_(None))
    if transaction.execute(still_open.with_for_update(read=True, skip_locked=True)).first() is None:
        message = f"the incident {incident_id} is over"
        raise IncidentError(message)


def open_incidents(connection: Connection) -> list[IncidentView]:
    """List the incidents that are not over."""
    rows = connection.execute(_OPEN)
    return [
        IncidentView(id=row.id, notice=row.notice, scope=row.scope, opened_at=row.opened_at) for row in rows
    ]


def matching(incidents: Sequence[IncidentView], facts: Facts) -> IncidentView | None:
    """Give the first incident that surely concerns a case."""
    for incident in incidents:
        if _possible(incident, facts) and not _open_points(incident, facts):
            return incident
    return None


def missing_scope(incidents: Sequence[IncidentView], facts: Facts) -> tuple[str, ...]:
    """Name the facts that must be known to say whether an incident concerns a case."""
    points = [p for i in incidents if _possible(i, facts) for p in _open_points(i, facts)]
    return tuple(dict.fromkeys(points))


def _possible(incident: IncidentView, facts: Facts) -> bool:
    due = facts.get("due_at")
    if due and isinstance(due.value, datetime) and due.value < incident.opened_at - BEFORE:
        return False
    return all(facts[key].value == value for key, value in incident.scope.items() if key in facts)


def _open_points(incident: IncidentView, facts: Facts) -> list[str]:
    return [key for key in incident.scope if key not in facts]
