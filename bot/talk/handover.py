"""While an agent has the ticket: the bot keeps silent, and still takes down what the ticket lacks."""

from collections.abc import Callable
from dataclasses import replace

from bot.talk.arrival import part_come
from bot.talk.asides import Asides
from bot.talk.case import Case
from bot.talk.conclusions import Conclusions
from bot.talk.decision import Decision, Situation
from bot.talk.followups import FollowUps
from bot.talk.learning import said_in
from bot.talk.sales import take_up
from bot.talk.standing import is_taken
from bot.talk.state import Talk
from knowledge.model import Fact, Reading

#: Evidence that is known by its label or its shape, whatever is spoken of with the agent.
UNMISTAKABLE = frozenset(
    {"merchant_no", "terminal_no", "reference_no", "voucher_no", "batch_no", "auth_code"}
)


class Handover:
    """Leaves the talk to the agent."""

    def __init__(
        self,
        asides: Asides,
        conclusions: Conclusions,
        followups: FollowUps,
        think: Callable[[Talk, Situation], Case],
    ) -> None:
        self._asides = asides
        self._conclusions = conclusions
        self._followups = followups
        self._think = think

    def silences(self, decision: Decision, situation: Situation, reading: Reading | None = None) -> bool:
        """Keep silent while an agent has the ticket, but for good news, the status and one "passed on"."""
        if not is_taken(situation.ticket):
            return False
        talk = decision.talk
        if talk.ticketed and not talk.has_ticket:
            decision.talk = take_up(talk, talk.ticketed)
        # Of a sale whose facts are on the ticket alone it is not known what the ticket lacks.
        if reading and (talk.has_ticket or decision.talk.facts):
            self._take_down(decision, situation, reading)
        if reading and self._has_arrived(decision, situation, reading):
            return True
        if reading and self._asks_how_it_stands(decision, reading):
            self._conclusions.tell_status(decision, situation, self._think(decision.talk, situation))
        else:
            self._asides.once(decision, "passed_on")
        return True

    def _has_arrived(self, decision: Decision, situation: Situation, reading: Reading) -> bool:
        """Note for the agent that the money has come, once; False when he says nothing of that."""
        talk = decision.talk
        news = reading.facts.get("arrived") == "yes" and talk.has_ticket and not talk.confirmed
        if news and part_come(talk, said := said_in(talk, reading)) is None:
            self._followups.has_arrived(decision, situation, said)
            return True
        return False

    def _asks_how_it_stands(self, decision: Decision, reading: Reading) -> bool:
        """Say whether he asks for the state of his ticket, or how long it takes; of that he is told once."""
        talk = decision.talk
        if not reading.sure or reading.intent not in ("ticket_status", "arrival_time"):
            return False
        asked = reading.intent == "arrival_time"
        if asked:
            decision.talk = replace(talk, told=talk.told | {"status_claimed"})
        return not (asked and "status_claimed" in talk.told)

    def _take_down(self, decision: Decision, situation: Situation, reading: Reading) -> None:
        """Add the numbers that the ticket lacks; what is known already is the agent's to correct."""
        numbers = {key: Fact(value, "reader") for key, value in reading.facts.items() if key in UNMISTAKABLE}
        if not numbers:
            return
        lacking = self._conclusions.lacking(decision.talk, self._think(decision.talk, situation))
        said = {key: fact for key, fact in numbers.items() if key in lacking}
        if said:
            decision.talk = decision.talk.knows(**said)
            self._conclusions.supply(decision, situation, self._think(decision.talk, situation))
