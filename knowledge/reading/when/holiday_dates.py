"""Public holidays in a text: 国庆, 中秋节前一天, 节后第一天, "National Day"."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from knowledge.calendar import ONE_DAY
from knowledge.reading.draft import Draft
from knowledge.reading.numerals import chinese_number
from knowledge.reading.when.days import Day

#: Nobody asks after a sale of so long ago: it is this year's holiday, which the calendar does not know yet.
LONG_AGO = 180 * ONE_DAY
_NTH = "后?第[一二三四五六七八九1-9][天日]"


@dataclass(frozen=True, slots=True)
class Holiday:
    """A public holiday: how people call it, and its rest days."""

    names: tuple[str, ...]
    first: date
    last: date


class HolidayReader:
    """Reads holidays by their names."""

    def __init__(self, holidays: Sequence[Holiday]) -> None:
        self._holidays: dict[str, list[Holiday]] = {}
        for holiday in holidays:
            for name in holiday.names:
                self._holidays.setdefault(name, []).append(holiday)
        names = "|".join(sorted(map(re.escape, self._holidays), key=len, reverse=True)) or "(?!)"
        self._holiday = re.compile(
            rf"(?<![一二三四五六七八九快近])(?P<name>{names})(?![点个块元万千百笔月日号分])(?:节)?"
            r"(?:长假|放?假期?|小长假|期间| holidays?)?\s?(?:的)?(?P<part>"
            rf"前一天|前两天|前一日|前夕|前夜|当天|那天|当日|最后一天|首日|{_NTH}|后一天|前|后)?"
        )
        #: "Tomorrow is National Day" names no day of a sale.
        self._coming = re.compile(
            r"(?:明[天日]|大?后[天日]|马上|快|眼看)(?:就|又|是|要|到|放|过)*"
            rf"(?:{names})节?(?:放?假|长假)?(?![的那当前后第最期这几收刷])"
        )
        self._around = re.compile(
            rf"(?:节|假期?|放假)(?P<nth>{_NTH})|(?:节|假期?)后第一个工作日"
            r"|(?:节|放假|假期)前(?P<before>一天|最后一天)?(?!面)"
            r"|(?:节|假期?)后(?P<later>)(?=.{0,4}(?:刷|的))"
        )

    def take(self, draft: Draft, today: date, *, ahead: bool) -> Iterator[Day]:
        """Take the holidays and the days around them."""
        draft.take(self._coming)
        for found in draft.take(self._holiday):
            holiday = self._nearest(self._holidays[found["name"]], today, ahead=ahead)
            if today - holiday.last > LONG_AGO:
                continue
            first, last = _part_of(holiday, found["part"])
            if found[0].strip().endswith(" day"):
                last = first
            yield Day(first, last, found.start(), found.end())
        for found in draft.take(self._around):
            known = [holiday for several in self._holidays.values() for holiday in several]
            past = [holiday for holiday in known if holiday.first <= today] or known
            if not past:
                return
            holiday = max(past, key=lambda one: one.last)
            day = holiday.first - ONE_DAY if "前" in found[0] else holiday.last + ONE_DAY
            if found["nth"]:
                day = _nth(holiday, found["nth"])
            yield Day(day, day, found.start(), found.end())

    @staticmethod
    def _nearest(holidays: Sequence[Holiday], today: date, *, ahead: bool) -> Holiday:
        """Choose the last one that has begun; for a question about days to come the next one not yet over."""
        in_order = sorted(holidays, key=lambda holiday: holiday.first)
        if ahead:
            return next((holiday for holiday in in_order if holiday.last >= today), in_order[-1])
        begun = [holiday for holiday in in_order if holiday.first <= today]
        return begun[-1] if begun else in_order[0]


def _part_of(holiday: Holiday, part: str | None) -> tuple[date, date]:
    if part is None:
        return holiday.first, holiday.last
    if "第" in part:
        day = _nth(holiday, part)
        return day, day
    day = {
        "前一天": holiday.first - ONE_DAY,
        "前一日": holiday.first - ONE_DAY,
        "前夕": holiday.first - ONE_DAY,
        "前夜": holiday.first - ONE_DAY,
        "前": holiday.first - ONE_DAY,
        "后": holiday.last + ONE_DAY,
        "前两天": holiday.first - 2 * ONE_DAY,
        "最后一天": holiday.last,
        "后一天": holiday.last + ONE_DAY,
    }.get(part, holiday.first)
    return day, day


def _nth(holiday: Holiday, part: str) -> date:
    """Give the day of 第三天, which is of the holiday, or of 后第三天, which is behind it."""
    count = chinese_number(part[-2]) or int(part[-2])
    return (holiday.last if "后" in part else holiday.first - ONE_DAY) + count * ONE_DAY
