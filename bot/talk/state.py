"""The state of one talk, and its form in the database."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from knowledge.model import Fact, FactSpec, Language, from_json, to_json

#: What the open question is for.
Purpose = Literal["diagnose", "evidence", "correct", "which", "change", "arrived", "meant"]
#: What the bot does when nobody writes: ask whether the money came, remind once, file without the evidence,
#: go on without the directory.
Wake = Literal["arrived", "silence", "evidence", "lookup"]
Outcome = Literal["advised", "ticket", "incident", "closed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The question that waits for an answer."""

    #: Number of the question in this talk; option ids begin with it.
    step: int
    fact: str
    purpose: Purpose
    #: The options' values, in order.
    values: tuple[str, ...] = ()
    #: For a confirm: the facts that a yes makes true, as JSON.
    offer: dict[str, Any] = field(default_factory=dict)
    #: Answers in a row that were not understood.
    misses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """All that the bot knows of a talk: facts, not a position in a tree."""

    language: Language = "zh"
    #: What was said, read or looked up; derived facts are worked out anew each time.
    facts: dict[str, Fact] = field(default_factory=dict)
    #: Facts asked to find the cause, in order.
    asked: tuple[str, ...] = ()
    #: Facts asked as evidence for the ticket, in order.
    evidence_asked: tuple[str, ...] = ()
    pending: Pending | None = None
    step: int = 0
    outcome: Outcome | None = None
    #: The cause that the outcome rests on.
    cause: str | None = None
    #: When the money is due, as last told.
    due_at: datetime | None = None
    wake: Wake | None = None
    #: The merchant number that he has proved to be his.
    proved: str | None = None
    #: Facts that the merchant cannot tell (more closely): not asked again.
    closed: frozenset[str] = frozenset()
    #: Reasons to raise the priority: complaint, promise_missed, repeat.
    signals: frozenset[str] = frozenset()
    #: Things said once: greeted, passed_on.
    told: frozenset[str] = frozenset()

    def knows(self, **facts: Fact) -> "Talk":
        """Give the talk with these facts; a later answer replaces an earlier one."""
        return replace(self, facts=self.facts | facts)

    def to_json(self) -> dict[str, Any]:
        """Write the state as the database keeps it."""
        pending = self.pending
        return {
            "language": self.language,
            "facts": {key: [to_json(fact.value), fact.source] for key, fact in self.facts.items()},
            "asked": self.asked,
            "evidence_asked": self.evidence_asked,
            "pending": pending
            and {
                "step": pending.step,
                "fact": pending.fact,
                "purpose": pending.purpose,
                "values": pending.values,
                "offer": pending.offer,
                "misses": pending.misses,
            },
            "step": self.step,
            "outcome": self.outcome,
            "cause": self.cause,
            "due_at": self.due_at and self.due_at.isoformat(),
            "wake": self.wake,
            "proved": self.proved,
            "closed": sorted(self.closed),
            "signals": sorted(self.signals),
            "told": sorted(self.told),
        }


def read_talk(raw: dict[str, Any], specs: dict[str, FactSpec] | Any) -> Talk:
    """Read a state that Talk.to_json wrote; a fact that no longer exists is left out."""
    pending = raw["pending"]
    return Talk(
        language=raw["language"],
        facts={
            key: Fact(from_json(specs[key].kind, value), source)
            for key, (value, source) in raw["facts"].items()
            if key in specs
        },
        asked=tuple(raw["asked"]),
        evidence_asked=tuple(raw["evidence_asked"]),
        pending=Pending(**(pending | {"values": tuple(pending["values"])})) if pending else None,
        step=raw["step"],
        outcome=raw["outcome"],
        cause=raw["cause"],
        due_at=datetime.fromisoformat(raw["due_at"]) if raw["due_at"] else None,
        wake=raw["wake"],
        proved=raw["proved"],
        closed=frozenset(raw["closed"]),
        signals=frozenset(raw["signals"]),
        told=frozenset(raw["told"]),
    )
