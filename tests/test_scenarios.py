"""Merchants of every cause (scenarios/*.yaml) through the real turn: cause, queue, due date, questions."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.parts import Parts
from knowledge.inquiry import MOST_QUESTIONS
from knowledge.yaml_source import read_document
from tests.talking import Merchant, parts_on
from triage.talks import find_conversation

FILES = {
    path.stem: read_document(path).data
    for path in sorted((Path(__file__).parent / "scenarios").glob("*.yaml"))
}
SCENARIOS = [
    pytest.param(name, number, id=f"{name}-{number}-{story['cause']}")
    for name, file in FILES.items()
    for number, story in enumerate(file["scenarios"])
]


@pytest.fixture(scope="module")
def parts() -> Any:
    with parts_on() as ready:
        yield ready


@pytest.mark.parametrize(("name", "number"), SCENARIOS)
def test_scenario(name: str, number: int, parts: Parts) -> None:
    story = FILES[name]["scenarios"][number]
    now = datetime.fromisoformat(str(story["now"]))
    chat = f"{name}-{number}"
    merchant = Merchant(parts, now, chat=chat, knows={**FILES[name]["usual"], **story["knows"]})
    merchant.say(story["say"], **({"system": story["system"]} if "system" in story else {}))
    merchant.answer_all()
    assert merchant.leader == story["cause"], (merchant.asked, merchant.last["causes"])
    queue = story.get("queue")
    if queue:
        assert merchant.last["ticket"]["queue"] == queue
    else:
        assert merchant.last["ticket"] is None
    if "due_at" in story:
        assert merchant.last["due_at"] == str(story["due_at"])
    row = parts.store.read(lambda connection: find_conversation(connection, "console", chat))
    assert row is not None
    assert len(parts.turns.look(row.id, now)[0].asked) <= MOST_QUESTIONS
