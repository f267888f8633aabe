"""What is held of a case at a moment: the facts with all that follows from them, and the diagnosis."""

from dataclasses import dataclass
from datetime import datetime

from bot.talk.decision import Situation
from bot.talk.state import Talk
from knowledge.engine import Engine
from knowledge.inquiry import MOST_QUESTIONS, closed_facts, hold
from knowledge.loader import KnowledgeBase
from knowledge.model import Diagnosis, Fact, Facts
from triage.incidents import IncidentView, matching, missing_scope
from triage.tickets import TicketView


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case, thought through."""

    known: Facts
    diagnosis: Diagnosis
    #: The declared outage that concerns it.
    incident: IncidentView | None
    #: What must be known to say whether an open incident concerns it.
    scope_questions: tuple[str, ...]
    #: When the money is late, if it can be told when it is due.
    deadline: datetime | None
    #: The open ticket of another talk about the same sale.
    earlier: TicketView | None

    @property
    def leader(self) -> str:
        """The likeliest cause."""
        return self.diagnosis.leader

    @property
    def is_outage(self) -> bool:
        """Say whether the incident board, not the merchant, says that the channel is down."""
        state = self.known.get("channel_state")
        return state is not None and state.source == "system" and state.value in ("outage", "maintenance")

    @property
    def due_at(self) -> datetime | None:
        """When the money is due, as far as it can be told."""
        due = self.known.get("due_at")
        return due.value if due and isinstance(due.value, datetime) else None


def think(talk: Talk, situation: Situation, knowledge: KnowledgeBase, engine: Engine) -> Case:
    """Work everything out anew from the facts of the talk."""
    closed = closed_facts(talk.asked, talk.closed)
    held = hold(talk.facts, knowledge, situation.now, closed)
    known = dict(held.known)
    incident = matching(situation.incidents, known)
    if incident:
        known["channel_state"] = Fact("outage", "system")
    earlier = situation.reported(known)
    if "earlier_ticket" not in known:
        known["earlier_ticket"] = Fact("yes" if earlier else "no", "system")
    diagnosis = engine.diagnose(known, closed=closed, narrowing=held.narrowing)
    scope = () if incident else missing_scope(situation.incidents, known)
    return Case(
        known=known,
        diagnosis=diagnosis,
        incident=incident,
        scope_questions=tuple(key for key in scope if key not in closed),
        deadline=held.deadline,
        earlier=earlier,
    )


def next_question(talk: Talk, case: Case) -> str | None:
    """Give the fact to ask for next to find the cause; None when it is time to conclude."""
    if case.is_outage or len(talk.asked) >= MOST_QUESTIONS or talk.evidence_asked:
        return None
    if case.scope_questions and talk.asked.count(case.scope_questions[0]) == 0:
        return case.scope_questions[0]
    complaint = talk.facts.get("complaint")
    if complaint and complaint.value == "refund":
        known = "void_found" in talk.facts or "void_found" in talk.asked
        return None if known else "void_found"
    if not talk.facts:
        return "complaint"
    return case.diagnosis.question
