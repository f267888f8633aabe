"""The pure parts: reading a message, choosing the next question, loading the base."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

from bot.talk.case import think
from bot.talk.decision import Situation
from bot.talk.state import Talk
from knowledge.calendar import SHANGHAI
from knowledge.engine import Engine
from knowledge.loader import load_knowledge
from knowledge.model import Fact, Interval
from knowledge.reading.reader import Reader
from knowledge.redaction import redact

NOW = datetime(2026, 10, 9, 10, 30, tzinfo=SHANGHAI)


@dataclass(frozen=True, slots=True)
class Figure:
    """Mean and 99th percentile in milliseconds."""

    mean: float
    p99: float


def loading() -> Figure:
    """Load the packaged knowledge base."""
    return _time([load_knowledge] * 3)


def reading(texts: Iterable[str], rounds: int = 200) -> Figure:
    """Redact and read messages."""
    knowledge = load_knowledge()
    reader = Reader(knowledge.lexicon, knowledge.facts, knowledge.articles)
    return _time([lambda text=text: reader.read(redact(text).text, NOW) for text in texts] * rounds)


def thinking(rounds: int = 300) -> Figure:
    """Derive, weigh and choose the next question at different stages of a talk."""
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
    stages = [dict(list(facts.items())[:count]) for count in range(1, len(facts) + 1)]
    situations = [Situation(now=NOW, talk=Talk(facts=stage)) for stage in stages]
    return _time([lambda s=s: think(s.talk, s, knowledge, engine) for s in situations] * rounds)


def _time(calls: Sequence[Callable[[], object]]) -> Figure:
    times = []
    for call in calls:
        start = perf_counter()
        call()
        times.append((perf_counter() - start) * 1000)
    times.sort()
    return Figure(sum(times) / len(times), times[min(int(len(times) * 0.99), len(times) - 1)])
