"""The talk: what the bot answers to a message, decided without database, channel or clock."""

from collections.abc import Mapping
from dataclasses import replace

from bot.case import Case, think
from bot.conclusions import Conclusions
from bot.decision import Decision, Situation
from bot.followups import FollowUps
from bot.menu import ALWAYS, Menu
from bot.messages import Attachment, Command, Incoming
from bot.proof import Proof, Verdict
from bot.questions import CORRECT, Questions, option_of
from bot.talk import Pending, Talk
from bot.wording import Wording
from knowledge.engine import Engine
from knowledge.inquiry import MOST_QUESTIONS, keeps_what_he_said
from knowledge.loader import KnowledgeBase
from knowledge.model import UNKNOWN, Fact, Language, Reading
from knowledge.reading.reader import Reader
from knowledge.redaction import Redacted, redact
from triage.directory import Entry
from triage.model import TicketStatus
from triage.service_hours import ServiceHours

#: Answers in a row that are not understood before a question counts as "don't know".
MOST_MISSES = 2
#: Intents that say something about money that should have come.
ABOUT_MONEY = frozenset(
    {"payout_not_arrived", "amount_mismatch", "charged_but_failed", "arrival_time", "risk_hold"}
    | {"system_outage", "complaint_fraud", "refund_question"}
)
#: What a new case still knows of the old one.
LASTING = ("brand", "settlement_mode", "merchant_no", "terminal_no", "settle_bank", "settle_card_last4")


class Conversation:
    """Hears a merchant and decides."""

    def __init__(self, knowledge: KnowledgeBase, wording: Wording, hours: ServiceHours) -> None:
        self._knowledge = knowledge
        self._wording = wording
        self._engine = Engine(knowledge.causes, knowledge.facts, knowledge.version)
        self._reader = Reader(knowledge.lexicon, knowledge.facts)
        self._questions = Questions(knowledge.facts, wording)
        self._conclusions = Conclusions(knowledge, wording, self._questions, hours)
        self._proof = Proof(wording)
        self._followups = FollowUps(wording, self._questions, self._conclusions)
        self._menu = Menu(knowledge.facts, wording, self._questions, self._conclusions)

    def hear(self, situation: Situation, incoming: Incoming) -> Decision:
        """Decide what follows from a message."""
        decision = Decision(talk=_current(situation), wake_at=situation.wake_at)
        said = {key: Fact(value, "system") for key, value in (incoming.system or {}).items()}
        said |= self._menu.facts_of(incoming.facts or {})
        decision.talk = decision.talk.knows(**said)
        if incoming.choice is not None:
            self._tapped(decision, situation, incoming.choice)
        elif incoming.text is not None:
            self._told(decision, situation, incoming.text, incoming.language)
        elif incoming.command is None and incoming.attachment is None:
            self._go_on(decision, situation, said)
        if incoming.command is not None:
            self._chose(decision, situation, incoming.command)
        if incoming.attachment is not None:
            self._received(decision, situation, incoming.attachment)
        return decision

    def wake(self, situation: Situation) -> Decision:
        """Decide what the bot says by itself, now that its moment has come."""
        decision = Decision(talk=_current(situation), wake_at=situation.wake_at)
        if decision.talk.wake == "lookup":
            self._go_on(decision, situation, {})
        else:
            self._followups.wake(decision, situation, self._think(decision, situation))
        return decision

    def judged(self, situation: Situation, entry: Entry | None, verdict: Verdict) -> Decision:
        """Go on after a claim was held against the directory; entry is given when it is right."""
        decision = Decision(talk=situation.talk)
        lead = self._proof.judged(decision, entry, verdict, situation.now)
        self._go_on(decision, situation, {}, lead=lead)
        return decision

    def think(self, situation: Situation) -> Case:
        """Work out what is held of the talk's case now."""
        return think(situation.talk, situation, self._knowledge, self._engine)

    # The menu, and what is no text.

    def _chose(self, decision: Decision, situation: Situation, command: Command) -> None:
        decision.heard = f"/{command}"
        if command in ALWAYS or not self._silenced(decision, situation):
            self._menu.choose(decision, situation, command, self._think(decision, situation))

    def _received(self, decision: Decision, situation: Situation, attachment: Attachment) -> None:
        """Take note of an attachment; the caption that came with it has been answered already."""
        caption = decision.heard
        name = self._menu.name_of(attachment, decision.talk.language)
        decision.heard = f"{name} {caption}" if caption else name
        if caption:
            if not situation.ticket or situation.ticket.status == TicketStatus.NEW:
                self._once(decision, f"attachment_{attachment}")
        elif not self._silenced(decision, situation):
            self._menu.received(decision, attachment)

    # A tap.

    def _tapped(self, decision: Decision, situation: Situation, choice: str) -> None:
        pending = decision.talk.pending
        value = option_of(pending, choice)
        if pending and value is not None:
            decision.heard = self._questions.label(pending, value, decision)
            if not self._silenced(decision, situation):
                self._answer(decision, situation, pending, value)
            return
        fact = choice.removeprefix("correct:")
        if fact != choice and fact in decision.talk.facts:
            decision.heard = self._wording.say("correct_option", decision.talk.language)
            self._questions.ask(decision, fact, "correct", situation.now)
            return
        self._tapped_old(decision, situation, choice)

    def _tapped_old(self, decision: Decision, situation: Situation, choice: str) -> None:
        """Answer a tap on an older message's button: kindly, and without changing anything."""
        language = decision.talk.language
        old = situation.old_option(choice)
        decision.heard = choice
        if old is None or old[0] not in self._knowledge.facts or old[1] in (UNKNOWN, CORRECT):
            self._questions.repeat(decision, self._wording.say("stale_gone", language))
            return
        fact, value = old
        decision.heard = self._wording.value(fact, value, language, situation.now)
        known = decision.talk.facts.get(fact)
        if known and known.value == value:
            self._questions.repeat(decision, self._wording.say("already", language, value=decision.heard))
        else:
            self._questions.offer_change(decision, fact, value, situation.now)

    def _answer(self, decision: Decision, situation: Situation, pending: Pending, value: str) -> None:
        """Take the option that was tapped."""
        if value == CORRECT:
            self._questions.ask_which(decision)
        elif pending.purpose == "which":
            if value == UNKNOWN:
                self._go_on(decision, situation, {})
            else:
                self._questions.ask(decision, value, "correct", situation.now)
        elif pending.purpose == "arrived":
            decision.talk = replace(decision.talk, pending=None)
            case = self._think(decision, situation)
            if self._followups.answered(decision, situation, case, value):
                self._go_on(decision, situation, {})
        elif pending.purpose == "change":
            self._changed(decision, situation, pending, value)
        else:
            self._go_on(decision, situation, {pending.fact: Fact(value, "merchant")})

    def _changed(self, decision: Decision, situation: Situation, pending: Pending, value: str) -> None:
        if value == "yes":
            said = {key: Fact(offer, "merchant") for key, offer in pending.offer.items()}
            self._go_on(decision, situation, said)
        else:
            decision.talk = replace(decision.talk, pending=None)
            decision.say(self._wording.say("kept", decision.talk.language))
            self._go_on(decision, situation, {})

    # Words.

    def _told(self, decision: Decision, situation: Situation, text: str, language: Language | None) -> None:
        redacted = redact(text)
        talk = decision.talk
        expecting = self._knowledge.facts.get(talk.pending.fact) if talk.pending else None
        reading = self._reader.read(redacted.text, situation.now, expecting)
        decision.heard = redacted.text
        decision.talk = replace(talk, language=_language(talk, reading, language, first=situation.first))
        if self._called(decision, situation, redacted) or self._silenced(decision, situation, reading):
            return
        self._meant(decision, situation, reading)
        if decision.contact and decision.ticket is None:
            decision.contact = None
            self._once(decision, "contact_offer")
        if redacted.text != text and not redacted.phones:
            self._once(decision, "hidden")

    def _once(self, decision: Decision, key: str) -> None:
        """Say something that need not be said twice in a talk."""
        talk = decision.talk
        if key not in talk.told:
            decision.talk = replace(talk, told=talk.told | {key})
            decision.say(self._wording.say(key, talk.language))

    def _silenced(self, decision: Decision, situation: Situation, reading: Reading | None = None) -> bool:
        """Keep silent while an agent has the ticket, but for the status and one "passed on"."""
        ticket = situation.ticket
        if ticket is None or ticket.status == TicketStatus.NEW:
            return False
        if reading and reading.sure and reading.intent == "ticket_status":
            self._conclusions.tell_status(decision, situation)
        else:
            self._once(decision, "passed_on")
        return True

    def _called(self, decision: Decision, situation: Situation, redacted: Redacted) -> bool:
        """Keep a phone number for the call-back: a ticket that waits for a person can carry it."""
        if not redacted.phones:
            return False
        decision.contact = redacted.phones[0]
        if situation.ticket is None:
            return False
        self._conclusions.keep_contact(decision)
        return True

    def _meant(self, decision: Decision, situation: Situation, reading: Reading) -> None:
        """Follow the intent, or take what was said as facts."""
        talk = decision.talk
        pending = talk.pending
        said = _said(talk, reading)
        intent = reading.intent if reading.sure else ""
        if intent == "human_agent":
            decision.talk = talk.knows(**said)
            self._conclusions.call_human(decision, situation, self._think(decision, situation))
        elif intent == "ticket_status" and not said:
            self._conclusions.tell_status(decision, situation)
        elif pending and pending.purpose in ("arrived", "change") and reading.answer is not None:
            self._answer(decision, situation, pending, str(reading.answer))
        elif said or intent in ABOUT_MONEY:
            if intent == "complaint_fraud":
                self._complained(decision)
            self._go_on(decision, situation, said, insisted=intent in ABOUT_MONEY)
        elif intent == "change_account":
            text = self._wording.say("change_article", talk.language)
            missing = self._wording.say("change_missing", talk.language)
            self._questions.repeat(decision, f"{text}{missing}" if not pending else text)
        elif intent in ("greeting_thanks", "out_of_scope"):
            self._small_talk(decision, intent)
        else:
            self._not_understood(decision, situation)

    def _complained(self, decision: Decision) -> None:
        """Note anger or an accusation: it raises the priority, and is heard."""
        talk = decision.talk
        again = {"insists"} if "complaint" in talk.signals else set()
        decision.talk = replace(talk, signals=talk.signals | {"complaint"} | again)

    def _small_talk(self, decision: Decision, intent: str) -> None:
        talk = decision.talk
        if intent == "out_of_scope":
            text = self._wording.say("out_of_scope", talk.language)
        else:
            key = "thanks" if talk.outcome else "ack" if talk.pending else "hello"
            text = self._wording.say(key, talk.language)
        self._questions.repeat(decision, text)

    def _not_understood(self, decision: Decision, situation: Situation) -> None:
        talk = decision.talk
        pending = talk.pending
        if pending is None:
            if talk.outcome or talk.facts:
                decision.say(self._wording.say("again", talk.language))
            else:
                lead = self._wording.say("greeting", talk.language) + "\n"
                self._questions.ask(decision, "complaint", "diagnose", situation.now, lead=lead)
            return
        if pending.misses + 1 >= MOST_MISSES and pending.purpose in ("diagnose", "evidence", "correct"):
            self._go_on(decision, situation, {pending.fact: Fact(UNKNOWN, "merchant")})
            return
        decision.talk = replace(talk, pending=replace(pending, misses=pending.misses + 1))
        self._questions.repeat(decision, self._wording.say("again", talk.language))

    # What follows.

    def _think(self, decision: Decision, situation: Situation) -> Case:
        return think(decision.talk, situation, self._knowledge, self._engine)

    def _go_on(
        self,
        decision: Decision,
        situation: Situation,
        said: Mapping[str, Fact],
        *,
        insisted: bool = False,
        lead: str = "",
    ) -> None:
        """Take the facts, and ask the next question or come to a conclusion; lead: what is said before."""
        before = decision.talk
        decision.talk = _learn(replace(before, pending=None), said)
        if self._proof.starts(decision, situation):
            return
        case = self._think(decision, situation)
        if before.outcome and self._conclusions.stands(decision, situation, case, said, insisted=insisted):
            return
        read = {key: fact.value for key, fact in said.items() if fact.source == "reader"}
        question = self._proof.instead_of(self._next_question(decision.talk, case), decision.talk, situation)
        if question is None:
            if lead:
                decision.say(lead.strip())
            self._conclusions.conclude(decision, situation, case, read)
            return
        talk = decision.talk
        lead += self._wording.say("reopened", talk.language) if before.outcome else ""
        decision.talk = replace(talk, asked=(*talk.asked, question), outcome=None, wake=None)
        self._questions.ask(decision, question, "diagnose", situation.now, read=read, lead=lead)

    def _next_question(self, talk: Talk, case: Case) -> str | None:
        if case.is_outage or case.is_reported or len(talk.asked) >= MOST_QUESTIONS or talk.evidence_asked:
            return None
        if case.scope_questions and talk.asked.count(case.scope_questions[0]) == 0:
            return case.scope_questions[0]
        complaint = talk.facts.get("complaint")
        if complaint and complaint.value == "refund":
            return None
        if not talk.facts:
            return "complaint"
        return case.diagnosis.question


def _current(situation: Situation) -> Talk:
    """Give the talk as it goes on: a case whose ticket was resolved is closed."""
    talk = situation.talk
    if talk.outcome in ("ticket", "incident") and situation.ticket is None:
        return replace(talk, outcome="closed", told=talk.told - {"passed_on", "resolved"})
    return talk


def _learn(talk: Talk, said: Mapping[str, Fact]) -> Talk:
    """Take facts into the talk; a new case after a closed one keeps what lasts."""
    if talk.outcome == "closed" and said:
        lasting = {key: talk.facts[key] for key in LASTING if key in talk.facts}
        talk = Talk(language=talk.language, step=talk.step, told=talk.told, facts=lasting)
    for key, fact in said.items():
        known = talk.facts.get(key)
        if known and known.source == "system" and fact.source != "system":
            continue  # what was looked up is not a matter of opinion
        if keeps_what_he_said(known, fact.value):
            # He cannot say the minute: the day that he did say stays.
            talk = replace(talk, closed=talk.closed | {key})
        else:
            talk = talk.knows(**{key: fact})
    return talk


def _said(talk: Talk, reading: Reading) -> dict[str, Fact]:
    """Take the facts of a reading: read ones, and what answers the open question."""
    said = {key: Fact(value, "reader") for key, value in reading.facts.items()}
    pending = talk.pending
    if pending and "complaint" in talk.facts and (reading.answer is not None or not reading.sure):
        said.pop("complaint", None)
    if pending and pending.purpose in ("diagnose", "evidence", "correct") and reading.answer is not None:
        said[pending.fact] = Fact(reading.answer, "merchant")
    return {key: fact for key, fact in said.items() if talk.facts.get(key) != fact}


def _language(talk: Talk, reading: Reading, channel: Language | None, *, first: bool) -> Language:
    """Answer in the language he writes; a word like OK or T+1 does not change it."""
    known: Language = (channel or talk.language) if first else talk.language
    if reading.language is None or reading.language == known:
        return known
    if reading.language == "en" and not first and len(reading.text.split()) < 3:
        return known
    return reading.language
