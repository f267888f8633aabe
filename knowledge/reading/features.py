"""What of a message speaks for an intent: its words, their neighbours, and the concepts behind them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from knowledge.reading.vocabulary.words import WordFinder

#: Pairs of concepts are taken from the first so many, at most so far apart.
MOST_CONCEPTS = 10
CONCEPT_REACH = 3

_NOISE = re.compile(r"[\s\x01,.;:!?~，。；：！？、…\"'“”()（）-]+")
_DIGITS = re.compile(r"\d+")
_WORDS = re.compile(r"[\u4e00-\u9fff]|0|[a-z']+")
_ENDING = re.compile(r"(?<=[a-z]{3})(?:'s|ing|ed|es|s|ly)(?![a-z'])")


def plain(text: str) -> str:
    """Give a normalised text without punctuation, every number as 0."""
    return _NOISE.sub(" ", _DIGITS.sub("0", text)).strip()


class FeatureReader:
    """Takes messages apart, with the lexicon's concepts; a concept is written c:name."""

    def __init__(self, concepts: Mapping[str, Iterable[str]]) -> None:
        """Take the words of each concept, in any language."""
        names: dict[str, list[str]] = {}
        for name, words in concepts.items():
            for word in words:
                names.setdefault(word, []).append(name)
        found = {word: tuple(several) for word, several in names.items()}
        self._concepts = WordFinder((word, several) for word, several in found.items() if len(word) > 1)
        #: A single character is mostly a part of some word; at the end of a sentence it is one itself.
        self._endings = {word: several for word, several in found.items() if len(word) == 1}

    def features(self, text: str) -> frozenset[str]:
        """Give the features of a plain text."""
        words = _WORDS.findall(_ENDING.sub("", text))
        found = set(words)
        found.update(map("_".join, pairwise(words)))
        found.update(map("_".join, zip(words, words[1:], words[2:], strict=False)))
        if words:
            found.update((f"^{words[0]}", f"{words[-1]}$"))
        found.add(f"length:{min(len(words) // 4, 5)}")
        found.update(self._concept_features(text))
        return frozenset(found)

    def _concept_features(self, text: str) -> Iterator[str]:
        """Give the concepts, and pairs of them in their order: "not" before "arrive"."""
        names: list[str] = []
        hits = self._concepts.find(text)
        meanings = [hit.meaning for hit in hits]
        if text[-1:] in self._endings and not (hits and hits[-1].end == len(text)):
            meanings.append(self._endings[text[-1]])
        for meaning in meanings:
            names += [name for name in meaning if names[-1:] != [name]]
        for place, name in enumerate(names):
            yield f"c:{name}"
            if place < MOST_CONCEPTS:
                for later in names[place + 1 : min(place + CONCEPT_REACH + 1, MOST_CONCEPTS)]:
                    yield f"c:{name}>{later}"
