"""Which days are settlement days: the State Council's schedule of rest days and make-up workdays."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from knowledge.model import Text
from knowledge.schema import Form, TextForm
from knowledge.yaml_source import Document, KnowledgeError, Mistake, layered_files, read_document

DayKind = Literal["work", "weekend", "holiday", "makeup"]
SHANGHAI = ZoneInfo("Asia/Shanghai")
ONE_DAY = timedelta(days=1)
#: From so many days before the calendar ends on, people are warned.
WARNING_DAYS = 45


class UnknownCalendarError(Exception):
    """The answer needs a day for which no schedule is known."""


class SettlementCalendar:
    """Every day from first_day to last_day; a question about any other raises UnknownCalendarError."""

    def __init__(
        self,
        first_day: date,
        last_day: date,
        holidays: Mapping[date, Text],
        settling_weekends: Iterable[date],
    ) -> None:
        """Build it from the rest days with their names and the weekend days that are settlement days."""
        self.first_day = first_day
        self.last_day = last_day
        self._makeup = frozenset(settling_weekends)
        self._holidays = {day: name for day, name in holidays.items() if day not in self._makeup}
        days = (first_day + ONE_DAY * i for i in range((last_day - first_day).days + 1))
        self._in_order = tuple(
            day for day in days if day in self._makeup or (day.weekday() < 5 and day not in self._holidays)
        )
        self._settlement_days = frozenset(self._in_order)

    def is_settlement_day(self, day: date) -> bool:
        """Say whether banks and UnionPay settle on that day."""
        self._check(day)
        return day in self._settlement_days

    def next_settlement_day(self, after: date) -> date:
        """Find the first settlement day after a day."""
        self._check(after)
        place = bisect_right(self._in_order, after)
        if place >= len(self._in_order):
            raise UnknownCalendarError(f"no schedule is known after {self.last_day}")
        return self._in_order[place]

    def kind(self, day: date) -> DayKind:
        """Say what the day is; makeup is a weekend day that is a settlement day."""
        self._check(day)
        if day in self._makeup:
            return "makeup"
        if day in self._holidays:
            return "holiday"
        return "weekend" if day.weekday() >= 5 else "work"

    def holiday_name(self, day: date) -> Text | None:
        """Name the public holiday to which the rest day belongs; None on all other days."""
        self._check(day)
        return self._holidays.get(day)

    def days_left(self, today: date) -> int:
        """Count the days from today to the last known one; negative once the data has ended."""
        return (self.last_day - today).days

    def ends_soon(self, today: date) -> bool:
        """Say whether it is time to add the next year's notice."""
        return self.days_left(today) <= WARNING_DAYS

    def _check(self, day: date) -> None:
        if not self.first_day <= day <= self.last_day:
            raise UnknownCalendarError(f"no schedule is known for {day}")


class _RestForm(Form):
    name: TextForm
    first: date = Field(alias="from")
    last: date = Field(alias="to")


class _LunarForm(Form):
    day: date
    month_before: Literal[29, 30]


class _YearForm(Form):
    source: str = Field(min_length=1)
    #: For the reader.
    lunar_new_year: _LunarForm | None = None
    rest: list[_RestForm]
    work: list[date]


class _OverrideForm(Form):
    day: date
    source: str = Field(min_length=1)


class _OverridesForm(Form):
    settlement_days: list[_OverrideForm]


@dataclass(slots=True)
class _Schedule:
    """What the files read so far say."""

    holidays: dict[date, Text]
    settling_weekends: set[date]
    mistakes: list[Mistake]


def load_calendar(folder: Path, own: Path | None = None) -> SettlementCalendar:
    """Read holidays/<year>.yaml and holidays/overrides.yaml of a knowledge folder, or the operator's own.

    Each year's file holds that year's notice, which may also rule days of the December before.
    Raises KnowledgeError with the mistakes of all files: unreadable, a year missing between two others,
    days that stand twice or outside their year, make-up days that are no weekend days.
    """
    schedule = _Schedule({}, set(), [])
    years = []
    for name, path in layered_files(folder, own, "holidays"):
        document = read_document(path, name)
        if path.stem == "overrides":
            _read_overrides(document, schedule)
        elif path.stem.isdigit() and len(path.stem) == 4:
            years.append(int(path.stem))
            _read_year(document, years[-1], schedule)
        else:
            document.complain((), f"{path.name} is no year.", "name the file <year>.yaml, or move it away.")
        schedule.mistakes += document.mistakes
    _check_years(years, schedule.mistakes)
    if schedule.mistakes:
        raise KnowledgeError(schedule.mistakes)
    first, last = date(years[0], 1, 1), date(years[-1], 12, 31)
    return SettlementCalendar(first, last, schedule.holidays, schedule.settling_weekends)


def _check_years(years: list[int], mistakes: list[Mistake]) -> None:
    if not years:
        fix = "add the year's notice as holidays/<year>.yaml."
        mistakes.append(Mistake("holidays", 1, "no year is given.", fix))
        return
    for year in range(years[0], years[-1]):
        if year not in years:
            fix = "add the notice of that year: the years must follow one another."
            mistakes.append(Mistake(f"holidays/{year}.yaml", 1, "the file is missing.", fix))


def _read_year(document: Document, year: int, schedule: _Schedule) -> None:
    form = document.parse(_YearForm) if not document.mistakes else None
    if form is None:
        return
    for index, rest in enumerate(form.rest):
        place = ("rest", index)
        if rest.last < rest.first:
            document.complain(place, f"{rest.first} is after {rest.last}.", "swap `from` and `to`.")
            continue
        name = Text(rest.name.zh, rest.name.en)
        for offset in range((rest.last - rest.first).days + 1):
            day = rest.first + offset * ONE_DAY
            if _belongs(day, year, place, document) and day in schedule.holidays:
                document.complain(place, f"{day} is a rest day already.", "let it stand in one range only.")
            if day in schedule.settling_weekends:
                document.complain(place, f"{day} is a workday as well.", "keep it in `rest` or in `work`.")
            schedule.holidays[day] = name
    for index, day in enumerate(form.work):
        place = ("work", index)
        _belongs(day, year, place, document)
        if day.weekday() < 5:
            fix = "list only the Saturdays and Sundays that the notice turns into workdays."
            document.complain(place, f"{day} is no weekend day.", fix)
        elif day in schedule.holidays:
            document.complain(place, f"{day} is a rest day as well.", "keep it in `rest` or in `work`.")
        schedule.settling_weekends.add(day)


def _belongs(day: date, year: int, place: tuple[str | int, ...], document: Document) -> bool:
    """Complain of a day that this year's notice cannot rule."""
    if day.year == year or (day.year == year - 1 and day.month == 12):
        return True
    document.complain(place, f"{day} is not in {year}.", "correct the date, or move it to its year's file.")
    return False


def _read_overrides(document: Document, schedule: _Schedule) -> None:
    form = document.parse(_OverridesForm) if not document.mistakes else None
    for index, override in enumerate(form.settlement_days if form else ()):
        if override.day.weekday() < 5:
            fix = "list only weekend days that settle against the schedule."
            document.complain(("settlement_days", index), f"{override.day} is no weekend day.", fix)
        schedule.settling_weekends.add(override.day)
