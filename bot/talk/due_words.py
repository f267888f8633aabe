"""Why the money is due when it is: the reason in words, and the strip of days from sale to arrival."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from bot.talk.case import Case
from bot.talk.wording import WEEKDAYS_ZH, Wording, before
from bot.talk.wording import day as day_in_words
from knowledge.acquirers import Profile
from knowledge.calendar import ONE_DAY, SHANGHAI, SettlementCalendar, UnknownCalendarError
from knowledge.loader import KnowledgeBase
from knowledge.model import UNKNOWN, Interval, Language
from knowledge.settlement import INSTANT_MODES, MODES, rest_days

#: How far past the due day the strip still reaches to today.
LATE_SHOWN = timedelta(days=14)


def due_reason(case: Case, knowledge: KnowledgeBase, wording: Wording, language: Language) -> str:
    """Say in one clause, without a full stop, why a sale is not due earlier."""
    put_off = _put_off(case, knowledge, wording, language) + _made_up(case, knowledge, wording, language)
    mode = _word(case, "settlement_mode")
    if mode not in MODES:
        return wording.say("latest_case", language) + put_off
    profile = knowledge.acquirers.profile(_word(case, "brand"))
    unsure = mode in INSTANT_MODES and _word(case, "d0_blocker") == UNKNOWN
    why = "unsure" if unsure else _word(case, "not_due_reason") or "cycle"
    reason = wording.say(
        "reason_cutoff_unsure" if why == "cutoff" and _may_be_in_time(case, profile) else f"reason_{why}",
        language,
        cycle=wording.say(f"cycle_{mode}", language),
        cycle_short=f"{profile.base_cycle[0].upper()}+{profile.base_cycle[1]}",
        cutoff=f"{profile.cutoff:%H:%M}",
        window="-".join(f"{end:%H:%M}" for end in profile.d0_window),
        limits=_limits(profile, _word(case, "pay_method"), wording, language),
    )
    return reason + put_off


def _may_be_in_time(case: Case, profile: Profile) -> bool:
    """Say whether the minute of the sale is not known and may have been before the cut-off."""
    fact = case.known.get("paid_at")
    return (
        fact is not None
        and isinstance(fact.value, Interval)
        and fact.value.start.astimezone(SHANGHAI).time() < profile.cutoff
    )


def due_standing(case: Case, wording: Wording, language: Language, now: datetime) -> str:
    """Say in one clause, without a full stop, that money which is not late yet is not late."""
    if case.due_at is None or case.deadline is None or now <= case.due_at:
        return wording.say("standing_before", language)
    return wording.say("standing_grace", language, until=_until(case.deadline, wording, language, now))


def _until(end: datetime, wording: Wording, language: Language, now: datetime) -> str:
    """Name the end of the grace, which is mostly today; midnight is today's 24:00."""
    local = end.astimezone(SHANGHAI)
    today = now.astimezone(SHANGHAI).date()
    if local.date() == today:
        return wording.say("today_before", language, time=f"{local:%H:%M}")
    if (local - timedelta(microseconds=1)).date() == today:
        return wording.say("today_before", language, time="24:00")
    return before(end, language, now)


def due_strip(
    case: Case, knowledge: KnowledgeBase, wording: Wording, language: Language, now: datetime
) -> dict[str, Any] | None:
    """Show the days from sale to arrival.

    Gives {"alt": one sentence, "days": [{"date": "2026-10-01", "label", "weekday", "kind": work, weekend,
    holiday or makeup, "name": the holiday's or None, "marks": some of sale, today, due}]}; None when one end
    is not known, or when the calendar does not reach that far.
    """
    span = _span(case)
    if span is None:
        return None
    sale, due = span
    today = now.astimezone(SHANGHAI).date()
    marks = (("sale", sale), ("today", today), ("due", due))
    days = []
    try:
        for day in _days(sale, today if due < today <= due + LATE_SHOWN else due):
            marked = [mark for mark, when in marks if when == day]
            days.append({**_day(day, knowledge.calendar, language), "marks": marked})
    except UnknownCalendarError:
        return None
    alt = wording.say(
        "strip_alt",
        language,
        sale=day_in_words(sale, language, now),
        due=day_in_words(due, language, now),
        put_off=_put_off(case, knowledge, wording, language),
    )
    return {"alt": alt, "days": days}


def _word(case: Case, key: str) -> str | None:
    fact = case.known.get(key)
    return fact.value if fact and isinstance(fact.value, str) else None


def _span(case: Case) -> tuple[date, date] | None:
    """Give the day of the sale (the first, where only a stretch of time is known) and the due day."""
    fact = case.known.get("paid_at")
    paid_at = fact.value.start if fact and isinstance(fact.value, Interval) else fact and fact.value
    if not isinstance(paid_at, datetime) or case.due_at is None:
        return None
    return paid_at.astimezone(SHANGHAI).date(), case.due_at.astimezone(SHANGHAI).date()


def _days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + offset * ONE_DAY


def _day(day: date, calendar: SettlementCalendar, language: Language) -> dict[str, Any]:
    name = calendar.holiday_name(day)
    english = language == "en"
    return {
        "date": day.isoformat(),
        "label": f"{day.day} {day:%b}" if english else f"{day.month}/{day.day}",
        "weekday": f"{day:%a}" if english else f"周{WEEKDAYS_ZH[day.weekday()]}",
        "kind": calendar.kind(day),
        "name": name.to(language) if name else None,
    }


def _put_off(case: Case, knowledge: KnowledgeBase, wording: Wording, language: Language) -> str:
    """Name the rest days that came between, as in ", put off by National Day (1 to 7 Oct)"."""
    span = _span(case)
    if span is None or not _counts_working_days(case, knowledge):
        return ""
    names: list[str] = []
    for day in rest_days(*span, knowledge.calendar):
        name = _rest_name(day, knowledge.calendar, wording, language)
        if name not in names:
            names.append(name)
    rest = wording.say("rest_and", language).join(names)
    return wording.say("reason_rest", language, rest=rest) if names else ""


def _made_up(case: Case, knowledge: KnowledgeBase, wording: Wording, language: Language) -> str:
    """Say that the due day is worked though it is a weekend's, where only working days count."""
    if case.due_at is None or not _counts_working_days(case, knowledge):
        return ""
    due = case.due_at.astimezone(SHANGHAI).date()
    if knowledge.calendar.kind(due) != "makeup":
        return ""
    weekday = f"{due:%A}" if language == "en" else WEEKDAYS_ZH[due.weekday()]
    return wording.say("reason_makeup", language, weekday=weekday)


def _counts_working_days(case: Case, knowledge: KnowledgeBase) -> bool:
    mode = _word(case, "settlement_mode")
    base_cycle = knowledge.acquirers.profile(_word(case, "brand")).base_cycle
    if mode == "d0" and _word(case, "d0_blocker") == "none":
        return False
    return "d1" not in (mode, base_cycle if mode == "d0" else None)


def _rest_name(day: date, calendar: SettlementCalendar, wording: Wording, language: Language) -> str:
    """Name a rest day: its holiday with the whole of its days, or the weekend."""
    name = calendar.holiday_name(day)
    if name is None:
        return wording.say("weekend", language)
    first = last = day
    while first > calendar.first_day and calendar.holiday_name(first - ONE_DAY) == name:
        first -= ONE_DAY
    while last < calendar.last_day and calendar.holiday_name(last + ONE_DAY) == name:
        last += ONE_DAY
    return wording.say("rest_holiday", language, name=name.to(language), days=_range(first, last, language))


def _range(first: date, last: date, language: Language) -> str:
    """Write a range of days: 10月1日至7日, 1 to 7 Oct."""
    same_month = first.month == last.month
    if language == "en":
        end = f"{last.day} {last:%b}"
        start = f"{first.day}" if same_month else f"{first.day} {first:%b}"
        return end if first == last else f"{start} to {end}"
    start = f"{first.month}月{first.day}日"
    end = f"{last.day}日" if same_month else f"{last.month}月{last.day}日"
    return start if first == last else f"{start}至{end}"


def _limits(profile: Profile, pay_method: str | None, wording: Wording, language: Language) -> str:
    smallest, largest = profile.d0_min // 100, profile.d0_largest(pay_method) // 100
    return wording.say("limits", language, smallest=f"{smallest:,}", largest=f"{largest:,}")
