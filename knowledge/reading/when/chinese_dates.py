"""Days as Chinese names them: 昨天, 上周五, 18号, 10月8日, 上个月底, 三天前."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from knowledge.calendar import ONE_DAY
from knowledge.reading.draft import Draft
from knowledge.reading.numerals import CHINESE_DIGIT, chinese_number
from knowledge.reading.when.days import (
    Day,
    days_back,
    first_of_month,
    make_date,
    named_day,
    nearest_month,
    nearest_weekday,
    nearest_year,
)

_N = r"(\d{1,2}|[一二三四五六七八九十]{1,3})"
_FULL = re.compile(
    rf"(?<!\d)(\d{{4}}|\d\d)年{_N}月{_N}[日号]?|(?<!\d)(20\d\d)([-/.])(\d{{1,2}})\5(\d{{1,2}})(?!\d)"
    r"|(?<![\d.*])(20[23]\d)()([01]\d)([0-3]\d)(?!\d)"
)
#: What follows 10.2 when it is a day and not money.
_DOTTED = r"(?=\s?(?:[号日那当刷收的到至~-]|交易|期间|晚|早|上午|下午|中午))"
_MONTH_DAY = re.compile(
    rf"{_N}月(?:份)?\s?{_N}[日号]?|(?<![\d/.])(\d{{1,2}})/(\d{{1,2}})(?![\d/%])"
    rf"|(?<![\d-])(\d\d)-(\d\d)(?![\d-])|(?<![\d.¥$-])(\d{{1,2}})\.(\d{{1,2}})(?![\d.]){_DOTTED}"
    r"|(?<=[-到至~])(\d{1,2})\.(\d{1,2})(?![\d.])"
)
_OF_MONTH = re.compile(
    rf"(上上|上|这|本|下)个?月(?:的)?(?:{_N}[号日]|(底|末)(?:的?最后一天)?|最后一天|(初))?|(月底|月初)"
)
_DAY_ONLY = re.compile(rf"(?<![\d第.])(?<!商户){_N}(?:号|日)(?![码店机线楼门内前后]|以|之)")
_RELATIVE = re.compile(
    r"(大前|大后|前|昨|今|明|后)(?:天|日(?!期)|儿个?|(?=[晚夜早晨]|上午|下午|中午|凌晨))(?!内)"
)
_RELATIVE_DAYS = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_AGO = re.compile(
    rf"(?<![\d.])(\d{{1,3}}|[{CHINESE_DIGIT}十]{{1,3}}|半)个?(半)?"
    r"(天|日|周|星期|礼拜|月|年|小时|钟头|分钟)[多之以]?前(?!内)"
)
#: 三四天, three or four days.
_ABOUT = re.compile(r"(?:一[两二]|[两二]三|三[四五]|四五|五六|六七|七八|八九)$")
_WEEKDAY = re.compile(
    r"(?<!每)(上上|上|这|本|下)?个?(?:周|星期|礼拜)([一二三四五六日天末])(?!之?[前内]|个月)"
)
_WEEK = re.compile(r"(上上|上)个?(?:周|星期|礼拜)")


def chinese_days(draft: Draft, now: datetime, *, ahead: bool) -> Iterator[Day]:
    """Take the days that are named in Chinese or in figures; `ahead` looks for coming days."""
    today = now.date()
    yield from _written_out(draft, today, ahead=ahead)
    yield from _of_month(draft, today, ahead=ahead)
    yield from _relative(draft, today)
    yield from _weekdays(draft, today, ahead=ahead)


def days_ago(draft: Draft, now: datetime) -> Iterator[Day]:
    """Take "N days ago" and the like in Chinese, before a holiday or a month eats a part of it."""
    for found in draft.take(_AGO):
        if _ABOUT.match(found[1]):
            latest, first = (days_back(now, _number(digit), found[3], found) for digit in found[1])
            yield replace(first, last=latest.last, moment=None)
            continue
        count = 0.5 if found[1] == "半" else float(_number(found[1])) + (0.5 if found[2] else 0)
        if count:
            yield days_back(now, count, found[3], found)


def _written_out(draft: Draft, today: date, *, ahead: bool) -> Iterator[Day]:
    for found in draft.take(_FULL):
        year, month, day = (part for part in found.groups() if part not in (None, "-", "/", ".", ""))
        full_year = _number(year) + (2000 if len(year) == 2 else 0)
        yield from named_day(make_date(full_year, _number(month), _number(day)), found)
    for found in draft.take(_MONTH_DAY):
        month, day = (part for part in found.groups() if part is not None)
        yield from named_day(nearest_year(_number(month), _number(day), today, ahead=ahead), found)


def _of_month(draft: Draft, today: date, *, ahead: bool) -> Iterator[Day]:
    for found in draft.take(_OF_MONTH):
        which, number, end, start, bare = found.groups()
        shift = {"上上": -2, "上": -1, "下": 1}.get(which, 0)
        first = first_of_month(today, shift)
        last = first_of_month(today, shift + 1) - ONE_DAY
        if number:
            yield from named_day(make_date(first.year, first.month, _number(number)), found)
        elif end or "最后一天" in found[0]:
            yield Day(last, last, found.start(), found.end())
        elif not (start or bare) and which not in ("这", "本"):
            yield Day(first, last, found.start(), found.end())
    for found in draft.take(_DAY_ONLY):
        yield from named_day(nearest_month(_number(found[1]), today, ahead=ahead), found)


def _relative(draft: Draft, today: date) -> Iterator[Day]:
    for found in draft.take(_RELATIVE):
        day = today + timedelta(days=_RELATIVE_DAYS[found[1]])
        yield Day(day, day, found.start(), found.end())


def _weekdays(draft: Draft, today: date, *, ahead: bool) -> Iterator[Day]:
    monday = today - timedelta(days=today.weekday())
    for found in draft.take(_WEEKDAY):
        which, name = found.groups()
        weekday = "一二三四五六日".find(name.replace("天", "日").replace("末", "六"))
        if which:
            weeks = {"上上": -2, "上": -1, "下": 1}.get(which, 0)
            day = monday + timedelta(days=7 * weeks + weekday)
        else:
            day = nearest_weekday(today, weekday, ahead=ahead)
        yield Day(day, day + ONE_DAY if name == "末" else day, found.start(), found.end())
    for found in draft.take(_WEEK):
        first = monday - timedelta(days=14 if found[1] == "上上" else 7)
        yield Day(first, first + 6 * ONE_DAY, found.start(), found.end())


def _number(text: str) -> int:
    return int(text) if text.isdigit() else (chinese_number(text) or 0)
