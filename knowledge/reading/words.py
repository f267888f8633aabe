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
    """Finds words by their first two characters: one pass over the text, however many words it knows."""

    def __init__(self, words: Iterable[tuple[str, Meaning]]) -> None:
        """Take pairs of a normalised word and its meaning."""
        self._by_start: dict[str, list[tuple[str, Meaning]]] = {}
        for word, meaning in words:
            self._by_start.setdefault(word[:2], []).append((word, meaning))
        for entries in self._by_start.values():
            entries.sort(key=lambda entry: -len(entry[0]))

    def find(self, text: str) -> list[Hit[Meaning]]:
        """Find the words in order; a hit never overlaps a longer one that began before it."""
        hits: list[Hit[Meaning]] = []
        known = self._by_start
        free = 0
        for place in range(len(text)):
            entries = known.get(text[place : place + 2])
            if entries is None or place < free:
                continue
            for word, meaning in entries:
                end = place + len(word)
                if text.startswith(word, place) and _stands_alone(text, place, end):
                    hits.append(Hit(place, end, meaning))
                    free = end
                    break
        return hits


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Tell whether a Latin word is a whole one; Chinese has no spaces to ask for."""
    if start and _is_latin(text[start]) and _is_latin(text[start - 1]):
        return False
    return not (end < len(text) and _is_latin(text[end - 1]) and _is_latin(text[end]))


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
