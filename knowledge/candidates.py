"""The ways in which a sale that is only partly known may settle: one candidate a minute and a mode."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from knowledge.acquirers import Profile
from knowledge.calendar import ONE_DAY, SHANGHAI, SettlementCalendar, UnknownCalendarError
from knowledge.model import UNKNOWN, Interval
from knowledge.settlement import INSTANT_MODES, D0Inputs, Due, d0_blocker, due, instant

#: A sale may seem so far ahead of now: clocks differ.
CLOCK_TOLERANCE = timedelta(minutes=5)
ONE_MINUTE = timedelta(minutes=1)
OVERDUE = "overdue"
UNKNOWN_CALENDAR = "unknown_calendar"

#: What the merchant would be told: the state, and unless it is late the day and whether it comes at once.
Outcome = tuple[str, object, bool]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way in which the sale may have been made and may settle."""

    paid_at: datetime
    mode: str
    #: What keeps it from instant payout, as a value of the fact d0_blocker; None = beyond the calendar.
    blocker: str | None
    #: The second candidate of an unknown blocker: nothing blocks, and the money comes at once.
    unblocked: bool
    #: None where the calendar does not reach.
    due: Due | None
    #: Values of due_state and base_due_state.
    state: str
    base_state: str

    @property
    def due_at(self) -> datetime | None:
        """When the money is due; None where the calendar does not reach."""
        return self.due.due_at if self.due else None

    @property
    def base_due_at(self) -> datetime | None:
        """The same by the base cycle."""
        return self.due.base_due_at if self.due else None

    @property
    def outcome(self) -> Outcome:
        """What the merchant would be told."""
        at_once = self.mode in INSTANT_MODES and self.due is not None and self.due.d0_blocker == "none"
        return _outcome(self.state, self.due_at, at_once=at_once)

    @property
    def base_outcome(self) -> Outcome:
        """The same by the base cycle."""
        return _outcome(self.base_state, self.base_due_at)


@dataclass(frozen=True, slots=True)
class Sale:
    """What is known of a sale, as far as its settlement depends on it."""

    #: From moments_of: in rising order.
    moments: tuple[datetime, ...]
    modes: tuple[str, ...]
    inputs: D0Inputs
    profile: Profile
    calendar: SettlementCalendar

    def candidates(self, now: datetime) -> Iterator[Candidate]:
        """Go through all candidates, by moment and mode."""
        local_now = now.astimezone(SHANGHAI)
        for moment in self.moments:
            for mode in self.modes:
                blocker, plan = self._plan(moment, mode)
                yield Candidate(moment, mode, blocker, False, plan, *_states(plan, local_now))
                if blocker == UNKNOWN:
                    plan = instant(moment, self.profile, self.calendar)
                    yield Candidate(moment, mode, blocker, True, plan, *_states(plan, local_now))

    def _plan(self, moment: datetime, mode: str) -> tuple[str | None, Due | None]:
        """Give the blocker, and when the money is due by what is known (None: beyond the calendar)."""
        with suppress(UnknownCalendarError):
            plan = due(moment, mode, self.profile, self.calendar, self.inputs)
            return plan.d0_blocker, plan
        with suppress(UnknownCalendarError):
            if mode in INSTANT_MODES:
                return d0_blocker(moment, mode, self.profile, self.calendar, self.inputs), None
        return None, None


def moments_of(paid_at: datetime | Interval, profile: Profile, now: datetime) -> tuple[datetime, ...]:
    """Give the minutes that stand for all in which the sale may have been; none when it lies in the future.

    An interval does not include its end. Between two neighbouring minutes of these nothing jumps: they are
    its first and last minute, and those on either side of midnight, of the cut-off and of the D0 hours.
    """
    latest = now + CLOCK_TOLERANCE
    if isinstance(paid_at, datetime):
        return (paid_at,) if paid_at <= latest else ()
    if paid_at.start > latest:
        return ()
    first = paid_at.start.astimezone(SHANGHAI)
    last = max(first, min(paid_at.end - ONE_MINUTE, now).astimezone(SHANGHAI))
    moments = {first, last}
    day = first.date()
    while day <= last.date():
        for edge in (time(), profile.cutoff, *profile.d0_window):
            minute = datetime.combine(day, edge, SHANGHAI)
            moments |= {m for m in (minute - ONE_MINUTE, minute) if first < m < last}
        day += ONE_DAY
    return tuple(sorted(moments))


def _outcome(state: str, due_at: datetime | None, *, at_once: bool = False) -> Outcome:
    if due_at is None or state == OVERDUE:
        return state, None, False
    return state, due_at.date(), at_once


def _states(plan: Due | None, now: datetime) -> tuple[str, str]:
    if plan is None:
        return UNKNOWN_CALENDAR, UNKNOWN_CALENDAR
    return _state(plan.due_at, plan.deadline, now), _state(plan.base_due_at, plan.base_deadline, now)


def _state(due_at: datetime | None, late_from: datetime | None, now: datetime) -> str:
    if due_at is None or late_from is None:
        return UNKNOWN_CALENDAR
    if now > late_from:
        return OVERDUE
    return "not_due" if due_at.date() > now.date() else "due_today"
