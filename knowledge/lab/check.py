"""Faults of design that only the whole knowledge base shows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from math import log2
from typing import Literal

from knowledge.acquirers import FILE as ACQUIRERS
from knowledge.calendar import SHANGHAI
from knowledge.engine import WORTH, Engine
from knowledge.inquiry import OUTAGE_SCOPE, hold
from knowledge.lab.shares import shares_of
from knowledge.loader import KnowledgeBase
from knowledge.model import UNKNOWN, Cause, Fact, FactSpec, Text
from knowledge.reading.vocabulary.normalise import Normaliser

#: An acquirer's numbers are compared with their source at least so often.
VERIFIED_FOR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault: what kind, where, what is wrong and how to fix it."""

    kind: Literal["error", "warning"]
    place: str
    problem: str
    fix: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.place}: {self.problem} Fix: {self.fix}"


def check(knowledge: KnowledgeBase, now: datetime) -> list[Finding]:
    """Find the design faults of a knowledge base that loads; errors first."""
    findings = [
        *_unreachable(knowledge, now),
        *_alike(knowledge),
        *_pointless(knowledge),
        *_misnamed(knowledge),
        *_colliding(knowledge),
        *_untranslated(knowledge),
        *_calendar(knowledge, now),
        *_unverified(knowledge, now),
    ]
    return sorted(findings, key=lambda finding: finding.kind)


def _unreachable(knowledge: KnowledgeBase, now: datetime) -> Iterator[Finding]:
    """Find causes that do not lead even when a merchant answers all as is most typical of them."""
    engine = Engine(knowledge.causes, knowledge.facts, knowledge.version)
    for cause in knowledge.causes.values():
        if cause.id == UNKNOWN:
            continue
        leaders = {_leader(answers, engine, knowledge, now) for answers in _typical(cause, knowledge)}
        if cause.id not in leaders:
            rival = min(leaders)
            yield Finding(
                "error",
                f"causes/{cause.id}.yaml",
                f"no answers lead to it: even the most typical ones make {rival} likelier.",
                f"give it a sign that {rival} has not, or make it more common.",
            )


def _leader(answers: Mapping[str, str], engine: Engine, knowledge: KnowledgeBase, now: datetime) -> str:
    facts = {key: Fact(value, "merchant") for key, value in answers.items()}
    return engine.diagnose(hold(facts, knowledge, now, frozenset()).known).leader


def _typical(cause: Cause, knowledge: KnowledgeBase) -> Iterator[dict[str, str]]:
    """Give the most typical answers: all of them, and those alone that are typical of little else."""
    shares = {fact: shares_of(cause, fact, knowledge) for fact in (*cause.needs, *cause.signs)}
    usual = {fact: knowledge.facts[fact].usual for fact in shares}
    answers = {fact: max(values, key=lambda v, s=values: s[v]) for fact, values in shares.items()}  # type: ignore[misc]
    yield answers
    yield {
        fact: max(values, key=lambda v, f=fact, s=values: s[v] / usual[f][v])  # type: ignore[misc]
        for fact, values in shares.items()
    }


def _alike(knowledge: KnowledgeBase) -> Iterator[Finding]:
    """Find pairs of causes that nothing which can be learnt tells apart."""
    facts = [spec for spec in knowledge.facts.values() if _can_be_learnt(spec, knowledge)]
    causes = [cause for cause in knowledge.causes.values() if cause.id != UNKNOWN]
    for one, other in combinations(causes, 2):
        if not any(_bits(one, other, spec, knowledge) >= WORTH * _effort(spec, knowledge) for spec in facts):
            yield Finding(
                "error",
                f"causes/{other.id}.yaml",
                f"no question tells it from {one.id}.",
                "add a sign in which they differ, or make one cause of the two.",
            )


def _can_be_learnt(spec: FactSpec, knowledge: KnowledgeBase) -> bool:
    """Say whether a fact is asked, derived, read or looked up, and some cause says something of it."""
    causes = knowledge.causes.values()
    return bool(spec.usual) and any(spec.key in cause.signs or spec.key in cause.needs for cause in causes)


def _effort(spec: FactSpec, knowledge: KnowledgeBase) -> float:
    if spec.derived_from:
        return sum(knowledge.facts[fact].effort for fact in spec.derived_from)
    return spec.effort


def _bits(one: Cause, other: Cause, spec: FactSpec, knowledge: KnowledgeBase) -> float:
    """Compute what a fact tells about which of two causes it is, both being as likely, in bits."""
    shares = shares_of(one, spec.key, knowledge), shares_of(other, spec.key, knowledge)
    bits = 0.0
    for value in spec.usual:
        first, second = (share.get(value, 0.0) for share in shares)
        middle = (first + second) / 2
        bits += sum(p / 2 * log2(p / middle) for p in (first, second) if p)
    return bits


def _pointless(knowledge: KnowledgeBase) -> Iterator[Finding]:
    """Find questions whose answers nothing rests on, and those that tell too little for what they cost."""
    causes = tuple(knowledge.causes.values())
    needed = {fact for cause in causes for fact in cause.ticket.evidence}
    # An outage's scope is asked for that alone, whatever the causes say.
    needed |= set(OUTAGE_SCOPE)
    needed |= {source for spec in knowledge.facts.values() for source in spec.derived_from}
    for spec in knowledge.facts.values():
        if not spec.ask or spec.key in needed:
            continue
        if not _can_be_learnt(spec, knowledge):
            problem = "is asked, but no cause, ticket or derived fact uses it."
        elif all(
            _bits(one, other, spec, knowledge) < WORTH * spec.effort for one, other in combinations(causes, 2)
        ):
            problem = "is never worth asking: its answers hardly differ between any two causes."
        else:
            continue
        fix = "give causes a sign on it, or take its `ask` away."
        yield Finding("error", "questions.yaml", f"{spec.key} {problem}", fix)


def _misnamed(knowledge: KnowledgeBase) -> Iterator[Finding]:
    """Find words and clauses for facts or values that do not exist."""
    for file, several in (
        ("lexicon.yaml", knowledge.lexicon.facts),
        ("statements.yaml", knowledge.lexicon.statements),
    ):
        for fact, values in several.items():
            spec = knowledge.facts.get(fact)
            for value in values:
                if spec is None or (spec.values and value not in spec.values):
                    what = f"{fact} is no fact." if spec is None else f"{fact} has no value {value}."
                    yield Finding("error", file, what, "correct its spelling: questions.yaml has them all.")


def _colliding(knowledge: KnowledgeBase) -> Iterator[Finding]:
    """Find phrases that stand for two intents once they are normalised."""
    lexicon = knowledge.lexicon
    normaliser = Normaliser(lexicon.typos, lexicon.pinyin)
    first: dict[str, str] = {}
    for intent, words in lexicon.intents.items():
        for phrase in words.phrases:
            form = normaliser.normalise(phrase)
            other = first.setdefault(form, intent)
            if other != intent:
                problem = f"{phrase} stands in phrases/{other}.yaml too."
                yield Finding("error", f"phrases/{intent}.yaml", problem, "keep it in one of the two.")


def _untranslated(knowledge: KnowledgeBase) -> Iterator[Finding]:
    """Find texts that one of the languages lacks (a text left out altogether does not load)."""
    for cause in knowledge.causes.values():
        parts = {"title": cause.title, "advice": cause.advice, "next_step": cause.next_step}
        parts["typical_time"] = cause.typical_time
        yield from _blank(f"causes/{cause.id}.yaml", parts)
    for spec in knowledge.facts.values():
        questions = {"ask": spec.ask, "hint": spec.hint}
        texts = {"title": spec.title} | {name: text for name, text in questions.items() if text}
        texts |= {f"value {value}": text for value, text in spec.values.items()}
        yield from _blank("questions.yaml", {f"{spec.key}, {name}": text for name, text in texts.items()})


def _blank(place: str, texts: Mapping[str, Text]) -> Iterator[Finding]:
    for name, text in texts.items():
        for language, words in (("zh", text.zh), ("en", text.en)):
            if not words.strip():
                yield Finding("error", place, f"{name} has no text in {language}.", "translate it.")


def _calendar(knowledge: KnowledgeBase, now: datetime) -> Iterator[Finding]:
    today = now.astimezone(SHANGHAI).date()
    if knowledge.calendar.ends_soon(today):
        left = knowledge.calendar.days_left(today)
        last = knowledge.calendar.last_day
        yield Finding(
            "warning",
            "holidays",
            f"the calendar ends on {last}, in {left} days."
            if left >= 0
            else f"the calendar ended on {last}.",
            f"add holidays/{last.year + 1}.yaml as soon as the notice is out.",
        )


def _unverified(knowledge: KnowledgeBase, now: datetime) -> Iterator[Finding]:
    """Find acquirers whose numbers nobody has compared with their source for long."""
    today = now.astimezone(SHANGHAI).date()
    for name, profile in knowledge.acquirers.profiles.items():
        if today - profile.verified_on > VERIFIED_FOR:
            yield Finding(
                "warning",
                ACQUIRERS,
                f"nobody has compared the numbers of {name} with their source since {profile.verified_on}.",
                f"compare them ({profile.source}) and set `verified_on`.",
            )
