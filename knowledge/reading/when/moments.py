"""When the sale was: days and times of a message put together."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from knowledge.calendar import ONE_DAY
from knowledge.model import Interval
from knowledge.reading.when.clock import NEARLY, SMALL_HOURS, TimeOfDay
from knowledge.reading.when.days import Day
from knowledge.reading.when.events import EventReader

_Piece = TypeVar("_Piece", Day, TimeOfDay)
#: Nobody asks for older sales: "two years ago" is when he got the terminal.
_LONGEST_AGO = timedelta(days=366)
_PROMISED_AFTER = re.compile(
    r"\s?(?:就|应该|该|会|能|可以|才|要|说)*(?:到账|到的|到吗|打款|到我|结算|处理|能到)"
)
_PROMISED_BEFORE = re.compile(
    r"(?:应该|应|说好|说是?|承诺|答应|预计|(?<!秒)(?<!马上)(?<!立[刻马即])等?到了?|截止|至|等|\bby\s)$"
)
#: Until then he waits; and of such sales he only asks by what rule they are counted.
_UNTIL = re.compile(r"(?:等到?了?|截止|\buntil\s)$")
_RULE_AFTER = re.compile(r"(?:早上|上午|中午|下午|晚上|夜里)?(?:刷|收|扫|付)的?(?:钱|款|单)?(?:算|是算)")
_JUST_NOW = re.compile(r"刚刚|刚才|刚(?=刷|付|收(?![摊工拾]))|just now|just (?=took|swiped|paid)")
#: How far back "just now" may reach.
_JUST = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_HALF_A_DAY = timedelta(hours=12)
#: 是下午不是上午.
_DENIED_BEFORE = re.compile(r"(?<!是)不是$")
_WEEKDAY = re.compile("周|星期|礼拜|day|mon|tue|wed|thu|fri|sat|sun")


def sale_moment(
    text: str,
    days: Sequence[Day],
    times: Sequence[TimeOfDay],
    now: datetime,
    events: EventReader,
    *,
    asked: bool,
    about: datetime | Interval | None = None,
) -> datetime | Interval | None:
    """Give the minute of the sale, or the stretch in which it was; None where the text does not say.

    Of several days the oldest counts. `asked` says that the moment was just asked for, `about` is what was
    known of it before: a time without a day is that day's.
    """
    named = days
    days, times = _less_denied(text, days), _less_denied(text, times)
    if days or times:
        days, times = events.of_sale(text, days, times, now, asked=asked, known=about is not None)
    past = [
        day
        for day in days
        if _is_past(day, now) and not _is_no_day(text, day) and not (not asked and _is_promise(text, day))
    ]
    if not past:
        just = _JUST_NOW.search(text)
        if just and not times and all(day.first > now.date() for day in days):
            own = asked or about is None or events.is_of_sale(text, just.start(), just.end())
            return Interval(now - _JUST, now) if own else None
        if days or not times or not (asked or events.speaks_of_sale(text)):
            return None
        if just:
            return _just(times[0], now)
        known = _said_before(named, times[0], now) or about
        whole = known and _whole(_start(known).date(), now)
        return _within(times[0], known, now) or _within(times[0], whole, now) or _at_latest(times[0], now)
    day = min(past, key=lambda one: one.first)
    if day.moment:
        return day.moment
    own_times = _times_of(day, days, times)
    if own_times and day.first == day.last:
        return _begun(_on(day.first, _closest(own_times), now), text[day.place : day.end], now)
    last = day.first if day.is_range else day.last
    return _clipped(Interval(_midnight(day.first, now), _midnight(last + ONE_DAY, now)), now)


def _less_denied(text: str, pieces: Sequence[_Piece]) -> Sequence[_Piece]:
    """Leave out what is denied beside another that is said."""
    return [one for one in pieces if not _DENIED_BEFORE.search(text, 0, one.place)] or pieces


def _is_past(day: Day, now: datetime) -> bool:
    """Tell whether a day may be that of a sale which somebody still asks for."""
    return timedelta(0) <= now.date() - day.first <= _LONGEST_AGO


def _is_promise(text: str, day: Day) -> bool:
    before = text[max(0, day.place - 4) : day.place]
    return bool(_PROMISED_AFTER.match(text, day.end) or _PROMISED_BEFORE.search(before))


def _is_no_day(text: str, day: Day) -> bool:
    """Tell whether a day is never that of a sale: he waits for it, or asks about any such day."""
    before = text[max(0, day.place - 6) : day.place]
    return bool(_UNTIL.search(before) or _RULE_AFTER.match(text, day.end))


def _times_of(day: Day, days: Sequence[Day], times: Sequence[TimeOfDay]) -> list[TimeOfDay]:
    """Give the times that belong to a day: those after it, up to the next day; all if it is the only one."""
    if len(days) == 1:
        return [one for one in times if one.place >= day.place] or list(times)
    ends = [other.place for other in days if other.place > day.place]
    end = min(ends) if ends else None
    return [one for one in times if one.place >= day.place and (end is None or one.place < end)]


def _closest(times: Sequence[TimeOfDay]) -> TimeOfDay:
    """Give the first time, or the one right behind it that says more: 昨晚半夜, "last night at midnight"."""
    closest = times[0]
    for one in times[1:]:
        if one.place - closest.end <= 1:
            closest = one
    return closest


def _on(day: date, found: TimeOfDay, now: datetime) -> datetime | Interval:
    """Put day and time together; the night of today is the last one, if the next has not begun."""
    midnight = _midnight(day, now)
    if found.clock:
        moment = datetime.combine(day, found.clock, now.tzinfo)
        if found.until:
            moment = _just_before(moment, found, now)
        return moment + ONE_DAY if found.next_day and moment + ONE_DAY <= now else moment
    first, last = found.hours or (0, 24)
    start = midnight + timedelta(hours=first)
    if last > 24 and start > now:
        start -= ONE_DAY
    return _clipped(Interval(start, start + timedelta(hours=last - first)), now)


def _just_before(moment: datetime, found: TimeOfDay, now: datetime) -> datetime:
    """Take "before eleven" as nearly that: of two halves of the day the later, when days are closed."""
    later = moment + _HALF_A_DAY
    evening = found.either_half and later.date() == moment.date() and later <= now
    return (later if evening else moment) - timedelta(minutes=NEARLY)


def _begun(found: datetime | Interval, written: str, now: datetime) -> datetime | Interval | None:
    """Take a weekday's time that has not come yet as last week's; any other such time is no sale's."""
    if _start(found) <= now:
        return found
    if not _WEEKDAY.search(written):
        return None
    if isinstance(found, Interval):
        return Interval(found.start - 7 * ONE_DAY, found.end - 7 * ONE_DAY)
    return found - 7 * ONE_DAY


def _said_before(days: Sequence[Day], found: TimeOfDay, now: datetime) -> Interval | None:
    """Give the day told before a time, though of something else: 昨天补班，下午两点收的."""
    before = [day for day in days if day.end <= found.place and _is_past(day, now) and day.first == day.last]
    return _whole(before[-1].first, now) if before else None


def _within(found: TimeOfDay, about: datetime | Interval | None, now: datetime) -> datetime | Interval | None:
    """Take a time without a day as one in the stretch that is known; None if there it never was that time.

    Near a minute that is known it is in the half of the day that is nearer to it.
    """
    if about is None:
        return None
    known = about if isinstance(about, datetime) else None
    if known and found.hours and _in_other_half(known, found.hours) and _other_half(known) <= now:
        return _other_half(known)
    stretch = _whole(about.date(), now) if isinstance(about, datetime) else about
    days = (stretch.end - _midnight(stretch.start.date(), now)) // ONE_DAY + 1
    made = (
        _on(stretch.start.date() + ahead * ONE_DAY, one, now)
        for one in _halves(found)
        for ahead in range(days)
    )
    fits = [one for one in made if stretch.start <= _start(one) < stretch.end and _start(one) <= now]
    if known:
        fits.sort(key=lambda one: abs(_start(one) - known))
    return fits[0] if fits else None


def _other_half(known: datetime) -> datetime:
    """Give the same hour in the other half of the day."""
    return known + _HALF_A_DAY if known.hour < 12 else known - _HALF_A_DAY


def _in_other_half(known: datetime, hours: tuple[int, int]) -> bool:
    """Tell whether a part of the day holds a known time twelve hours off only: 是下午不是上午."""
    first, last = hours
    return first <= _other_half(known).hour < last and not first <= known.hour < last


def is_near(found: datetime | Interval, known: datetime | Interval) -> bool:
    """Tell whether a moment lies on the days that are known, or in the night behind them."""
    start, end = (found.start, found.end) if isinstance(found, Interval) else (found, found)
    first, last = (known.start, known.end) if isinstance(known, Interval) else (known, known + _MINUTE)
    until = _midnight((last - _MINUTE).date() + ONE_DAY, end) + timedelta(hours=SMALL_HOURS)
    return _midnight(first.date(), start) <= start and end <= until


def _just(found: TimeOfDay, now: datetime) -> datetime | Interval:
    """Take a time of "just now" as the last one before now, in whichever half of the day."""
    made = [_at_latest(one, now) for one in _halves(found)]
    return max(made, key=_start)


def _halves(found: TimeOfDay) -> list[TimeOfDay]:
    """Give a time as it is mostly meant, and twelve hours off where that may be meant too."""
    if not (found.either_half and found.clock):
        return [found]
    return [found, replace(found, clock=found.clock.replace(hour=(found.clock.hour + 12) % 24))]


def _at_latest(found: TimeOfDay, now: datetime) -> datetime | Interval:
    """Take a time without a day as the last one that has begun: today's, else yesterday's."""
    today = _on(now.date(), found, now)
    return today if _start(today) <= now else _on(now.date() - ONE_DAY, found, now)


def _clipped(stretch: Interval, now: datetime) -> Interval:
    """End a stretch now if it would reach into the future: the sale has been made."""
    if stretch.start < now < stretch.end:
        return Interval(stretch.start, now.replace(second=0, microsecond=0))
    return stretch


def _start(found: datetime | Interval) -> datetime:
    return found.start if isinstance(found, Interval) else found


def _whole(day: date, now: datetime) -> Interval:
    return Interval(_midnight(day, now), _midnight(day + ONE_DAY, now))


def _midnight(day: date, now: datetime) -> datetime:
    return datetime.combine(day, time(0), now.tzinfo)
