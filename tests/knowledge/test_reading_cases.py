"""The reader on sentences of our own that it has not learnt from (tests/cases/reading/*.yaml)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from knowledge.lab.evaluation import Share
from knowledge.lab.training import SENTENCES
from knowledge.loader import PACKAGED
from knowledge.model import Interval, Value
from knowledge.reading.features import plain
from knowledge.reading.reader import Reader
from knowledge.reading.understand import understand_line
from knowledge.reading.vocabulary.alternatives import sentences
from knowledge.reading.vocabulary.lexicon import INTENTS, load_lexicon
from knowledge.yaml_source import read_document
from tests.packaged import packaged_base

FOLDER = Path(__file__).parents[1] / "cases" / "reading"
NOW = datetime.fromisoformat("2026-10-09T10:30:00+08:00")
#: Of the intents, of those where it is sure, and of how many it must be sure.
RIGHT, SURE_RIGHT, SURE = 0.92, 0.97, 0.75
SLOTS = 0.98
#: What messages of one kind name, and nothing else (slots/*.yaml); numbers of slips stand beside them.
KINDS = {"amount", "date", "time", "elapsed", "card_last4", "bank", "mode", "channel"}
#: Intents whose sentences may name anything.
WITHOUT_SLOTS = {"greeting_thanks", "out_of_scope"}


@dataclass(frozen=True)
class Case:
    intent: str
    say: str
    also: tuple[str, ...] = ()
    slots: dict[str, list[str]] = field(default_factory=dict)
    #: What paid_at must be: a minute, a day, or two minutes with a stroke between them.
    sale: str | date | None = None
    #: What was known of it before, in the same way.
    known: str | date | None = None


def _cases() -> Iterator[Case]:
    for path in sorted(FOLDER.glob("*.yaml")):
        for raw in read_document(path).data["cases"]:
            entry: dict[str, Any] = {"say": raw} if isinstance(raw, str) else raw
            yield Case(path.stem, str(entry["say"]), tuple(entry.get("also", ())), entry.get("slots", {}))


CASES = list(_cases())


@pytest.fixture(scope="module")
def reader() -> Reader:
    base = packaged_base()
    return Reader(base.lexicon, base.facts, base.articles)


@pytest.fixture(scope="module")
def read(reader: Reader) -> dict[str, dict[str, object]]:
    return {case.say: understand_line(reader, {"text": case.say}, NOW) for case in CASES}


def test_there_are_enough_of_every_kind() -> None:
    assert {case.intent for case in CASES} == set(INTENTS)
    assert len(CASES) >= 400
    assert sum(case.say.isascii() for case in CASES) >= 100


def test_none_of_them_was_learnt_from() -> None:
    learnt = {
        plain(sentence)
        for words in load_lexicon(PACKAGED).intents.values()
        for phrase in words.phrases
        for sentence in sentences(phrase, SENTENCES)
    }
    assert [case.say for case in CASES if plain(case.say) in learnt and len(case.say) > 8] == []


def test_intents(read: dict[str, dict[str, object]]) -> None:
    wrong = [case for case in CASES if read[case.say]["intent"] not in (case.intent, *case.also)]
    assert 1 - len(wrong) / len(CASES) >= RIGHT, wrong


def test_where_it_is_sure_it_is_right(read: dict[str, dict[str, object]]) -> None:
    sure = [case for case in CASES if read[case.say]["sure"]]
    wrong = [case for case in sure if read[case.say]["intent"] not in (case.intent, *case.also)]
    assert len(sure) / len(CASES) >= SURE
    assert 1 - len(wrong) / len(sure) >= SURE_RIGHT, wrong


def test_slots(read: dict[str, dict[str, object]]) -> None:
    told = [case for case in CASES if case.intent not in WITHOUT_SLOTS]
    wrong = []
    for case in told:
        found = read[case.say]["slots"]
        assert isinstance(found, dict)
        expected = {name: sorted(map(str, values)) for name, values in case.slots.items()}
        if {name: sorted(values) for name, values in found.items()} != expected:
            wrong.append((case.say, found))
    assert Share(len(told) - len(wrong), len(told)).value >= SLOTS, wrong


def _slot_cases(name: str = "*") -> list[Case]:
    paths = sorted((FOLDER / "slots").glob(f"{name}.yaml"))
    return [Case(path.stem, **raw) for path in paths for raw in read_document(path).data["cases"]]


def _misread(cases: list[Case], reader: Reader) -> list[tuple[str, object]]:
    wrong: list[tuple[str, object]] = []
    for case in cases:
        found = understand_line(reader, {"text": case.say}, NOW)["slots"]
        read = {name: sorted(values) for name, values in found.items() if name in KINDS}
        if read != {name: sorted(values) for name, values in case.slots.items()}:
            wrong.append((case.say, read))
    return wrong


def test_slots_of_every_kind(reader: Reader) -> None:
    cases = _slot_cases()
    assert len(cases) >= 150
    wrong = _misread(cases, reader)
    assert 1 - len(wrong) / len(cases) >= SLOTS, wrong


def _moment_cases() -> list[Case]:
    paths = sorted((FOLDER / "moments").glob("*.yaml"))
    return [Case(path.stem, **raw) for path in paths for raw in read_document(path).data["cases"]]


def _moment(written: str | date | None) -> datetime | Interval | None:
    if written is None:
        return None
    start, _, end = str(written).partition("/")
    first = datetime.fromisoformat(start).replace(tzinfo=NOW.tzinfo)
    if isinstance(written, date) and not isinstance(written, datetime):
        return Interval(first, first + timedelta(days=1))
    return Interval(first, datetime.fromisoformat(end).replace(tzinfo=NOW.tzinfo)) if end else first


@pytest.mark.parametrize("case", _moment_cases(), ids=lambda case: case.say)
def test_whose_moment_it_is(case: Case, reader: Reader) -> None:
    assert reader.read(case.say, NOW, about=_moment(case.known)).facts.get("paid_at") == _moment(case.sale)


def test_nothing_is_read_where_nothing_is_named(reader: Reader) -> None:
    assert _misread(_slot_cases("nothing"), reader) == []


def _raw_cases(part: str) -> list[dict[str, Any]]:
    paths = sorted((FOLDER / part).glob("*.yaml"))
    return [raw for path in paths for raw in read_document(path).data["cases"]]


def _as_told(fact: str, value: Value, written: str) -> str:
    """Write a fact's value as the cases do: yuan, the day or the minute of the sale."""
    if fact in {"amount", "received_amount", "pending_balance"}:
        return f"{int(str(value)) / 100:g}"
    if isinstance(value, Interval):
        return f"{value.start:%Y-%m-%d}"
    return f"{value:%Y-%m-%d %H:%M}"[: len(written)] if isinstance(value, datetime) else str(value)


@pytest.mark.parametrize("case", _raw_cases("told"), ids=lambda case: str(case["say"]))
def test_all_that_is_told_is_read_and_nothing_else(case: dict[str, Any], reader: Reader) -> None:
    now = datetime.fromisoformat(str(case["now"])).replace(tzinfo=NOW.tzinfo)
    read = reader.read(case["say"], now).facts
    facts = {fact: _as_told(fact, value, case["facts"].get(fact, "")) for fact, value in read.items()}
    facts.pop("brand", None)
    assert facts == case["facts"]


@pytest.mark.parametrize("case", _raw_cases("unsaid"), ids=lambda case: str(case["say"]))
def test_what_is_not_said_is_not_read(case: dict[str, Any], reader: Reader) -> None:
    read = reader.read(case["say"], NOW).facts
    assert {fact: read.get(fact) for fact in case["unsaid"]} == dict.fromkeys(case["unsaid"])
