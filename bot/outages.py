"""Outages: declared by a person; answers the merchants it concerns, and tells them when it is over."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update

from bot.talk.state import Talk, Wake, read_talk
from bot.talk.wording import Wording, day
from knowledge.calendar import SHANGHAI
from knowledge.inquiry import OUTAGE_SCOPE
from knowledge.loader import KnowledgeBase
from triage import incidents
from triage.custody import change, locked
from triage.model import Conversation, Ticket, TicketStatus, table
from triage.service_hours import ServiceHours
from triage.store import Transaction
from triage.talks import lock, post
from triage.tickets import record

_TICKET, _CONVERSATION = table(Ticket), table(Conversation)


class OutageError(Exception):
    """An outage that cannot be declared so; the message says how to mend it."""


class Outages:
    """Opens and closes incidents."""

    def __init__(self, knowledge: KnowledgeBase, wording: Wording, hours: ServiceHours) -> None:
        self._knowledge = knowledge
        self._wording = wording
        self._hours = hours

    def open(
        self,
        transaction: Transaction,
        notice: Mapping[str, str],
        scope: Mapping[str, str],
        now: datetime,
    ) -> int:
        """Declare an outage; scope is fact -> value, empty for everybody. Gives its number."""
        for key, value in scope.items():
            self._check(key, value)
        texts = {language: text.strip() for language, text in notice.items() if text.strip()}
        if set(texts) != {"zh", "en"}:
            message = "say in both languages what merchants are told"
            raise OutageError(message)
        return incidents.open_incident(transaction, texts, scope, now)

    def close(self, transaction: Transaction, incident_id: int, now: datetime) -> int:
        """Declare an outage over: every merchant who waits under it is told, and asked again later.

        His ticket is resolved unless an agent has it. Gives how many were told.
        """
        incidents.close_incident(transaction, incident_id, now)
        waiting = (_TICKET.c.incident_id == incident_id) & (_TICKET.c.status != TicketStatus.RESOLVED)
        ids = transaction.execute(select(_TICKET.c.id).where(waiting).order_by(_TICKET.c.id)).scalars().all()
        return sum(self._end(transaction, ticket_id, incident_id, now) for ticket_id in ids)

    def _end(self, transaction: Transaction, ticket_id: int, incident_id: int, now: datetime) -> bool:
        """End one case; False if somebody has resolved or moved it meanwhile."""
        ticket = locked(transaction, ticket_id)
        if ticket.status == TicketStatus.RESOLVED or ticket.incident_id != incident_id:
            return False
        nobody_has_it = ticket.status == TicketStatus.NEW
        self._tell(transaction, ticket.conversation_id, now, ask_again=nobody_has_it)
        if nobody_has_it:
            cause = "channel_outage"
            change(transaction, ticket, now, status=TicketStatus.RESOLVED, true_cause=cause, resolved_at=now)
            data = {"true_cause": cause, "incident": incident_id}
            record(transaction, ticket.id, "resolved", now, actor="bot", data=data)
        return True

    def _tell(
        self, transaction: Transaction, conversation_id: int, now: datetime, *, ask_again: bool
    ) -> None:
        row = lock(transaction, conversation_id)
        talk = read_talk(row.talk, self._knowledge.facts)
        said = self._wording.say("incident_over", talk.language)
        if ask_again:
            wake = Wake("arrived", self._hours.next_open(self._hours.end_of_day(now)))
            asked_on = day(wake.at.astimezone(SHANGHAI).date(), talk.language, now)
            said += self._wording.say("incident_over_asks", talk.language, day=asked_on)
            talk = _over(talk, wake, now)
            values = {"talk": talk.to_json(), "wake_at": talk.wake_at, "updated_at": now}
            transaction.execute(update(_CONVERSATION).where(_CONVERSATION.c.id == row.id), values)
        post(transaction, row, "bot", said, now)

    def _check(self, key: str, value: str) -> None:
        if key not in OUTAGE_SCOPE:
            message = f"{key} cannot say whom an outage concerns; use one of {', '.join(OUTAGE_SCOPE)}"
            raise OutageError(message)
        known = self._knowledge.facts[key].values
        if value not in known:
            message = f"{key} has no value {value}; it knows {', '.join(known)}"
            raise OutageError(message)


def _over(talk: Talk, wake: Wake, now: datetime) -> Talk:
    """Give the talk once the outage is over: he is asked again about every sale that was on its ticket."""
    own = talk.has_ticket or talk.ticketed is None
    earlier = tuple(_over(one, wake, now) if one.has_ticket else one for one in talk.earlier)
    talk = replace(talk, earlier=earlier, resolved_at=now)
    if not own:
        return talk
    return replace(talk, outcome="advised", cause="channel_outage", wake=wake, pending=None)
