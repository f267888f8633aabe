"""Finding known words in a text, longest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Meaning = TypeVar("Meaning")


@dataclass(frozen=True, slots=True)
class Hit(Generic[Meaning]):
    """A word that was found, and what it means."""

    start: int
    end: int
    meaning: Meaning


class WordFinder(Generic[Meaning]):
    """Finds words: one pass over the text, however many words it knows."""

    def __init__(self, words: Iterable[tuple[str, Meaning]]) -> None:
        """Take pairs of a normalised word and its meaning; of the same word twice, the last counts."""
        self._meanings = {word: meaning for word, meaning in words if word}
        lengths: dict[str, set[int]] = {}
        for word in self._meanings:
            lengths.setdefault(word[0], set()).add(len(word))
        #: First character -> lengths of the words that begin with it, longest first.
        self._lengths = {first: sorted(several, reverse=True) for first, several in lengths.items()}

    def find(self, text: str) -> list[Hit[Meaning]]:
        """Find the words in order; a hit never overlaps a longer one that began before it."""
        hits: list[Hit[Meaning]] = []
        free = 0
        for place, first in enumerate(text):
            if place < free or first not in self._lengths:
                continue
            for length in self._lengths[first]:
                word = text[place : place + length]
                if word in self._meanings and _stands_alone(text, place, place + len(word)):
                    free = place + len(word)
                    hits.append(Hit(place, free, self._meanings[word]))
                    break
        return hits


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Tell whether a Latin word is a whole one; Chinese has no spaces to ask for."""
    if start and _is_latin(text[start]) and _is_latin(text[start - 1]):
        return False
    return not (end < len(text) and _is_latin(text[end - 1]) and _is_latin(text[end]))


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
