"""How good the reader is on sentences whose intents and slots are known."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from typing import Any

from knowledge.reading.reader import Reader
from knowledge.reading.understand import understand_line

#: The 97.5th percentile of the normal distribution: for 95 % intervals.
_Z = 1.959964
#: Shares of the sentences at which the risk–coverage curve is told.
COVERAGES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A sentence, what it means, and what the reader made of it."""

    text: str
    intent: str
    #: Every right answer: the intent and its alternatives.
    right: frozenset[str]
    language: str
    fit: str
    guess: str
    confidence: float
    sure: bool

    @property
    def is_right(self) -> bool:
        """Say whether the guess is one of the right answers."""
        return self.guess in self.right


@dataclass(frozen=True, slots=True)
class SlotsRead:
    """A sentence whose slots are known: by value, as checked, and as found."""

    text: str
    kind: str
    expected: Mapping[str, Sequence[str]]
    found: Mapping[str, Sequence[str]]
    is_right: bool


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with the 95 % interval of Wilson (1927)."""

    right: int
    of: int

    @property
    def value(self) -> float:
        """Give the share; 0 of nothing."""
        return self.right / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Give the lower and upper bound."""
        if not self.of:
            return 0.0, 1.0
        n, z = self.of, _Z
        middle = (self.value + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * sqrt(self.value * (1 - self.value) / n + z * z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class Figures:
    """How an intent fares: of the guesses so many right, of the sentences so many found."""

    intent: str
    precision: Share
    recall: Share

    @property
    def f1(self) -> float:
        """Give the harmonic mean of precision and recall."""
        both = self.precision.value + self.recall.value
        return 2 * self.precision.value * self.recall.value / both if both else 0.0


def read_labelled(reader: Reader, row: Mapping[str, Any], now: datetime) -> Read:
    """Read one row of a labelled file; raises KeyError when it lacks a field."""
    said = understand_line(reader, dict(row), now)
    return Read(
        text=str(row["text"]),
        intent=str(row["intent"]),
        right=frozenset((str(row["intent"]), *map(str, row.get("alt", ())))),
        language=str(row.get("lang", "")),
        fit=str(row.get("fit", "")),
        guess=str(said["intent"]),
        confidence=float(said["confidence"]),
        sure=bool(said["sure"]),
    )


def read_slots_row(reader: Reader, row: Mapping[str, Any]) -> SlotsRead:
    """Read one row of a slots file; raises KeyError or ValueError when it is none."""
    found = understand_line(reader, dict(row), datetime.fromisoformat(row["ref"]))["slots"]
    found = {name: found.get(name, []) for name in row["check"]}
    ways = [row["expect"], *row.get("accept", ())]
    right = any(all(set(found[name]) == set(way.get(name, ())) for name in row["check"]) for way in ways)
    kind = "nothing" if "neg" in row.get("tags", ()) else str(row["kind"])
    return SlotsRead(str(row["text"]), kind, row["expect"], {k: v for k, v in found.items() if v}, right)


def per_intent(reads: Sequence[Read], *, lenient: bool) -> list[Figures]:
    """Give precision and recall of every intent that stands in the file or was guessed.

    lenient: a guess that is an alternative counts as what was meant.
    """
    meant = [read.guess if lenient and read.is_right else read.intent for read in reads]
    hits = Counter(read.guess for read, intent in zip(reads, meant, strict=True) if read.guess == intent)
    guesses, intents = Counter(read.guess for read in reads), Counter(meant)
    return [
        Figures(name, Share(hits[name], guesses[name]), Share(hits[name], intents[name]))
        for name in sorted(intents | guesses)
    ]


def shares(
    reads: Iterable[Read], group: Callable[[Read], str], right: Callable[[Read], bool]
) -> dict[str, Share]:
    """Give the share of right guesses in each group."""
    of: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for read in reads:
        of[group(read)] += 1
        hits[group(read)] += right(read)
    return {name: Share(hits[name], of[name]) for name in sorted(of)}


def risk_at(reads: Sequence[Read], coverage: float) -> tuple[float, Share]:
    """Of the most confident part of the reads: the least confidence in it, and how many are right."""
    ranked = sorted(reads, key=lambda read: -read.confidence)
    part = ranked[: max(1, round(coverage * len(ranked)))]
    return part[-1].confidence, Share(sum(read.is_right for read in part), len(part))


def sure_share(reads: Sequence[Read]) -> tuple[Share, Share]:
    """Give how many the reader is sure of, and how many of those are right."""
    sure = [read for read in reads if read.sure]
    return Share(len(sure), len(reads)), Share(sum(read.is_right for read in sure), len(sure))


def slots_by_kind(reads: Iterable[SlotsRead]) -> dict[str, Share]:
    """Give the share of exact slots by kind; "nothing" are those where nothing may be found."""
    of: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for read in reads:
        of[read.kind] += 1
        hits[read.kind] += read.is_right
    return {kind: Share(hits[kind], of[kind]) for kind in sorted(of)}
