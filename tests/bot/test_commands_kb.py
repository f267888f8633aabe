"""`daozhang kb …` as it is typed."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot import expertise
from bot.commands.main import cli
from knowledge.loader import PACKAGED
from tests.packaged import packaged_base
from triage import routing as routing_rules


def run(*words: str, exit_code: int = 0, **settings: object) -> Result:
    given = {f"DAOZHANG_{name.upper()}": str(value) for name, value in settings.items()}
    result = CliRunner(env={"COLUMNS": "160", **given}).invoke(cli, ["kb", *words])
    assert result.exit_code == exit_code, result.output
    return result


def test_check_passes_with_a_warning_when_the_calendar_is_about_to_end() -> None:
    assert "no mistakes" in run("check", "--now", "2026-06-01T12:00").output
    assert "warning: holidays" in run("check", "--now", "2026-12-20T12:00").output


def test_check_fails_on_a_design_fault(tmp_path: Path) -> None:
    kb = shutil.copytree(PACKAGED, tmp_path / "kb", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    shutil.copy(kb / "causes/kyc_expired.yaml", kb / "causes/papers_again.yaml")
    output = run("check", str(kb), exit_code=1).output
    assert "error: causes/papers_again.yaml: no question tells it from kyc_expired." in output


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The operator's folder, with a cause that lacks most of its parts."""
    (tmp_path / "own/causes").mkdir(parents=True)
    (tmp_path / "own/causes/bad.yaml").write_text("title: {zh: 坏的}\n", encoding="utf-8")
    return tmp_path / "own"


@pytest.mark.parametrize("words", [("check",), ("show",), ("explain", "amount=1"), ("simulate", "1")])
def test_all_look_at_the_folder_that_the_service_uses(own: Path, words: tuple[str, ...]) -> None:
    for result in (
        run(*words, exit_code=1, knowledge_dir=own),
        run(*words, "--own", str(own), exit_code=1),
    ):
        assert f"{own / 'causes/bad.yaml'}:1: title.en: Field required." in str(result.exception)


def test_check_looks_at_the_routing_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    routing = tmp_path / "routing.yaml"
    monkeypatch.setattr(expertise, "ROUTING", routing)
    routing.write_text("due: {}\n", encoding="utf-8")
    assert "routing.yaml:1: special: Field required." in str(run("check", exit_code=1).exception)
    rules = routing_rules.PACKAGED.read_text(encoding="utf-8")
    for right, wrong, problem in (
        ("queue: complaints", "queue: somewhere", "queue: Input should be 'settlement'"),
        ("cause: net_vs_gross", "cause: net_or_gross", "net_or_gross is no cause."),
        ("fee_consented: no", "fee_agreed: no", "fee_agreed has no value no."),
    ):
        routing.write_text(rules.replace(right, wrong), encoding="utf-8")
        assert problem in str(run("check", exit_code=1).exception)


def test_check_warns_of_an_acquirer_whose_numbers_are_old() -> None:
    profiles = packaged_base().acquirers.profiles
    oldest = min(profile.verified_on for profile in profiles.values())
    year = timedelta(days=365)
    for days, warned in ((0, False), (1, True)):
        output = run("check", "--now", f"{oldest + year + timedelta(days=days)}T12:00").output
        assert ("warning: acquirers.yaml: nobody has compared the numbers of default" in output) == warned


def test_show_lists_causes_and_facts_and_each_has_its_page() -> None:
    knowledge = packaged_base()
    output = run("show").output
    for name in (*knowledge.causes, *knowledge.facts):
        assert name in output
    assert "notice = risk" in run("show", "risk_hold").output
    assert "risk_hold" in run("show", "notice").output
    assert "there is no cause and no fact" in run("show", "weather", exit_code=2).output


def test_explain_shows_the_reasoning() -> None:
    facts = ("settlement_mode=t1", "paid_at=2026-09-30T12:00", "payout_status=pending")
    output = run("explain", *facts, "--now", "2026-10-04T12:00").output
    for part in (
        "holiday_weekend",
        "not_due_reason = holiday",
        "ruled out",
        "Thu 8 Oct 14:00",
        "would answer",
    ):
        assert part in output
    said = json.loads(run("explain", *facts, "--now", "2026-10-04T12:00", "--json").output)
    assert said["causes"][0][0] == "holiday_weekend"
    assert said["derived"]["due_at"] == "2026-10-08T14:00:00+08:00"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("weather=wet",), "weather=wet: write fact=value"),
        (("amount=1", "--now", "soon"), "soon is no moment"),
    ],
)
def test_what_cannot_be_read_is_said(words: tuple[str, ...], said: str) -> None:
    assert said in run("explain", *words, exit_code=2).output


def test_simulate_prints_its_figures() -> None:
    output = run("simulate", "40", "--seed", "2").output
    for part in ("right cause first", "questionnaire", "bits learnt per question", "taken for"):
        assert part in output
    said = json.loads(run("simulate", "40", "--seed", "2", "--wrong", "0", "--json").stdout)
    assert said["engine"]["merchants"] == 40
    assert said["engine"]["advised_wrongly"] == 0
