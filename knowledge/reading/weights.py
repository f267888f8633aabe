"""What was learnt from the phrases: how much each feature speaks for each intent."""

import json
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

#: Weights are kept as whole hundredths of a nat: their sum is the same in any order.
UNIT = 100
#: The weights of a feature are one number, each in so many of its bits: one addition adds all of them.
BITS = 32


@dataclass(frozen=True, slots=True)
class Weights:
    """A linear model: an intent's score is its bias plus the mean-scaled weights of the features found."""

    #: Hash of the phrases and words that it was learnt from.
    learnt_from: str
    intents: tuple[str, ...]
    bias: tuple[float, ...]
    #: Feature -> its weights for the intents, packed.
    features: Mapping[str, int]

    def scores(self, features: Iterable[str]) -> list[float]:
        """Give the logarithm of each intent's share, but for a constant, in the order of `intents`."""
        known = self.features.keys() & features
        sums = unpack(sum(map(self.features.__getitem__, known)), len(self.intents))
        scale = 1 / (UNIT * math.sqrt(len(known) or 1))
        return [bias + scale * total for bias, total in zip(self.bias, sums, strict=True)]


def pack(weights: Mapping[int, int]) -> int:
    """Make one number of weights by the places of their intents."""
    return sum(weight << BITS * place for place, weight in weights.items())


def unpack(number: int, count: int) -> list[int]:
    """Give so many weights, or sums of weights, of a packed number."""
    middle = 1 << BITS - 1
    positive = number + int.from_bytes(struct.pack("<I", middle) * count, "little")
    return [field - middle for (field,) in struct.iter_unpack("<I", positive.to_bytes(4 * count, "little"))]


def shares(scores: Sequence[float]) -> list[float]:
    """Give the shares that scores stand for."""
    highest = max(scores)
    powers = [math.exp(score - highest) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def read_weights(path: Path) -> Weights:
    """Read what `write_weights` wrote; raises OSError, or ValueError for a file that is none."""
    return _parse(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _parse(text: str) -> Weights:
    raw = json.loads(text)
    try:
        intents = tuple(raw["intents"])
        features = {feature: _read(pairs, len(intents)) for feature, pairs in raw["features"].items()}
        bias = tuple(weight / UNIT for weight in raw["bias"])
        weights = Weights(str(raw["learnt_from"]), intents, bias, features)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no weights") from error
    if len(bias) != len(intents):
        raise ValueError("no weights")
    return weights


def _read(pairs: Sequence[int], count: int) -> int:
    """Pack a list of places and weights."""
    weights = dict(zip(pairs[::2], pairs[1::2], strict=True))
    if not all(0 <= place < count for place in weights):
        raise ValueError("no weights")
    return pack(weights)


def write_weights(weights: Weights, path: Path) -> None:
    """Write them, one feature a line, only those that are not nothing, so that changes can be read."""
    count = len(weights.intents)
    lines = ",\n".join(
        f"{json.dumps(feature, ensure_ascii=False)}:"
        + json.dumps(
            [
                part
                for place, weight in enumerate(unpack(several, count))
                if weight
                for part in (place, weight)
            ]
        )
        for feature, several in sorted(weights.features.items())
    )
    head = {"learnt_from": weights.learnt_from, "intents": weights.intents}
    bias = json.dumps([round(weight * UNIT) for weight in weights.bias])
    start = json.dumps(head)[:-1]
    path.write_text(f'{start}, "bias": {bias}, "features": {{\n{lines}\n}}}}\n', encoding="utf-8")
