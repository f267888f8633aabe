"""Learning from the phrases which features speak for which intent.

Multinomial logistic regression with L2 regularisation, by AdaGrad (Duchi, Hazan, Singer 2011). It sees the
phrases of phrases/<intent>.yaml and nothing else, and gives the same weights each time.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from knowledge.reading.courtesy import without_courtesy
from knowledge.reading.features import FeatureReader, plain
from knowledge.reading.vocabulary.alternatives import sentences
from knowledge.reading.vocabulary.lexicon import Lexicon
from knowledge.reading.vocabulary.normalise import Normaliser
from knowledge.reading.weights import UNIT, Weights, pack

#: So many sentences of one phrase are looked at.
SENTENCES = 12
ROUNDS = 14
RATE = 0.5
#: Shrinks the weights by this much each round.
SHRINK = 0.01
#: A feature must stand in the sentences of so many phrases.
FEWEST_PHRASES = 2
#: A weight nearer to nothing than this is left out.
NEGLIGIBLE = 0.12


@dataclass(frozen=True, slots=True)
class Example:
    """One sentence: its features, its intent, the phrase that it comes from, and how much it counts."""

    features: tuple[str, ...]
    intent: str
    phrase: str
    share: float


def fingerprint(lexicon: Lexicon) -> str:
    """Give the hash of everything that the weights are learnt from."""
    digest = sha256()
    parts: list[object] = [(name, words.phrases) for name, words in lexicon.intents.items()]
    parts += [sorted(lexicon.concepts.items()), sorted(lexicon.typos.items()), sorted(lexicon.pinyin.items())]
    for part in parts:
        digest.update(repr(part).encode())
    return digest.hexdigest()[:16]


def examples(lexicon: Lexicon) -> list[Example]:
    """Spell the phrases out; the sentences of one phrase count together as the root of their number."""
    normaliser = Normaliser(lexicon.typos, lexicon.pinyin)
    reader = FeatureReader(lexicon.concepts)
    found: list[Example] = []
    for intent, words in lexicon.intents.items():
        for phrase in words.phrases:
            spelt = sentences(phrase, SENTENCES)
            for sentence in spelt:
                features = reader.features(plain(without_courtesy(normaliser.normalise(sentence))))
                found.append(Example(tuple(sorted(features)), intent, phrase, 1 / math.sqrt(len(spelt))))
    return found


def learn(
    found: Sequence[Example],
    intents: Sequence[str],
    learnt_from: str = "",
    told: Callable[[int], None] = lambda _: None,
) -> Weights:
    """Learn the weights; `told` is called after each round with its number."""
    vocabulary = _vocabulary(found)
    places = {intent: place for place, intent in enumerate(intents)}
    rows = [
        ([vocabulary[f] for f in example.features if f in vocabulary], places[example.intent], example.share)
        for example in found
    ]
    model = _Model(len(vocabulary), len(intents))
    order = random.Random(1)  # noqa: S311 - the order of the sentences, no secret
    for number in range(ROUNDS):
        order.shuffle(rows)
        for row in rows:
            model.step(*row)
        model.shrink()
        told(number + 1)
    features = {feature: _kept(model.weights[row]) for feature, row in vocabulary.items()}
    return Weights(
        learnt_from, tuple(intents), tuple(model.bias), {f: pack(w) for f, w in features.items() if w}
    )


def _kept(weights: Sequence[float]) -> dict[int, int]:
    """Give the weights that count, by place."""
    return {place: round(weight * UNIT) for place, weight in enumerate(weights) if abs(weight) >= NEGLIGIBLE}


def _vocabulary(found: Iterable[Example]) -> Mapping[str, int]:
    seen = Counter(feature for _, feature in {(e.phrase, feature) for e in found for feature in e.features})
    kept = sorted(feature for feature, count in seen.items() if count >= FEWEST_PHRASES)
    return {feature: row for row, feature in enumerate(kept)}


class _Model:
    """Weights in the making, one row per feature."""

    def __init__(self, features: int, intents: int) -> None:
        self.weights = [[0.0] * intents for _ in range(features)]
        self.bias = [0.0] * intents
        self._moved = [[1e-2] * intents for _ in range(features)]
        self._bias_moved = [1e-2] * intents

    def step(self, rows: Sequence[int], right: int, share: float) -> None:
        """Look at one sentence, and move the weights towards it."""
        scale = 1 / math.sqrt(len(rows) or 1)
        columns = zip(*(self.weights[row] for row in rows), strict=True)
        sums = [scale * sum(column) for column in columns] or [0.0] * len(self.bias)
        scores = [math.exp(min(bias + total, 500)) for bias, total in zip(self.bias, sums, strict=True)]
        everything = sum(scores)
        for place, score in enumerate(scores):
            wrong = share * (score / everything - (place == right))
            if abs(wrong) < 1e-3:
                continue
            self._bias_moved[place] += wrong * wrong
            self.bias[place] -= RATE * 0.1 * wrong / math.sqrt(self._bias_moved[place])
            slope = wrong * scale
            for row in rows:
                moved = self._moved[row]
                moved[place] += slope * slope
                self.weights[row][place] -= RATE * slope / math.sqrt(moved[place])

    def shrink(self) -> None:
        """Pull every weight a little towards nothing."""
        for weights in self.weights:
            weights[:] = [weight * (1 - SHRINK) for weight in weights]
