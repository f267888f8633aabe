"""What a text must hold for a pattern to match it, so that most patterns need not be tried at all."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Generic, Protocol, TypeVar

_TOKEN = re.compile(
    r"(?P<open>\((?:\?(?::|P<\w+>|<?[=!])|(?!\?)))|(?P<close>\))|(?P<bar>\|)"
    r"|\[(?P<any>[^]\\^-]+)\]|(?P<shape>\[\^?\]?(?:\\.|[^\]\\])*\]|\\[a-zA-Z]|[.^$])"
    r"|\\(?P<back>\d)|\\(?P<escaped>.)|(?P<literal>[^(\\])"
)
_OPTIONAL = re.compile(r"[?*][?+]?|\{(?:0|0?,)\d*,?\d*\}[?+]?")
_REPEATED = re.compile(r"\+[?+]?|\{\d+(?:,\d*)?\}[?+]?")

Needles = frozenset[str] | None
Meaning = TypeVar("Meaning")


class Searching(Protocol):
    """A pattern without flags, compiled or not yet."""

    @property
    def pattern(self) -> str:
        """What it was written as."""

    def search(self, text: str, /) -> re.Match[str] | None:
        """Find its first match."""


@cache
def needles(pattern: str) -> Needles:
    """Give strings of which at least one stands in every text that matches; None if there are none such.

    The pattern is one without flags.
    """
    reading = _Reading(pattern)
    found = reading.alternatives()
    return found if reading.is_over else None


def may_match(pattern: re.Pattern[str], text: str) -> bool:
    """Tell whether a text has any needle of a pattern without flags: quicker than to try the pattern."""
    return _any_needle(pattern.pattern).search(text) is not None


@cache
def _any_needle(pattern: str) -> re.Pattern[str]:
    found = needles(pattern)
    return re.compile("" if found is None else "|".join(map(re.escape, sorted(found))))


class NeedleIndex(Generic[Meaning]):
    """Tells which patterns match a text; only those are tried of which the text has a needle."""

    def __init__(self, meanings: Iterable[tuple[Iterable[Searching], Meaning]]) -> None:
        """Take what may be meant, each with the patterns of which one must match."""
        self._meanings: list[Meaning] = []
        #: Patterns, each with the place of what it means.
        self._patterns: list[tuple[int, Searching]] = []
        for patterns, meaning in meanings:
            self._patterns += [(len(self._meanings), pattern) for pattern in patterns]
            self._meanings.append(meaning)
        self._always: set[int] = set()
        #: Needle -> places of the patterns that need it.
        self._needed: dict[str, set[int]] = {}
        for place, (_, pattern) in enumerate(self._patterns):
            found = needles(pattern.pattern)
            if found is None:
                self._always.add(place)
            for needle in found or ():
                self._needed.setdefault(needle, set()).add(place)
        #: The needles by their first characters.
        self._needles: dict[str, list[str]] = {}
        for needle in self._needed:
            self._needles.setdefault(needle[0], []).append(needle)

    def matching(self, text: str) -> list[Meaning]:
        """Give what is meant by the patterns that match, in the order in which it was given."""
        firsts = self._needles.keys() & set(text)
        present = (needle for first in firsts for needle in self._needles[first] if needle in text)
        tried = self._always.union(*map(self._needed.__getitem__, present))
        found = {place for place, pattern in map(self._patterns.__getitem__, tried) if pattern.search(text)}
        return [self._meanings[place] for place in sorted(found)]


def split(pattern: str) -> list[str]:
    """Split a pattern into those of which one must match; one that is not understood stays whole."""
    parts, start, end, depth = [], 0, 0, 0
    for token in _TOKEN.finditer(pattern):
        if token.start() != end or depth < 0 or token["back"]:
            return [pattern]
        end = token.end()
        depth += bool(token["open"]) - bool(token["close"])
        if token["bar"] and depth == 0:
            parts.append(pattern[start : token.start()])
            start = end
    return [*parts, pattern[start:]] if end == len(pattern) and depth == 0 else [pattern]


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
                return _better(best, _alone(run)), kind == "bar"
            needed = frozenset(token["any"]) if kind == "any" else None
            if kind == "open":
                needed = self.alternatives()
                needed = None if "!" in token[0] else needed
            optional = self._skip(_OPTIONAL)
            if kind in ("literal", "escaped") and not optional:
                run += token[kind]
                if not self._skip(_REPEATED):
                    continue
            self._skip(_REPEATED)
            best = _better(best, _alone(run))
            run = ""
            if not optional:
                best = _better(best, needed)
        return _better(best, _alone(run)), False

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        found = pattern.match(self._pattern, self._place)
        if found:
            self._place = found.end()
        return found is not None


def _alone(run: str) -> Needles:
    return frozenset((run,)) if run else None


def _better(one: Needles, other: Needles) -> Needles:
    """Choose what tells more: longer strings, then fewer of them."""
    if one is None or other is None:
        return one if other is None else other
    return max(one, other, key=lambda several: (min(map(len, several)), -len(several)))
