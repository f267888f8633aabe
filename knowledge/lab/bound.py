"""What could be known at best: every question answered, and mistakes reckoned with."""

from collections.abc import Iterable, Mapping
from functools import cache
from math import log

from knowledge.inquiry import hold
from knowledge.lab.merchants import Merchant
from knowledge.lab.mistakes import Mistakes
from knowledge.lab.shares import likely, shares_of
from knowledge.loader import KnowledgeBase
from knowledge.model import UNKNOWN, Fact, Interval

#: What is never seen of a cause still is not impossible.
SMALLEST = 1e-4


class Bound:
    """Diagnoses as well as the answers allow, knowing how merchants are drawn and how often they err."""

    def __init__(self, knowledge: KnowledgeBase, mistakes: Mistakes) -> None:
        self._knowledge = knowledge
        self._causes = knowledge.causes
        self._mistakes = mistakes
        self._told = {spec.key for spec in knowledge.facts.values() if spec.usual}
        self._weight = cache(self._weigh)

    def leader(self, merchant: Merchant, answers: Mapping[str, Fact]) -> str:
        """Name the likeliest cause once all the answers are known."""
        facts = {**merchant.opening, **answers}
        for key, told in merchant.opening.items():
            # What he said by himself is no mistake; only the day that he named may be told to the minute.
            if not isinstance(told.value, Interval) or facts[key].value == UNKNOWN:
                facts[key] = told
        closed = frozenset(key for key, fact in answers.items() if fact.value == UNKNOWN)
        known = hold(facts, self._knowledge, merchant.now, closed).known
        said = [
            (key, str(fact.value), key not in merchant.opening)
            for key, fact in known.items()
            if key in self._told and fact.value in self._knowledge.facts[key].usual
        ]
        return max(self._causes, key=lambda cause: self._score(cause, said))

    def _score(self, cause: str, said: Iterable[tuple[str, str, bool]]) -> float:
        return log(self._causes[cause].weight) + sum(self._weight(cause, *one) for one in said)

    def _weigh(self, cause: str, key: str, value: str, asked: bool) -> float:
        """Give the logarithm of how often merchants with the cause show a value, asked or by themselves."""
        shares = likely(shares_of(self._causes[cause], key, self._knowledge))
        share = self._mistakes.seen(key, shares, value) if asked else shares.get(value, 0.0)
        return log(max(share, SMALLEST))
