"""How often merchants with a cause show each value of a fact."""

from collections.abc import Mapping

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
