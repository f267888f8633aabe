"""The laboratory: what check finds, what explain and show say, what simulate counts."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from knowledge.calendar import SHANGHAI
from knowledge.engine import SURE, SURE_BY_CALENDAR
from knowledge.inquiry import IN_DIRECTORY, NEEDS_A_PERSON, forbids_advice, may_advise
from knowledge.lab.check import Finding, check
from knowledge.lab.explain import FactsError, explain, parse_facts
from knowledge.lab.merchants import Drawing
from knowledge.lab.mistakes import Kind, Mistakes
from knowledge.lab.show import show_cause, show_fact
from knowledge.lab.simulate import Simulation, Simulator, engine_asks, questionnaire_asks
from knowledge.loader import PACKAGED, load_knowledge
from knowledge.model import UNKNOWN, Fact, Interval
from tests.packaged import packaged_base

KNOWLEDGE = packaged_base()
NOW = datetime(2026, 10, 4, 12, tzinfo=SHANGHAI)
NATIONAL_DAY = ("settlement_mode=t1", "paid_at=2026-09-30T12:00", "payout_status=pending")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the packaged folder, to be spoilt."""
    return Path(
        shutil.copytree(PACKAGED, tmp_path / "kb", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    )


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (old, text.count(old))
    path.write_text(text.replace(old, new), encoding="utf-8")


def errors(folder: Path) -> list[str]:
    return [str(found) for found in check(load_knowledge(folder), NOW) if found.kind == "error"]


class TestCheck:
    def test_the_packaged_base_has_no_errors(self) -> None:
        assert [found for found in check(KNOWLEDGE, NOW) if found.kind == "error"] == []

    def test_a_cause_like_another(self, folder: Path) -> None:
        causes = folder / "causes"
        shutil.copy(causes / "kyc_expired.yaml", causes / "papers_again.yaml")
        found = errors(folder)
        assert any("no question tells it from kyc_expired" in one for one in found), found

    def test_a_cause_that_no_answers_lead_to(self, folder: Path) -> None:
        causes = folder / "causes"
        text = (causes / "kyc_expired.yaml").read_text(encoding="utf-8")
        rarer = text.replace("how_common: sometimes", "how_common: never").replace("always", "usually")
        (causes / "papers_again.yaml").write_text(rarer, encoding="utf-8")
        found = errors(folder)
        assert any("papers_again.yaml: no answers lead to it" in one for one in found), found
        assert any("kyc_expired likelier" in one for one in found), found

    def test_a_question_that_nothing_rests_on(self, folder: Path) -> None:
        with (folder / "questions.yaml").open("a", encoding="utf-8") as file:
            file.write(
                "weather:\n  title: {zh: 天气, en: Weather}\n  ask: {zh: 下雨吗？, en: Is it raining?}\n"
                "  values: {wet: {zh: 下, en: It is}, dry: {zh: 没下, en: It is not}}\n"
            )
        assert [one for one in errors(folder) if "weather is asked, but" in one]

    def test_a_question_that_hardly_tells_anything(self, folder: Path) -> None:
        with (folder / "questions.yaml").open("a", encoding="utf-8") as file:
            file.write(
                "weather:\n  title: {zh: 天气, en: Weather}\n  ask: {zh: 下雨吗？, en: Is it raining?}\n"
                "  values: {wet: {zh: 下, en: It is}, dry: {zh: 没下, en: It is not}}\n"
            )
        replace(
            folder / "causes/kyc_expired.yaml", "signs:\n", "signs:\n  weather: {wet: often, dry: often}\n"
        )
        assert [one for one in errors(folder) if "weather is never worth asking" in one]

    def test_a_phrase_of_two_intents(self, folder: Path) -> None:
        for intent, phrase in (("refund_question", "錢到哪了啊"), ("ticket_status", "钱到哪了啊")):
            replace(folder / f"phrases/{intent}.yaml", "phrases:\n", f"phrases:\n  - {phrase}\n")
        found = errors(folder)
        assert len(found) == 1
        assert "phrases/refund_question.yaml too" in found[0]

    def test_words_for_what_is_no_fact(self, folder: Path) -> None:
        replace(folder / "statements.yaml", "  others_affected:\n    yes:", "  other_shops:\n    yes:")
        replace(folder / "statements.yaml", "    not_corrected:", "    never_corrected:")
        found = " ".join(errors(folder))
        assert "statements.yaml: other_shops is no fact." in found
        assert "statements.yaml: bounced_before has no value never_corrected." in found

    def test_a_blank_translation(self, folder: Path) -> None:
        replace(
            folder / "causes/kyc_expired.yaml",
            "typical_time: {zh: 3至5个工作日, ",
            "typical_time: {zh: ' ', ",
        )
        assert [one for one in errors(folder) if "typical_time has no text in zh" in one]

    @pytest.mark.parametrize(("days", "warned"), [(46, False), (45, True), (0, True), (-3, True)])
    def test_a_calendar_about_to_end_is_a_warning(self, *, days: int, warned: bool) -> None:
        now = datetime.combine(KNOWLEDGE.calendar.last_day, NOW.timetz()) - timedelta(days=days)
        found = check(KNOWLEDGE, now)
        assert [one.kind for one in found] == ["warning"] * warned

    def test_a_finding_says_how_to_fix_it(self) -> None:
        found = Finding("error", "questions.yaml", "weather is asked for nothing.", "take it away.")
        assert str(found) == "error: questions.yaml: weather is asked for nothing. Fix: take it away."


class TestExplain:
    def test_a_date_in_the_holidays(self) -> None:
        explanation = explain(parse_facts(NATIONAL_DAY, KNOWLEDGE), KNOWLEDGE, NOW)
        assert explanation.diagnosis.leader == "holiday_weekend"
        assert explanation.derived["due_at"].value == datetime(2026, 10, 8, 14, tzinfo=SHANGHAI)
        assert explanation.diagnosis.question is None
        assert explanation.stop.startswith("sure")
        assert explanation.advises
        assert {out.cause for out in explanation.diagnosis.ruled_out} >= {"t1_not_due", "after_cutoff"}

    @pytest.mark.parametrize(
        ("words", "stop"),
        [
            (("settlement_mode=t1", "paid_at=2026-09-30T12:00"), f"is at least {SURE_BY_CALENDAR}, and all"),
            (("payout_status=held", "notice=judicial"), f"is at least {SURE}"),
            (("payout_status=held", "notice=risk"), "no question tells"),
            (("payout_status=pending",), "not sure yet"),
        ],
    )
    def test_the_engine_says_why_it_stops(self, words: tuple[str, ...], stop: str) -> None:
        explanation = explain(parse_facts(words, KNOWLEDGE), KNOWLEDGE, NOW)
        assert stop in explanation.stop
        assert (explanation.diagnosis.question is None) == (stop != "not sure yet")

    def test_the_docs_say_from_when_on_a_cause_is_believed(self) -> None:
        docs = " ".join((PACKAGED.parent / "docs/knowledge-base.md").read_text(encoding="utf-8").split())
        assert f"believed from {SURE_BY_CALENDAR:.0%} on, all others from {SURE:.0%}" in docs

    def test_the_questions_that_were_not_chosen(self) -> None:
        explanation = explain(parse_facts(["payout_status=failed"], KNOWLEDGE), KNOWLEDGE, NOW)
        assert explanation.diagnosis.question
        assert explanation.stop.startswith("not sure yet")
        asked = [explanation.diagnosis.question, *(offer.fact for offer in explanation.runners_up)]
        assert len(set(asked)) == len(asked) == 5
        assert all(offer.bits > 0 for offer in explanation.runners_up)
        assert not explanation.advises

    def test_the_mode_is_asked_where_it_decides_why(self) -> None:
        words = ("paid_at=2026-10-13T10:00", "pay_method=debit_card")
        now = datetime(2026, 10, 13, 12, tzinfo=SHANGHAI)
        explanation = explain(parse_facts(words, KNOWLEDGE), KNOWLEDGE, now)
        assert explanation.derived["due_at"].value == datetime(2026, 10, 14, 14, tzinfo=SHANGHAI)
        assert "not_due_reason" not in explanation.derived
        assert explanation.narrowing == ("settlement_mode",)

    def test_json_holds_only_json(self) -> None:
        said = explain(
            parse_facts(["paid_at=2026-10-03", "amount=35.5"], KNOWLEDGE), KNOWLEDGE, NOW
        ).to_json()
        assert said["given"] == {
            "paid_at": {"from": "2026-10-03T00:00:00+08:00", "to": "2026-10-04T00:00:00+08:00"},
            "amount": 3550,
        }
        assert sum(share for _, share in said["causes"]) == pytest.approx(1, abs=0.01)

    def test_facts_as_people_write_them(self) -> None:
        words = ("brand=拉卡拉", "paid_at=2026-10-03", "onboarded_days=30", "payout_status=unknown")
        facts = {key: fact.value for key, fact in parse_facts(words, KNOWLEDGE).items()}
        day = datetime(2026, 10, 3, tzinfo=SHANGHAI)
        assert facts == {
            "brand": "lakala",
            "paid_at": Interval(day, day + timedelta(days=1)),
            "onboarded_days": 30,
            "payout_status": UNKNOWN,
        }

    def test_all_that_is_wrong_is_said_at_once(self) -> None:
        with pytest.raises(FactsError) as caught:
            parse_facts(["weather=wet", "payout_status=gone", "amount=much", "paid_at=soon"], KNOWLEDGE)
        lines = str(caught.value).splitlines()
        assert [line.split(":")[0] for line in lines] == [
            "weather=wet",
            "payout_status=gone",
            "amount=much",
            "paid_at=soon",
        ]


class TestShow:
    def test_the_tell_tale_of_a_cause_comes_first(self) -> None:
        page = show_cause("wrong_card_checked", KNOWLEDGE)
        telling = [(sign.fact, sign.value) for sign in page.signs if sign.decibans > 0]
        assert set(telling[:2]) == {("payout_status", "paid_out"), ("settle_card_checked", "different")}
        assert 0 < page.prior < 1

    def test_a_fact_names_all_that_uses_it(self) -> None:
        page = show_fact("registered_as", KNOWLEDGE)
        assert page.leads_to == ("account_fits",)
        page = show_fact("notice", KNOWLEDGE)
        assert {sign.cause for sign in page.signs if sign.value == "judicial" and sign.decibans > 0} == {
            "judicial_or_aml"
        }
        assert "t1_not_due" in show_fact("due_state", KNOWLEDGE).needed_by
        assert "risk_hold" in show_fact("reference_no", KNOWLEDGE).evidence_of


def simulate(count: int, *, wrong: float, dont_know: float) -> Simulation:
    return Simulator(KNOWLEDGE, 7, wrong, dont_know).run(count, lambda: None)


class TestSimulate:
    def test_without_noise_the_cause_is_found(self) -> None:
        figures = simulate(200, wrong=0, dont_know=0).engine
        assert figures.first >= 0.9
        assert figures.first_three >= 0.94
        assert figures.questions_mean <= 4.6
        assert figures.questions_most <= 9

    def test_mistakes_bound_what_can_be_known(self) -> None:
        clear, noisy = simulate(60, wrong=0, dont_know=0), simulate(60, wrong=0.2, dont_know=0.3)
        assert noisy.attainable < clear.attainable
        assert noisy.engine.first < clear.engine.first
        assert clear.attainable > 0.85

    def test_with_noise_nobody_is_advised_who_must_not_be(self) -> None:
        simulation = simulate(100, wrong=0.1, dont_know=0.15)
        assert simulation.engine.advised > 0.2
        assert simulation.engine.advised_wrongly == simulation.questionnaire.advised_wrongly == 0
        assert simulation.questionnaire.questions_mean >= 2 * simulation.engine.questions_mean
        assert sum(sum(row.values()) for row in simulation.confusion.values()) == 100

    def test_whom_a_directory_knows_is_asked_less_and_never_what_it_says(self) -> None:
        simulator = Simulator(KNOWLEDGE, 3, 0.1, 0.15, directory=1)
        simulation = simulator.run(30, lambda: None)
        assert not IN_DIRECTORY & simulation.asked.keys()
        unknown = Simulator(KNOWLEDGE, 3, 0.1, 0.15).run(30, lambda: None)
        assert simulation.engine.questions_mean < unknown.engine.questions_mean

    def test_the_same_seed_gives_the_same_figures(self) -> None:
        steps: list[int] = []
        count: Callable[[], None] = lambda: steps.append(1)  # noqa: E731
        first = Simulator(KNOWLEDGE, 3, 0.1, 0.15).run(20, count)
        assert len(steps) == 20
        assert first == Simulator(KNOWLEDGE, 3, 0.1, 0.15).run(20, count)
        assert first != Simulator(KNOWLEDGE, 4, 0.1, 0.15).run(20, count)

    def test_a_merchant_answers_alike_whoever_asked_him_before(self) -> None:
        drawing = Drawing(KNOWLEDGE, Random(3))
        alone, after = (Simulator(KNOWLEDGE, 3, 0.3, 0.3) for _ in range(2))
        for _ in range(10):
            merchant = drawing.merchant()
            after.serve(merchant, questionnaire_asks)
            assert after.serve(merchant, engine_asks) == alone.serve(merchant, engine_asks)

    def test_a_guess_is_usual_and_may_be_right_by_luck(self) -> None:
        kinds: tuple[Kind, Kind] = ("guess", "any")
        guess, harsh = (Mistakes(KNOWLEDGE, 0.1, 0.15, kind) for kind in kinds)
        guesses = guess.answers("papers_expired", "yes")
        assert guesses["no"] > 0.9
        assert sum(guesses.values()) == pytest.approx(1)
        assert harsh.answers("papers_expired", "yes") == {"no": 1}
        assert guess.wrong("account_class") > 0.1 > guess.wrong("scope")
        assert guess.at_a_loss("account_class") > 0.15 > guess.at_a_loss("scope")
        assert harsh.wrong("account_class") == harsh.wrong("scope") == 0.1
        assert guess.wrong("paid_at") == harsh.wrong("registered_as") == 0

    def test_who_knows_nothing_is_asked_no_more_than_nine_times(self) -> None:
        figures = simulate(30, wrong=0, dont_know=1).engine
        assert figures.questions_most <= 9
        assert figures.first < 0.6


FORBIDDING = [(key, value) for key, values in NEEDS_A_PERSON.items() for value in sorted(values)]


@pytest.mark.parametrize(("key", "value"), FORBIDDING)
def test_the_bot_does_not_answer_while_a_person_must_look(key: str, value: str) -> None:
    explanation = explain(parse_facts([*NATIONAL_DAY, f"{key}={value}"], KNOWLEDGE), KNOWLEDGE, NOW)
    assert not explanation.advises
    known = {**explanation.given, **explanation.derived}
    assert forbids_advice(known)
    cause = KNOWLEDGE.causes["holiday_weekend"]
    assert not may_advise(cause, known)
    assert may_advise(cause, {**known, key: Fact(UNKNOWN, "merchant")})


@pytest.mark.parametrize("missing", ["due_state", "not_due_reason", "due_at"])
def test_the_bot_does_not_answer_while_what_the_cause_rests_on_is_not_known(missing: str) -> None:
    explanation = explain(parse_facts(NATIONAL_DAY, KNOWLEDGE), KNOWLEDGE, NOW)
    known = {**explanation.given, **explanation.derived}
    cause = KNOWLEDGE.causes["holiday_weekend"]
    assert may_advise(cause, known)
    del known[missing]
    assert not may_advise(cause, known)
