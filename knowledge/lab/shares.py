"""How often merchants with a cause show each value of a fact."""

from collections.abc import Mapping

from knowledge.engine import REAL
from knowledge.loader import KnowledgeBase
from knowledge.model import Cause


def shares_of(cause: Cause, fact: str, knowledge: KnowledgeBase) -> Mapping[str, float]:
    """Give value -> share; nothing outside what the cause needs. Empty for facts without values."""
    shown = cause.signs.get(fact, knowledge.facts[fact].usual)
    allowed = cause.needs.get(fact)
    if allowed is None:
        return shown
    total = sum(shown[value] for value in allowed)
    return {value: shown[value] / total for value in allowed}


def likely(shares: Mapping[str, float]) -> Mapping[str, float]:
    """Leave out the values that only a mistaken merchant shows; the simulation makes its own mistakes."""
    left = {value: share for value, share in shares.items() if share >= REAL} or shares
    total = sum(left.values())
    return {value: share / total for value, share in left.items()}


def in_general(fact: str, knowledge: KnowledgeBase) -> Mapping[str, float]:
    """Give value -> share among all who write, whatever their cause."""
    total = sum(cause.weight for cause in knowledge.causes.values())
    general = dict.fromkeys(knowledge.facts[fact].usual, 0.0)
    for cause in knowledge.causes.values():
        for value, share in likely(shares_of(cause, fact, knowledge)).items():
            general[value] += cause.weight / total * share
    return general
