"""A ticket's case as its page shows it: the diagnosis with its reasons, the facts, the evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.model import UNKNOWN
from triage.desk.deps import DeskDeps
from triage.desk.ticket import TicketCase
from triage.desk.words import Words

#: Other causes that are worth a line: more likely than this.
LIKELY = 0.02
#: A reason weaker than this (in decibans) neither speaks for nor against.
FAINT = 0.5

#: Facts that others say better: the due date that holds, and an earlier ticket only where there is one.
SAID_ELSEWHERE = frozenset({"base_due_state", "base_due_at", "earlier_ticket"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """How much one fact speaks for or against a cause."""

    fact: str
    title: str
    value: str
    #: Where the fact came from, in words.
    source: str
    #: Decibans; negative speaks against.
    weight: float
    #: Half-width of the bar, 0 to 50.
    length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A cause that is still possible."""

    id: str
    title: str
    probability: float
    bars: Sequence[Bar]

    @property
    def is_named(self) -> bool:
        """Say whether it names a cause: that none is known has no likelihood worth telling."""
        return self.id != UNKNOWN

    @property
    def percent(self) -> int:
        """Probability in whole percent; never 100, for nothing is certain."""
        return min(round(self.probability * 100), 99)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactLine:
    """A fact in words."""

    key: str
    title: str
    #: None = still unknown.
    value: str | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuledOutLine:
    """The causes that one fact excludes, in words."""

    fact: str
    value: str
    titles: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Casework:
    """The middle column."""

    title: str
    #: The diagnosed cause; None when the diagnosis does not list it.
    leader: Suspect | None
    others: Sequence[Suspect]
    ruled_out: Sequence[RuledOutLine]
    evidence: Sequence[FactLine]
    facts: Sequence[FactLine]
    next_step: str
    #: How long such a case usually takes.
    typical_time: str
    strip: str
    reasons: Sequence[str]
    asked: Sequence[str]
    version: str
    #: Every cause that it could turn out to be: id -> title.
    titles: Mapping[str, str]


def casework(deps: DeskDeps, words: Words, ticket: TicketCase) -> Casework:
    """Put a ticket's case into words."""
    return _Teller(deps, words, ticket).tell()


class _Teller:
    def __init__(self, deps: DeskDeps, words: Words, ticket: TicketCase) -> None:
        self._deps = deps
        self._words = words
        self._row = ticket.row
        self._diagnosis: Mapping[str, Any] = ticket.row["diagnosis"] or {}
        self._facts: Mapping[str, Any] = ticket.row["facts"] or {}

    def tell(self) -> Casework:
        cause = self._deps.causes.get(self._row["cause"])
        suspects = self._suspects()
        evidence = self._evidence(cause.ticket.evidence if cause else ())
        leader = next((suspect for suspect in suspects if suspect.id == self._row["cause"]), None)
        shown = {line.key for line in evidence} | {bar.fact for bar in (leader.bars if leader else ())}
        language, now = self._words.language, self._words.now
        return Casework(
            title=self.cause(self._row["cause"]),
            leader=leader,
            others=[one for one in suspects if one is not leader and one.probability >= LIKELY],
            ruled_out=self._ruled_out(),
            evidence=evidence,
            facts=[self._known(key) for key in self._facts if key not in shown | SAID_ELSEWHERE],
            next_step=cause.next_step.to(language) if cause else "",
            typical_time=cause.typical_time.to(language) if cause else "",
            strip=self._deps.draw_strip(self._facts, language, now),
            reasons=[self._reason(key) for key in self._row["priority_reasons"] or ()],
            asked=[self._title(key) for key in dict.fromkeys(self._diagnosis.get("asked", ()))],
            version=str(self._diagnosis.get("version", ""))[:8],
            titles={key: known.title.to(language) for key, known in self._deps.causes.items()},
        )

    def cause(self, key: str) -> str:
        known = self._deps.causes.get(key)
        return known.title.to(self._words.language) if known else key

    def _title(self, key: str) -> str:
        spec = self._deps.facts.get(key)
        return spec.title.to(self._words.language) if spec else key

    def _value(self, key: str, value: Any) -> str:
        return self._deps.describe(key, value, self._words.language, self._words.now)

    def _reason(self, key: str) -> str:
        text = self._deps.reasons.get(key)
        return text.to(self._words.language) if text else key

    def _suspects(self) -> list[Suspect]:
        why = [reason for reason in self._diagnosis.get("why", ()) if abs(reason["weight"]) >= FAINT]
        strongest = max((abs(reason["weight"]) for reason in why), default=1.0)
        return [
            Suspect(
                id=key,
                title=self.cause(key),
                probability=probability,
                bars=[self._bar(reason, strongest) for reason in why if reason["cause"] == key],
            )
            for key, probability in self._diagnosis.get("causes", ())
        ]

    def _bar(self, reason: Mapping[str, Any], strongest: float) -> Bar:
        return Bar(
            fact=reason["fact"],
            title=self._title(reason["fact"]),
            value=self._value(reason["fact"], reason["value"]),
            source=self._words.name("source", reason["source"]),
            weight=reason["weight"],
            length=round(abs(reason["weight"]) / strongest * 50, 1),
        )

    def _ruled_out(self) -> list[RuledOutLine]:
        titles: dict[tuple[str, str], list[str]] = {}
        for entry in self._diagnosis.get("ruled_out", ()):
            because = self._title(entry["fact"]), self._value(entry["fact"], entry["value"])
            titles.setdefault(because, []).append(self.cause(entry["cause"]))
        return [RuledOutLine(fact=fact, value=value, titles=out) for (fact, value), out in titles.items()]

    def _evidence(self, wanted: Sequence[str]) -> list[FactLine]:
        """List what the cause asks for; a fact that the ticket calls missing is missing."""
        missing = list(self._row["missing"] or ())
        keys = dict.fromkeys([*wanted, *missing])
        return [
            self._unknown(key) if key in missing or key not in self._facts else self._known(key)
            for key in keys
        ]

    def _known(self, key: str) -> FactLine:
        fact = self._facts[key]
        source = self._words.name("source", fact["source"])
        return FactLine(key=key, title=self._title(key), value=self._value(key, fact["value"]), source=source)

    def _unknown(self, key: str) -> FactLine:
        return FactLine(key=key, title=self._title(key), value=None, source="")
