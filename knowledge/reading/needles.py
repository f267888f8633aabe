"""What a text must hold for a pattern to match it, so that most patterns need not be tried at all."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Generic, TypeVar

#: Needles are cut to so many characters: longer ones tell little more.
LONGEST = 3

_TOKEN = re.compile(
    r"(?P<open>\((?:\?(?::|P<\w+>|<?[=!])|(?!\?)))|(?P<close>\))|(?P<bar>\|)"
    r"|(?P<shape>\[\^?\]?(?:\\.|[^\]\\])*\]|\\[a-zA-Z0-9]|[.^$])|\\(?P<escaped>.)|(?P<literal>[^(\\])"
)
_OPTIONAL = re.compile(r"[?*][?+]?|\{(?:0|0?,)\d*,?\d*\}[?+]?")
_REPEATED = re.compile(r"\+[?+]?|\{\d+(?:,\d*)?\}[?+]?")

Needles = frozenset[str] | None
Meaning = TypeVar("Meaning")


@cache
def needles(pattern: str) -> Needles:
    """Give strings of which at least one stands in every text that matches; None if there are none such.

    The pattern is one without flags.
    """
    reading = _Reading(pattern)
    found = reading.alternatives()
    return found if reading.is_over else None


class NeedleIndex(Generic[Meaning]):
    """Chooses the patterns that may match a text; what they mean comes in the order in which it was given."""

    def __init__(self, patterns: Iterable[tuple[str, Meaning]]) -> None:
        """Take pairs of a pattern and what it means."""
        self._meanings: list[Meaning] = []
        self._always: set[int] = set()
        known: dict[str, set[int]] = {}
        for place, (pattern, meaning) in enumerate(patterns):
            self._meanings.append(meaning)
            found = needles(pattern)
            if found is None:
                self._always.add(place)
            for needle in found or ():
                known.setdefault(needle, set()).add(place)
        self._known: Mapping[str, set[int]] = known
        self._lengths = sorted({len(needle) for needle in known})

    def candidates(self, text: str) -> list[Meaning]:
        """Give what may match."""
        places = range(len(text))
        pieces = {text[place : place + length] for length in self._lengths for place in places}
        found = self._always.union(*(self._known[piece] for piece in pieces & self._known.keys()))
        return [self._meanings[place] for place in sorted(found)]


class _Reading:
    """A pattern while it is read, from the first character to the last."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._place = 0

    @property
    def is_over(self) -> bool:
        """Tell whether all of the pattern was read; what is rare in patterns is not known here."""
        return self._place == len(self._pattern)

    def alternatives(self) -> Needles:
        """Read up to the closing bracket: what every alternative needs, all together."""
        together: set[str] = set()
        all_need = True
        while True:
            needed, more = self._alternative()
            if needed is None:
                all_need = False
            else:
                together |= needed
            if not more:
                return frozenset(together) if all_need else None

    def _alternative(self) -> tuple[Needles, bool]:
        """Read one alternative: the most telling of what it needs, and whether another follows."""
        best: Needles = None
        run = ""
        while (token := _TOKEN.match(self._pattern, self._place)) is not None:
            self._place = token.end()
            kind = token.lastgroup
            if kind in ("close", "bar"):
                return _better(best, _cut(run)), kind == "bar"
            needed: Needles = None
            if kind == "open":
                needed = self.alternatives()
                needed = None if "!" in token[0] else needed
            optional = self._skip(_OPTIONAL)
            if kind in ("literal", "escaped") and not optional:
                run += token[kind]
                if not self._skip(_REPEATED):
                    continue
            self._skip(_REPEATED)
            best = _better(best, _cut(run))
            run = ""
            if not optional:
                best = _better(best, needed)
        return _better(best, _cut(run)), False

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        found = pattern.match(self._pattern, self._place)
        if found:
            self._place = found.end()
        return found is not None


def _cut(run: str) -> Needles:
    return frozenset((run[:LONGEST],)) if run else None


def _better(one: Needles, other: Needles) -> Needles:
    """Choose what tells more: longer strings, then fewer of them."""
    if one is None or other is None:
        return one if other is None else other
    return max(one, other, key=lambda several: (min(map(len, several)), -len(several)))
