"""What simulated merchants tell first is what the merchants of tests/scenarios tell first."""

from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from knowledge.lab.merchants import OPENING, STRIKING
from knowledge.model import UNKNOWN
from knowledge.reading.reader import Reader
from knowledge.yaml_source import read_document
from tests.packaged import packaged_base

KNOWLEDGE = packaged_base()
SCENARIOS = Path(__file__).parents[1] / "scenarios"
#: The shares are rounded, and some are counted over a few dozen merchants.
NEARLY, AT_LEAST = 0.25, 0.03
#: Counted too seldom: hardly anybody in the scenarios has a brand.
UNCOUNTED = {"brand"}


def counted() -> tuple[dict[str, float], dict[str, float]]:
    """Give how often each fact is told whatever its value, and how often where it is out of the ordinary."""
    reader = Reader(KNOWLEDGE.lexicon, KNOWLEDGE.facts, KNOWLEDGE.articles)
    had: Counter[tuple[str, bool]] = Counter()
    told: Counter[tuple[str, bool]] = Counter()
    for path in SCENARIOS.glob("*.yaml"):
        data = read_document(path).data
        for scenario in data["scenarios"]:
            read = reader.read(scenario["say"], datetime.fromisoformat(str(scenario["now"]))).facts
            for fact, value in (data["usual"] | scenario["knows"]).items():
                usual = KNOWLEDGE.facts[fact].usual
                striking = bool(usual) and value != max(usual, key=usual.__getitem__)
                if value != UNKNOWN:
                    had[fact, striking] += 1
                    told[fact, striking] += fact in read and (not usual or str(read[fact]) == value)
    facts = {fact for fact, _ in had}
    whatever = {f: (told[f, True] + told[f, False]) / (had[f, True] + had[f, False]) for f in facts}
    return whatever, {f: told[f, True] / had[f, True] for f in facts if had[f, True]}


def test_the_shares_are_those_that_were_counted() -> None:
    whatever, striking = counted()
    own = {fact: share for fact, share in OPENING.items() if fact not in UNCOUNTED}
    assert {fact: whatever[fact] for fact in own} == pytest.approx(own, rel=NEARLY, abs=AT_LEAST)
    assert {fact: striking[fact] for fact in STRIKING} == pytest.approx(STRIKING, rel=NEARLY, abs=AT_LEAST)
