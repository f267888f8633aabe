"""What a message is about: one of the 13 intents, by patterns and by likeness to known sentences."""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import nlargest
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
#: When two score at least this much and nearly the same, the first of PRECEDENCE is meant.
STRONG = 3.0
NEARLY = 1.2
#: What a message is about when it is about two things: the tie-break of the intents' definitions.
PRECEDENCE = (
    "human_agent",
    "complaint_fraud",
    "refund_question",
    "charged_but_failed",
    "amount_mismatch",
    "risk_hold",
    "payout_not_arrived",
)
#: What out_of_scope scores when nothing speaks for any intent.
NOTHING = 0.6
#: A piece in more than this share of all sentences finds none of them.
COMMON = 0.08
#: Longer messages are judged by their beginning and end.
LONGEST = 240

_NOISE = re.compile(r"[\s\x01,.;:!?~，。；：！？、…\"'“”()（）-]+")
_DIGITS = re.compile(r"\d+")
_LATIN = re.compile("[a-z]{3}")
_CHINESE = re.compile("[\u4e00-\u9fff]")
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
        signs = [(name, sign) for name, words in intents.items() for sign in words.signs]
        self._chinese_signs = [(name, sign) for name, sign in signs if not _is_latin(sign)]
        self._latin_signs = [(name, sign) for name, sign in signs if not _is_chinese(sign)]
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
                if spread[piece] > COMMON * total:
                    continue
                entry = (number, self._weight[piece] ** 2 / norm)
                self._index.setdefault(piece, []).append(entry)

    def guess(self, text: str) -> Guess:
        """Guess the intent of a normalised text."""
        if len(text) > LONGEST:
            text = f"{text[: LONGEST // 2]} {text[-LONGEST // 2 :]}"
        scores = dict.fromkeys(self._names, 0.0)
        for name, sign in self._signs_for(text):
            if sign.pattern.search(text):
                scores[name] += sign.weight
        for name, likeness in self._likeness(_plain(text)).items():
            scores[name] += LIKENESS * likeness
        scores["out_of_scope"] += NOTHING
        first, second = _ranked(scores)
        best, next_best = scores[first], scores[second]
        # A lead below 0 is one by precedence.
        lead = abs(best - max(next_best, 0.0)) if best >= next_best else SURE_LEAD
        confidence = (1 - math.exp(-max(best, 0.0) / 2)) * (0.5 + 0.5 * (1 - math.exp(-lead)))
        return Guess(
            intent=first,
            confidence=round(confidence, 3),
            sure=best >= SURE_SCORE and lead >= SURE_LEAD,
            runner_up=second if next_best > 0 else None,
        )

    def _signs_for(self, text: str) -> list[tuple[str, Sign]]:
        """Give the patterns that may match: those of the text's script first of all."""
        if text.isascii():
            return self._latin_signs
        if _LATIN.search(text):
            return [*self._chinese_signs, *(one for one in self._latin_signs if _is_latin(one[1]))]
        return self._chinese_signs

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
        nearest = nlargest(3 * CANDIDATES, shared, key=shared.__getitem__)
        for rank, number in enumerate(nearest):
            sentence = self._sentences[number]
            likeness = shared[number] / norm
            if rank < CANDIDATES:
                likeness = (likeness + fuzz.ratio(text, sentence.text) / 100) / 2
            if likeness >= LEAST_LIKENESS and likeness > best.get(sentence.intent, 0.0):
                best[sentence.intent] = likeness
        return best


def _ranked(scores: Mapping[str, float]) -> tuple[str, str]:
    """Give the best intent and the second: by score, but of two strong ones by precedence."""
    first, second, *_ = sorted(scores, key=lambda name: -scores[name])
    for name in PRECEDENCE:
        if name == first:
            break
        if scores[name] >= max(STRONG, scores[first] - NEARLY):
            return name, first
    return first, second


def _is_latin(sign: Sign) -> bool:
    """Tell whether a pattern has Latin words and no Chinese."""
    return _CHINESE.search(sign.pattern.pattern) is None and _LATIN.search(sign.pattern.pattern) is not None


def _is_chinese(sign: Sign) -> bool:
    """Tell whether a pattern has Chinese words and no Latin."""
    return _LATIN.search(sign.pattern.pattern) is None and _CHINESE.search(sign.pattern.pattern) is not None


def _plain(text: str) -> str:
    return _NOISE.sub(" ", _DIGITS.sub("0", text)).strip()


def _pieces(text: str) -> list[str]:
    """Cut into words for Latin script and characters for Chinese, and into pairs of them; each once."""
    words = _WORDS.findall(text)
    pairs = [f"{first}{second}" for first, second in pairwise(words)]
    return list(dict.fromkeys([*words, *pairs]))
