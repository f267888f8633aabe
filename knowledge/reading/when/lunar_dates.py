"""Days around the lunar new year in a text: 除夕, 大年初二, 正月十五, 腊月二十八."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from knowledge.calendar import ONE_DAY
from knowledge.reading.draft import Draft
from knowledge.reading.numerals import chinese_number
from knowledge.reading.when.days import Day

#: A bare 初一 so far from today is no day: it is also a class at school.
_NEAR = 60 * ONE_DAY
_NO_SUM = r"(?![万千百块元月号点个岁多几])"
#: Behind 初一: 一直, 一次, 一样, a school class.
_NO_OTHER = r"(?![直次样个笔台回共学班年生点万千百块元月号岁]|起(?!床)|下(?!午)|几(?!点))"
_LUNAR = re.compile(
    rf"(?P<eve>除夕|大年夜|(?<![今去前明每一半两整全])(?:大年|年)三十){_NO_SUM}"
    rf"|(?:腊月|大年|(?<![今去前明每一半两整全])年)(?P<before>二十[一二三四五六七八九]){_NO_SUM}"
    rf"|正月(?P<first_month>十[一二三四五六七八九]?|二十[一二三四五六七八九]?){_NO_SUM}"
    rf"|(?:大年|正月|春节|过年|(?<![当起最月年上读念]))初(?P<after>十|[一二三四五六七八九]){_NO_OTHER}"
    rf"|年初(?P<new_year>[一二三四五六七八九])(?=[早晚上中下夜那的当刷收扫])"
)


#: Those of an earlier year.
_LONG_AGO = re.compile("[去前]年的?$")


@dataclass(frozen=True, slots=True)
class LunarNewYear:
    """The first day of a lunar year."""

    day: date
    #: How many days the month before it has, 29 or 30: 除夕 is its last.
    month_before: int


class LunarReader:
    """Reads days by the lunar calendar."""

    def __init__(self, new_years: Sequence[LunarNewYear]) -> None:
        self._new_years = new_years

    def take(self, draft: Draft, today: date) -> Iterator[Day]:
        """Take the days, of the new year that is nearest to today."""
        for found in draft.find(_LUNAR):
            if _LONG_AGO.search(draft.text, 0, found.start()):
                continue
            days = [_named(found, year) for year in self._new_years]
            day = min(days, key=lambda one: abs(one - today), default=None)
            if day and (abs(day - today) <= _NEAR or not found[0].startswith("初")):
                draft.strike(found.start(), found.end())
                yield Day(day, day, found.start(), found.end())


def _named(found: re.Match[str], year: LunarNewYear) -> date:
    if found["eve"]:
        return year.day - ONE_DAY
    if found["before"]:
        left = year.month_before + 1 - (chinese_number(found["before"]) or 0)
        return year.day - max(left, 1) * ONE_DAY
    nth = found["after"] or found["first_month"] or found["new_year"]
    return year.day + ((chinese_number(nth) or 1) - 1) * ONE_DAY
