"""`daozhang understand`: lines of JSON, and the reader measured on files of known sentences."""

import json
from pathlib import Path

from typer.testing import CliRunner

from bot.commands.main import cli
from knowledge.lab.evaluation import Read, Share, per_intent, risk_at, sure_share

LABELLED: list[dict[str, object]] = [
    {
        "id": "1",
        "text": "昨天刷的钱没到账",
        "lang": "zh",
        "intent": "payout_not_arrived",
        "alt": [],
        "fit": "merchant",
    },
    {
        "id": "2",
        "text": "退款没到账",
        "lang": "zh",
        "intent": "payout_not_arrived",
        "alt": ["refund_question"],
        "fit": "merchant",
    },
    {"id": "3", "text": "thank you", "lang": "en", "intent": "human_agent", "alt": [], "fit": "generic"},
]
SLOTS: list[dict[str, object]] = [
    {
        "id": "s1",
        "text": "三千五没到账",
        "ref": "2026-10-09T10:30:00+08:00",
        "kind": "amount",
        "tags": [],
        "check": ["amount", "card_last4"],
        "expect": {"amount": ["3500.00"]},
    },
    {
        "id": "s2",
        "text": "昨天的没到账",
        "ref": "2026-10-09T10:30:00+08:00",
        "kind": "date",
        "tags": ["neg"],
        "check": ["date"],
        "expect": {},
    },
]


def read(intent: str, guess: str, confidence: float, *also: str, sure: bool = False) -> Read:
    return Read(
        text="",
        intent=intent,
        right=frozenset((intent, *also)),
        language="zh",
        fit="merchant",
        guess=guess,
        confidence=confidence,
        sure=sure,
    )


def test_the_measures() -> None:
    low, high = Share(8, 10).interval
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)
    assert Share(0, 0).interval == (0.0, 1.0)
    reads = [
        read("a", "a", 0.9, sure=True),
        read("a", "b", 0.8, "b", sure=True),
        read("b", "b", 0.7),
        read("b", "a", 0.2),
    ]
    strict = {one.intent: one for one in per_intent(reads, lenient=False)}
    assert (strict["a"].precision, strict["a"].recall) == (Share(1, 2), Share(1, 2))
    assert strict["a"].f1 == 0.5
    lenient = {one.intent: one for one in per_intent(reads, lenient=True)}
    assert (lenient["b"].precision, lenient["b"].recall) == (Share(2, 2), Share(2, 3))
    assert risk_at(reads, 0.5) == (0.8, Share(2, 2))
    assert risk_at(reads, 1.0) == (0.2, Share(3, 4))
    assert sure_share(reads) == (Share(2, 4), Share(2, 2))


def test_eval(tmp_path: Path) -> None:
    files: dict[str, list[dict[str, object]]] = {"labelled.jsonl": LABELLED, "slots.jsonl": SLOTS}
    for name, rows in files.items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (tmp_path / name).write_text(text, encoding="utf-8")
    told = CliRunner().invoke(cli, ["understand", "--eval", *(str(tmp_path / name) for name in files)])
    assert told.exit_code == 0, told.output
    assert "human_agent -> greeting_thanks (sure, en generic): thank you" in told.output
    assert "nothing: 昨天的没到账: date 2026-10-08 for nothing" in told.output
    lines = {line.split("│")[1].strip(): line for line in told.output.splitlines() if line.startswith("│")}
    assert "0.500 (0.095-0.905)" in lines["all"]
    assert "0.500 (0.095-0.905)" in lines["zh merchant"]
    assert "1.000 (0.342-1.000)" in lines["zh merchant"]


def test_eval_refuses_other_files(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"text": "a"}\n')
    assert CliRunner().invoke(cli, ["understand", "--eval", str(tmp_path / "x.jsonl")]).exit_code == 1
    assert CliRunner().invoke(cli, ["understand", "--eval", str(tmp_path / "none.jsonl")]).exit_code == 1
    assert CliRunner().invoke(cli, ["understand"]).exit_code == 1


def test_lines_of_json() -> None:
    lines = '{"id": "a", "text": "昨天下午刷了3500没到账"}\n\nnonsense\n{"id": 1}\n'
    told = CliRunner().invoke(
        cli, ["understand", "--json", "--now", "2026-10-09T10:30:00+08:00"], input=lines
    )
    first, second, third = (json.loads(line) for line in told.stdout.splitlines())
    assert (first["id"], first["intent"], first["sure"]) == ("a", "payout_not_arrived", True)
    assert first["slots"] == {"amount": ["3500.00"], "date": ["2026-10-08"], "time": ["afternoon"]}
    assert "error" in second
    assert "error" in third
