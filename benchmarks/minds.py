"""The pure parts: reading a message, choosing the next question, loading the base.

Each is measured beside what the same machine needs, at the same time, for a plain job of the same kind.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from time import perf_counter

import yaml
from rapidfuzz import fuzz, process

from bot.talk.case import think
from bot.talk.decision import Situation
from bot.talk.state import Talk, read_talk
from knowledge.calendar import SHANGHAI
from knowledge.engine import Engine
from knowledge.loader import PACKAGED, data_files, load_knowledge
from knowledge.model import Fact, Interval
from knowledge.reading.reader import Reader
from knowledge.redaction import redact

NOW = datetime(2026, 10, 9, 10, 30, tzinfo=SHANGHAI)


@dataclass(frozen=True, slots=True)
class Figure:
    """Mean and 99th percentile in milliseconds."""

    mean: float
    p99: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a part takes, and what the plain job beside it takes."""

    part: Figure
    plain: Figure

    @property
    def ratio(self) -> float:
        """How many plain jobs the part takes, on average."""
        return self.part.mean / self.plain.mean


def loading() -> Comparison:
    """Load the packaged knowledge base, beside parsing its YAML and nothing else."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    texts = [path.read_text(encoding="utf-8") for path in data_files(PACKAGED) if path.suffix == ".yaml"]
    return _compare([load_knowledge] * 3, [lambda: [yaml.load(text, loader) for text in texts]] * 3)


def reading(texts: Iterable[str], rounds: int = 200) -> Comparison:
    """Redact and read messages, beside one fuzzy look-up of each among the reader's fixed words."""
    knowledge = load_knowledge()
    reader = Reader(knowledge.lexicon, knowledge.facts, knowledge.articles)
    vocabularies = (*knowledge.lexicon.facts.values(), knowledge.lexicon.concepts)
    words = list(chain.from_iterable(chain.from_iterable(words.values()) for words in vocabularies))
    said = list(texts)
    return _compare(
        [lambda text=text: reader.read(redact(text).text, NOW) for text in said] * rounds,
        [lambda text=text: process.extractOne(text, words, scorer=fuzz.partial_ratio) for text in said]
        * rounds,
    )


def thinking(rounds: int = 300) -> Comparison:
    """Choose the next question at stages of a talk, beside putting the talk to JSON and back."""
    knowledge = load_knowledge()
    engine = Engine(knowledge.causes, knowledge.facts, knowledge.version)
    day = Interval(NOW.replace(day=8, hour=0, minute=0), NOW.replace(day=8, hour=23, minute=59))
    facts = {
        "complaint": Fact("not_arrived", "reader"),
        "amount": Fact(350000, "reader"),
        "paid_at": Fact(day, "reader"),
        "settlement_mode": Fact("t1", "merchant"),
        "payout_status": Fact("paid_out", "merchant"),
        "settle_card_checked": Fact("same", "merchant"),
    }
    talks = [Talk(facts=dict(list(facts.items())[:count])) for count in range(1, len(facts) + 1)]
    return _compare(
        [lambda t=t: think(t, Situation(now=NOW, talk=t), knowledge, engine) for t in talks] * rounds,
        [lambda t=t: read_talk(json.loads(json.dumps(t.to_json())), knowledge.facts) for t in talks] * rounds,
    )


def _compare(part: Sequence[Callable[[], object]], plain: Sequence[Callable[[], object]]) -> Comparison:
    """Measure the plain job before and after the part: a shared machine has better and worse moments."""
    before = _time(plain)
    figure = _time(part)
    after = _time(plain)
    return Comparison(figure, Figure((before.mean + after.mean) / 2, max(before.p99, after.p99)))


def _time(calls: Sequence[Callable[[], object]]) -> Figure:
    times = []
    for call in calls:
        start = perf_counter()
        call()
        times.append((perf_counter() - start) * 1000)
    times.sort()
    return Figure(sum(times) / len(times), times[min(int(len(times) * 0.99), len(times) - 1)])
