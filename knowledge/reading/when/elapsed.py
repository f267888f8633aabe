"""How long somebody has been waiting, as an ISO 8601 duration; and plain counts of days."""

import re
from collections.abc import Sequence
from datetime import datetime

from knowledge.calendar import ONE_DAY
from knowledge.model import Interval
from knowledge.reading.clauses import clause_end, clause_start
from knowledge.reading.draft import Draft
from knowledge.reading.numerals import CHINESE_DIGIT, ENGLISH_NUMBER, chinese_number, english_number
from knowledge.reading.vocabulary.needles import may_match

_COUNT = rf"(\d{{1,3}}|[{CHINESE_DIGIT}十百]{{1,4}}|半)"
_UNIT = (
    r"(?:多|来)?个?(?:多|来)?(半)?个?(工作日|交易日|天|日|周|星期|礼拜|月|年|小时|钟头|分钟)(半)?"
    r"(?:多|来|左右)?"
)
_NOT_WAITING = r"(?!(?:之|以)?[前内后]|之内|到账|就|才|能|可以|会|的?(?:工作日)?(?:到|能))"
_WAITING = re.compile(
    rf"(?:(已经?|都|等了?|过了?|[提交报押扣卡冻压拖]了|提现了|申请了|反馈了|报上去|交上去|快|将近|超过|整整|足足|有|近|又|拖了?|延迟了?)(?:快|有|过了?|经)?)?"
    rf"(?<![第\d+.]){_COUNT}{_UNIT}{_NOT_WAITING}"
    r"(\s?了|\s?过去|\s?(?:钱|款|都|还|也|仍|一直|怎么|为什么|,|，)*(?:没|未|不到|不见|没有|无)|.{0,8}?还[没不未])?"
)
_PLAIN = re.compile(rf"(?<![第\d+.]){_COUNT}{_UNIT}")
_ENGLISH_COUNT = rf"(\d{{1,3}}|{ENGLISH_NUMBER}|an)"
_ENGLISH_UNIT = r"((?:business|working) days?|days?|hours?|hrs?|weeks?|months?|minutes?|mins?|years?)\b"
_ENGLISH = re.compile(
    rf"(\b(?:for|after|over|been|waiting|waited|past|last|than|almost|nearly|about)\s(?:the\s|past\s|last\s)?)?"
    rf"\b{_ENGLISH_COUNT}\s?(?:more\s)?{_ENGLISH_UNIT}(?!\s?ago|\sor|\sto)(\s(?:already|now|passed|later|gone|and))?"
)
#: How old a terminal is: 机子才办了12天, "we got the terminal 3 weeks ago".
_AGE = re.compile(
    rf"(?:(?:机器|机子|pos机?|终端|设备|商户|这台)[^,.，。;；!！?？\d]{{0,6}}?[装办开用领拿激]|装机|开户|入网|开通|装上|办下来|领到|装了|办了)"
    rf"(?:[了的过到上下来手活通请机子器台才刚快有都已经大概差不多]|不到)*{_COUNT}{_UNIT}"
    rf"|(?:机器|机子|pos机?)(?:都|也|已经|有|快)*{_COUNT}(?:多|来)?个?(半)?(月|年)(半)?(?:多|来)?了"
    rf"|{_COUNT}{_UNIT}前(?:才|刚)?(?:装|办|开通|领|买|激活)"
    rf"|(?:terminal|machine|pos|reader|merchant account|account|shop)\b[^,.;]{{0,24}}?"
    rf"\b{_ENGLISH_COUNT}\s?{_ENGLISH_UNIT}(?: old| ago)"
    rf"|(?:opened|installed|activated|got|had|using|used)\b[^,.;]{{0,24}}?(?:terminal|machine|pos|reader|account)\b[^,.;]{{0,12}}?"
    rf"\b{_ENGLISH_COUNT}\s?{_ENGLISH_UNIT}"
)
#: In its clause or within so many characters before: 装了5天空调 is no terminal's age.
_TERMINAL = re.compile(
    r"(?<!手)机|pos|终端|设备|商户|开通|入网|开[的了]?户|terminal|machine|reader|account|shop"
)
_SHORTLY = 20
#: Right behind an age, the same in days: 快仨月 88天.
_EXACTLY = re.compile(r"了?[\s,，(（]*(?:也就|就是|才)?(\d{1,3})天")
_DAYS_WAITED = re.compile(r"P(\d+)([DW])")
_DAYS = {"天": 1, "日": 1, "周": 7, "星期": 7, "礼拜": 7, "月": 30, "年": 365}
_ENGLISH_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}


def take_elapsed(draft: Draft) -> list[str]:
    """Take durations; give those that somebody has been waiting. Others are struck out all the same."""
    waits: list[str] = []
    for found in draft.take(_WAITING):
        before, count, half, unit, half_after, after = found.groups()
        idiom = count == "半" and unit in ("天", "日") and not before
        if (before or after) and not idiom:
            waits.append(_chinese_duration(count, unit, half=bool(half or half_after)))
    draft.take(_PLAIN)
    for found in draft.take(_ENGLISH):
        before, count, unit, after = found.groups()
        if before or after:
            waits.append(_english_duration(count, unit))
    return waits


def day_since(waits: Sequence[str], now: datetime) -> Interval | None:
    """Give the day on which somebody began to wait who counts the days or weeks."""
    found = _DAYS_WAITED.fullmatch(waits[0]) if len(waits) == 1 else None
    if found is None:
        return None
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    start -= int(found[1]) * (7 if found[2] == "W" else 1) * ONE_DAY
    return Interval(start, start + ONE_DAY)


def terminal_age(text: str) -> int | None:
    """Read since how many days he has his terminal; None where the text does not say."""
    found = _AGE.search(text) if may_match(_AGE, text) else None
    if found is None or "不了" in found[0] or not speaks_of_terminal(text, found.start(), found.end()):
        return None
    exactly = _EXACTLY.match(text, found.end())
    return int(exactly[1]) if exactly else days_counted(found[0])


def speaks_of_terminal(text: str, start: int, end: int) -> bool:
    """Tell whether a part of a text stands near a terminal or an account of his."""
    first, last = clause_start(text, start), clause_end(text, end)
    return _TERMINAL.search(text[max(0, first - _SHORTLY) : last]) is not None


def days_counted(text: str) -> int | None:
    """Read a span as whole days: 三个月 -> 90, "a year" -> 365, 100天 -> 100; None if there is none."""
    found = _PLAIN.search(text)
    if found:
        count, half, unit, half_after = found.groups()
        size = _DAYS.get(unit)
        if size is None:
            return None
        number = 0.5 if count == "半" else float(_number(count))
        return int((number + (0.5 if half or half_after else 0)) * size)
    found = _ENGLISH.search(text)
    if found is None:
        return None
    size = _ENGLISH_DAYS.get(found[3].removesuffix("s"))
    return None if size is None else _english_count(found[2]) * size


def _chinese_duration(count: str, unit: str, *, half: bool) -> str:
    if count == "半":
        return {"天": "PT12H", "日": "PT12H", "小时": "PT30M", "月": "P15D", "年": "P6M"}.get(unit, "P3D")
    number = _number(count)
    if unit in ("小时", "钟头"):
        return f"PT{number}H30M" if half else f"PT{number}H"
    if unit == "分钟":
        return f"PT{number}M"
    if unit in ("工作日", "交易日"):
        return f"P{number}WD"
    if unit == "月" and half:
        return f"P{number}M15D"
    letter = {"天": "D", "日": "D", "月": "M", "年": "Y"}.get(unit, "W")
    return f"P{number}{letter}"


def _english_duration(count: str, unit: str) -> str:
    number = _english_count(count)
    if unit.startswith(("business", "working")):
        return f"P{number}WD"
    if unit.startswith(("hour", "hr", "min")):
        return f"PT{number}{unit[0].upper()}"
    return f"P{number}{unit[0].upper()}"


def _english_count(count: str) -> int:
    return int(count) if count.isdigit() else (english_number("a" if count == "an" else count) or 1)


def _number(count: str) -> int:
    return int(count) if count.isdigit() else (chinese_number(count) or 1)
