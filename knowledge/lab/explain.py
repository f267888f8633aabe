"""One line of facts in, the whole reasoning out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from knowledge.calendar import ONE_DAY, SHANGHAI
from knowledge.engine import SURE, SURE_BY_CALENDAR, WORTH, Engine
from knowledge.inquiry import believed, hold, may_advise
from knowledge.loader import KnowledgeBase
from knowledge.model import UNKNOWN, Diagnosis, Fact, FactSpec, Interval, Motive, Value, to_json

#: So many questions that were not chosen are shown.
RUNNERS_UP = 4
#: Why the engine stops or goes on, in words.
MOTIVES: Mapping[Motive, str] = {
    "sure": f"sure: {{share:.2f}} is at least {SURE}",
    "borne_out": f"sure: {{share:.2f}} is at least {SURE_BY_CALENDAR}, and all that the cause needs is known",
    "nothing_worth": f"no question tells {WORTH} bits per unit of effort",
    "date": "sure of the cause, but not yet of the date",
    "needs": "sure of the cause, but not yet of all that it needs",
    "unsure": "not sure yet: {share:.2f} is not enough",
}


class FactsError(ValueError):
    """Facts that cannot be read; every one of them is named."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A question, what it is expected to tell, and what it costs the merchant."""

    fact: str
    bits: float
    effort: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything that is held of a case, and why."""

    now: datetime
    given: Mapping[str, Fact]
    derived: Mapping[str, Fact]
    #: What could still change when the money is due.
    narrowing: tuple[str, ...]
    diagnosis: Diagnosis
    #: The questions that were not chosen, best first.
    runners_up: tuple[Offer, ...]
    #: Why there is no question, or what the question is for.
    stop: str
    #: The bot would answer this case by itself.
    advises: bool

    def to_json(self) -> dict[str, Any]:
        """Write it for a program."""
        diagnosis = self.diagnosis
        return {
            "now": self.now.isoformat(),
            "version": diagnosis.version,
            "given": {key: to_json(fact.value) for key, fact in self.given.items()},
            "derived": {key: to_json(fact.value) for key, fact in self.derived.items()},
            "narrowing": list(self.narrowing),
            "causes": [[cause, round(share, 4)] for cause, share in diagnosis.causes],
            "why": [
                {"cause": r.cause, "fact": r.fact, "value": to_json(r.value), "weight": r.weight}
                for r in diagnosis.why
            ],
            "ruled_out": [
                {"cause": r.cause, "fact": r.fact, "value": to_json(r.value)} for r in diagnosis.ruled_out
            ],
            "question": diagnosis.question,
            "bits": round(diagnosis.expected_bits, 4),
            "runners_up": [[o.fact, round(o.bits, 4), o.effort] for o in self.runners_up],
            "stop": self.stop,
            "advises": self.advises,
        }


def explain(facts: Mapping[str, Fact], knowledge: KnowledgeBase, now: datetime) -> Explanation:
    """Think a case through and show how."""
    engine = Engine(knowledge.causes, knowledge.facts, knowledge.version)
    held = hold(facts, knowledge, now, frozenset())
    diagnosis = engine.diagnose(held.known, narrowing=held.narrowing)
    closed: set[str] = set()
    runners_up: list[Offer] = []
    following = diagnosis
    while following.question and len(runners_up) < RUNNERS_UP:
        closed.add(following.question)
        narrowing = tuple(fact for fact in held.narrowing if fact not in closed)
        following = engine.diagnose(held.known, closed=frozenset(closed), narrowing=narrowing)
        if following.question:
            effort = knowledge.facts[following.question].effort
            runners_up.append(Offer(following.question, following.expected_bits, effort))
    return Explanation(
        now=now,
        given=facts,
        derived={key: fact for key, fact in held.known.items() if key not in facts},
        narrowing=held.narrowing,
        diagnosis=diagnosis,
        runners_up=tuple(runners_up),
        stop=MOTIVES[diagnosis.motive].format(share=diagnosis.causes[0][1]),
        advises=may_advise(believed(diagnosis, knowledge.causes), held.known),
    )


def parse_facts(words: Sequence[str], knowledge: KnowledgeBase) -> dict[str, Fact]:
    """Read fact=value words; amounts in yuan, moments as ISO text (a bare date is the whole day).

    Raises FactsError with everything that is wrong.
    """
    facts: dict[str, Fact] = {}
    wrong: list[str] = []
    for word in words:
        key, _, raw = word.partition("=")
        spec = knowledge.facts.get(key)
        if spec is None or not raw:
            wrong.append(f"{word}: write fact=value with a fact of questions.yaml")
            continue
        try:
            value = _value(spec, raw, knowledge)
        except ValueError as error:
            wrong.append(f"{word}: {error}")
            continue
        facts[key] = Fact(value, "merchant" if spec.ask else "system")
    if wrong:
        raise FactsError("\n".join(wrong))
    return facts


def _value(spec: FactSpec, raw: str, knowledge: KnowledgeBase) -> Value:
    if raw == UNKNOWN:
        return UNKNOWN
    if spec.key == "brand":
        brand = knowledge.acquirers.brand(raw)
        return brand.id if brand else raw
    if spec.kind == "money":
        return round(float(raw) * 100)
    if spec.kind == "days":
        return int(raw)
    if spec.kind == "moment":
        return _moment(raw)
    if spec.values and raw not in spec.values:
        raise ValueError(f"its values are {', '.join(spec.values)}")
    return raw


def _moment(raw: str) -> Value:
    if len(raw) == len("2026-09-30"):
        start = datetime.combine(date.fromisoformat(raw), time(), SHANGHAI)
        return Interval(start, start + ONE_DAY)
    moment = datetime.fromisoformat(raw)
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
