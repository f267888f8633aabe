"""What could be known at best: every question answered, and mistakes reckoned with."""

from collections.abc import Mapping
from math import log

from knowledge.inquiry import hold
from knowledge.lab.merchants import Drawing, Merchant, likely
from knowledge.lab.shares import shares_of
from knowledge.loader import KnowledgeBase
from knowledge.model import Cause, Fact, Facts

#: What is never seen of a cause still is not impossible.
SMALLEST = 1e-4


class Bound:
    """Diagnoses as well as the answers allow, knowing how merchants are drawn and how often they err."""

    def __init__(self, knowledge: KnowledgeBase, drawing: Drawing, wrong: float) -> None:
        self._knowledge = knowledge
        self._causes = tuple(knowledge.causes.values())
        self._fallible = {
            key for key, spec in knowledge.facts.items() if spec.ask and drawing.can_be_wrong(key)
        }
        self._wrong = wrong
        self._told = {spec.key for spec in knowledge.facts.values() if spec.usual}

    def leader(self, merchant: Merchant, answers: Mapping[str, Fact]) -> str:
        """Name the likeliest cause once all the answers are known."""
        facts = {**answers, **merchant.opening}
        known = hold(facts, self._knowledge, merchant.now, frozenset()).known
        return max(self._causes, key=lambda cause: self._score(cause, known, merchant)).id

    def _score(self, cause: Cause, known: Facts, merchant: Merchant) -> float:
        score = log(cause.weight)
        for key, fact in known.items():
            if key in self._told and fact.value in self._knowledge.facts[key].usual:
                shares = likely(shares_of(cause, key, self._knowledge))
                share = shares.get(str(fact.value), 0.0) / sum(shares.values())
                if key in self._fallible and key not in merchant.opening:
                    others = len(self._knowledge.facts[key].values) - 1
                    share = (1 - self._wrong) * share + self._wrong * (1 - share) / others
                score += log(max(share, SMALLEST))
        return score
