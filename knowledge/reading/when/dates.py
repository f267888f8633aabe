"""All days that a text names, in the order in which they stand."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from knowledge.reading.draft import Draft
from knowledge.reading.when.chinese_dates import chinese_days, days_ago
from knowledge.reading.when.days import Day
from knowledge.reading.when.english_dates import english_days
from knowledge.reading.when.holiday_dates import Holiday, HolidayReader
from knowledge.reading.when.lunar_dates import LunarNewYear, LunarReader

_JOIN = re.compile(r"\s?(?:到|至|-|~|—|–|to|until|and|through)\s?$")
#: "Today there is still nothing": the day of asking, not of the sale.
_AS_OF = re.compile(r"今[天日](?=\s?(?:都|还|也|仍|就|怎么|为什么|为何|依然|一直|又)*(?:没|未|不到|不见))")
_BESIDE = re.compile(r"[\s(（,，是]{0,2}")
#: Between a holiday and the day of it that is meant: 国庆那几天的3号.
_WITHIN = re.compile(r"(?:节|那几天|这几天|期间|放假|假期|长假|里|的|\s)*")
_LATIN = re.compile("[a-z]{3}")


class DayReader:
    """Reads days; knows the holidays and the lunar new years."""

    def __init__(self, holidays: Sequence[Holiday], new_years: Sequence[LunarNewYear]) -> None:
        self._holidays = HolidayReader(holidays)
        self._lunar = LunarReader(new_years)

    def take(self, draft: Draft, now: datetime, *, ahead: bool) -> list[Day]:
        """Take all days; `ahead` says that the text asks about days to come."""
        draft.take(_AS_OF)
        days = list(days_ago(draft, now))
        days += self._lunar.take(draft, now.date())
        days += self._holidays.take(draft, now.date(), ahead=ahead)
        days += chinese_days(draft, now, ahead=ahead)
        if _LATIN.search(draft.text):
            days += english_days(draft, now, ahead=ahead)
        return _joined(draft.text, sorted(days, key=lambda day: day.place))


def _joined(text: str, days: list[Day]) -> list[Day]:
    """Make one of two days that a "to" joins, and of one that is named twice: 明天周六."""
    joined: list[Day] = []
    for day in days:
        last = joined[-1] if joined else None
        if last and not last.is_range and _JOIN.match(text[last.end : day.place]):
            end = max(day.last, last.first)
            joined[-1] = replace(last, last=end, end=day.end, is_range=True)
        elif last and _is_of(text, last, day):
            joined[-1] = replace(day, place=last.place)
        elif last and _is_the_same(text, last, day):
            joined[-1] = replace(last, end=day.end)
        else:
            joined.append(day)
    return joined


def _is_of(text: str, stretch: Day, day: Day) -> bool:
    """Tell whether a day right behind a stretch says which day of it is meant."""
    within = stretch.first <= day.first == day.last <= stretch.last and stretch.first < stretch.last
    return within and _WITHIN.fullmatch(text[stretch.end : day.place]) is not None


def _is_the_same(text: str, day: Day, weekday: Day) -> bool:
    """Tell whether a weekday right behind a day only says which weekday that is."""
    single = day.first == day.last and weekday.first == weekday.last
    same = single and day.first.weekday() == weekday.first.weekday()
    return same and _BESIDE.fullmatch(text[day.end : weekday.place]) is not None
