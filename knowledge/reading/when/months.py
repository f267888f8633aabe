"""Since which month he has his terminal, in days: 3月就开的机器, "I got it in March"."""

import re
from datetime import datetime

from knowledge.reading.numerals import chinese_number
from knowledge.reading.when.days import make_date
from knowledge.reading.when.english_dates import MONTHS

#: 3月 is March; 3个月, 用了3月 and 快3月了 are how long.
_MONTH = (
    r"(?:([去前今]|20\d\d)年)?(?<![\d个了有快近满半])(1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])月"
    r"(?!\s?[\d一二三四五六七八九十了多来半])"
)
_NAMES = "|".join(sorted(MONTHS, key=len, reverse=True))
_NAME = rf"\b(?:in|since|last|this)\s({_NAMES})\b(?:\s(20\d\d))?(?! \d)"
_CHINESE = re.compile(_MONTH)
_ENGLISH = re.compile(_NAME)
_BEGAN_CHINESE = re.compile(
    rf"{_MONTH}(?:份|初|底|中旬)?(?:的时候|左右|就|才|刚|我|在你们这|在)*(?:开|装|办|领|买|拿|激活|注册|入网)"
)
_BEGAN_ENGLISH = re.compile(rf"\b(?:got|opened|installed|activated|bought|registered)\b[^,.;]{{0,30}}{_NAME}")
_YEARS_AGO = {"今": 0, "去": 1, "前": 2}


def days_since_month(text: str, now: datetime, *, asked: bool) -> int | None:
    """Count the days since a named month; not asked for, it must be said what began then."""
    chinese = (_CHINESE if asked else _BEGAN_CHINESE).search(text)
    if chinese:
        ago, written = chinese.groups()
        month = int(written) if written.isdigit() else (chinese_number(written) or 0)
        year = int(ago) if ago and ago.isdigit() else now.year - _YEARS_AGO[ago] if ago else None
        return _days(now, month, year)
    english = (_ENGLISH if asked else _BEGAN_ENGLISH).search(text)
    return _days(now, MONTHS[english[1]], int(english[2]) if english[2] else None) if english else None


def _days(now: datetime, month: int, year: int | None) -> int | None:
    """Count from the first of the month, which is the last such one where no year is told."""
    began = make_date(year or (now.year if month <= now.month else now.year - 1), month, 1)
    return (now.date() - began).days if began and began <= now.date() else None
