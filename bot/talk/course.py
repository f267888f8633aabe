"""The course of a case: what was said is taken in, and the next question asked or a conclusion come to."""

from collections.abc import Mapping
from dataclasses import replace

from bot.talk.case import Case, next_question, think
from bot.talk.conclusions import Conclusions
from bot.talk.decision import Decision, Situation
from bot.talk.learning import is_new_case, learn, played_back
from bot.talk.proof import Proof
from bot.talk.questions import Questions
from bot.talk.state import Talk
from bot.talk.wording import Wording
from knowledge.engine import Engine
from knowledge.loader import KnowledgeBase
from knowledge.model import Fact

#: What a question for a refund says.
REFUND = Fact("refund", "reader")

#: Of a case that a person resolved, these say that it is not.
GOES_ON = frozenset({"complaint", "reference_no"})


class Course:
    """Leads a case from one message to the next."""

    def __init__(
        self,
        knowledge: KnowledgeBase,
        wording: Wording,
        questions: Questions,
        conclusions: Conclusions,
        proof: Proof,
    ) -> None:
        self._knowledge = knowledge
        self._engine = Engine(knowledge.causes, knowledge.facts, knowledge.version)
        self._wording = wording
        self._questions = questions
        self._conclusions = conclusions
        self._proof = proof

    def think(self, talk: Talk, situation: Situation) -> Case:
        """Work out what is held of a talk's case."""
        return think(talk, situation, self._knowledge, self._engine)

    def go_on(
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
        decision.talk = learn(replace(before, pending=None), said)
        if self._proof.starts(decision, situation):
            return
        case = self.think(decision.talk, situation)
        if before.outcome and lead:
            decision.say(lead.strip())
            lead = ""
        if before.outcome and self._conclusions.stands(decision, situation, case, said, insisted=insisted):
            return
        reopened = before.outcome == "closed" and decision.talk.outcome == "advised" and GOES_ON & said.keys()
        if reopened and self._conclusions.hand_back(decision, situation, case):
            return
        read = played_back(said)
        question = None if self._conclusions.kept_back(decision.talk) else next_question(decision.talk, case)
        question = self._proof.instead_of(question, decision.talk, situation)
        if question is None:
            if lead:
                decision.say(lead.strip())
            self._conclusions.conclude(decision, situation, case, read)
            return
        talk = decision.talk
        goes_on = before.outcome and not is_new_case(before, said)
        again = "reopened" if before.due_at and before.due_at < situation.now else "looks_again"
        lead += self._wording.say(again, talk.language) if goes_on else ""
        if said.get("complaint") == REFUND and "refund_article" not in talk.told:
            lead += self._wording.say("refund_article", talk.language) + "\n"
            talk = replace(talk, told=talk.told | {"refund_article"})
        wake = talk.wake if talk.wake and talk.wake.kind == "arrived" else None
        same = before.pending is not None and before.pending.fact == question and question not in said
        still_open = same and decision.talk.facts != before.facts
        asked = talk.asked if still_open else (*talk.asked, question)
        decision.talk = replace(talk, asked=asked, outcome=None, wake=wake)
        self._questions.ask(decision, question, "diagnose", situation.now, read=read, lead=lead)

    def repeat(self, decision: Decision, situation: Situation, text: str) -> None:
        """Say something and put the open question again; if it vanished from the questions, the next."""
        talk = decision.talk
        said = self._wording.say(text, talk.language)
        if talk.pending or talk.outcome or talk.is_looked_up or not talk.facts:
            self._questions.repeat(decision, said)
        else:
            self.go_on(decision, situation, {}, lead=f"{said}\n")
