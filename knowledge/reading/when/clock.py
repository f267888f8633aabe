"""Times of day that a text names: 下午三点多, 15:20, 3pm, 凌晨."""

import re
from dataclasses import dataclass, replace
from datetime import time
from itertools import pairwise

from knowledge.reading.draft import STRUCK, Draft
from knowledge.reading.numerals import chinese_number

_PART = (
    r"(凌晨|天(?:还)?[没不]亮|清晨|早晨|早上|上午|今早|中午|正午|下午|午后|傍晚|晚上|夜里|夜晚|半夜|深夜|午夜"
    rf"|(?<={STRUCK})[早晨晚夜](?:间|里)?|早(?=\d|[一二三四五六七八九十]点)|晚(?=\d|[一二三四五六七八九十]{{1,3}}点))"
)
_HOUR = r"(\d{1,2}|[零一二两三四五六七八九十]{1,3})"
_CHINESE_MINUTE = "[零一二三四五六七八九十]"
#: Not the one of what follows: 11点一个大姐, 四点四十一个大爷.
_MINUTE = (
    rf"(零?\d{{1,2}}+|{_CHINESE_MINUTE}{{1,3}}?(?=一[个位桌单笔])|{_CHINESE_MINUTE}{{1,3}}+)"
    r"(?![\d百千万块元个位桌单笔])"
)
_CLOCK = re.compile(
    rf"(?:{_PART}\s?)?((?<![最尽赶很])快[到要]?|将近|(?<![钱款账直都也])不到)?(?:差({_MINUTE}|一刻)分?\s?)?(?<![\d:.第]){_HOUR}"
    rf"(?:[点时](?!候|间|段)(?:钟|整)?(?:(半|[一三]刻)|{_MINUTE}分?)?|:(\d\d)(?::\d\d)?(?!\d)\s?(am|pm)?)(?:多|左右|钟|(不到)(?![账帐卡我户款钱]))?"
)
#: In front of a time, or behind it, these make it that of writing.
_NOW_BEFORE = re.compile(
    r"(?:现在|这会儿?|眼下)(?:都|已经|也|就|是|快|要|到|近)*\s?$|\bit'?s (?:already|now) $"
)
_NOW_BEHIND = re.compile(r"\s(?:right )?now,? (?!$)")
#: 都快12点了.
_SOON_BEFORE = re.compile(r"(?:^|[\s,，。])(?:都|已经?|又|眼看)?$")
_SOON = re.compile("快.+了$")
_SALE_BEHIND = re.compile(r"(?:钟|多|左右)*(?:才|刚)?[刷收扫付]")
#: A part of the day holds for a time within so many characters behind it, with no other day between.
_SHORTLY = 24
_LATE = re.compile(f"(?:收摊|打烊|夜宵|宵夜|夜市|散场|散席|关店门?)[^{STRUCK}]*$")
#: Of a time right before it, the part of the day: 8点多晚上.
_PART_BEHIND = re.compile(rf"\s?(?:的|是|在)?{_PART}(?!\s?[\d一二两三四五六七八九十])")
#: He was in time: 11点前刷的.
_UNTIL = re.compile(r"(?:钟|整)?[之以]?前(?:就|才|都)?[刷收扫付]")
#: 等了一上午 is how long, and not when.
_PART_ALONE = re.compile(f"(?<![一整大等]){_PART}")
_ENGLISH = re.compile(
    r"(?<![\d.:])(\d{1,2})(?:[:.](\d\d))?(?:ish)?\s?([ap])\.?m\b\.?|\b(\d{1,2}) o'?clock\b"
    r"|(?<=night at )(\d{1,2})\b(?![\d:.])"
)
_ENGLISH_PART = re.compile(
    r"(?<!every )\b(?:in the |at )?(early morning|morning|noon|midday|afternoon|evening|night|midnight)\b"
)
#: So many minutes lie between "nearly twelve" and twelve.
NEARLY = 10
#: Until this hour people may still speak of the evening before.
SMALL_HOURS = 6
_ENGLISH_PARTS = {"midday": "noon", "evening": "night", "midnight": "午夜"}
#: 一点 is mostly "a little".
_A_LITTLE = re.compile(r"一点(?:$|[^\d钟半多左刷的一二三四五十]|都|也)")

#: Day part -> its name as a slot, and its hours as people mean them: 昨天半夜 is the night that begins then.
PARTS: dict[str, tuple[str, int, int]] = {
    "凌晨": ("early_morning", 0, SMALL_HOURS),
    "没亮": ("early_morning", 3, SMALL_HOURS),
    "不亮": ("early_morning", 3, SMALL_HOURS),
    "半夜": ("early_morning", 22, 27),
    "深夜": ("night", 22, 27),
    "午夜": ("night", 22, 27),
    "清晨": ("morning", 5, 9),
    "早": ("morning", 6, 12),
    "晨": ("morning", 6, 12),
    "上午": ("morning", 6, 12),
    "中午": ("noon", 11, 14),
    "正午": ("noon", 11, 14),
    "下午": ("afternoon", 12, 18),
    "午后": ("afternoon", 12, 18),
    "傍晚": ("night", 17, 20),
    "晚": ("night", 18, 24),
    "夜": ("night", 18, 24),
    "early morning": ("early_morning", 0, SMALL_HOURS),
    "morning": ("morning", 6, 12),
    "noon": ("noon", 11, 14),
    "afternoon": ("afternoon", 12, 18),
    "night": ("night", 18, 24),
}
#: Parts whose small hours are those of the next day.
_NIGHT = ("晚", "夜", "深夜", "午夜", "半夜")


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """A time that a text names: a minute, or hours [first, last), from 24 on the next day's."""

    place: int
    end: int
    slot: str
    clock: time | None = None
    hours: tuple[int, int] | None = None
    #: True for the small hours at the end of an evening: 昨晚12点 is the first minute of today.
    next_day: bool = False
    #: True where it may be twelve hours later or earlier: nothing says which half of the day it is.
    either_half: bool = False
    #: True where it was before that time.
    until: bool = False


def take_times(draft: Draft) -> list[TimeOfDay]:
    """Take all times of day, in order."""
    text = draft.text
    times: list[TimeOfDay] = []
    part, last = "", 0
    for found in draft.find(_CLOCK):
        if found[1] is None and _A_LITTLE.match(text, found.start()):
            continue
        same_day = STRUCK not in text[last : found.start()]
        part = _part_name(found[1]) or (part if times and same_day else "")
        made = _clock(found, part)
        behind = None if part else _PART_BEHIND.match(text, found.end())
        earlier = "" if part else _part_name(behind[1]) if behind else _said_before(text, found.start())
        if earlier:
            said = _clock(found, earlier)
            made = said if said and _holds(PARTS[earlier][1:], said) else made
        if made:
            times.append(replace(made, until=_UNTIL.match(text, found.end()) is not None))
            last = found.end()
            draft.strike(found.start(), found.end())
    for found in draft.take(_PART_ALONE):
        slot, first, last = PARTS[_part_name(found[1])]
        times.append(TimeOfDay(found.start(), found.end(), slot, hours=(first, last)))
    if re.search("[a-z]", draft.text):
        times += _english(draft)
    times = [one for one in times if not _is_now(text, one)]
    return _without_vague(_after_evening(sorted(times, key=lambda one: one.place)))


def _is_now(text: str, found: TimeOfDay) -> bool:
    before, behind = _NOW_BEFORE.search(text[: found.place]), _NOW_BEHIND.match(text, found.end)
    soon = _SOON_BEFORE.search(text[: found.place]) and _SOON.match(text[found.place : found.end + 1])
    return bool(before or behind or soon) and not _SALE_BEHIND.match(text, found.end)


def _said_before(text: str, place: int) -> str:
    """Give the part of the day named shortly before, if no other day stands between: 昨晚收摊，九点刷的."""
    before = max(0, place - _SHORTLY)
    parts = list(_PART_ALONE.finditer(text, before, place))
    if parts:
        return _part_name(parts[-1][1]) if STRUCK not in text[parts[-1].end() : place] else ""
    return "晚" if _LATE.search(text, before, place) else ""


def _part_name(written: str | None) -> str:
    if not written:
        return ""
    if written in PARTS:
        return written
    return next(name for name in ("没亮", "不亮", "早", "晨", "晚", "夜") if name in written)


def _clock(found: re.Match[str], part: str) -> TimeOfDay | None:
    _, nearly, before, _, hour_text, fraction, minute_text, digital, meridiem, not_yet = found.groups()
    hour = int(hour_text) if hour_text.isdigit() else (chinese_number(hour_text) or 0)
    minute = _minute(fraction, minute_text or digital)
    if hour > 24 or minute > 59:
        return None
    either = not part and not meridiem and 1 <= hour <= 12
    if meridiem:
        hour = hour % 12 + (12 if meridiem == "pm" else 0)
    hour, next_day = _hour_of_day(hour, part, written_out=digital is not None)
    total = hour * 60 + minute
    if before:
        total -= 15 if before == "一刻" else _number(before)
    if nearly or not_yet:
        total -= NEARLY
    made = time(total // 60 % 24, total % 60)
    next_day = next_day and total >= 0
    return TimeOfDay(
        found.start(), found.end(), f"{made:%H:%M}", clock=made, next_day=next_day, either_half=either
    )


def _minute(fraction: str | None, digits: str | None) -> int:
    if fraction:
        return {"半": 30, "一刻": 15, "三刻": 45}[fraction]
    return _number(digits) if digits else 0


def _hour_of_day(hour: int, part: str, *, written_out: bool) -> tuple[int, bool]:
    """Give the hour on a 24-hour clock; a bare 3点 is in the afternoon, when shops are open."""
    if part in ("下午", "午后", "傍晚") and hour < 12:
        return hour + 12, False
    if part in _NIGHT:
        if hour in (12, 24, 0):
            return 0, True
        if hour < (7 if part == "半夜" else 5):
            return hour, True
        return (hour + 12 if hour < 12 else hour), False
    if part == "中午" and hour < 4:
        return hour + 12, False
    if part == "凌晨" and hour == 12:
        return 0, False
    if hour == 24:
        return 0, True
    if not part and not written_out and 1 <= hour <= 6:
        return hour + 12, False
    return hour, False


def _english(draft: Draft) -> list[TimeOfDay]:
    times: list[TimeOfDay] = []
    for found in draft.take(_ENGLISH):
        hour = int(found[1] or found[4] or found[5])
        minute = int(found[2] or 0)
        if hour > 12 or minute > 59:
            continue
        if found[3]:
            hour = hour % 12 + (12 if found[3] == "p" else 0)
        elif found[5]:
            hour = hour % 12 + (12 if hour > 5 else 0)
        made = time(hour, minute)
        times.append(TimeOfDay(found.start(), found.end(), f"{made:%H:%M}", clock=made))
    for found in draft.take(_ENGLISH_PART):
        slot, first, last = PARTS[_ENGLISH_PARTS.get(found[1], found[1])]
        times.append(TimeOfDay(found.start(), found.end(), slot, hours=(first, last)))
    return times


def _after_evening(times: list[TimeOfDay]) -> list[TimeOfDay]:
    """Take the small hours right behind an evening as the next day's: 昨晚凌晨一点 is today's."""
    moved = times[:1]
    for last, one in pairwise(times):
        small = one.clock.hour < SMALL_HOURS if one.clock else one.hours == (0, SMALL_HOURS)
        if not small or last.slot != "night" or last.clock or last.end != one.place:
            moved.append(one)
        elif one.clock:
            moved.append(replace(one, next_day=True))
        else:
            moved.append(replace(one, hours=(24, 24 + SMALL_HOURS)))
    return moved


def _without_vague(times: list[TimeOfDay]) -> list[TimeOfDay]:
    """Drop a part of the day that only says again what a clock time says ("9 pm last night")."""
    said = [one for one in times if one.clock]
    return [one for one in times if one.clock or not any(_holds(one.hours, other) for other in said)]


def _holds(hours: tuple[int, int] | None, found: TimeOfDay) -> bool:
    """Tell whether a clock time lies in the hours of a part of the day; midnight ends an evening."""
    first, last = hours or (0, 24)
    hour = found.clock.hour if found.clock else first
    return first <= hour < last or first <= hour + 24 <= last


def _number(text: str) -> int:
    digits = text.removeprefix("零")
    return int(digits) if digits.isdigit() else (chinese_number(text) or 0)
