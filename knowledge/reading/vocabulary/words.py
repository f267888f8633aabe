"""Finding known words in a text, longest first."""

import re
from collections.abc import Collection, Iterable
from typing import Generic, NamedTuple, TypeVar

Meaning = TypeVar("Meaning")


class Hit(NamedTuple, Generic[Meaning]):
    """A word that was found, and what it means."""

    start: int
    end: int
    meaning: Meaning


class WordFinder(Generic[Meaning]):
    """Finds words: one pass over the text, however many words it knows."""

    def __init__(self, words: Iterable[tuple[str, Meaning]]) -> None:
        """Take pairs of a normalised word and its meaning; of the same word twice, the last counts."""
        self._meanings = {word: meaning for word, meaning in words if word}
        alone = [word for word in self._meanings if len(word) == 1]
        #: The lengths to try where no longer word begins.
        self._shortest = [1] if alone else []
        #: First two characters -> lengths of the words that begin so, longest first.
        self._lengths: dict[str, list[int]] = {}
        for word in sorted(self._meanings, key=len, reverse=True):
            lengths = self._lengths.setdefault(word[:2], [])
            if len(word) not in lengths:
                lengths.append(len(word))
        for lengths in self._lengths.values():
            lengths.extend(self._shortest)
        self._starts = _starts(self._lengths)

    def find(self, text: str) -> list[Hit[Meaning]]:
        """Find the words in order; a hit never overlaps a longer one that began before it."""
        hits: list[Hit[Meaning]] = []
        meanings, free = self._meanings, 0
        for start in self._starts.finditer(text):
            place = start.start()
            if place < free:
                continue
            for length in self._lengths.get(text[place : place + 2], self._shortest):
                word = text[place : place + length]
                if word in meanings and not _goes_on(text, place + len(word)):
                    free = place + len(word)
                    hits.append(Hit(place, free, meanings[word]))
                    break
        return hits


def _starts(beginnings: Collection[str]) -> re.Pattern[str]:
    """Give the pattern of where a word may begin: a Latin one not within another; Chinese has no spaces."""
    first = _one_of(beginning[0] for beginning in beginnings)
    alone = _one_of(beginning for beginning in beginnings if len(beginning) == 1)
    second = _one_of(beginning[1] for beginning in beginnings if len(beginning) == 2)
    return re.compile(rf"{first}(?:(?={second})|(?<={alone}))(?<![0-9a-z][0-9a-z])")


def _one_of(characters: Iterable[str]) -> str:
    """Give the pattern of any of some characters; of none, one that never matches."""
    escaped = "".join(map(re.escape, sorted(set(characters))))
    return f"[{escaped}]" if escaped else "(?!)"


def _goes_on(text: str, end: int) -> bool:
    """Tell whether a Latin word is longer than up to this place."""
    return end < len(text) and _is_latin(text[end - 1]) and _is_latin(text[end])


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
