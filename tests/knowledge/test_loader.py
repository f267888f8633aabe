import re
import shutil
from pathlib import Path

import pytest

from knowledge.loader import PACKAGED, load_knowledge
from knowledge.model import UNKNOWN
from knowledge.yaml_source import KnowledgeError, Mistake
from tests.packaged import packaged_base


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the packaged folder, to be broken."""
    return Path(
        shutil.copytree(PACKAGED, tmp_path / "kb", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    )


def change(path: Path, old: str, new: str) -> int:
    """Replace a text that stands once in the file; give the line where it began."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (old, text.count(old))
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def mistakes(folder: Path) -> tuple[Mistake, ...]:
    with pytest.raises(KnowledgeError) as caught:
        load_knowledge(folder)
    return caught.value.mistakes


class TestPackaged:
    def test_it_loads_with_all_its_parts(self) -> None:
        knowledge = load_knowledge()
        assert {
            "t1_not_due",
            "holiday_weekend",
            "after_cutoff",
            "risk_hold",
            UNKNOWN,
        } <= knowledge.causes.keys()
        assert {"settlement_mode", "paid_at", "due_state", "due_at"} <= knowledge.facts.keys()
        assert knowledge.calendar.last_day.year >= 2026
        assert knowledge.acquirers.brand("乐刷")
        assert len(knowledge.version) == 12

    def test_every_text_is_there_in_both_languages(self) -> None:
        knowledge = load_knowledge()
        for cause in knowledge.causes.values():
            for text in (cause.title, cause.advice, cause.next_step):
                assert text.zh.strip()
                assert text.en.strip()

    def test_the_brands_are_the_acquirers_file(self) -> None:
        knowledge = load_knowledge()
        assert knowledge.facts["brand"].values["lakala"].zh == "拉卡拉"
        assert knowledge.facts["brand"].values.keys() == knowledge.acquirers.brands.keys()

    def test_shares_are_distributions(self) -> None:
        knowledge = load_knowledge()
        shares = [spec.usual for spec in knowledge.facts.values() if spec.usual]
        shares += [sign for cause in knowledge.causes.values() for sign in cause.signs.values()]
        assert len(shares) > 50
        assert all(sum(share.values()) == pytest.approx(1) for share in shares)


class TestVersion:
    def test_a_copy_has_the_same(self, folder: Path) -> None:
        assert load_knowledge(folder).version == load_knowledge().version

    def test_any_edit_changes_it(self, folder: Path) -> None:
        change(folder / "causes/unknown.yaml", "原因未明", "原因不明")
        assert load_knowledge(folder).version != load_knowledge().version


CAUSE = """\
title: {zh: 新原因, en: New cause}
how_common: often
needs: {due_state: [not_due]}
signs:
  payout_status: {pending: usually}
handled_by: bot
advice:
  zh: 预计{{ due_at }}到账。{{ due_reason }}。
  en: Expected by {{ due_at }}. {{ due_reason }}.
next_step: {zh: 等待, en: Wait}
typical_time: {zh: 一天, en: A day}
follow_up: deadline
ticket: {queue: settlement, priority: low, evidence: [amount]}
"""


def test_a_new_cause_is_a_new_file(folder: Path) -> None:
    (folder / "causes/new_cause.yaml").write_text(CAUSE, encoding="utf-8")
    cause = load_knowledge(folder).causes["new_cause"]
    assert cause.title.zh == "新原因"
    assert cause.signs["payout_status"]["pending"] == pytest.approx(0.8)
    assert cause.ticket.evidence == ("amount",)


@pytest.mark.parametrize(
    ("old", "new", "problem", "fix"),
    [
        ("title: {zh: 新原因, en: New cause}", "title: {zh: 新原因}", "title.en: Field required.", "add it."),
        ("how_common: often", "how_common: mostly", "how_common: ", "use one of 'always', 'usually'"),
        ("handled_by: bot", "handled_by: nobody", "handled_by: ", "use one of 'bot' or 'queue'."),
        ("follow_up: deadline", "folow_up: deadline", "folow_up: Extra inputs", "correct its spelling"),
        (
            "due_state: [not_due]",
            "due_stat: [not_due]",
            "due_stat is no fact.",
            "use a fact of questions.yaml.",
        ),
        (
            "due_state: [not_due]",
            "due_state: [early]",
            "due_state has no value early.",
            "its values are not_due",
        ),
        ("payout_status: {", "payout: {", "payout is no fact.", "use a fact of questions.yaml."),
        (
            "{pending: usually}",
            "{waiting: usually}",
            "payout_status has no value waiting.",
            "its values are pending",
        ),
        ("{pending: usually}", "{pending: very}", "signs.payout_status.pending: ", "use one of"),
        (
            "payout_status: {pending",
            "amount: {small",
            "amount has no value small.",
            "none: it cannot be a sign",
        ),
        ("evidence: [amount]", "evidence: [price]", "price is no fact.", "use a fact of questions.yaml."),
        ("queue: settlement", "queue: bank", "ticket.queue: ", "use one of 'settlement', 'risk'"),
        ("zh: 预计{{ due_at }}", "zh: 预计{{ amount }}", "amount may be unknown when this is said.", "needs"),
        (
            "en: Expected by {{ due_at }}",
            "en: Expected by {{ due_at",
            "the text is no template",
            "close every",
        ),
        (
            "next_step: {zh: 等待, en: Wait}",
            "next_step: {zh: 等待, en: Wait",
            "not readable as YAML",
            "indentation",
        ),
    ],
)
def test_each_mistake_in_a_cause_has_its_line_and_a_fix(
    folder: Path, old: str, new: str, problem: str, fix: str
) -> None:
    path = folder / "causes/new_cause.yaml"
    path.write_text(CAUSE, encoding="utf-8")
    line = change(path, old, new)
    found = [mistake for mistake in mistakes(folder) if problem in mistake.problem]
    assert [mistake.file for mistake in found] == ["causes/new_cause.yaml"]
    assert found[0].line in (line, line + 1)
    assert fix in found[0].fix


@pytest.mark.parametrize(
    ("old", "new"),
    [("handled_by: bot", "handled_by: queue"), ("follow_up: deadline", "follow_up: next_service_day")],
)
def test_a_due_date_is_told_only_where_the_bot_waits_for_it(folder: Path, old: str, new: str) -> None:
    path = folder / "causes/new_cause.yaml"
    path.write_text(CAUSE, encoding="utf-8")
    line = change(path, "  zh: 预计", "  zh: 预计")
    change(path, old, new)
    found = mistakes(folder)
    assert [(mistake.line, mistake.problem.split()[0]) for mistake in found] == [
        (line, "due_at"),
        (line, "due_reason"),
        (line + 1, "due_at"),
        (line + 1, "due_reason"),
    ]
    assert all("`follow_up: deadline`" in mistake.fix for mistake in found)


def test_advice_before_a_person_looks_names_no_fact(folder: Path) -> None:
    path = folder / "causes/new_cause.yaml"
    told = "预计{{ due_at }}到账。{{ due_reason }}。", "Expected by {{ due_at }}. {{ due_reason }}."
    queue = CAUSE.replace("handled_by: bot", "handled_by: queue").replace(told[1], "In hand.")
    path.write_text(queue.replace(told[0], "现在是{{ due_state }}。"), encoding="utf-8")
    assert [mistake.problem for mistake in mistakes(folder)] == [
        "due_state may be unknown when this is said."
    ]


def test_a_missing_part_of_a_cause_is_told(folder: Path) -> None:
    path = folder / "causes/new_cause.yaml"
    path.write_text(CAUSE, encoding="utf-8")
    change(path, "how_common: often\n", "")
    assert [str(mistake) for mistake in mistakes(folder)] == [
        "causes/new_cause.yaml:1: how_common: Field required. Fix: add it."
    ]


def test_a_key_that_stands_twice_is_told(folder: Path) -> None:
    path = folder / "causes/new_cause.yaml"
    path.write_text(CAUSE + "how_common: rarely\n", encoding="utf-8")
    assert [(m.file, m.line, m.problem) for m in mistakes(folder)] == [
        ("causes/new_cause.yaml", CAUSE.count("\n") + 1, "how_common stands twice.")
    ]


@pytest.mark.parametrize("text", ["", "- a\n- list\n", "just words\n"])
def test_a_cause_that_is_no_mapping_is_told(folder: Path, text: str) -> None:
    (folder / "causes/new_cause.yaml").write_text(text, encoding="utf-8")
    assert {mistake.file for mistake in mistakes(folder)} == {"causes/new_cause.yaml"}


def test_the_cause_for_everything_else_must_stay(folder: Path) -> None:
    (folder / "causes/unknown.yaml").unlink()
    assert [(m.file, m.problem) for m in mistakes(folder)] == [
        ("causes/unknown.yaml", "the file is missing.")
    ]


FACT = """
new_fact:
  title: {zh: 新事实, en: New fact}
  ask: {zh: 是吗？, en: "Is it?"}
  effort: 1
  values:
    yes: {zh: 是, en: 'Yes'}
    no: {zh: 不是, en: 'No'}
  usual: {yes: often, no: rarely}
"""


@pytest.mark.parametrize(
    ("old", "new", "problem", "fix"),
    [
        (
            "usual: {yes: often,",
            "usual: {maybe: often,",
            "maybe is none of the values.",
            "correct its spelling",
        ),
        ("usual: {yes: often,", "usual: {yes: mostly,", "usual.yes: ", "use one of"),
        ("effort: 1", "effort: little", "effort: ", "docs/knowledge-base.md"),
        ("effort: 1", "effort: 0", "effort: Input should be greater than 0", "docs/knowledge-base.md"),
        (
            "effort: 1",
            'pattern: "[0-9"',
            "pattern: Value error, no regular expression",
            "docs/knowledge-base",
        ),
        ("effort: 1", "kind: number", "kind: ", "use one of 'choice', 'money'"),
        ("effort: 1", "derived_from: [nothing]", "nothing is no fact.", "name facts of this file."),
        ("ask: {zh: 是吗？", "hint: {zh: 看哪里", "new_fact is never asked.", "write `ask` as well"),
        ("zh: 是吗？, ", "", "ask.zh: Field required.", "add it."),
        ("effort: 1", "efort: 1", "efort: Extra inputs", "correct its spelling"),
        ("zh: 不是, ", "", "values.no.zh: Field required.", "add it."),
    ],
)
def test_each_mistake_in_a_question_has_its_line_and_a_fix(
    folder: Path, old: str, new: str, problem: str, fix: str
) -> None:
    path = folder / "questions.yaml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before + FACT.replace(old, new), encoding="utf-8")
    line = before.count("\n") + FACT[: FACT.index(old)].count("\n") + 1
    found = [mistake for mistake in mistakes(folder) if problem in mistake.problem]
    assert [(mistake.file, mistake.line) for mistake in found] == [("questions.yaml", line)]
    assert fix in found[0].fix


def test_a_question_without_a_title_is_told(folder: Path) -> None:
    path = folder / "questions.yaml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before + FACT.replace("  title: {zh: 新事实, en: New fact}\n", ""), encoding="utf-8")
    found = [(m.file, m.problem) for m in mistakes(folder)]
    assert found == [("questions.yaml", "title: Field required.")]


def test_mistakes_of_all_files_come_at_once(folder: Path) -> None:
    change(folder / "causes/unknown.yaml", "handled_by: queue", "handled_by: someone")
    change(folder / "questions.yaml", "title: {zh: 金额, en: Amount}", "title: {zh: 金额}")
    change(folder / "acquirers.yaml", 'pay_by: "14:00"', "pay_by: noon")
    change(folder / "holidays/2026.yaml", "to: 2026-10-07", "to: 2026-09-07")
    assert {mistake.file for mistake in mistakes(folder)} >= {
        "causes/unknown.yaml",
        "questions.yaml",
        "acquirers.yaml",
        "holidays/2026.yaml",
    }


def test_the_error_lists_every_mistake_on_a_line_of_its_own(folder: Path) -> None:
    change(folder / "acquirers.yaml", 'pay_by: "14:00"', "pay_by: noon")
    change(folder / "holidays/2026.yaml", "to: 2026-10-07", "to: 2026-09-07")
    with pytest.raises(KnowledgeError) as caught:
        load_knowledge(folder)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(caught.value.mistakes) == 2
    assert all(" Fix: " in line for line in lines)


class TestFilesThatAreNoKnowledge:
    @pytest.mark.parametrize(
        ("name", "text", "problem"),
        [
            ("questions.yaml", "- one\n- two\n", "no mapping"),
            ("acquirers.yaml", "- one\n", "no mapping"),
            ("causes/unknown.yaml", "title: !!python/name:os.system x\n", "not readable"),
            ("causes/unknown.yaml", "[a, b]: 1\n", "no word"),
            ("causes/unknown.yaml", "title: &self {zh: *self}\n", "holds itself"),
        ],
    )
    def test_it_is_said_and_not_a_crash(self, folder: Path, name: str, text: str, problem: str) -> None:
        (folder / name).write_text(text, encoding="utf-8")
        found = mistakes(folder)
        assert any(mistake.file == name and problem in mistake.problem for mistake in found), found

    @pytest.mark.parametrize("name", ["questions.yaml", "acquirers.yaml", "lexicon.yaml"])
    def test_a_missing_file_is_said(self, folder: Path, name: str) -> None:
        (folder / name).unlink()
        assert [m.problem for m in mistakes(folder) if m.file == name] == ["the file is missing."]

    def test_a_broken_unknown_is_not_also_missing(self, folder: Path) -> None:
        (folder / "causes/unknown.yaml").write_text("title: [", encoding="utf-8")
        assert len(mistakes(folder)) == 1

    def test_a_mistake_in_the_questions_does_not_hide_behind_hundreds(self, folder: Path) -> None:
        change(folder / "questions.yaml", "zh: 交易结果, en: Sale result", "zh: 交易结果")
        found = mistakes(folder)
        assert [mistake.file for mistake in found] == ["questions.yaml"]
        assert found[0].line > 1

    def test_a_value_that_is_never_seen_cannot_be_a_sign(self, folder: Path) -> None:
        line = change(
            folder / "causes/kyc_expired.yaml",
            "  papers_expired:",
            "  due_state: {unknown_calendar: often}\n  papers_expired:",
        )
        found = mistakes(folder)
        assert [(m.file, m.line) for m in found] == [("causes/kyc_expired.yaml", line)]


def test_no_text_has_a_phone_number_or_a_link() -> None:
    base = packaged_base()
    texts = [article.text for article in base.articles.values()]
    texts += [text for cause in base.causes.values() for text in (cause.advice, cause.next_step)]
    number = re.compile(r"(?<![\d,.:])(?:1\d\d|\d{5,})(?![\d,.:]| ?(?:元|yuan|万))|https?://|www\.")
    assert [text for text in texts if number.search(f"{text.zh} {text.en}")] == []
