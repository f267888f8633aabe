"""Whole talks (dialogues/*.yaml) through the real turn, with a fixed clock.

A dialogue: `now`, `language`, `knows` (fact -> what the merchant answers; of anything else he is not sure),
and `steps`. A step does one of `say`, `tap` (a value), `answer_all`, or only moves the clock with `at`; the
rest of it must hold then: outcome, cause, due_at, ticket, asks, asked_at_most, says, never_says, facts.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.parts import Parts
from knowledge.yaml_source import read_document
from tests.talking import Merchant, parts_on

FOLDER = Path(__file__).parent / "dialogues"
DIALOGUES = sorted(FOLDER.glob("*.yaml"))
DOES = {"say", "tap", "answer_all", "at", "system"}


@pytest.fixture(scope="module")
def parts() -> Any:
    with parts_on() as ready:
        yield ready


@pytest.mark.parametrize("path", DIALOGUES, ids=lambda path: path.stem)
def test_dialogue(path: Path, parts: Parts) -> None:
    story = read_document(path).data
    merchant = Merchant(
        parts,
        datetime.fromisoformat(story["now"]),
        chat=path.stem,
        language=story.get("language", "zh"),
        knows={fact: str(value) for fact, value in story.get("knows", {}).items()},
    )
    for number, step in enumerate(story["steps"], 1):
        _do(merchant, step)
        for key, expected in step.items():
            if key not in DOES:
                _check(merchant, key, expected, f"{path.name}, step {number}: {merchant.last}")


def _do(merchant: Merchant, step: dict[str, Any]) -> None:
    extra = {key: step[key] for key in ("at", "system") if key in step}
    if "say" in step:
        merchant.say(step["say"], **extra)
    elif "tap" in step:
        merchant.tap(str(step["tap"]))
    elif extra:
        merchant.send(**extra)
    if "answer_all" in step:
        merchant.answer_all()


def _check(merchant: Merchant, key: str, expected: Any, shown: str) -> None:
    last = merchant.last
    found = {
        "outcome": last["outcome"],
        "due_at": last["due_at"],
        "cause": merchant.leader if last["causes"] else None,
        "asks": merchant.ask and merchant.ask["fact"],
        "silent": last["messages"] == [],
        "says": [part for part in _texts(expected) if part in merchant.texts],
        "never_says": [part for part in _texts(expected) if part not in merchant.texts],
    }
    if key in found:
        assert found[key] == expected, shown
    elif key == "asked_at_most":
        assert len(merchant.asked) <= expected, f"{merchant.asked} {shown}"
    elif key == "facts":
        values = {fact: last["facts"].get(fact, {}).get("value") for fact in expected}
        assert values == expected, shown
    elif key == "ticket":
        _check_ticket(last["ticket"], expected, shown)
    else:
        pytest.fail(f"a step has no {key}")


def _texts(expected: Any) -> list[str]:
    return expected if isinstance(expected, list) else []


def _check_ticket(ticket: dict[str, Any] | None, expected: dict[str, Any] | None, shown: str) -> None:
    if expected is None or ticket is None:
        assert ticket == expected, shown
        return
    for key, value in expected.items():
        assert ticket[key] == value, shown


def test_every_dialogue_is_found() -> None:
    assert len(DIALOGUES) >= 20
