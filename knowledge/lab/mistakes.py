"""Merchants who do not know or are mistaken: how often in which question, and what they answer then."""

from collections.abc import Mapping
from statistics import fmean
from typing import Literal

from knowledge.lab.shares import in_general
from knowledge.loader import KnowledgeBase
from knowledge.model import Value

#: guess: he does not look and says what merchants in general would, by luck the truth as well; this happens,
#: as not knowing does, the more often the more effort looking takes.
#: any: any value but the true one; mistakes and not knowing are as common in every question.
Kind = Literal["guess", "any"]


class Mistakes:
    """How merchants answer if so large a share of the questions is answered wrongly, or not at all."""

    def __init__(
        self, knowledge: KnowledgeBase, wrong: float, dont_know: float, kind: Kind = "guess"
    ) -> None:
        asked = [spec for spec in knowledge.facts.values() if spec.ask]
        inputs = {source for spec in knowledge.facts.values() for source in spec.derived_from}
        effort = fmean(spec.effort for spec in asked if spec.usual)
        self.kind = kind
        self._scale = {spec.key: spec.effort / effort if kind == "guess" else 1.0 for spec in asked}
        self._fallible = {spec.key for spec in asked if spec.usual and spec.key not in inputs}
        self._general = {key: in_general(key, knowledge) for key in self._fallible}
        self._wrong, self._dont_know = wrong, dont_know

    def at_a_loss(self, key: str) -> float:
        """Give the share of those who cannot answer a question."""
        return min(1.0, self._dont_know * self._scale[key])

    def wrong(self, key: str) -> float:
        """Give the share of mistaken answers; 0 where something is worked out from the answer."""
        return min(1.0, self._wrong * self._scale[key]) if key in self._fallible else 0.0

    def answers(self, key: str, truth: Value) -> Mapping[str, float]:
        """Give what the mistaken answer, value -> share."""
        if self.kind == "guess":
            return self._general[key]
        others = [value for value in self._general[key] if value != truth]
        return dict.fromkeys(others, 1 / len(others))

    def seen(self, key: str, shares: Mapping[str, float], value: str) -> float:
        """Give how often a value is answered where the true ones have these shares."""
        wrong = self.wrong(key)
        true = shares.get(value, 0.0)
        if not wrong:
            return true
        mistaken = sum(share * self.answers(key, truth).get(value, 0.0) for truth, share in shares.items())
        return (1 - wrong) * true + wrong * mistaken
