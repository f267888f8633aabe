"""The talk: what the bot answers to a message, decided without database, channel or clock."""

from collections.abc import Mapping
from dataclasses import replace

from bot.messages import Command, Incoming
from bot.talk.arrival import SHORT, arrival_of, is_short, part_come, takes_back
from bot.talk.asides import Asides
from bot.talk.attachments import Attachments
from bot.talk.case import Case
from bot.talk.conclusions import Conclusions
from bot.talk.course import Course
from bot.talk.decision import Decision, Situation
from bot.talk.followups import FollowUps
from bot.talk.handover import Handover
from bot.talk.learning import (
    current_talk,
    heard_again,
    language_of_talk,
    learn,
    looked_up,
    said_in,
    sale_of,
)
from bot.talk.menu import ALWAYS, COMMANDS, Menu
from bot.talk.proof import Proof, Verdict
from bot.talk.questions import ABOUT_MONEY, CHOOSING, FOR_A_FACT, Questions, option_of
from bot.talk.sales import asked_talk, case_meant, due_talk, is_another, sale_named, set_aside, unfinished
from bot.talk.standing import is_taken
from bot.talk.state import CORRECT, Pending, Talk
from bot.talk.wording import Wording
from knowledge.loader import KnowledgeBase
from knowledge.model import UNKNOWN, Fact, Reading, Value
from knowledge.reading.complaints import COMPLAINTS
from knowledge.reading.reader import Reader
from knowledge.redaction import redact
from triage.directory import Entry
from triage.service_hours import ServiceHours

#: Answers in a row that are not understood before a question counts as "don't know".
MOST_MISSES = 2


class Conversation:
    """Hears a merchant and decides."""

    def __init__(self, knowledge: KnowledgeBase, wording: Wording, hours: ServiceHours) -> None:
        self._knowledge = knowledge
        self._wording = wording
        self._reader = Reader(knowledge.lexicon, knowledge.facts, knowledge.articles)
        self._questions = Questions(knowledge.facts, wording)
        self._asides = Asides(knowledge.articles, wording, self._questions)
        self._conclusions = Conclusions(knowledge, wording, self._questions, hours)
        self._attachments = Attachments(wording, self._questions)
        self._proof = Proof(wording)
        self._course = Course(knowledge, wording, self._questions, self._conclusions, self._proof)
        self._followups = FollowUps(wording, self._questions, self._conclusions, self._course.think)
        self._handover = Handover(self._asides, self._conclusions, self._followups, self._course.think)
        self._menu = Menu(knowledge.facts, wording, self._questions, self._asides, self._conclusions)

    def hear(self, situation: Situation, incoming: Incoming) -> Decision:
        """Decide what follows from a message."""
        decision = Decision(talk=asked_talk(current_talk(situation)))
        self._followups.tell_resolved(decision, situation)
        said = looked_up(incoming.system or {}, self._knowledge.facts)
        decision.talk = decision.talk.knows(**said)
        decision.talk = learn(decision.talk, self._menu.facts_of(incoming.facts or {}))
        if incoming.choice is not None:
            self._tapped(decision, situation, incoming.choice)
        elif incoming.text is not None:
            self._told(decision, situation, incoming.text, incoming)
        elif incoming.command is None and incoming.attachment is None:
            self._looked_up(decision, situation, said)
        if incoming.command is not None:
            self._chose(decision, situation, incoming.command)
        if incoming.attachment is not None:
            self._received(decision, situation, incoming)
        self._followups.go_back(decision, situation)
        return decision

    def wake(self, situation: Situation) -> Decision:
        """Decide what the bot says by itself, now that its moment has come."""
        decision = Decision(talk=due_talk(current_talk(situation), situation.now))
        lookup = decision.talk.lookup
        if lookup and lookup.until and lookup.until <= situation.now:
            return self.judged(situation, None, "unreachable")
        self._followups.wake(decision, situation, self._course.think(decision.talk, situation))
        return decision

    def judged(self, situation: Situation, entry: Entry | None, verdict: Verdict) -> Decision:
        """Go on after a claim was held against the directory; entry is given when it is right."""
        decision = Decision(talk=current_talk(situation))
        lead, said = self._proof.judged(decision, entry, verdict, situation.now)
        self._course.go_on(decision, situation, said, lead=lead)
        self._followups.go_back(decision, situation)
        return decision

    def _looked_up(self, decision: Decision, situation: Situation, said: Mapping[str, Fact]) -> None:
        """Go on with what a lookup says, if he has said anything and nobody has his ticket."""
        speaks = any(fact.source != "system" for fact in decision.talk.facts.values())
        if speaks and not is_taken(situation.ticket):
            self._course.go_on(decision, situation, said)

    def think(self, situation: Situation) -> Case:
        """Work out what is held of the talk's case now."""
        return self._course.think(situation.talk, situation)

    # The menu, and what is no text.

    def _chose(self, decision: Decision, situation: Situation, command: Command) -> None:
        decision.heard = f"/{command}"
        if command in ALWAYS or not self._handover.silences(decision, situation):
            self._menu.choose(decision, situation, command, self._course.think(decision.talk, situation))

    def _received(self, decision: Decision, situation: Situation, incoming: Incoming) -> None:
        """Take note of an attachment; the caption that came with it has been answered already."""
        caption = decision.heard
        self._attachments.note(decision, incoming.attachment or "other")
        silent = is_taken(situation.ticket) if caption else self._handover.silences(decision, situation)
        if silent:
            return
        if situation.refused is None and incoming.file and self._attachments.answers(decision.talk.pending):
            lead = self._attachments.take_as_evidence(decision)
            self._course.go_on(decision, situation, {}, lead=lead)
        else:
            self._attachments.receive(decision, situation, incoming)

    # A tap.

    def _tapped(self, decision: Decision, situation: Situation, choice: str) -> None:
        if option_of(decision.talk.pending, choice) is None:
            decision.talk = asked_talk(decision.talk, choice)
        pending = decision.talk.pending
        value = option_of(pending, choice)
        if pending and value is not None:
            decision.heard = self._questions.label(pending, value, decision)
            if not self._handover.silences(decision, situation):
                self._answer(decision, situation, pending, value)
            return
        decision.heard = redact(choice).text
        if self._handover.silences(decision, situation):
            return
        fact = choice.removeprefix("correct:")
        if fact != choice and fact in decision.talk.facts:
            decision.heard = self._wording.say("correct_option", decision.talk.language)
            self._questions.ask(decision, fact, "correct", situation.now)
            return
        old = situation.old_option(choice)
        if old is None or not self._questions.tapped_old(decision, choice, *old, situation.now):
            self._course.repeat(decision, situation, "stale_gone")

    def _answer(self, decision: Decision, situation: Situation, pending: Pending, value: str) -> None:
        """Take the option that was tapped or written."""
        if value == CORRECT:
            self._questions.ask_which(decision)
        elif pending.purpose == "which":
            if value == UNKNOWN:
                self._course.go_on(decision, situation, {})
            else:
                self._questions.ask(decision, value, "correct", situation.now)
        elif pending.purpose == "arrived":
            self._arrival(decision, situation, value, {})
        elif pending.purpose == "change":
            self._changed(decision, situation, pending, value)
        elif pending.purpose == "meant":
            decision.talk = replace(decision.talk, pending=None)
            if value == UNKNOWN:
                self._not_understood(decision, situation)
            else:
                complaint = COMPLAINTS.get(value)
                said = {"complaint": Fact(complaint, "merchant")} if complaint else {}
                self._follow(decision, situation, value, said)
        else:
            self._course.go_on(decision, situation, {pending.fact: Fact(value, "merchant")})

    def _arrival(
        self, decision: Decision, situation: Situation, value: Value, said: Mapping[str, Fact]
    ) -> None:
        """Take what he says of promised money: it has come, in full or short, or it has not."""
        said = {**said, **SHORT} if value == "short" else said
        if value != UNKNOWN or unfinished(decision.talk):  # else he answers once he has looked
            decision.talk = replace(decision.talk, pending=None)
        case = self._course.think(decision.talk, situation)
        more = any(decision.talk.facts.get(key) != fact for key, fact in said.items())
        if self._followups.answered(decision, situation, case, value, more=more):
            self._course.go_on(decision, situation, said)

    def _taken_back(self, decision: Decision, situation: Situation, said: Mapping[str, Fact]) -> None:
        """Go on with the case of which he said a moment ago that the money has come."""
        said = {**said, **SHORT} if is_short(said) else said
        self._followups.taken_back(decision, situation, short=is_short(said))
        if decision.talk.outcome is None:
            self._course.go_on(decision, situation, said)
        elif decision.talk.has_ticket:
            self._course.go_on(decision, situation, {**said, "arrived": Fact("no", "merchant")})

    def _changed(self, decision: Decision, situation: Situation, pending: Pending, value: str) -> None:
        if value == "yes":
            said = {key: Fact(offer, "merchant") for key, offer in pending.offer.items()}
            if pending.offer.get("arrived") == "yes":
                self._followups.has_arrived(decision, situation, said)
            else:
                self._course.go_on(decision, situation, said)
        else:
            decision.talk = replace(decision.talk, pending=None)
            decision.say(self._wording.say("kept", decision.talk.language))
            self._course.go_on(decision, situation, {})

    # Words.

    def _told(self, decision: Decision, situation: Situation, text: str, incoming: Incoming) -> None:
        command = COMMANDS.get(text.strip().lower())
        if command:
            self._chose(decision, situation, command)
            return
        redacted = redact(text)
        talk = decision.talk
        reading = self._read(redacted.text, situation, talk)
        named = sale_named(talk, reading)
        if named is not talk:
            talk = decision.talk = named
            reading = self._read(redacted.text, situation, talk)
        decision.heard = redacted.text
        decision.talk = replace(
            talk, language=language_of_talk(talk, reading, incoming.language, first=situation.first)
        )
        decision.contact = redacted.phones[-1] if redacted.phones else incoming.phone
        if self._handover.silences(decision, situation, reading):
            return
        if is_another(decision.talk, reading):
            decision.talk = set_aside(decision.talk)
            reading = self._reader.read(redacted.text, situation.now)
        if decision.contact and situation.ticket:
            self._conclusions.keep_contact(decision)
        if not (decision.contact and situation.ticket) or reading.facts:
            self._meant(decision, situation, reading)
        if decision.contact and not decision.ticket and not situation.ticket:
            decision.contact = None
            self._asides.once(decision, "contact_offer")
        if redacted.text != text and not redacted.phones:
            self._asides.once(decision, "hidden")

    def _read(self, text: str, situation: Situation, talk: Talk) -> Reading:
        """Read a redacted text in the light of the case at hand and its open question."""
        pending = talk.pending
        answers = pending is not None and pending.purpose not in CHOOSING
        expecting = self._knowledge.facts.get(pending.fact) if pending and answers else None
        reading = self._reader.read(text, situation.now, expecting, sale_of(talk))
        news = reading.remarks.arrived and situation.after_silence and reading.answer == "paid_out"
        return self._reader.read(text, situation.now, None, sale_of(talk)) if news else reading

    def _meant(self, decision: Decision, situation: Situation, reading: Reading) -> None:
        """Take the message as an answer, as something beside the case, or as what it says of it."""
        pending = decision.talk.pending
        said = said_in(decision.talk, reading)
        if takes_back(decision.talk, reading, said, situation.now):
            self._taken_back(decision, situation, said)
            return
        decision.talk = case_meant(decision.talk, said)
        if self._wants_no_more(decision, situation, reading):
            return
        if self._asides.answer(decision, reading, said, situation.now):
            return
        self._asides.warn(decision, reading.remarks.article)
        if reading.remarks.greets and not said and (pending or decision.talk.outcome):
            self._followups.greet(decision, situation, self._course.think(decision.talk, situation))
            return
        if "arrived" in said:
            part = part_come(decision.talk, said)
            if part:
                self._course.go_on(decision, situation, part)
            else:
                self._followups.has_arrived(decision, situation, said)
            return
        intent = reading.intent if reading.sure and not reading.remarks.asks_where else ""
        if reading.remarks.angry or (intent == "complaint_fraud" and reading.answer is None):
            self._asides.heard_anger(decision)
        if intent != "human_agent" and self._answers(decision, situation, reading, said):
            return
        if said or intent:
            self._follow(decision, situation, intent, said, changed=reading.remarks.changed_card)
        else:
            self._not_understood(decision, situation, reading)

    def _wants_no_more(self, decision: Decision, situation: Situation, reading: Reading) -> bool:
        """Leave the case, or pass on that no person is wanted; False when he says neither."""
        no_person = reading.remarks.no_person
        if (reading.remarks.cancels and decision.talk.facts) or (no_person and situation.ticket):
            self._menu.cancel(decision, situation, "cancel_noted")
            return True
        if no_person:
            self._asides.small_talk(decision, "greeting_thanks", situation.now)
        return no_person

    def _answers(
        self, decision: Decision, situation: Situation, reading: Reading, said: Mapping[str, Fact]
    ) -> bool:
        """Take words about what was promised or done, or for an option; False when they are none."""
        pending = decision.talk.pending
        if reading.remarks.unsolved and decision.talk.outcome == "closed":
            case = self._course.think(decision.talk, situation)
            return self._conclusions.hand_back(decision, situation, case)
        arrival = arrival_of(decision.talk, reading)
        if arrival is not None:
            self._arrival(decision, situation, arrival, said)
            return True
        if pending is None or pending.purpose not in CHOOSING:
            return False
        chosen = self._reader.choose(reading.text, self._questions.labels(pending, decision))
        if chosen is not None:
            self._answer(decision, situation, pending, chosen)
        return chosen is not None

    def _follow(
        self,
        decision: Decision,
        situation: Situation,
        intent: str,
        said: Mapping[str, Fact],
        *,
        changed: bool = False,
    ) -> None:
        """Do what an intent asks for; an empty one stands for facts alone. changed: he has another card."""
        if intent == "human_agent":
            decision.talk = decision.talk.knows(**said)
            self._conclusions.call_human(decision, situation, self._course.think(decision.talk, situation))
            return
        case = self._course.think(decision.talk, situation)
        asks = intent if said.keys() <= {"complaint"} else ""
        if (asks == "arrival_time" and self._conclusions.tell_when(decision, situation, case)) or (
            asks == "refund_question" and self._asides.tell_of_refund(decision)
        ):
            pass  # told
        elif intent == "ticket_status" and not said:
            self._conclusions.tell_status(decision, situation, case)
        elif said or intent in ABOUT_MONEY:
            self._course.go_on(decision, situation, said, insisted=intent in ABOUT_MONEY)
        elif intent == "change_account":
            self._asides.change_of_account(decision, situation.now, changed=changed)
        else:
            self._asides.small_talk(decision, intent, situation.now)

    def _not_understood(
        self, decision: Decision, situation: Situation, reading: Reading | None = None
    ) -> None:
        """Ask which of two he means, or to say it again; the second time the question is dropped."""
        talk = decision.talk
        pending = talk.pending
        if reading and self._asides.already_noted(decision, heard_again(talk, reading), situation.now):
            return
        first = pending is None or pending.fact == "complaint"
        waits = reading is not None and reading.remarks.waits
        if first and reading and not waits and self._questions.ask_meant(decision, reading):
            return
        if pending is None:
            case = self._course.think(talk, situation)
            if self._conclusions.tell_standing(decision, situation, case):
                return
            if talk.outcome or talk.facts:
                self._course.repeat(decision, situation, "again")
            else:
                lead = self._wording.say("greeting", talk.language) + "\n"
                self._questions.ask(decision, "complaint", "diagnose", situation.now, lead=lead)
            return
        if pending.misses + 1 >= MOST_MISSES and pending.purpose in FOR_A_FACT:
            self._course.go_on(decision, situation, {pending.fact: Fact(UNKNOWN, "merchant")})
            return
        decision.talk = replace(talk, pending=replace(pending, misses=pending.misses + 1))
        self._questions.repeat(decision, self._wording.say("again", talk.language))
