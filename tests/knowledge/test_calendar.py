from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest

from knowledge.calendar import SettlementCalendar, UnknownCalendarError, load_calendar
from knowledge.loader import PACKAGED
from knowledge.model import Text
from knowledge.yaml_source import KnowledgeError, Mistake

FIRST, LAST = date(2017, 1, 1), date(2026, 12, 31)
EVERY_DAY = [FIRST + timedelta(days=i) for i in range((LAST - FIRST).days + 1)]
#: The central bank's year-end closing: settlement days that the State Council's schedule knows nothing of.
YEAR_END = {date(2017, 12, 30), date(2017, 12, 31)}


@pytest.fixture(scope="module")
def calendar() -> SettlementCalendar:
    return load_calendar(PACKAGED)


def test_the_settlement_days_are_the_workdays_of_an_independent_calendar(
    calendar: SettlementCalendar,
) -> None:
    differing = {
        day for day in EVERY_DAY if calendar.is_settlement_day(day) != chinese_calendar.is_workday(day)
    }
    assert differing == YEAR_END


def test_every_statutory_rest_day_is_a_holiday_with_a_name(calendar: SettlementCalendar) -> None:
    statutory = [d for d in EVERY_DAY if d in chinese_calendar.constants.holidays and d not in YEAR_END]
    assert len(statutory) > 250
    assert {calendar.kind(day) for day in statutory} == {"holiday"}
    assert all(calendar.holiday_name(day) for day in statutory)


def test_the_kinds_agree_with_whether_a_day_settles(calendar: SettlementCalendar) -> None:
    for day in EVERY_DAY:
        assert (calendar.kind(day) in ("work", "makeup")) == calendar.is_settlement_day(day)
        assert (calendar.kind(day) in ("weekend", "makeup")) <= (day.weekday() >= 5)


@pytest.mark.parametrize(
    ("day", "kind", "name"),
    [
        (date(2026, 10, 1), "holiday", Text("国庆节", "National Day")),
        (date(2026, 10, 8), "work", None),
        (date(2026, 10, 10), "makeup", None),
        (date(2026, 10, 11), "weekend", None),
        (date(2018, 9, 22), "holiday", Text("中秋节", "Mid-Autumn Festival")),
        (date(2018, 12, 30), "holiday", Text("元旦", "New Year's Day")),
        (date(2018, 12, 29), "makeup", None),
        (date(2017, 12, 31), "makeup", None),
    ],
)
def test_what_a_day_is(calendar: SettlementCalendar, day: date, kind: str, name: Text | None) -> None:
    assert calendar.kind(day) == kind
    assert calendar.holiday_name(day) == name


def test_the_next_settlement_day_skips_rest(calendar: SettlementCalendar) -> None:
    assert calendar.next_settlement_day(date(2026, 9, 30)) == date(2026, 10, 8)
    assert calendar.next_settlement_day(date(2026, 10, 4)) == date(2026, 10, 8)
    assert calendar.next_settlement_day(date(2026, 12, 30)) == date(2026, 12, 31)


@pytest.mark.parametrize("day", [date(2016, 12, 31), date(2027, 1, 1)])
def test_questions_outside_the_data_are_refused(calendar: SettlementCalendar, day: date) -> None:
    questions: list[Callable[[date], object]] = [
        calendar.is_settlement_day,
        calendar.kind,
        calendar.holiday_name,
        calendar.next_settlement_day,
    ]
    for question in questions:
        with pytest.raises(UnknownCalendarError):
            question(day)


def test_a_settlement_day_beyond_the_data_is_not_guessed(calendar: SettlementCalendar) -> None:
    with pytest.raises(UnknownCalendarError):
        calendar.next_settlement_day(date(2026, 12, 31))


def test_it_knows_its_reach(calendar: SettlementCalendar) -> None:
    assert (calendar.first_day, calendar.last_day) == (FIRST, LAST)
    assert calendar.days_left(date(2026, 11, 16)) == 45
    assert calendar.days_left(date(2027, 1, 10)) == -10


YEAR = """\
source: the notice
rest:
  - {name: {zh: 元旦, en: New Year}, from: 2030-01-01, to: 2030-01-01}
work: [2030-01-05]
"""


def mistakes_in(folder: Path, files: dict[str, str]) -> tuple[Mistake, ...]:
    (folder / "holidays").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "holidays" / name).write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_calendar(folder)
    return caught.value.mistakes


def test_an_authors_own_folder_loads(tmp_path: Path) -> None:
    folder = tmp_path / "holidays"
    folder.mkdir()
    (folder / "2030.yaml").write_text(YEAR, encoding="utf-8")
    overrides = "settlement_days: [{day: 2030-12-28, source: a letter}]\n"
    (folder / "overrides.yaml").write_text(overrides, encoding="utf-8")
    calendar = load_calendar(tmp_path)
    assert not calendar.is_settlement_day(date(2030, 1, 1))
    assert calendar.is_settlement_day(date(2030, 1, 5))
    assert calendar.is_settlement_day(date(2030, 12, 28))
    assert not calendar.is_settlement_day(date(2030, 12, 29))


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("to: 2030-01-01", "to: 2029-12-31", 3, "2030-01-01 is after 2029-12-31."),
        ("2030-01-05", "2030-01-04", 4, "2030-01-04 is no weekend day."),
        ("[2030-01-05]", "[2031-01-05]", 4, "2031-01-05 is not in 2030."),
        ("to: 2030-01-01", "to: 2030-01-05", 4, "2030-01-05 is a rest day as well."),
        ("from: 2030-01-01", "from: 2029-11-30", 3, "2029-11-30 is not in 2030."),
        ("source: the notice\n", "", 1, "source: Field required."),
        ("from: 2030-01-01", "from: New Year", 3, "rest.0.from: "),
        ("zh: 元旦, ", "", 3, "rest.0.name.zh: Field required."),
        ("work:", "wrok:", 4, "wrok: Extra inputs are not permitted."),
        ("source: the notice", "source: [", 3, "not readable as YAML"),
        (
            "work:",
            "  - {name: {zh: 节, en: Day}, from: 2030-01-01, to: 2030-01-02}\nwork:",
            4,
            "rest day already",
        ),
    ],
)
def test_each_mistake_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, problem: str
) -> None:
    assert old in YEAR
    mistakes = mistakes_in(tmp_path, {"2030.yaml": YEAR.replace(old, new, 1)})
    assert any(m.line == line and problem in m.problem for m in mistakes), mistakes
    assert all(m.file == "holidays/2030.yaml" and m.fix for m in mistakes)


def test_years_must_follow_one_another(tmp_path: Path) -> None:
    files = {"2030.yaml": YEAR, "2032.yaml": YEAR.replace("2030", "2032").replace("2032-01-05", "2032-01-04")}
    assert [(m.file, m.problem) for m in mistakes_in(tmp_path, files)] == [
        ("holidays/2031.yaml", "the file is missing.")
    ]


def test_a_rest_day_of_the_next_notice_may_not_be_a_workday_of_the_last(tmp_path: Path) -> None:
    this_year = YEAR.replace("[2030-01-05]", "[2030-01-05, 2030-12-29]")
    next_year = (
        "source: the next notice\n"
        "rest: [{name: {zh: 元旦, en: New Year}, from: 2030-12-29, to: 2031-01-01}]\n"
        "work: []\n"
    )
    mistakes = mistakes_in(tmp_path, {"2030.yaml": this_year, "2031.yaml": next_year})
    assert [(m.file, m.line, m.problem) for m in mistakes] == [
        ("holidays/2031.yaml", 2, "2030-12-29 is a workday as well.")
    ]


def test_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    files = {
        "2030.yaml": YEAR.replace("2030-01-05", "2030-01-04"),
        "next.yaml": YEAR,
        "overrides.yaml": "settlement_days: [{day: 2030-12-30, source: a letter}]\n",
    }
    assert [m.file for m in mistakes_in(tmp_path, files)] == [
        "holidays/2030.yaml",
        "holidays/next.yaml",
        "holidays/overrides.yaml",
    ]


def test_a_folder_without_years_is_a_mistake(tmp_path: Path) -> None:
    assert [m.problem for m in mistakes_in(tmp_path, {})] == ["no year is given."]
