"""What a message is about: one of the 13 intents, by patterns and by likeness to known sentences."""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import fuzz

from knowledge.reading.lexicon import IntentWords, Sign
from knowledge.reading.normalise import Normaliser

#: How much a sentence that is exactly a known one adds to its intent's score.
LIKENESS = 4.0
#: Below this likeness a known sentence says nothing.
LEAST_LIKENESS = 0.3
#: Known sentences that are compared letter by letter, after the index has ranked them.
CANDIDATES = 4
#: A guess is sure from this score and this lead over the second on.
SURE_SCORE = 2.0
SURE_LEAD = 0.8
#: What out_of_scope scores when nothing speaks for any intent.
NOTHING = 0.6
#: Longer messages are judged by their beginning and end.
LONGEST = 240

_NOISE = re.compile(r"[\s\x01,.;:!?~，。；：！？、…\"'“”()（）-]+")
_DIGITS = re.compile(r"\d+")
_WORDS = re.compile(r"[a-z']+|[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Guess:
    """The likeliest intent, how likely, and the second."""

    intent: str
    confidence: float
    sure: bool
    runner_up: str | None


@dataclass(frozen=True, slots=True)
class _Sentence:
    intent: str
    text: str


class IntentReader:
    """Guesses intents. Built once; a guess looks at a few candidate sentences only."""

    def __init__(self, intents: Mapping[str, IntentWords], normaliser: Normaliser) -> None:
        self._signs: list[tuple[str, tuple[Sign, ...]]] = [
            (name, words.signs) for name, words in intents.items()
        ]
        self._names = tuple(intents)
        self._sentences: list[_Sentence] = []
        for name, words in intents.items():
            for phrase in dict.fromkeys(_plain(normaliser.normalise(phrase)) for phrase in words.phrases):
                self._sentences.append(_Sentence(name, phrase))
        self._exact = {sentence.text: sentence.intent for sentence in self._sentences}
        self._build_index()

    def _build_index(self) -> None:
        """Weigh the pairs of characters and words of all sentences by how rare they are."""
        pieces = [_pieces(sentence.text) for sentence in self._sentences]
        spread = Counter(piece for several in pieces for piece in several)
        total = len(self._sentences) or 1
        self._weight = {piece: math.log(1 + total / count) for piece, count in spread.items()}
        self._unknown = math.log(1 + total)
        self._index: dict[str, list[tuple[int, float]]] = {}
        for number, several in enumerate(pieces):
            norm = math.sqrt(sum(self._weight[piece] ** 2 for piece in several)) or 1.0
            for piece in several:
                entry = (number, self._weight[piece] ** 2 / norm)
                self._index.setdefault(piece, []).append(entry)

    def guess(self, text: str) -> Guess:
        """Guess the intent of a normalised text."""
        if len(text) > LONGEST:
            text = f"{text[: LONGEST // 2]} {text[-LONGEST // 2 :]}"
        scores = dict.fromkeys(self._names, 0.0)
        for name, signs in self._signs:
            for sign in signs:
                if sign.pattern.search(text):
                    scores[name] += sign.weight
        for name, likeness in self._likeness(_plain(text)).items():
            scores[name] += LIKENESS * likeness
        scores["out_of_scope"] += NOTHING
        (first, best), (second, next_best) = sorted(scores.items(), key=lambda item: -item[1])[:2]
        lead = best - max(next_best, 0.0)
        confidence = (1 - math.exp(-max(best, 0.0) / 2)) * (0.5 + 0.5 * (1 - math.exp(-lead)))
        return Guess(
            intent=first,
            confidence=round(confidence, 3),
            sure=best >= SURE_SCORE and lead >= SURE_LEAD,
            runner_up=second if next_best > 0 else None,
        )

    def _likeness(self, text: str) -> dict[str, float]:
        """Compare with known sentences; intent -> likeness of its likest sentence, 0 to 1."""
        exact = self._exact.get(text)
        if exact:
            return {exact: 1.0}
        pieces = _pieces(text)
        norm = math.sqrt(sum(self._weight.get(piece, self._unknown) ** 2 for piece in pieces)) or 1.0
        shared: dict[int, float] = {}
        for piece in pieces:
            for number, weight in self._index.get(piece, ()):
                shared[number] = shared.get(number, 0.0) + weight
        best: dict[str, float] = {}
        nearest = sorted(shared.items(), key=lambda item: (-item[1], item[0]))
        for rank, (number, weight) in enumerate(nearest[: 3 * CANDIDATES]):
            sentence = self._sentences[number]
            likeness = weight / norm
            if rank < CANDIDATES:
                likeness = (likeness + fuzz.ratio(text, sentence.text) / 100) / 2
            if likeness >= LEAST_LIKENESS and likeness > best.get(sentence.intent, 0.0):
                best[sentence.intent] = likeness
        return best


def _plain(text: str) -> str:
    return _NOISE.sub(" ", _DIGITS.sub("0", text)).strip()


def _pieces(text: str) -> set[str]:
    """Cut into words for Latin script, and into characters and pairs of them for Chinese."""
    words = _WORDS.findall(text)
    pieces = set(words)
    pieces.update(f"{first}{second}" for first, second in pairwise(words))
    return pieces
