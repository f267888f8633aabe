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
        #: First two characters -> lengths of the words that begin so, longest first.
        self._lengths: dict[str, list[int]] = {}
        for word in sorted(self._meanings, key=len, reverse=True):
            lengths = self._lengths.setdefault(word[:2], [])
            if len(word) not in lengths:
                lengths.append(len(word))
        self._starts = _starts({word[0] for word in self._meanings})

    def find(self, text: str) -> list[Hit[Meaning]]:
        """Find the words in order; a hit never overlaps a longer one that began before it."""
        hits: list[Hit[Meaning]] = []
        known, free = self._lengths, 0
        for start in self._starts.finditer(text):
            place = start.start()
            if place < free:
                continue
            for length in (*known.get(text[place : place + 2], ()), 1):
                word = text[place : place + length]
                if word in self._meanings and not _goes_on(text, place + len(word)):
                    free = place + len(word)
                    hits.append(Hit(place, free, self._meanings[word]))
                    break
        return hits


def _starts(characters: Collection[str]) -> re.Pattern[str]:
    """Give the pattern of where a word may begin: a Latin one not within another; Chinese has no spaces."""
    latin = "".join(filter(_is_latin, characters))
    others = "".join(re.escape(one) for one in characters if not _is_latin(one))
    starts = [f"(?<![0-9a-z])[{latin}]"] if latin else []
    return re.compile("|".join([*starts, f"[{others}]"] if others else starts) or "(?!)")


def _goes_on(text: str, end: int) -> bool:
    """Tell whether a Latin word is longer than up to this place."""
    return end < len(text) and _is_latin(text[end - 1]) and _is_latin(text[end])


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
