"""Cases (tests/cases/<cause>.yaml) on the real engine: facts in, diagnosis out.

A case: `name`, `now`, `facts` (values as `daozhang kb explain` takes them), `diagnosis` (left out where
several would do) and `not`: what must not be diagnosed. Each is tried twice: all its facts known at once,
and asked one by one of a merchant who has told his complaint, his brand, and what stands under `told`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from knowledge.engine import Engine
from knowledge.inquiry import MOST_QUESTIONS, closed_facts, hold
from knowledge.lab.explain import parse_facts
from knowledge.model import UNKNOWN, Diagnosis, Fact
from tests.packaged import packaged_base

FOLDER = Path(__file__).parents[1] / "cases"
MISSES = FOLDER / "known_misses.yaml"
KNOWLEDGE = packaged_base()
ENGINE = Engine(KNOWLEDGE.causes, KNOWLEDGE.facts, KNOWLEDGE.version)
#: What is known before the first question: what he writes about, and what nobody is asked.
OPENING = frozenset({"complaint", "brand"}) | {key for key, spec in KNOWLEDGE.facts.items() if not spec.ask}


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    now: datetime
    facts: dict[str, Fact]
    diagnosis: str | None
    never: tuple[str, ...]
    told: frozenset[str]


def cases_of(path: Path) -> Iterator[Case]:
    for raw in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader):
        assert raw.keys() <= {"name", "now", "facts", "diagnosis", "not", "told"}, raw
        yield Case(
            name=raw["name"],
            now=datetime.fromisoformat(raw["now"]),
            facts=parse_facts([f"{key}={value}" for key, value in raw["facts"].items()], KNOWLEDGE),
            diagnosis=raw.get("diagnosis"),
            never=tuple(raw.get("not", ())),
            told=OPENING | set(raw.get("told", ())),
        )


def told(case: Case) -> Diagnosis:
    """Diagnose the case with everything known."""
    held = hold(case.facts, KNOWLEDGE, case.now, frozenset())
    return ENGINE.diagnose(held.known, narrowing=held.narrowing)


def asked(case: Case) -> tuple[Diagnosis, list[str]]:
    """Diagnose the case by asking; what the case does not say the merchant does not know."""
    facts = {key: fact for key, fact in case.facts.items() if key in case.told}
    questions: list[str] = []
    while True:
        closed = closed_facts(questions, ())
        held = hold(facts, KNOWLEDGE, case.now, closed)
        diagnosis = ENGINE.diagnose(held.known, closed=closed, narrowing=held.narrowing)
        if diagnosis.question is None or len(questions) == MOST_QUESTIONS:
            return diagnosis, questions
        questions.append(diagnosis.question)
        facts[diagnosis.question] = case.facts.get(diagnosis.question, Fact(UNKNOWN, "merchant"))


def wrong_in(case: Case, diagnosis: Diagnosis) -> list[str]:
    """Say what is wrong with a diagnosis."""
    wrong = [f"it is {cause}" for cause in case.never if cause == diagnosis.leader]
    if case.diagnosis and diagnosis.leader != case.diagnosis:
        wrong.append(f"{diagnosis.causes[:3]} instead of {case.diagnosis}; {diagnosis.why[:6]}")
    return wrong


CASES = [
    pytest.param(case, id=f"{path.stem}: {case.name}")
    for path in sorted(FOLDER.glob("*.yaml"))
    if path != MISSES
    for case in cases_of(path)
]


@pytest.mark.parametrize("case", CASES)
def test_told_all_at_once(case: Case) -> None:
    assert wrong_in(case, told(case)) == []


@pytest.mark.parametrize("case", CASES)
def test_asked_one_by_one(case: Case) -> None:
    diagnosis, questions = asked(case)
    assert wrong_in(case, diagnosis) == [], questions


@pytest.mark.parametrize("cause", sorted(KNOWLEDGE.causes))
def test_every_cause_has_its_cases(cause: str) -> None:
    path = FOLDER / f"{cause}.yaml"
    assert path.exists(), f"write {path.name}"
    own = list(cases_of(path))
    assert len(own) >= 3
    assert cause == UNKNOWN or sum(case.diagnosis == cause for case in own) >= 3


def test_no_case_is_without_a_cause() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} - {MISSES.stem} == KNOWLEDGE.causes.keys()


def test_known_misses_still_miss() -> None:
    passing = [case.name for case in cases_of(MISSES) if not wrong_in(case, told(case))]
    assert passing == [], "move them to their causes' files"
