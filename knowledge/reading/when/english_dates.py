"""Days as English names them: yesterday, last Friday, Oct 8, 2nd of October, 2 days ago."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from knowledge.calendar import ONE_DAY
from knowledge.reading.draft import Draft
from knowledge.reading.numerals import ENGLISH_NUMBER, english_number
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

_MONTH_NAMES = (
    ("january", "jan"),
    ("february", "feb"),
    ("march", "mar"),
    ("april", "apr"),
    ("may",),
    ("june", "jun"),
    ("july", "jul"),
    ("august", "aug"),
    ("september", "sept", "sep"),
    ("october", "oct"),
    ("november", "nov"),
    ("december", "dec"),
)
_WEEKDAY_NAMES = (
    ("monday", "mon"),
    ("tuesday", "tues", "tue"),
    ("wednesday", "wed"),
    ("thursday", "thurs", "thur", "thu"),
    ("friday", "fri"),
    ("saturday", "sat"),
    ("sunday", "sun"),
)
MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names}
_WEEKDAYS = {name: number for number, names in enumerate(_WEEKDAY_NAMES) for name in names}
_MONTH_NAME = f"({'|'.join(MONTHS)})"
_ORDINAL = r"(\d{1,2})(?:st|nd|rd|th)?"
_ENGLISH_DAY = re.compile(
    rf"\b{_MONTH_NAME}\.?\s?(?:the )?{_ORDINAL}\b(?!:)(?:,? (20\d\d))?"
    rf"|\b{_ORDINAL}\s(?:of )?{_MONTH_NAME}\b\.?(?:,? (20\d\d))?"
)
#: "On the 30th", but not "the 2nd sale".
_ENGLISH_OF_MONTH = re.compile(
    r"\bthe (\d{1,2})(?:st|nd|rd|th)\b"
    r"(?=\s*(?:$|[,.!?;:]|(?:at|and|i|we|was|is|not|my|by|no|still|around|about|in|but|right|now)\b))"
)
_ENGLISH_RELATIVE = re.compile(
    r"\b(day before yesterday|yesterday|yday|ystd|today|day after tomorrow|tomorrow|tonight"
    r"|last (?=night|evening))"
    r"|\bthis (?=morning|afternoon|evening)"
)
_ENGLISH_RELATIVE_DAYS = {
    "day before yesterday": -2,
    "yesterday": -1,
    "yday": -1,
    "ystd": -1,
    "last ": -1,
    "tomorrow": 1,
    "day after tomorrow": 2,
}
_ENGLISH_WEEKDAY = re.compile(rf"\b(?:(last|this|next|on|since|every) )?({'|'.join(_WEEKDAYS)})\b")
#: Short names that are other words as well: they count only after "last", "on" and the like.
_ALSO_WORDS = ("sat", "sun", "mon", "wed")
_ENGLISH_AGO = re.compile(
    rf"\b(?:(\d{{1,3}})|({ENGLISH_NUMBER}|an)) (day|week|month|year|hour|minute|min)s? ago\b"
)
_ENGLISH_SPAN = re.compile(r"\b(?:(last|past|over the|this) (week(?:end)?|month)|(weekend))\b")


def english_days(draft: Draft, now: datetime, *, ahead: bool) -> Iterator[Day]:
    """Take the days that are named in English; `ahead` looks for coming days."""
    today = now.date()
    for found in draft.take(_ENGLISH_AGO):
        words = found[2]
        count = float(found[1] or english_number("a" if words == "an" else words) or 1)
        yield days_back(now, count, found[3], found)
    for found in draft.take(_ENGLISH_DAY):
        month_first, day_after, year_after, day_first, month_after, year_last = found.groups()
        month = MONTHS[month_first or month_after]
        day = int(day_after or day_first)
        year = year_after or year_last
        made = make_date(int(year), month, day) if year else nearest_year(month, day, today, ahead=ahead)
        yield from named_day(made, found)
    for found in draft.take(_ENGLISH_OF_MONTH):
        yield from named_day(nearest_month(int(found[1]), today, ahead=ahead), found)
    for found in draft.take(_ENGLISH_RELATIVE):
        day_named = today + timedelta(days=_ENGLISH_RELATIVE_DAYS.get(found[1] or "", 0))
        yield Day(day_named, day_named, found.start(), found.end())
    yield from _weekdays(draft, today, ahead=ahead)
    for found in draft.take(_ENGLISH_SPAN):
        yield from _english_span(found, today)


def _weekdays(draft: Draft, today: date, *, ahead: bool) -> Iterator[Day]:
    monday = today - timedelta(days=today.weekday())
    for found in draft.take(_ENGLISH_WEEKDAY):
        which, weekday = found[1], _WEEKDAYS[found[2]]
        if which == "every" or (which is None and found[2] in _ALSO_WORDS):
            continue
        if which in ("last", "next", "this"):
            weeks = {"last": -1, "next": 1}.get(which, 0)
            day = monday + timedelta(days=7 * weeks + weekday)
        else:
            day = nearest_weekday(today, weekday, ahead=ahead)
        yield Day(day, day, found.start(), found.end())


def _english_span(found: re.Match[str], today: date) -> Iterator[Day]:
    monday = today - timedelta(days=today.weekday())
    unit = found[2] or found[3]
    if unit == "month" and found[1] == "last":
        first = first_of_month(today, -1)
        yield Day(first, first_of_month(today, 0) - ONE_DAY, found.start(), found.end())
    elif unit == "week" and found[1] == "last":
        yield Day(monday - 7 * ONE_DAY, monday - ONE_DAY, found.start(), found.end())
    elif unit == "weekend":
        saturday = nearest_weekday(today, 5, ahead=False)
        yield Day(saturday, saturday + ONE_DAY, found.start(), found.end())
