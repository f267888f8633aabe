"""Days that a text names: 昨天, 上周五, 18号, 10月8日, 国庆前一天, "last Friday", 2 days ago."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from knowledge.reading.draft import Draft
from knowledge.reading.numerals import CHINESE_DIGIT, ENGLISH_NUMBER, chinese_number, english_number

_DAY = timedelta(days=1)
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
_DAY_ONLY = re.compile(rf"(?<![\d第.])(?<!商户){_N}[号日](?![码店机线楼门内前后]|以|之)")
_RELATIVE = re.compile(
    r"(大前|大后|前|昨|今|明|后)(?:天|日(?!期)|儿个?|(?=[晚夜早晨]|上午|下午|中午|凌晨))(?!内)"
)
_RELATIVE_DAYS = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_AGO = re.compile(
    rf"(?<![\d.])(\d{{1,3}}|[{CHINESE_DIGIT}十]{{1,3}}|半)个?(半)?"
    r"(天|日|周|星期|礼拜|月|年|小时|钟头|分钟)[多之以]?前(?!内)"
)
_WEEKDAY = re.compile(
    r"(?<!每)(上上|上|这|本|下)?个?(?:周|星期|礼拜)([一二三四五六日天末])(?!之?[前内]|个月)"
)
_WEEK = re.compile(r"(上上|上)个?(?:周|星期|礼拜)")
_JOIN = re.compile(r"\s?(?:到|至|-|~|—|–|to|until|and|through)\s?$")
_AS_OF = re.compile(r"今[天日](?=\s?(?:都|还|也|仍|就|怎么|为什么|为何|依然|一直|又)*(?:没|未|不到|不见))")

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
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names}
_WEEKDAYS = {name: number for number, names in enumerate(_WEEKDAY_NAMES) for name in names}
_MONTH_NAME = f"({'|'.join(_MONTHS)})"
_ORDINAL = r"(\d{1,2})(?:st|nd|rd|th)?"
_ENGLISH_DAY = re.compile(
    rf"\b{_MONTH_NAME}\.?\s?(?:the )?{_ORDINAL}\b(?!:)(?:,? (20\d\d))?"
    rf"|\b{_ORDINAL}\s(?:of )?{_MONTH_NAME}\b\.?(?:,? (20\d\d))?"
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
_ENGLISH_AGO = re.compile(
    rf"\b(?:(\d{{1,3}})|({ENGLISH_NUMBER}|an)) (day|week|month|year|hour|minute|min)s? ago\b"
)
_ENGLISH_SPAN = re.compile(r"\b(?:(last|past|over the|this) (week(?:end)?|month)|(weekend))\b")
_LATIN = re.compile("[a-z]{3}")


@dataclass(frozen=True, slots=True)
class Holiday:
    """A public holiday: how people call it, and its rest days."""

    names: tuple[str, ...]
    first: date
    last: date


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


class DayReader:
    """Reads days; knows the holidays."""

    def __init__(self, holidays: Sequence[Holiday]) -> None:
        self._holidays: dict[str, list[Holiday]] = {}
        for holiday in holidays:
            for name in holiday.names:
                self._holidays.setdefault(name, []).append(holiday)
        names = "|".join(sorted(map(re.escape, self._holidays), key=len, reverse=True)) or "(?!)"
        self._holiday = re.compile(
            rf"(?P<name>{names})(?:节)?(?:长假|放?假期?|小长假|期间| holidays?)?\s?(?:的)?(?P<part>"
            r"前一天|前两天|前一日|前夕|前夜|当天|那天|当日|最后一天|第一天|首日|后第一天|后第二天|后一天|前|后)?"
        )
        self._around = re.compile(
            r"(?:节|假期?)(?P<after>后第一天|后第一个工作日)|(?:节|放假|假期)前(?P<before>一天|最后一天)?(?!面)"
            r"|(?:节|假期?)后(?P<later>)(?=.{0,4}(?:刷|的))"
        )

    def take(self, draft: Draft, now: datetime, *, ahead: bool) -> list[Day]:
        """Take all days; `ahead` says that the text asks about days to come."""
        today = now.date()
        for _ in draft.take(_AS_OF):
            pass
        days = [
            *_ago(draft, now),
            *_written_out(draft, today, ahead=ahead),
            *self._holidays_in(draft, today, ahead=ahead),
            *_of_month(draft, today, ahead=ahead),
            *_relative(draft, today),
            *_weekdays(draft, today, ahead=ahead),
        ]
        if _LATIN.search(draft.text):
            days += _english(draft, now, ahead=ahead)
        return _joined(draft.text, sorted(days, key=lambda day: day.place))

    def _holidays_in(self, draft: Draft, today: date, *, ahead: bool) -> Iterator[Day]:
        for found in draft.take(self._holiday):
            holiday = self._nearest(self._holidays[found["name"]], today, ahead=ahead)
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
            day = holiday.first - _DAY if "前" in found[0] else holiday.last + _DAY
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
    day = {
        "前一天": holiday.first - _DAY,
        "前一日": holiday.first - _DAY,
        "前夕": holiday.first - _DAY,
        "前夜": holiday.first - _DAY,
        "前": holiday.first - _DAY,
        "后": holiday.last + _DAY,
        "前两天": holiday.first - 2 * _DAY,
        "最后一天": holiday.last,
        "后第一天": holiday.last + _DAY,
        "后一天": holiday.last + _DAY,
        "后第二天": holiday.last + 2 * _DAY,
    }.get(part, holiday.first)
    return day, day


def _ago(draft: Draft, now: datetime) -> Iterator[Day]:
    for found in draft.take(_AGO):
        count = 0.5 if found[1] == "半" else float(_number(found[1])) + (0.5 if found[2] else 0)
        yield _back(now, count, found[3], found)
    for found in draft.take(_ENGLISH_AGO):
        words = found[2]
        count = float(found[1] or english_number("a" if words == "an" else words) or 1)
        yield _back(now, count, found[3], found)


def _back(now: datetime, count: float, unit: str, found: re.Match[str]) -> Day:
    if unit in ("小时", "钟头", "hour", "分钟", "minute", "min"):
        moment = now - timedelta(minutes=count * (60 if unit in ("小时", "钟头", "hour") else 1))
        return Day(moment.date(), moment.date(), found.start(), found.end(), moment.replace(second=0))
    size = {"周": 7, "星期": 7, "礼拜": 7, "week": 7, "月": 30, "month": 30, "年": 365, "year": 365}.get(
        unit, 1
    )
    day = _months_back(now.date(), int(count)) if size == 30 and count >= 1 else None
    day = day or now.date() - timedelta(days=int(count * size))
    return Day(day, day, found.start(), found.end())


def _months_back(today: date, months: int) -> date:
    index = today.year * 12 + today.month - 1 - months
    for day in range(today.day, 27, -1):
        made = _date(index // 12, index % 12 + 1, day)
        if made:
            return made
    return date(index // 12, index % 12 + 1, today.day)


def _written_out(draft: Draft, today: date, *, ahead: bool) -> Iterator[Day]:
    for found in draft.take(_FULL):
        year, month, day = (part for part in found.groups() if part not in (None, "-", "/", ".", ""))
        full_year = _number(year) + (2000 if len(year) == 2 else 0)
        yield from _made(_date(full_year, _number(month), _number(day)), found)
    for found in draft.take(_MONTH_DAY):
        month, day = (part for part in found.groups() if part is not None)
        yield from _made(_nearest_year(_number(month), _number(day), today, ahead=ahead), found)


def _made(day: date | None, found: re.Match[str]) -> Iterator[Day]:
    if day:
        yield Day(day, day, found.start(), found.end())


def _of_month(draft: Draft, today: date, *, ahead: bool) -> Iterator[Day]:
    for found in draft.take(_OF_MONTH):
        which, number, end, start, bare = found.groups()
        shift = {"上上": -2, "上": -1, "下": 1}.get(which, 0)
        first = _first_of_month(today, shift)
        last = _first_of_month(today, shift + 1) - _DAY
        if number:
            yield from _made(_date(first.year, first.month, _number(number)), found)
        elif end or "最后一天" in found[0]:
            yield Day(last, last, found.start(), found.end())
        elif not (start or bare) and which not in ("这", "本"):
            yield Day(first, last, found.start(), found.end())
    for found in draft.take(_DAY_ONLY):
        number = _number(found[1])
        for shift in (0, 1, 2) if ahead else (0, -1, -2):
            month = _first_of_month(today, shift)
            day = _date(month.year, month.month, number)
            if day and (day >= today if ahead else day <= today):
                yield Day(day, day, found.start(), found.end())
                break


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
            day = _nearest_weekday(today, weekday, ahead=ahead)
        yield Day(day, day + _DAY if name == "末" else day, found.start(), found.end())
    for found in draft.take(_WEEK):
        first = monday - timedelta(days=14 if found[1] == "上上" else 7)
        yield Day(first, first + 6 * _DAY, found.start(), found.end())


def _nearest_weekday(today: date, weekday: int, *, ahead: bool) -> date:
    if ahead:
        return today + timedelta(days=(weekday - today.weekday()) % 7)
    return today - timedelta(days=(today.weekday() - weekday) % 7)


def _english(draft: Draft, now: datetime, *, ahead: bool) -> Iterator[Day]:
    today = now.date()
    for found in draft.take(_ENGLISH_DAY):
        month_first, day_after, year_after, day_first, month_after, year_last = found.groups()
        month = _MONTHS[month_first or month_after]
        day = int(day_after or day_first)
        year = year_after or year_last
        made = _date(int(year), month, day) if year else _nearest_year(month, day, today, ahead=ahead)
        yield from _made(made, found)
    for found in draft.take(_ENGLISH_RELATIVE):
        day_named = today + timedelta(days=_ENGLISH_RELATIVE_DAYS.get(found[1] or "", 0))
        yield Day(day_named, day_named, found.start(), found.end())
    monday = today - timedelta(days=today.weekday())
    for found in draft.take(_ENGLISH_WEEKDAY):
        which, weekday = found[1], _WEEKDAYS[found[2]]
        if which == "every" or (which is None and found[2] in ("sat", "sun", "mon", "wed")):
            continue
        if which in ("last", "next", "this"):
            weeks = {"last": -1, "next": 1}.get(which, 0)
            day_named = monday + timedelta(days=7 * weeks + weekday)
        else:
            day_named = _nearest_weekday(today, weekday, ahead=ahead)
        yield Day(day_named, day_named, found.start(), found.end())
    for found in draft.take(_ENGLISH_SPAN):
        yield from _english_span(found, monday, today)


def _english_span(found: re.Match[str], monday: date, today: date) -> Iterator[Day]:
    unit = found[2] or found[3]
    if unit == "month" and found[1] == "last":
        first = _first_of_month(today, -1)
        yield Day(first, _first_of_month(today, 0) - _DAY, found.start(), found.end())
    elif unit == "week" and found[1] == "last":
        yield Day(monday - 7 * _DAY, monday - _DAY, found.start(), found.end())
    elif unit == "weekend":
        saturday = _nearest_weekday(today, 5, ahead=False)
        yield Day(saturday, saturday + _DAY, found.start(), found.end())


def _joined(text: str, days: list[Day]) -> list[Day]:
    """Make one of two days that a "to" joins."""
    joined: list[Day] = []
    for day in days:
        last = joined[-1] if joined else None
        if last and not last.is_range and _JOIN.match(text[last.end : day.place]):
            end = max(day.last, last.first)
            joined[-1] = replace(last, last=end, end=day.end, is_range=True)
        else:
            joined.append(day)
    return joined


def _nearest_year(month: int, day: int, today: date, *, ahead: bool) -> date | None:
    """Choose the year in which a month and day lie nearest in the past, or in the future."""
    years = (today.year, today.year + 1) if ahead else (today.year, today.year - 1)
    for year in years:
        made = _date(year, month, day)
        if made and (made >= today if ahead else made <= today):
            return made
    return None


def _first_of_month(today: date, shift: int) -> date:
    index = today.year * 12 + today.month - 1 + shift
    return date(index // 12, index % 12 + 1, 1)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _number(text: str) -> int:
    return int(text) if text.isdigit() else (chinese_number(text) or 0)
