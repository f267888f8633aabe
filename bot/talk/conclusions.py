"""What the bot does once it knows enough: advise, collect evidence, file a ticket, tell its state."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.talk.case import Case
from bot.talk.decision import Decision, Reply, Situation, TicketRequest
from bot.talk.due_words import due_reason, due_standing, due_strip
from bot.talk.questions import FOR_A_FACT, Questions
from bot.talk.sales import SALE
from bot.talk.standing import Standing, is_overdue
from bot.talk.state import Outcome, Talk, Wake
from bot.talk.wording import Wording, before, moment
from knowledge.inquiry import believed, may_advise
from knowledge.loader import KnowledgeBase
from knowledge.model import UNKNOWN, Cause, Fact, Language, Value
from knowledge.redaction import redact
from triage.service_hours import ServiceHours
from triage.tickets import TicketView

#: At most so many pieces of evidence are asked for.
MOST_EVIDENCE = 3
#: A merchant who leaves while evidence is collected gets his ticket after this time.
EVIDENCE_PATIENCE = timedelta(minutes=15)


class Conclusions:
    """Draws the conclusion of a case."""

    def __init__(
        self, knowledge: KnowledgeBase, wording: Wording, questions: Questions, hours: ServiceHours
    ) -> None:
        self._knowledge = knowledge
        self._wording = wording
        self._questions = questions
        self._hours = hours
        self._standing = Standing(knowledge, wording, questions)

    def conclude(
        self, decision: Decision, situation: Situation, case: Case, read: Mapping[str, Value]
    ) -> None:
        """Answer, or hand the case to a person."""
        talk = decision.talk
        if self.kept_back(talk):
            self.file(decision, situation, case)
            return
        if case.is_outage:
            self._join_incident(decision, situation, case)
            return
        cause = believed(case.diagnosis, self._knowledge.causes)
        refund = talk.facts.get("complaint", Fact("", "merchant")).value == "refund"
        if not refund and may_advise(cause, case.known) and "insists" not in talk.signals:
            self._advise(decision, situation, case, cause, read)
            return
        if not talk.evidence_asked:
            self._prepare(decision, situation, case, cause, refund=refund)
        wanted = self._missing(cause, case, talk.evidence_asked)
        missing = [fact for fact in wanted if fact not in case.known and fact not in talk.closed]
        if missing and len(talk.evidence_asked) < MOST_EVIDENCE:
            self._ask_evidence(decision, situation, missing[0], read)
        else:
            self.file(decision, situation, case)

    def stands(
        self,
        decision: Decision,
        situation: Situation,
        case: Case,
        said: Mapping[str, Fact],
        *,
        insisted: bool,
    ) -> bool:
        """Deal with a message after the conclusion; False when the case must be thought through again."""
        talk = decision.talk
        if talk.has_ticket and situation.ticket:
            if said:
                self._add(decision, situation, case)
            else:
                self.tell_status(decision, situation, case)
            return True
        if case.leader == "duplicate_claim" and case.earlier:
            self.tell_status(decision, situation, case)
            return True
        if talk.outcome != "advised":
            return talk.outcome == "closed" and not said and not insisted
        late = case.deadline is not None and situation.now > case.deadline
        if case.leader == talk.cause and case.due_at == talk.due_at and case.due_at and not late:
            if insisted and not said and talk.insisted:
                self.file(decision, situation, case)
                return True
            decision.talk = replace(talk, insisted=talk.insisted or insisted)
            decision.say(self.still_due(case, talk.language, situation.now))
            return True
        if case.leader == talk.cause and not said:
            if insisted:
                self.file(decision, situation, case)
            return True
        return False

    def hand_back(self, decision: Decision, situation: Situation, case: Case) -> bool:
        """Give a case that a person resolved to a person again; False when nobody resolved anything."""
        if situation.ticket or situation.resolved is None:
            return False
        talk = decision.talk
        decision.say(self._wording.say("handed_back", talk.language))
        decision.talk = replace(talk, confirmed=False, signals=talk.signals | {"promise_missed"})
        self.file(decision, situation, case)
        return True

    def still_due(self, case: Case, language: Language, now: datetime) -> str:
        """Say again when the money is due, and that it is not late."""
        return self._standing.say_due("still_due", case, language, now)

    def lacking(self, talk: Talk, case: Case) -> tuple[str, ...]:
        """Name the evidence for the talk's cause that is not known."""
        return self._missing(self._cause_of(talk), case, ())

    def supply(self, decision: Decision, situation: Situation, case: Case) -> None:
        """Bring the ticket that an agent has up to date, without a word to the merchant."""
        talk = decision.talk
        decision.ticket = self._request(talk, case, self._cause_of(talk), situation.now)

    def kept_back(self, talk: Talk) -> Cause | None:
        """Give the cause of an earlier sale's ticket, if it keeps this sale back as well."""
        earlier = talk.ticketed
        complaint = talk.facts.get("complaint", Fact("not_arrived", "merchant")).value
        if earlier is None or earlier.confirmed or complaint not in ("not_arrived", "when"):
            return None
        cause = self._cause_of(earlier)
        return cause if cause.stops_all else None

    def _cause_of(self, talk: Talk) -> Cause:
        return self._knowledge.causes.get(talk.cause or UNKNOWN, self._knowledge.causes[UNKNOWN])

    def call_human(self, decision: Decision, situation: Situation, case: Case) -> None:
        """File a ticket at once with all that is known."""
        talk = decision.talk
        beside = talk.ticketed and not talk.has_ticket and talk.outcome != "closed"
        if situation.ticket and not beside:
            ticket = situation.ticket
            if is_overdue(ticket, situation.now):
                text = self._urge(decision, situation, ticket, case)
            else:
                due = before(ticket.due_at, talk.language, situation.now)
                text = self._wording.say("human_already", talk.language, number=ticket.number, due=due)
            decision.say(self._joined(text, self._wording.say("call_offer", talk.language), talk.language))
            return
        self.file(decision, situation, case, text="human")

    def keep_contact(self, decision: Decision) -> None:
        """Tell him that his number is kept for the call; the turn keeps it."""
        decision.say(self._contact_words(decision))

    def _contact_words(self, decision: Decision) -> str:
        """Say which number will be called, or offer a call when he left none."""
        language = decision.talk.language
        if decision.contact is None:
            return self._wording.say("call_offer", language)
        return self._wording.say("contact", language, phone=redact(decision.contact).text)

    def _joined(self, first: str, second: str, language: Language) -> str:
        return f"{first} {second}" if language == "en" else first + second

    def tell_status(self, decision: Decision, situation: Situation, case: Case, *, lead: str = "") -> None:
        """Tell the state of his ticket, of the one that has his sale, or of the answer that he had."""
        talk = decision.talk
        language = talk.language
        ticket = situation.ticket or case.earlier
        if ticket is None and talk.outcome != "advised":
            ticket = situation.resolved
        if ticket is None:
            if not self._standing.tell_promises(decision, situation, case, lead):
                key = "status_asking" if talk.pending and SALE & talk.facts.keys() else "status_none"
                self._questions.repeat(decision, lead + self._wording.say(key, language))
            return
        if ticket is situation.ticket and is_overdue(ticket, situation.now):
            text = lead + self._urge(decision, situation, ticket, case)
        else:
            text = lead + self._standing.of_ticket(ticket, language, situation.now)
        decision.say(text)
        if situation.ticket:
            self._standing.tell_promises(decision, situation, case)

    def tell_standing(self, decision: Decision, situation: Situation, case: Case) -> bool:
        """Tell the state of what he waits for, or the advice again; False when he was told nothing yet."""
        talk = decision.talk
        cause = self._cause_of(talk)
        if talk.outcome == "advised" and cause.follow_up != "deadline" and not situation.ticket:
            decision.say(self._wording.advise(cause.id, talk.language, {}))
            return True
        waits = talk.outcome == "advised" and case.due_at is not None
        if waits or situation.ticket:
            self.tell_status(decision, situation, case)
        return waits or situation.ticket is not None

    def tell_when(self, decision: Decision, situation: Situation, case: Case) -> bool:
        """Tell who asks when what he was told of it, or what is usual; False when it must be worked out."""
        talk = decision.talk
        promised = talk.outcome == "advised" and case.due_at == talk.due_at and case.deadline is not None
        if promised and talk.pending is None and case.deadline and situation.now <= case.deadline:
            self._standing.tell_promises(decision, situation, case)
            return True
        if talk.has_ticket and situation.ticket:
            self.tell_status(decision, situation, case)
            return True
        cause = believed(case.diagnosis, self._knowledge.causes)
        if talk.pending and "complaint" in talk.facts and talk.pending.purpose in FOR_A_FACT:
            if may_advise(cause, case.known):
                return False
        elif talk.outcome == "advised" and talk.pending is None and talk.due_at is None:
            cause = self._cause_of(talk)
        else:
            return False
        self._standing.tell_usual(decision, cause)
        return True

    def _urge(self, decision: Decision, situation: Situation, ticket: TicketView, case: Case) -> str:
        """Raise the priority of a ticket that nobody took in time; gives what is said of it."""
        talk = decision.talk
        if talk.has_ticket and "not_taken" not in talk.signals:
            talk = decision.talk = replace(talk, signals=talk.signals | {"not_taken"})
            decision.ticket = self._request(talk, case, self._cause_of(talk), situation.now)
        due = before(ticket.due_at, talk.language, situation.now)
        text = self._wording.say("overdue", talk.language, number=ticket.number, due=due)
        urged = self._wording.say("urged", talk.language) if talk.has_ticket else ""
        return self._joined(text, urged, talk.language).strip()

    def file(
        self,
        decision: Decision,
        situation: Situation,
        case: Case,
        *,
        text: str = "ticket",
        outcome: Outcome = "ticket",
        more: str = "",
    ) -> None:
        """Ask for a ticket; the merchant is told its number once it has one, and then what more there is."""
        talk = decision.talk
        language = talk.language
        causes = self._knowledge.causes
        outage = causes["channel_outage"] if case.is_outage else None
        cause = self.kept_back(talk) or outage or believed(case.diagnosis, causes)
        if talk.ticketed and text in ("ticket", "human", "incident"):
            text, outcome = "another_added", "ticket"

        def announce(ticket: TicketView) -> Reply:
            words = self._wording.say(
                text,
                language,
                number=ticket.number,
                queue=self._wording.say(f"queue_{ticket.queue}", language),
                due=before(ticket.due_at, language, situation.now),
                notice=case.incident.notice[language] if case.incident else "",
            )
            if not self._hours.is_open(situation.now):
                words = self._joined(words, self._closed_words(language, situation.now), language)
            if text == "human":
                words = self._joined(words, self._contact_words(decision), language)
            if more:
                words = self._joined(words, more, language)
            return Reply(text=words)

        decision.talk = replace(
            talk, pending=None, outcome=outcome, cause=cause.id, wake=None, due_at=case.due_at
        )
        decision.ticket = replace(self._request(talk, case, cause, situation.now), announce=announce)

    def _request(self, talk: Talk, case: Case, cause: Cause, now: datetime) -> TicketRequest:
        return TicketRequest(
            note=self._note(talk, cause, now) if talk.ticketed else None,
            cause=cause.id,
            known=case.known,
            diagnosis=case.diagnosis,
            missing=self._missing(cause, case, ()),
            incident_id=case.incident.id if case.incident else None,
            queue="complaints" if "insists" in talk.signals else None,
        )

    def _note(self, talk: Talk, cause: Cause, now: datetime) -> str:
        """Tell the agent of another sale, for the ticket of an earlier one."""
        told = {
            key: fact.value
            for key, fact in talk.facts.items()
            if fact.source != "system" and fact.value != UNKNOWN
        }
        facts = self._wording.tell(told, talk.language, now)
        key = "note_arrived" if told.get("arrived") == "yes" else "note_another"
        return self._wording.say(key, talk.language, facts=facts, cause=cause.title.to(talk.language))

    def next_open(self, moment: datetime) -> datetime:
        """Give the next moment in service hours."""
        return self._hours.next_open(moment)

    def _ask_at(self, cause: Cause, case: Case, now: datetime) -> datetime | None:
        """When to ask whether the money has come: the next service hour after the deadline or the day."""
        if cause.follow_up == "deadline":
            deadline = case.deadline
            return self._hours.next_open(deadline) if deadline else None
        if cause.follow_up == "next_service_day":
            return self._hours.next_open(self._hours.end_of_day(now))
        return None

    def _join_incident(self, decision: Decision, situation: Situation, case: Case) -> None:
        if case.incident:
            self.file(decision, situation, case, text="incident", outcome="incident")
            return
        advice = self._wording.advise("channel_outage", decision.talk.language, {})
        decision.say(advice)
        self.file(decision, situation, case, outcome="incident")

    def _advise(
        self, decision: Decision, situation: Situation, case: Case, cause: Cause, read: Mapping[str, Value]
    ) -> None:
        talk = decision.talk
        now = situation.now
        language = talk.language
        names = {
            fact: self._wording.value(fact, case.known[fact].value, language, now) for fact in cause.needs
        }
        strip = None
        due_at = None
        if cause.follow_up == "deadline" and case.due_at:
            due_at = case.due_at
            names["due_at"] = before(due_at, language, now)
            names["due_standing"] = due_standing(case, self._wording, language, now)
            names["due_reason"] = due_reason(case, self._knowledge, self._wording, language)
            strip = due_strip(case, self._knowledge, self._wording, language, now)
        told = self._wording.tell(read, language, now)
        lead = self._wording.say("noted", language, facts=told) if told else ""
        ask_at = self._ask_at(cause, case, now)
        decision.talk = replace(
            talk,
            pending=None,
            outcome="advised",
            cause=cause.id,
            due_at=due_at,
            wake=Wake("arrived", ask_at) if ask_at else None,
        )
        decision.say(lead + self._wording.advise(cause.id, language, names), strip=strip)

    def _prepare(
        self, decision: Decision, situation: Situation, case: Case, cause: Cause, *, refund: bool
    ) -> None:
        """Say what he can do himself, before evidence is collected and the ticket filed."""
        language = decision.talk.language
        state = case.known.get("due_state")
        if refund:
            decision.say(self._wording.say("refund_handed", language))
        elif state and state.value == "unknown_calendar":
            decision.say(self._wording.say("no_calendar", language))
        elif cause.handled_by == "queue":
            names = {
                fact: self._wording.value(fact, case.known[fact].value, language, situation.now)
                for fact in cause.needs
                if fact in case.known
            }
            decision.say(self._wording.advise(cause.id, language, names))

    def _missing(self, cause: Cause, case: Case, asked: tuple[str, ...]) -> tuple[str, ...]:
        """Evidence that the cause wants and that is neither known nor asked for."""
        return tuple(
            fact
            for fact in cause.ticket.evidence
            if fact not in asked and (fact not in case.known or case.known[fact].value == UNKNOWN)
        )

    def _ask_evidence(
        self, decision: Decision, situation: Situation, fact: str, read: Mapping[str, Value]
    ) -> None:
        talk = decision.talk
        lead = "" if talk.evidence_asked else self._wording.say("evidence", talk.language)
        wake = Wake("evidence", situation.now + EVIDENCE_PATIENCE)
        decision.talk = replace(talk, evidence_asked=(*talk.evidence_asked, fact), wake=wake)
        self._questions.ask(decision, fact, "evidence", situation.now, read=read, lead=lead)

    def _add(self, decision: Decision, situation: Situation, case: Case) -> None:
        """Bring the open ticket up to date with what he adds; once it shows that nothing is late, say so."""
        talk = decision.talk
        language = talk.language
        leader = self._knowledge.causes[case.leader]
        waits = leader.follow_up == "deadline" and may_advise(leader, case.known)
        more = ""
        if waits and case.due_at != talk.due_at and talk.outcome == "ticket":
            more = self._standing.say_due("added_due", case, language, situation.now)
        self.file(decision, situation, case, text="added", outcome=talk.outcome or "ticket", more=more)
        decision.talk = replace(decision.talk, cause=talk.cause, language=language)

    def _closed_words(self, language: Language, now: datetime) -> str:
        opens = moment(self._hours.next_open(now), language, now)
        return self._wording.say("closed_now", language, open=opens)
