"""What could be known at best: every question answered, and mistakes reckoned with."""

from collections.abc import Mapping
from math import log

from knowledge.inquiry import hold
from knowledge.lab.merchants import Merchant
from knowledge.lab.mistakes import Mistakes
from knowledge.lab.shares import likely, shares_of
from knowledge.loader import KnowledgeBase
from knowledge.model import UNKNOWN, Cause, Fact, Facts, Interval

#: What is never seen of a cause still is not impossible.
SMALLEST = 1e-4


class Bound:
    """Diagnoses as well as the answers allow, knowing how merchants are drawn and how often they err."""

    def __init__(self, knowledge: KnowledgeBase, mistakes: Mistakes) -> None:
        self._knowledge = knowledge
        self._causes = tuple(knowledge.causes.values())
        self._mistakes = mistakes
        self._told = {spec.key for spec in knowledge.facts.values() if spec.usual}

    def leader(self, merchant: Merchant, answers: Mapping[str, Fact]) -> str:
        """Name the likeliest cause once all the answers are known."""
        facts = {**merchant.opening, **answers}
        for key, told in merchant.opening.items():
            # What he said by himself is no mistake; only the day that he named may be told to the minute.
            if not isinstance(told.value, Interval) or facts[key].value == UNKNOWN:
                facts[key] = told
        closed = frozenset(key for key, fact in answers.items() if fact.value == UNKNOWN)
        known = hold(facts, self._knowledge, merchant.now, closed).known
        return max(self._causes, key=lambda cause: self._score(cause, known, merchant)).id

    def _score(self, cause: Cause, known: Facts, merchant: Merchant) -> float:
        score = log(cause.weight)
        for key, fact in known.items():
            if key in self._told and fact.value in self._knowledge.facts[key].usual:
                value = str(fact.value)
                shares = likely(shares_of(cause, key, self._knowledge))
                asked = key not in merchant.opening
                share = self._mistakes.seen(key, shares, value) if asked else shares.get(value, 0.0)
                score += log(max(share, SMALLEST))
        return score
