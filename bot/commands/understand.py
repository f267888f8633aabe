"""`daozhang understand`: sentences read one by one, the reader measured, and taught."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from knowledge.lab import evaluation
from knowledge.lab.evaluation import Read, Share, SlotsRead
from knowledge.lab.training import ROUNDS, examples, fingerprint, learn
from knowledge.loader import PACKAGED, load_knowledge
from knowledge.reading.reader import Reader
from knowledge.reading.understand import understand_line
from knowledge.reading.vocabulary.lexicon import load_lexicon
from knowledge.reading.weights import write_weights

#: Of the tables, so that they read the same on a screen and in a file.
WIDTH = 110


def packaged_reader() -> Reader:
    """Build the reader of the packaged knowledge base; raises KnowledgeError."""
    knowledge = load_knowledge()
    return Reader(knowledge.lexicon, knowledge.facts)


def answer_line(reader: Reader, line: str, at: datetime) -> dict[str, Any]:
    """Read one line {"id", "text"}; a line that is none is answered with {"error"}."""
    try:
        raw = json.loads(line)
    except ValueError as error:
        return {"error": f"not JSON: {error}"}
    if not isinstance(raw, dict) or not isinstance(raw.get("text"), str):
        return {"error": 'give {"id": …, "text": "…"}'}
    return understand_line(reader, raw, at)


def teach(folder: Path = PACKAGED) -> None:
    """Learn the phrases of a knowledge folder anew and write its weights.json; takes about a minute."""
    lexicon = load_lexicon(folder)
    found = examples(lexicon)
    sys.stderr.write(f"{len(found)} sentences\n")
    weights = learn(found, tuple(lexicon.intents), fingerprint(lexicon), _tell_round)
    write_weights(weights, folder / "weights.json")


def _tell_round(done: int) -> None:
    sys.stderr.write(f"round {done} of {ROUNDS}\n")


def evaluate(files: Sequence[Path], at: datetime) -> None:
    """Measure the reader on files of labelled sentences or slots; raises ValueError for another file."""
    reader = packaged_reader()
    reads: list[Read] = []
    slots: list[SlotsRead] = []
    for file in files:
        for number, row in enumerate(_rows(file), 1):
            try:
                if "expect" in row:
                    slots.append(evaluation.read_slots_row(reader, row))
                else:
                    reads.append(evaluation.read_labelled(reader, row, at))
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{file.name}, line {number}: no labelled sentence ({error})") from error
    console = Console(width=WIDTH)
    if reads:
        _show_intents(console, reads)
        _show_risk(console, reads)
    if slots:
        _show_slots(console, slots)


def _rows(file: Path) -> Iterable[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _show_intents(console: Console, reads: Sequence[Read]) -> None:
    table = Table(title="Intents: precision, recall and F1, strict and with alt")
    for column in ("intent", "sentences", "precision", "recall", "F1", "with alt", "recall", "F1"):
        table.add_column(column, justify="left" if column == "intent" else "right")
    strict = evaluation.per_intent(reads, lenient=False)
    lenient = {figures.intent: figures for figures in evaluation.per_intent(reads, lenient=True)}
    for figures in strict:
        cells = [figures.intent, str(figures.recall.of)]
        for one in (figures, lenient.get(figures.intent, figures)):
            cells += [f"{one.precision.value:.3f}", f"{one.recall.value:.3f}", f"{one.f1:.3f}"]
        table.add_row(*cells)
    console.print(table)
    table = Table(title="Right, with the 95 % interval")
    for column in ("group", "sentences", "strict", "with alt"):
        table.add_column(column, justify="left" if column == "group" else "right")
    for group in (lambda _: "all", lambda r: r.language, lambda r: r.fit, lambda r: f"{r.language} {r.fit}"):
        strictly = evaluation.shares(reads, group, lambda read: read.guess == read.intent)
        for name, share in evaluation.shares(reads, group, lambda read: read.is_right).items():
            table.add_row(name, str(share.of), _told(strictly[name]), _told(share))
    console.print(table)
    for read in reads:
        if not read.is_right:
            mark = "sure" if read.sure else f"{read.confidence:.2f}"
            _line(console, f"{read.intent} -> {read.guess} ({mark}, {read.language} {read.fit}): {read.text}")


def _show_risk(console: Console, reads: Sequence[Read]) -> None:
    table = Table(title="Risk and coverage (with alt)")
    for column in ("of the sentences", "confidence from", "right"):
        table.add_column(column, justify="right")
    for coverage in evaluation.COVERAGES:
        least, share = evaluation.risk_at(reads, coverage)
        table.add_row(f"{coverage:.0%}", f"{least:.3f}", _told(share))
    sure, right = evaluation.sure_share(reads)
    table.add_row(f"sure: {sure.value:.1%}", "", _told(right))
    console.print(table)


def _show_slots(console: Console, slots: Sequence[SlotsRead]) -> None:
    table = Table(title="Slots, exact")
    for column in ("kind", "sentences", "exact"):
        table.add_column(column, justify="left" if column == "kind" else "right")
    every = Share(sum(read.is_right for read in slots), len(slots))
    for kind, share in {**evaluation.slots_by_kind(slots), "all": every}.items():
        table.add_row(kind, str(share.of), _told(share))
    console.print(table)
    for read in slots:
        if not read.is_right:
            _line(console, f"{read.kind}: {read.text}: {_named(read.found)} for {_named(read.expected)}")


def _named(slots: Mapping[str, Sequence[str]]) -> str:
    return ", ".join(f"{name} {' '.join(values)}" for name, values in slots.items()) or "nothing"


def _told(share: Share) -> str:
    low, high = share.interval
    return f"{share.value:.3f} ({low:.3f}-{high:.3f})"


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
