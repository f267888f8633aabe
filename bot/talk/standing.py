"""How a case stands: the state of a ticket, and what was promised of which sale."""

from datetime import datetime

from bot.talk.case import Case
from bot.talk.decision import Decision, Situation
from bot.talk.due_words import due_reason, due_standing
from bot.talk.questions import Questions
from bot.talk.sales import promised_sales
from bot.talk.wording import Wording, before
from knowledge.loader import KnowledgeBase
from knowledge.model import UNKNOWN, Cause, Language
from triage.model import TicketStatus
from triage.tickets import TicketView


def is_overdue(ticket: TicketView, now: datetime) -> bool:
    """Say whether nobody has taken a ticket by the time that was told."""
    return ticket.status == TicketStatus.NEW and now > ticket.due_at


def is_taken(ticket: TicketView | None) -> bool:
    """Say whether an agent has the ticket."""
    return ticket is not None and ticket.status != TicketStatus.NEW


class Standing:
    """Tells how things stand."""

    def __init__(self, knowledge: KnowledgeBase, wording: Wording, questions: Questions) -> None:
        self._knowledge = knowledge
        self._wording = wording
        self._questions = questions

    def of_ticket(self, ticket: TicketView, language: Language, now: datetime) -> str:
        """Say how a ticket stands."""
        key, status = "status_line", "status_new"
        if ticket.status == TicketStatus.RESOLVED:
            key = "status_resolved"
        elif ticket.status != TicketStatus.NEW:
            waiting = ticket.status == TicketStatus.WAITING
            key, status = "status_claimed", "status_waiting" if waiting else "status_of_claimed"
        return self._wording.say(
            key,
            language,
            number=ticket.number,
            status=self._wording.say(status, language),
            due=before(ticket.due_at, language, now),
        )

    def say_due(self, text: str, case: Case, language: Language, now: datetime) -> str:
        """Say when the money is due, how that stands to the clock, and why it is so."""
        due = before(case.due_at, language, now) if case.due_at else ""
        standing = due_standing(case, self._wording, language, now)
        reason = due_reason(case, self._knowledge, self._wording, language)
        return self._wording.say(text, language, due=due, standing=standing, reason=reason)

    def tell_usual(self, decision: Decision, cause: Cause) -> None:
        """Tell how long the cause usually takes, if it is known and has no date, and put the question."""
        language = decision.talk.language
        if cause.id == UNKNOWN or cause.follow_up == "deadline":
            text = self._wording.say("status_asking", language)
        else:
            text = self._wording.say("usual_time", language, time=cause.typical_time.to(language))
        self._questions.repeat(decision, text)

    def tell_promises(self, decision: Decision, situation: Situation, case: Case, lead: str = "") -> bool:
        """Tell when he will be asked about which sale; False when he was promised nothing."""
        talk, now = decision.talk, situation.now
        language = talk.language
        if not talk.earlier:
            if talk.outcome != "advised" or not case.due_at:
                return False
            late = case.deadline is not None and now > case.deadline
            text = "status_late" if late else "status_advised"
            decision.say(lead + self.say_due(text, case, language, now))
            return True
        promised = promised_sales(talk)
        for one in promised:
            due = before(one.due_at or now, language, now)
            sale = self._wording.sale(one.facts, language, now)
            late = now > (one.due_at or now) and (one.wake is None or one.wake.kind != "arrived")
            key = "status_late_of" if late else "status_advised_of"
            text = lead + self._wording.say(key, language, due=due, sale=sale)
            if one is promised[-1] and talk.pending:
                self._questions.repeat(decision, text)
            else:
                decision.say(text)
            lead = ""
        return bool(promised)
