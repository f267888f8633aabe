"""The promise kept: asking whether the money has come, and what follows from yes, no and silence."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.talk.case import Case
from bot.talk.conclusions import Conclusions
from bot.talk.decision import Decision, Situation
from bot.talk.proof import look_again
from bot.talk.questions import Questions
from bot.talk.sales import take_up, unfinished
from bot.talk.standing import is_taken
from bot.talk.state import Talk, Wake
from bot.talk.wording import Wording
from knowledge.model import UNKNOWN, Fact, Value

#: After this time without an answer the bot reminds once; after the same time again it closes the case.
PATIENCE = timedelta(days=1)


class FollowUps:
    """Speaks when its moment has come."""

    def __init__(
        self,
        wording: Wording,
        questions: Questions,
        conclusions: Conclusions,
        think: Callable[[Talk, Situation], Case],
    ) -> None:
        self._wording = wording
        self._questions = questions
        self._conclusions = conclusions
        self._think = think

    def wake(self, decision: Decision, situation: Situation, case: Case) -> None:
        """Tell that his ticket is resolved, ask, remind, close, or file what was left half done."""
        if self.tell_resolved(decision, situation) and decision.talk.outcome == "closed":
            decision.talk = replace(decision.talk, wake=None, pending=None)
        wake = decision.talk.wake
        if wake is None or wake.at > situation.now:
            return
        later = situation.now + PATIENCE
        if wake.kind == "evidence":
            self._conclusions.file(decision, situation, case)
        elif wake.kind == "arrived":
            self._ask(decision, "arrived_ask", Wake("reminder", later), situation.now)
        elif wake.kind == "reminder":
            self._ask(decision, "reminder", Wake("close", later), situation.now)
        else:
            decision.talk = replace(decision.talk, outcome="closed", wake=None, pending=None)

    def tell_resolved(self, decision: Decision, situation: Situation) -> bool:
        """Tell him that a person has resolved his ticket, if he was not told of that yet."""
        talk, resolved = decision.talk, situation.resolved
        if situation.ticket or resolved is None or resolved.resolved_at == talk.resolved_at:
            return False
        decision.say(self._wording.say("resolved", talk.language, number=resolved.number))
        decision.talk = replace(talk, resolved_at=resolved.resolved_at)
        return True

    def answered(
        self, decision: Decision, situation: Situation, case: Case, value: Value, *, more: bool = False
    ) -> bool:
        """Take the answer to "has it arrived?"; True when the case must go on.

        value: yes, no, "short", "all" or not known. more: he said facts beside.
        """
        talk = decision.talk
        if value in ("yes", "all"):
            waits = tuple(one for one in talk.earlier if one.pending and one.pending.purpose == "arrived")
            came = waits if value == "all" else ()
            earlier = tuple(one for one in talk.earlier if one not in came)
            decision.talk = replace(talk, outcome="closed", confirmed=True, wake=None, earlier=earlier)
            decision.say(self._wording.say("confirmed_all" if came else "confirmed", talk.language))
            return False
        if value == UNKNOWN:
            decision.say(self._wording.say("look_again", talk.language))
            decision.talk = replace(talk, wake=Wake("reminder", situation.now + PATIENCE))
            return False
        if not more and self._is_still_due(decision, situation, case):
            return False
        missed = {"promise_missed"} if value == "no" else set()
        decision.talk = replace(
            look_again(talk), outcome=None, wake=None, asked=(), signals=talk.signals | missed
        )
        decision.say(self._wording.say("reopened" if missed else "came_short", talk.language).strip())
        return True

    def has_arrived(self, decision: Decision, situation: Situation, said: Mapping[str, Fact]) -> None:
        """Close the case because the money has come; people who work on it are told."""
        talk = decision.talk
        told = any(fact.source != "system" for fact in talk.facts.values())
        if talk.outcome == "closed" or not told:
            decision.talk = replace(talk, confirmed=talk.outcome == "closed")
            self._questions.repeat(decision, self._wording.say("thanks", talk.language))
            return
        decision.talk = replace(talk.knows(**said), pending=None)
        case = self._think(decision.talk, situation)
        if situation.ticket and talk.has_ticket:
            self._conclusions.file(
                decision, situation, case, text="arrived_added", outcome=talk.outcome or "ticket"
            )
            decision.talk = replace(decision.talk, cause=talk.cause, confirmed=True)
        else:
            self.answered(decision, situation, case, "yes")

    def taken_back(self, decision: Decision, situation: Situation, *, short: bool = False) -> None:
        """Open the case again that he said was over; one that people work on stays with them.

        It is as open as before: the promise stands until its deadline, and the next question is put.
        short: a part has come, and no deadline is waited for.
        """
        talk = decision.talk
        facts = {key: fact for key, fact in talk.facts.items() if key != "arrived"}
        outcome = "advised" if talk.outcome == "closed" else talk.outcome
        decision.talk = replace(talk, facts=facts, confirmed=False, outcome=outcome)
        case = self._think(decision.talk, situation)
        if outcome != "advised":
            return
        decision.say(self._about_arrival("taken_back", talk, situation.now))
        if short or not self._is_still_due(decision, situation, case):
            decision.talk = replace(look_again(decision.talk), outcome=None, asked=())

    def _is_still_due(self, decision: Decision, situation: Situation, case: Case) -> bool:
        """Say that the money is not late and promise to ask again, where that is so."""
        talk = decision.talk
        if not (talk.due_at and case.due_at and case.deadline and situation.now <= case.deadline):
            return False
        decision.say(self._conclusions.still_due(case, talk.language, situation.now))
        wake = Wake("arrived", self._conclusions.next_open(case.deadline))
        decision.talk = replace(talk, wake=wake)
        return True

    def greet(self, decision: Decision, situation: Situation, case: Case) -> None:
        """Answer a greeting in the midst of a case: say what is going on, or put the open question again."""
        talk = decision.talk
        hello = self._wording.say("hello" if talk.outcome == "closed" else "hello_again", talk.language)
        if situation.ticket or (talk.outcome == "advised" and case.due_at and not talk.pending):
            self._conclusions.tell_status(decision, situation, case, lead=hello)
        elif talk.pending and talk.pending.purpose == "arrived":
            self._questions.repeat(decision, hello + self._about_arrival("arrived_ask", talk, situation.now))
        else:
            self._questions.repeat(decision, hello)

    def go_back(self, decision: Decision, situation: Situation) -> None:
        """Put the open question of an earlier sale again, once nothing more is to be said of this one."""
        talk = decision.talk
        if is_taken(situation.ticket):
            return
        waiting = unfinished(talk)
        if not waiting or talk.outcome is None or talk.pending or talk.is_looked_up:
            return
        decision.talk = take_up(talk, waiting[-1])
        sale = self._wording.sale(decision.talk.facts, talk.language, situation.now)
        self._questions.repeat(decision, self._wording.say("back_to", talk.language, sale=sale))

    def _ask(self, decision: Decision, text: str, wake: Wake, now: datetime) -> None:
        """Ask whether the money has come; wake: what is done if he is silent."""
        decision.talk = replace(decision.talk, wake=wake)
        self._questions.ask_arrived(decision, self._about_arrival(text, decision.talk, now))

    def _about_arrival(self, text: str, talk: Talk, now: datetime) -> str:
        """Fill a text about the arrival of the sale."""
        sale = self._wording.sale(talk.facts, talk.language, now)
        return self._wording.say(text, talk.language, sale=sale)
