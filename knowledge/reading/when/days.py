"""A day that a text names, and the calendar arithmetic that finds it. Gregorian dates only."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

_HOURS = ("小时", "钟头", "hour")
_MINUTES = ("分钟", "minute", "min")
_SIZES = {"周": 7, "星期": 7, "礼拜": 7, "week": 7, "月": 30, "month": 30, "年": 365, "year": 365}


@dataclass(frozen=True, slots=True)
class Day:
    """Days that a text names, and where it does."""

    first: date
    last: date
    place: int
    end: int
    #: The minute, where the text names one by itself: "2 hours ago".
    moment: datetime | None = None
    #: True where the text gives both ends, as in 1号到7号.
    is_range: bool = False


def days_back(now: datetime, count: float, unit: str, found: re.Match[str]) -> Day:
    """Go back from now by a count of units, in Chinese or English; hours and minutes give a moment."""
    if unit in _HOURS or unit in _MINUTES:
        moment = now - timedelta(minutes=count * (60 if unit in _HOURS else 1))
        return Day(
            moment.date(), moment.date(), found.start(), found.end(), moment.replace(second=0, microsecond=0)
        )
    size = _SIZES.get(unit, 1)
    day = _months_back(now.date(), int(count)) if size == 30 and count >= 1 else None
    day = day or now.date() - timedelta(days=int(count * size))
    return Day(day, day, found.start(), found.end())


def _months_back(today: date, months: int) -> date:
    index = today.year * 12 + today.month - 1 - months
    for day in range(today.day, 27, -1):
        made = make_date(index // 12, index % 12 + 1, day)
        if made:
            return made
    return date(index // 12, index % 12 + 1, today.day)


def named_day(day: date | None, found: re.Match[str]) -> Iterator[Day]:
    """Give the day where it was found; nothing when there is no such day."""
    if day:
        yield Day(day, day, found.start(), found.end())


def nearest_weekday(today: date, weekday: int, *, ahead: bool) -> date:
    """Give the last such weekday, or the next; today counts. Monday is 0."""
    if ahead:
        return today + timedelta(days=(weekday - today.weekday()) % 7)
    return today - timedelta(days=(today.weekday() - weekday) % 7)


def nearest_year(month: int, day: int, today: date, *, ahead: bool) -> date | None:
    """Choose the year in which a month and day lie nearest in the past, or in the future."""
    years = (today.year, today.year + 1) if ahead else (today.year, today.year - 1)
    for year in years:
        made = make_date(year, month, day)
        if made and (made >= today if ahead else made <= today):
            return made
    return None


def nearest_month(day: int, today: date, *, ahead: bool) -> date | None:
    """Give the last such day of a month up to today, or the next one; None if there is none near."""
    for shift in (0, 1, 2) if ahead else (0, -1, -2):
        month = first_of_month(today, shift)
        made = make_date(month.year, month.month, day)
        if made and (made >= today if ahead else made <= today):
            return made
    return None


def first_of_month(today: date, shift: int) -> date:
    """Give the first day of the month that lies `shift` months away."""
    index = today.year * 12 + today.month - 1 + shift
    return date(index // 12, index % 12 + 1, 1)


def make_date(year: int, month: int, day: int) -> date | None:
    """Make a date; None when there is no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None
