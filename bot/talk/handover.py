"""While an agent has the ticket: the bot keeps silent, and still takes down what the ticket lacks."""

from collections.abc import Callable

from bot.talk.asides import Asides
from bot.talk.case import Case
from bot.talk.conclusions import Conclusions
from bot.talk.decision import Decision, Situation
from bot.talk.sales import take_up
from knowledge.model import Fact, Reading
from triage.model import TicketStatus
from triage.tickets import TicketView

#: Evidence that is known by its label or its shape, whatever is spoken of with the agent.
UNMISTAKABLE = frozenset(
    {"merchant_no", "terminal_no", "reference_no", "voucher_no", "batch_no", "auth_code"}
)


def is_taken(ticket: TicketView | None) -> bool:
    """Say whether an agent has the ticket."""
    return ticket is not None and ticket.status != TicketStatus.NEW


class Handover:
    """Leaves the talk to the agent."""

    def __init__(
        self,
        asides: Asides,
        conclusions: Conclusions,
        think: Callable[[Decision, Situation], Case],
    ) -> None:
        self._asides = asides
        self._conclusions = conclusions
        self._think = think

    def silences(self, decision: Decision, situation: Situation, reading: Reading | None = None) -> bool:
        """Keep silent while an agent has the ticket, but for the status and one "passed on"."""
        if not is_taken(situation.ticket):
            return False
        talk = decision.talk
        if talk.ticketed and not talk.has_ticket:
            decision.talk = take_up(talk, talk.ticketed)
        # Of a sale whose facts are on the ticket alone it is not known what the ticket lacks.
        if reading and (talk.has_ticket or decision.talk.facts):
            self._take_down(decision, situation, reading)
        if reading and reading.sure and reading.intent == "ticket_status":
            self._conclusions.tell_status(decision, situation, self._think(decision, situation))
        else:
            self._asides.once(decision, "passed_on")
        return True

    def _take_down(self, decision: Decision, situation: Situation, reading: Reading) -> None:
        """Add the numbers that the ticket lacks; what is known already is the agent's to correct."""
        numbers = {key: Fact(value, "reader") for key, value in reading.facts.items() if key in UNMISTAKABLE}
        if not numbers:
            return
        lacking = self._conclusions.lacking(decision.talk, self._think(decision, situation))
        said = {key: fact for key, fact in numbers.items() if key in lacking}
        if said:
            decision.talk = decision.talk.knows(**said)
            self._conclusions.supply(decision, situation, self._think(decision, situation))
