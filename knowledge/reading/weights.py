"""What was learnt from the phrases: how much each feature speaks for each intent."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Weights are stored as whole hundredths of a nat.
UNIT = 100


@dataclass(frozen=True, slots=True)
class Weights:
    """A linear model: an intent's score is its bias plus the mean-scaled weights of the features found."""

    #: Hash of the phrases and words that it was learnt from.
    learnt_from: str
    intents: tuple[str, ...]
    bias: tuple[float, ...]
    #: Feature -> its weight for each intent, in the order of `intents`.
    features: Mapping[str, Sequence[float]]

    def scores(self, features: Iterable[str]) -> list[float]:
        """Give the logarithm of each intent's share, in the order of `intents`."""
        known = [weights for weights in map(self.features.get, features) if weights]
        nothing = [0.0] * len(self.intents)
        sums = [sum(column) for column in zip(nothing, *known, strict=True)]
        scale = 1 / math.sqrt(len(known) or 1)
        scores = [bias + scale * total for bias, total in zip(self.bias, sums, strict=True)]
        return log_shares(scores)


def log_shares(scores: Sequence[float]) -> list[float]:
    """Give the logarithms of the shares that scores stand for."""
    highest = max(scores)
    total = highest + math.log(sum(math.exp(score - highest) for score in scores))
    return [score - total for score in scores]


def read_weights(path: Path) -> Weights:
    """Read what `write_weights` wrote; raises OSError, or ValueError for a file that is none."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    try:
        count = len(raw["intents"])
        features = {feature: _spread(pairs, count) for feature, pairs in raw["features"].items()}
        bias = tuple(weight / UNIT for weight in raw["bias"])
        weights = Weights(str(raw["learnt_from"]), tuple(raw["intents"]), bias, features)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError("no weights") from error
    if len(bias) != len(weights.intents):
        raise ValueError("no weights")
    return weights


def _spread(pairs: Sequence[int], count: int) -> tuple[float, ...]:
    """Give one weight per intent from a list of places and weights."""
    spread = [0.0] * count
    for place, weight in zip(pairs[::2], pairs[1::2], strict=True):
        spread[place] = weight / UNIT
    return tuple(spread)


def write_weights(weights: Weights, path: Path) -> None:
    """Write them, one feature a line, only those that are not nothing, so that changes can be read."""
    lines = ",\n".join(
        f"{json.dumps(feature, ensure_ascii=False)}:"
        + json.dumps(
            [part for place, weight in enumerate(several) if weight for part in (place, round(weight * UNIT))]
        )
        for feature, several in sorted(weights.features.items())
    )
    head = {"learnt_from": weights.learnt_from, "intents": weights.intents}
    bias = json.dumps([round(weight * UNIT) for weight in weights.bias])
    start = json.dumps(head)[:-1]
    path.write_text(f'{start}, "bias": {bias}, "features": {{\n{lines}\n}}}}\n', encoding="utf-8")
