"""Merchants drawn from the knowledge base: a cause, and facts that go with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from knowledge.calendar import ONE_DAY, SHANGHAI
from knowledge.derivation import work_out
from knowledge.engine import DUE_REASON, DUE_STATE
from knowledge.inference import FITTING, LARGE, NEW_FOR_DAYS, infer
from knowledge.inquiry import IN_DIRECTORY
from knowledge.lab.shares import likely, shares_of
from knowledge.loader import KnowledgeBase
from knowledge.model import UNKNOWN, Cause, Fact, Interval, Source, Value

#: How often the first message names a fact beside the complaint, whatever its value: counted, like the next,
#: over what is read from the first messages of tests/scenarios.
OPENING = {"amount": 0.4, "paid_at": 0.25, "pay_method": 0.08, "brand": 0.05}
#: How often it names a fact whose value is out of the ordinary: he tells what struck him.
STRIKING = {
    "account_class": 0.4,
    "account_kind": 0.2,
    "activated": 0.35,
    "agent_reachable": 0.5,
    "amount_entered_correct": 0.25,
    "bounced_before": 0.25,
    "card_changed": 0.3,
    "cardholder_charged": 0.1,
    "d0_switch": 0.2,
    "fee_consented": 0.45,
    "notice": 0.35,
    "others_affected": 0.55,
    "papers_expired": 0.5,
    "pay_method": 0.15,
    "payer_is_licensed": 0.45,
    "payout_status": 0.25,
    "received": 0.45,
    "registered_as": 0.25,
    "scope": 0.25,
    "settle_card_state": 0.5,
    "settle_card_test": 0.15,
    "settle_info_correct": 0.35,
    "settlement_mode": 0.5,
    "slip_merchant_matches": 0.35,
    "txn_result": 0.45,
    "txn_type": 0.45,
    "void_found": 0.2,
}
#: The share of those naming the time of the sale who name only the day.
ONLY_THE_DAY = 0.6
#: What nobody is asked, and what is known of it from the start where the cause shows it.
LOOKED_UP: Mapping[str, float] = {"channel_state": 0.5, "earlier_ticket": 1.0}
#: Facts that follow from the sale and the merchant as they were drawn.
SIZES = ("amount_size", "newly_opened")
#: A tiny sale is smaller, in fen.
SMALL_CHANGE = 5_00
#: The share of merchants whose terminal is new, whatever the cause.
NEWCOMERS = 0.2
#: Tries to find a sale that is due as drawn, before the due state is drawn anew.
MOST_TRIES = 3000
#: A merchant writes between these hours.
WRITES = (8, 23)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """One merchant: why his money does not arrive, and all that he could answer."""

    cause: str
    now: datetime
    truth: Mapping[str, Value]
    #: What is known before the first question.
    opening: Mapping[str, Fact]
    #: From which his luck with the answers is drawn, so that it does not hang on what else he is asked.
    luck: int


class Drawing:
    """Draws merchants, always the same ones from the same random numbers."""

    def __init__(self, knowledge: KnowledgeBase, random: Random, directory: float = 0.0) -> None:
        """Take the share of merchants whom a directory knows."""
        self._knowledge = knowledge
        self._directory = directory
        self._random = random
        self._causes = tuple(knowledge.causes.values())
        self._weights = [cause.weight for cause in self._causes]
        self._brands = (*knowledge.acquirers.brands, UNKNOWN)
        year = knowledge.calendar.last_day.year
        self._first_day = date(year, 1, 12)

    def merchant(self) -> Merchant:
        """Draw the next merchant."""
        cause = self._random.choices(self._causes, self._weights)[0]
        truth: dict[str, Value] = {
            key: self._draw(cause, key) for key, spec in self._knowledge.facts.items() if spec.usual
        }
        now = self._place_in_time(cause, truth)
        self._fill_in(truth)
        opening = self._opening(cause, truth)
        return Merchant(
            cause=cause.id, now=now, truth=truth, opening=opening, luck=self._random.getrandbits(32)
        )

    def _draw(self, cause: Cause, fact: str) -> str:
        """Draw a fact's value as the cause shows it, leaving out what only a mistake would show."""
        shares = likely(shares_of(cause, fact, self._knowledge))
        return self._random.choices(list(shares), list(shares.values()))[0]

    def _place_in_time(self, cause: Cause, truth: dict[str, Value]) -> datetime:
        """Find a sale that is due as the cause has it, by the real arithmetic; gives the moment he writes."""
        while True:
            state, reason = self._draw(cause, DUE_STATE), self._draw(cause, DUE_REASON)
            for _ in range(MOST_TRIES):
                sale, now = self._sale(cause)
                facts = {key: Fact(value, "merchant") for key, value in sale.items()}
                timing = work_out(facts, self._knowledge.acquirers, self._knowledge.calendar, now)
                found = {key: fact.value for key, fact in timing.facts.items()}
                if found.get(DUE_STATE) == state and found.get(DUE_REASON) in (None, reason):
                    truth |= sale
                    return now

    def _sale(self, cause: Cause) -> tuple[dict[str, Value], datetime]:
        """Draw what the due date depends on."""
        day = self._first_day + ONE_DAY * self._random.randrange(350)
        now = self._at(day, self._random.randrange(WRITES[0] * 60, WRITES[1] * 60))
        lag = self._random.choice((0, 0, 1, 1, 1, 2, 3, self._random.randrange(4, 10)))
        paid_at = self._at(day - lag * ONE_DAY, self._random.randrange(24 * 60))
        if paid_at >= now:
            paid_at -= ONE_DAY
        drawn = ("pay_method", "d0_switch", "settlement_mode")
        sale: dict[str, Value] = {key: self._draw(cause, key) for key in drawn}
        sale |= {
            "paid_at": paid_at,
            "amount": self._amount(cause),
            "onboarded_days": self._days(cause),
            "brand": self._random.choice(self._brands),
        }
        return sale, now

    def _at(self, day: date, minute: int) -> datetime:
        return datetime.combine(day, time(), SHANGHAI) + timedelta(minutes=minute)

    def _amount(self, cause: Cause) -> int:
        size = self._draw(cause, "amount_size") if "amount_size" in cause.signs else ""
        if size == "tiny":
            return self._random.randrange(1, SMALL_CHANGE)
        if size == "large":
            return LARGE + self._random.randrange(1, 10 * LARGE)
        return max(1, round(100 * self._random.lognormvariate(6.6, 1.6)))

    def _days(self, cause: Cause) -> int:
        new = "newly_opened" in cause.signs and self._draw(cause, "newly_opened") == "yes"
        if new or ("newly_opened" not in cause.signs and self._random.random() < NEWCOMERS):
            return self._random.randrange(5, NEW_FOR_DAYS)
        return self._random.randrange(NEW_FOR_DAYS, 1500)

    def _fill_in(self, truth: dict[str, Value]) -> None:
        """Draw the answers from which the derived facts follow as drawn."""
        brand = truth["brand"]
        smallest = self._knowledge.acquirers.profile(str(brand)).min_payout
        below = truth["balance_below_minimum"] == "yes"
        truth["pending_balance"] = (
            self._random.randrange(1, max(2, smallest)) if below else smallest + int(str(truth["amount"]))
        )
        registered, fits = str(truth["registered_as"]), truth["account_fits"] == "yes"
        fitting = FITTING[registered]
        facts = {key: Fact(value, "merchant") for key, value in truth.items()}
        truth |= {
            key: fact.value for key, fact in infer(facts, self._knowledge.acquirers).items() if key in SIZES
        }
        truth["account_kind"] = fitting if fits else next(k for k in FITTING.values() if k != fitting)

    def _opening(self, cause: Cause, truth: Mapping[str, Value]) -> dict[str, Fact]:
        told: dict[str, Fact] = {"complaint": Fact(truth["complaint"], "reader")}
        for key in self._told_first(truth):
            told[key] = Fact(self._as_told(truth[key]), "reader")
        for key, spec in self._knowledge.facts.items():
            unasked = spec.usual and not spec.ask and not spec.derived_from
            if unasked and (key in cause.signs or key in cause.needs):
                source: Source = "system" if key in LOOKED_UP else "reader"
                if self._random.random() < LOOKED_UP.get(key, 1.0):
                    told[key] = Fact(truth[key], source)
        if self._directory and self._random.random() < self._directory:
            told |= {
                key: Fact(value, "system")
                for key, value in truth.items()
                if key in IN_DIRECTORY and value != UNKNOWN
            }
        return told

    def _told_first(self, truth: Mapping[str, Value]) -> Iterator[str]:
        """Go through the facts that he tells unasked."""
        for key, share in OPENING.items():
            if self._random.random() < share and truth[key] != UNKNOWN:
                yield key
        for key, share in STRIKING.items():
            usual = self._knowledge.facts[key].usual if key in self._knowledge.facts else {}
            striking = usual and truth[key] != max(usual, key=usual.__getitem__)
            if self._random.random() < share and striking and truth[key] != UNKNOWN:
                yield key

    def _as_told(self, value: Value) -> Value:
        if not isinstance(value, datetime) or self._random.random() >= ONLY_THE_DAY:
            return value
        start = datetime.combine(value.date(), time(), SHANGHAI)
        return Interval(start, start + ONE_DAY)
