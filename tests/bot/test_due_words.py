from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

import bot
from bot.page.strip import draw_strip
from bot.talk.case import Case, think
from bot.talk.decision import Situation
from bot.talk.due_words import due_reason, due_standing, due_strip
from bot.talk.state import Talk
from bot.talk.wording import Wording
from knowledge.calendar import SHANGHAI, SettlementCalendar
from knowledge.engine import Engine
from knowledge.loader import KnowledgeBase
from knowledge.model import Fact, Interval, Language, Text, Value
from knowledge.yaml_source import read_texts
from tests.packaged import packaged_base

KNOWLEDGE = packaged_base()
ENGINE = Engine(KNOWLEDGE.causes, KNOWLEDGE.facts, KNOWLEDGE.version)
WORDING = Wording(read_texts(Path(bot.__file__).parent / "talk" / "texts.yaml"), KNOWLEDGE)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def case_of(
    now: str,
    paid_at: str | Interval,
    mode: str,
    facts: Mapping[str, Value] | None = None,
    knowledge: KnowledgeBase = KNOWLEDGE,
) -> Case:
    when = at(paid_at) if isinstance(paid_at, str) else paid_at
    values: dict[str, Value] = {"paid_at": when, "settlement_mode": mode, **(facts or {})}
    talk = Talk(facts={key: Fact(value, "merchant") for key, value in values.items()})
    return think(talk, Situation(now=at(now), talk=talk), knowledge, ENGINE)


def reason(
    paid_at: str, mode: str, language: Language = "zh", facts: Mapping[str, Value] | None = None
) -> str:
    return due_reason(case_of(paid_at, paid_at, mode, facts), KNOWLEDGE, WORDING, language)


def strip(paid_at: str | Interval, mode: str, now: str, language: Language = "zh") -> dict[str, Any] | None:
    return due_strip(case_of(now, paid_at, mode), KNOWLEDGE, WORDING, language, at(now))


@pytest.mark.parametrize(
    ("paid_at", "mode", "zh", "en"),
    [
        (
            "2026-09-30 12:00",
            "t1",
            "T+1，就是下一个工作日到账，中间遇到国庆节（10月1日至7日）顺延",
            "T+1 means the next working day, put off by National Day (1 to 7 Oct)",
        ),
        (
            "2026-11-20 12:00",
            "t1",
            "T+1，就是下一个工作日到账，中间遇到周末顺延",
            "T+1 means the next working day, put off by the weekend",
        ),
        ("2026-11-23 12:00", "t1", "T+1，就是下一个工作日到账", "T+1 means the next working day"),
        ("2026-11-20 12:00", "d1", "D+1，就是第二天到账", "D+1 means the next day"),
        (
            "2026-11-20 23:30",
            "d1",
            "交易过了23:00的当日截止时间，算进下一批",
            "The sale came after the cut-off at 23:00 and counts for the next batch",
        ),
        (
            "2026-02-13 23:30",
            "t1",
            "交易过了23:00的当日截止时间，算进下一批，中间遇到春节（2月15日至23日）顺延",
            (
                "The sale came after the cut-off at 23:00 and counts for the next batch, "
                "put off by Spring Festival (15 to 23 Feb)"
            ),
        ),
        (
            "2026-11-21 12:00",
            "t0",
            "T+0，就是工作日当天到账，中间遇到周末顺延",
            "T+0 means the same working day, put off by the weekend",
        ),
    ],
)
def test_the_reason_in_both_languages(paid_at: str, mode: str, zh: str, en: str) -> None:
    assert reason(paid_at, mode) == zh
    assert reason(paid_at, mode, "en") == en


@pytest.mark.parametrize(
    ("paid_at", "mode", "told"),
    [
        ("2026-09-19 12:00", "t1", True),
        ("2026-09-19 12:00", "d1", False),
        ("2026-09-22 12:00", "t1", False),
    ],
)
def test_a_weekend_day_that_is_worked_is_called_so(paid_at: str, mode: str, told: bool) -> None:
    assert ("到账那天虽是周日，但调休上班" in reason(paid_at, mode)) == told
    assert ("and that Sunday is a make-up working day" in reason(paid_at, mode, "en")) == told


def test_an_instant_sale_does_not_wait_for_a_working_day() -> None:
    good: dict[str, Value] = {"pay_method": "credit_card", "amount": 350000, "onboarded_days": 400}
    assert reason("2026-09-20 12:00", "d0", facts={**good, "d0_switch": "on"}) == "秒到一般2小时内到账"


@pytest.mark.parametrize(
    ("now", "zh", "en"),
    [
        ("2026-10-09 14:00", "现在还没到时间", "it is not late yet"),
        ("2026-10-09 14:01", "有时会晚一点，今天16:00前到都算正常", "by 16:00 today is still normal"),
    ],
)
def test_how_the_due_date_stands_to_the_clock(now: str, zh: str, en: str) -> None:
    case = case_of(now, "2026-10-08 15:00", "t1")
    assert due_standing(case, WORDING, "zh", at(now)) == zh
    assert due_standing(case, WORDING, "en", at(now)).endswith(en)


def test_a_holiday_over_the_turn_of_a_month_and_one_of_a_single_day() -> None:
    assert "春节（1月28日至2月4日）" in reason("2025-01-27 12:00", "t1")
    assert "Spring Festival (28 Jan to 4 Feb)" in reason("2025-01-27 12:00", "t1", "en")
    assert "元旦（1月1日）顺延" in reason("2024-12-31 12:00", "t1")
    assert "New Year's Day (1 Jan)" in reason("2024-12-31 12:00", "t1", "en")


def test_the_whole_holiday_is_named_even_from_its_middle() -> None:
    assert "国庆节（10月1日至7日）" in reason("2026-10-04 12:00", "t1")


def test_rest_days_of_two_kinds_are_both_named() -> None:
    monday = {date(2030, 4, 8): Text("清明节", "Tomb-Sweeping Day")}
    calendar = SettlementCalendar(date(2030, 1, 1), date(2030, 12, 31), monday, [])
    knowledge = replace(KNOWLEDGE, calendar=calendar)
    case = case_of("2030-04-05 12:00", "2030-04-05 12:00", "t1", knowledge=knowledge)
    words = due_reason(case, knowledge, WORDING, "zh")
    assert words == "T+1，就是下一个工作日到账，中间遇到周末和清明节（4月8日）顺延"
    assert due_reason(case, knowledge, WORDING, "en").endswith("the weekend and Tomb-Sweeping Day (8 Apr)")


@pytest.mark.parametrize(
    ("paid_at", "facts", "words"),
    [
        ("2026-11-23 06:59", {}, "交易不在秒到时段（07:00-23:00），改按T+1结算"),
        ("2026-11-23 22:50", {"brand": "yisheng"}, "交易不在秒到时段（07:00-22:40），改按T+1结算"),
        ("2026-11-23 12:00", {"pay_method": "debit_card"}, "这种付款方式不支持秒到，改按T+1结算"),
        ("2026-11-23 12:00", {"amount": 1000}, "金额不在秒到范围（20至50,000元），改按T+1结算"),
        (
            "2026-11-23 12:00",
            {"brand": "xingyifu", "pay_method": "wechat", "amount": 6_000_00},
            "金额不在秒到范围（20至5,000元），改按T+1结算",
        ),
        ("2026-11-23 12:00", {"onboarded_days": 10}, "新开通的机器还没有秒到，按T+1结算"),
        ("2026-11-23 12:00", {"d0_switch": "off"}, "秒到没有开或额度用完，改按T+1结算"),
        ("2026-11-20 12:00", {"d0_switch": "off"}, "秒到没有开或额度用完，改按T+1结算，中间遇到周末顺延"),
        ("2026-11-23 12:00", {"d0_switch": "unknown"}, "秒到的条件还没核实，这里先按T+1算"),
    ],
)
def test_why_instant_payout_was_not(paid_at: str, facts: dict[str, Value], words: str) -> None:
    assert reason(paid_at, "d0", facts=facts) == words
    assert reason(paid_at, "d0", "en", facts).isascii()


def test_an_instant_sale_has_its_two_hours() -> None:
    good: dict[str, Value] = {
        "pay_method": "credit_card",
        "amount": 350000,
        "onboarded_days": 400,
        "d0_switch": "on",
    }
    assert reason("2026-11-21 12:00", "d0", facts=good) == "秒到一般2小时内到账"


def test_an_unknown_mode_is_the_latest_case_and_says_so() -> None:
    words = reason("2026-09-30 12:00", "unknown")
    assert words == "结算方式还不清楚，这里按最晚的一种算，中间遇到国庆节（10月1日至7日）顺延"


class TestStrip:
    def test_it_shows_every_day_from_sale_to_arrival(self) -> None:
        shown = strip("2026-09-30 12:00", "t1", "2026-10-04 12:00")
        assert shown
        assert (
            shown["alt"] == "9月30日（周三）交易，预计10月8日（周四）到账，中间遇到国庆节（10月1日至7日）顺延"
        )
        days = shown["days"]
        assert [day["date"] for day in days] == ["2026-09-30", *[f"2026-10-0{i}" for i in range(1, 9)]]
        assert days[0] == {
            "date": "2026-09-30",
            "label": "9/30",
            "weekday": "周三",
            "kind": "work",
            "name": None,
            "marks": ["sale"],
        }
        assert days[1]["name"] == "国庆节"
        assert {day["kind"] for day in days[1:8]} == {"holiday"}
        assert [day["label"] for day in days if "today" in day["marks"]] == ["10/4"]
        assert days[-1]["marks"] == ["due"]

    def test_it_marks_make_up_days_and_speaks_english(self) -> None:
        shown = strip("2026-02-13 23:30", "t1", "2026-02-14 09:00", "en")
        assert shown
        assert shown["alt"] == (
            "Sale on Fri 13 Feb, expected on Tue 24 Feb, put off by Spring Festival (15 to 23 Feb)"
        )
        assert shown["days"][1] == {
            "date": "2026-02-14",
            "label": "14 Feb",
            "weekday": "Sat",
            "kind": "makeup",
            "name": None,
            "marks": ["today"],
        }

    def test_a_weekend_has_no_name(self) -> None:
        shown = strip("2026-11-20 12:00", "t1", "2026-11-20 12:30")
        assert shown
        assert [(day["kind"], day["name"]) for day in shown["days"][1:3]] == [("weekend", None)] * 2
        assert shown["days"][0]["marks"] == ["sale", "today"]

    def test_one_day_may_be_all_three(self) -> None:
        case = case_of(
            "2026-11-23 12:30",
            "2026-11-23 12:00",
            "d0",
            {
                "pay_method": "wechat",
                "amount": 350000,
                "onboarded_days": 400,
                "d0_switch": "on",
            },
        )
        shown = due_strip(case, KNOWLEDGE, WORDING, "zh", at("2026-11-23 12:30"))
        assert shown
        assert [day["marks"] for day in shown["days"]] == [["sale", "today", "due"]]

    def test_a_stretch_of_time_starts_on_its_first_day(self) -> None:
        weekend = Interval(at("2026-11-21 00:00"), at("2026-11-22 22:00"))
        shown = strip(weekend, "t1", "2026-11-22 22:30")
        assert shown
        assert shown["days"][0]["date"] == "2026-11-21"

    def test_there_is_none_without_a_due_date_or_beyond_the_calendar(self) -> None:
        assert strip("2026-12-31 12:00", "t1", "2026-12-31 13:00") is None
        assert strip("2026-12-31 12:00", "d1", "2026-12-31 13:00") is None

    def test_the_page_can_draw_it(self) -> None:
        shown = strip("2026-09-30 12:00", "t1", "2026-10-04 12:00")
        assert shown
        drawing = draw_strip(shown, "zh")
        assert shown["alt"] in drawing
        assert drawing.count('<g class="strip-day') == len(shown["days"])
