"""The command menu of a messenger."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

from bot.messages import Command
from bot.talk.asides import Asides
from bot.talk.case import Case
from bot.talk.conclusions import Conclusions
from bot.talk.decision import Decision, Situation
from bot.talk.questions import Questions
from bot.talk.wording import Wording
from knowledge.model import Fact, FactSpec

#: Commands as they are typed where there is no menu.
COMMANDS: Mapping[str, Command] = {f"/{command}": command for command in get_args(Command)}
#: Commands that are answered also while an agent has the ticket.
ALWAYS: frozenset[Command] = frozenset({"help", "status", "language"})


class Menu:
    """Does what a command asks for."""

    def __init__(
        self,
        facts: Mapping[str, FactSpec],
        wording: Wording,
        questions: Questions,
        asides: Asides,
        conclusions: Conclusions,
    ) -> None:
        self._facts = facts
        self._wording = wording
        self._questions = questions
        self._asides = asides
        self._conclusions = conclusions

    def choose(self, decision: Decision, situation: Situation, command: Command, case: Case) -> None:
        """Carry out a command."""
        talk = decision.talk
        if command == "human":
            self._conclusions.call_human(decision, situation, case)
        elif command == "status":
            self._conclusions.tell_status(decision, situation, case)
        elif command == "help":
            self._questions.repeat(decision, self._wording.say("help", talk.language))
        elif command == "language":
            self._asides.speak(decision, "zh" if talk.language == "en" else "en")
        elif command == "cancel":
            self.cancel(decision, situation, "cancel_ticket")
        else:
            self._start(decision, situation)

    def facts_of(self, brought: dict[str, str]) -> dict[str, Fact]:
        """Take the facts of a link that could be true; a link is typed by anybody."""
        return {
            key: Fact(value, "merchant") for key, value in brought.items() if self._is_possible(key, value)
        }

    def _start(self, decision: Decision, situation: Situation) -> None:
        talk = decision.talk
        if talk.pending:
            self._questions.repeat(decision, self._wording.say("ack", talk.language))
        elif talk.outcome:
            decision.say(self._wording.say("hello", talk.language))
        else:
            lead = self._wording.say("greeting", talk.language) + "\n"
            self._questions.ask(decision, "complaint", "diagnose", situation.now, lead=lead)

    def cancel(self, decision: Decision, situation: Situation, on_ticket: str) -> None:
        """Close the case; what people work on already is not taken from them: `on_ticket` is said of that."""
        talk = decision.talk
        if situation.ticket:
            text = self._wording.say(on_ticket, talk.language, number=situation.ticket.number)
            decision.say(text)
            return
        decision.talk = replace(talk, outcome="closed", pending=None, wake=None)
        decision.say(self._wording.say("cancelled", talk.language))

    def _is_possible(self, key: str, value: str) -> bool:
        spec = self._facts.get(key)
        if spec is None:
            return False
        return value in spec.values or bool(spec.pattern and re.fullmatch(spec.pattern, value))
