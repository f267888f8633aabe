"""One cause or one fact with all that the knowledge base says of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log10

from knowledge.lab.shares import shares_of
from knowledge.loader import KnowledgeBase
from knowledge.model import Cause, FactSpec

#: A value is worth showing when it speaks for or against by so many decibans.
TELLING = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """How often a cause shows a value, against how common the value is."""

    cause: str
    fact: str
    value: str
    share: float
    usual: float

    @property
    def decibans(self) -> float:
        """How much the value speaks for the cause, against the average cause."""
        return 10 * log10(self.share / self.usual)


@dataclass(frozen=True, slots=True, kw_only=True)
class CausePage:
    """One cause."""

    cause: Cause
    #: Share of all merchants who write.
    prior: float
    #: Strongest first; telling values only.
    signs: tuple[Sign, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactPage:
    """One fact."""

    spec: FactSpec
    #: The telling values of the causes, by value, strongest first.
    signs: tuple[Sign, ...]
    #: Causes that need certain values.
    needed_by: tuple[str, ...]
    #: Facts that follow from it.
    leads_to: tuple[str, ...]
    #: Causes whose ticket wants it.
    evidence_of: tuple[str, ...]


def show_cause(name: str, knowledge: KnowledgeBase) -> CausePage:
    """Show a cause; raises KeyError when there is none of that name."""
    cause = knowledge.causes[name]
    total = sum(each.weight for each in knowledge.causes.values())
    signs = [sign for fact in cause.signs for sign in _signs(cause, fact, knowledge)]
    signs.sort(key=lambda sign: -abs(sign.decibans))
    return CausePage(cause=cause, prior=cause.weight / total, signs=tuple(signs))


def show_fact(name: str, knowledge: KnowledgeBase) -> FactPage:
    """Show a fact; raises KeyError when there is none of that name."""
    spec = knowledge.facts[name]
    causes = knowledge.causes.values()
    signs = [sign for cause in causes if name in cause.signs for sign in _signs(cause, name, knowledge)]
    order = list(spec.values)
    signs.sort(key=lambda sign: (order.index(sign.value), -sign.decibans))
    return FactPage(
        spec=spec,
        signs=tuple(signs),
        needed_by=tuple(cause.id for cause in causes if name in cause.needs),
        leads_to=tuple(other.key for other in knowledge.facts.values() if name in other.derived_from),
        evidence_of=tuple(cause.id for cause in causes if name in cause.ticket.evidence),
    )


def _signs(cause: Cause, fact: str, knowledge: KnowledgeBase) -> Iterator[Sign]:
    usual = knowledge.facts[fact].usual
    for value, share in shares_of(cause, fact, knowledge).items():
        sign = Sign(cause=cause.id, fact=fact, value=value, share=share, usual=usual[value])
        if abs(sign.decibans) >= TELLING:
            yield sign
