"""When the money of a sale is due: batch day, cycle, instant payout, grace, and which of them decided."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from knowledge.acquirers import Profile
from knowledge.calendar import ONE_DAY, SHANGHAI, SettlementCalendar, UnknownCalendarError

#: The values of the fact settlement_mode.
MODES = ("t1", "d1", "t0", "d0")
INSTANT_MODES = frozenset({"d0", "t0"})
#: Instant payout takes up to so long, and has no grace.
INSTANT = timedelta(hours=2)
#: After so many rest days in a row, payouts may take until midnight.
LONG_REST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When the money of a sale is due. All moments are aware, in Asia/Shanghai."""

    due_at: datetime
    #: From here on it is late.
    deadline: datetime
    #: By the base cycle; None where the calendar does not reach it (and instant payout needs no calendar).
    base_due_at: datetime | None
    base_deadline: datetime | None
    #: What keeps a D0 or T0 sale from instant payout (values of the fact d0_blocker); "none" for T1 and D1.
    d0_blocker: str
    #: Why not earlier (values of the fact not_due_reason).
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class D0Inputs:
    """What instant payout depends on beside the time of the sale; None = not known."""

    pay_method: str | None = None
    #: Fen.
    amount: int | None = None
    onboarded_days: int | None = None
    d0_switch: str | None = None


NOTHING_KNOWN = D0Inputs()


def due(
    paid_at: datetime,
    mode: str,
    profile: Profile,
    calendar: SettlementCalendar,
    inputs: D0Inputs = NOTHING_KNOWN,
) -> Due:
    """Work out when the money of a sale is due.

    paid_at is aware; mode is one of MODES; inputs matter to D0 and T0 only. A blocker that cannot be told
    counts as one: the base cycle's date holds. Raises UnknownCalendarError when that date needs a day
    outside the calendar.
    """
    local = paid_at.astimezone(SHANGHAI)
    blocker = d0_blocker(local, mode, profile, calendar, inputs) if mode in INSTANT_MODES else "none"
    if mode in INSTANT_MODES and blocker == "none":
        return instant(local, profile, calendar)
    cycle = profile.base_cycle if mode in INSTANT_MODES else mode
    plan = _by_cycle(local, cycle, profile, calendar)
    if blocker == "none":
        return plan
    rests = mode == "t0" and not calendar.is_settlement_day(_batch_day(local, profile))
    if rests and calendar.is_settlement_day(local.date()):
        return replace(plan, d0_blocker=blocker, reason="cutoff")
    if rests or blocker == "unknown":
        return replace(plan, d0_blocker=blocker)
    return replace(plan, d0_blocker=blocker, reason=blocker)


def instant(paid_at: datetime, profile: Profile, calendar: SettlementCalendar) -> Due:
    """Give the due time of a D0 or T0 sale that nothing keeps from instant payout."""
    local = paid_at.astimezone(SHANGHAI)
    base_due_at = base_deadline = None
    with suppress(UnknownCalendarError):
        base = _by_cycle(local, profile.base_cycle, profile, calendar)
        base_due_at, base_deadline = base.due_at, base.deadline
    return Due(
        due_at=local + INSTANT,
        deadline=local + INSTANT,
        base_due_at=base_due_at,
        base_deadline=base_deadline,
        d0_blocker="none",
        reason="cycle",
    )


def d0_blocker(
    paid_at: datetime, mode: str, profile: Profile, calendar: SettlementCalendar, inputs: D0Inputs
) -> str:
    """Say what keeps a D0 or T0 sale from instant payout, as a value of the fact d0_blocker.

    "unknown" = nothing that is known does, but something that is not known could. A T0 sale in a batch that
    falls on a rest day is outside the hours (window). Raises UnknownCalendarError for T0 outside the data.
    """
    local = paid_at.astimezone(SHANGHAI)
    if mode == "t0" and not calendar.is_settlement_day(_batch_day(local, profile)):
        return "window"
    blocked = dict(_checks(local, profile, inputs))
    for name, answer in blocked.items():
        if answer:
            return name
    return "unknown" if None in blocked.values() else "none"


def rest_days(after: date, before: date, calendar: SettlementCalendar) -> Iterator[date]:
    """Go through the rest days between two days, without these two."""
    day = after + ONE_DAY
    while day < before:
        if not calendar.is_settlement_day(day):
            yield day
        day += ONE_DAY


def _checks(local: datetime, profile: Profile, inputs: D0Inputs) -> Iterator[tuple[str, bool | None]]:
    """Go through the possible blockers, and whether each is one (None = not known)."""
    first, end = profile.d0_window
    yield "window", not first <= local.time() < end
    if profile.d0_refuses:
        method = inputs.pay_method
        yield "card_type", None if method is None else method in profile.d0_refuses
    amount, days, switch = inputs.amount, inputs.onboarded_days, inputs.d0_switch
    takes = None if amount is None else profile.d0_takes(amount, inputs.pay_method)
    yield "amount", None if takes is None else not takes
    if profile.d0_min_age_days:
        yield "age", None if days is None else days < profile.d0_min_age_days
    yield "switch", None if switch is None else switch != "on"


def _batch_day(local: datetime, profile: Profile) -> date:
    rolls = profile.cutoff_rolls and local.time() >= profile.cutoff
    return local.date() + ONE_DAY if rolls else local.date()


def _by_cycle(local: datetime, cycle: str, profile: Profile, calendar: SettlementCalendar) -> Due:
    sale, batch = local.date(), _batch_day(local, profile)
    due_day = _cycle_day(batch, cycle, calendar)
    if batch != sale and _cycle_day(sale, cycle, calendar) < due_day:
        reason = "cutoff"
    elif any(rest_days(sale, due_day, calendar)):
        reason = "holiday"
    else:
        reason = "cycle"
    due_at = datetime.combine(due_day, profile.pay_by, SHANGHAI)
    if _follows_long_rest(due_day, calendar):
        deadline = datetime.combine(due_day + ONE_DAY, time(), SHANGHAI)
    else:
        deadline = due_at + profile.grace
    return Due(
        due_at=due_at,
        deadline=deadline,
        base_due_at=due_at,
        base_deadline=deadline,
        d0_blocker="none",
        reason=reason,
    )


def _cycle_day(batch: date, cycle: str, calendar: SettlementCalendar) -> date:
    return batch + ONE_DAY if cycle == "d1" else calendar.next_settlement_day(batch)


def _follows_long_rest(day: date, calendar: SettlementCalendar) -> bool:
    """Say whether the day is a settlement day after a long rest; asks only for the days that decide it."""
    for distance in range(1, LONG_REST + 1):
        if calendar.is_settlement_day(day - distance * ONE_DAY):
            return False
    return calendar.is_settlement_day(day)
