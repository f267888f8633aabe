"""What follows from the facts of a case by calendar: when the money is due, and what to ask to say so.

While the mode, the minute or something that instant payout depends on is not known, there are several
candidates. What they agree on holds; what they do not agree on is asked; what he cannot tell is settled by
the latest of them, or, once all of them are overdue, by what holds for most of the minutes.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from knowledge.acquirers import Acquirers
from knowledge.calendar import SettlementCalendar
from knowledge.candidates import ONE_MINUTE, OVERDUE, UNKNOWN_CALENDAR, Candidate, Sale, moments_of
from knowledge.model import UNKNOWN, Fact, Facts, Interval, Value
from knowledge.settlement import INSTANT_MODES, MODES, D0Inputs

#: A sale outside of these years was written wrongly.
FIRST_YEAR, LAST_YEAR = 2000, 2100
#: What instant payout depends on, in the order in which it is asked.
D0_INPUTS = ("pay_method", "amount", "onboarded_days", "d0_switch")


@dataclass(frozen=True, slots=True)
class Timing:
    """What the calendar says of a case."""

    #: The derived facts.
    facts: dict[str, Fact] = field(default_factory=dict)
    #: The unknown facts that could change when the money is due, in the order in which they are asked.
    narrowing: tuple[str, ...] = ()
    #: From when on the money is late, if due_at is among the facts.
    deadline: datetime | None = None


def work_out(
    facts: Facts,
    acquirers: Acquirers,
    calendar: SettlementCalendar,
    now: datetime,
    *,
    final: frozenset[str] = frozenset(),
) -> Timing:
    """Say what the calendar makes of some facts; a sale in the future tells nothing.

    final: facts that stay unknown for good, because he cannot tell.
    """
    known = {key: fact.value for key, fact in facts.items() if fact.value != UNKNOWN}
    final |= facts.keys() - known.keys()
    paid_at = known.get("paid_at")
    if not isinstance(paid_at, datetime | Interval) or not _imaginable(paid_at):
        return Timing() if "paid_at" in final else Timing(narrowing=_time_and_mode(known, final))
    brand = known.get("brand")
    profile = acquirers.profile(brand if isinstance(brand, str) else None)
    modes = tuple(mode for mode in MODES if mode == known.get("settlement_mode")) or MODES
    sale = Sale(moments_of(paid_at, profile, now), modes, _d0_inputs(known), profile, calendar)
    candidates = _possible(sale.candidates(now), known, final)
    if not candidates:
        return Timing()
    to_ask = _to_ask(candidates, known, final)
    values, late_from = _conclude(candidates, agreed=not to_ask)
    return Timing({key: Fact(value, "derived") for key, value in values.items()}, to_ask, late_from)


def _imaginable(paid_at: datetime | Interval) -> bool:
    """Say whether a sale can have been then; a slip of the pen in the year is like no time at all."""
    first = paid_at.start if isinstance(paid_at, Interval) else paid_at
    return FIRST_YEAR <= first.year <= LAST_YEAR


def _time_and_mode(known: dict[str, Value], final: frozenset[str]) -> tuple[str, ...]:
    mode_open = "settlement_mode" not in known and "settlement_mode" not in final
    return ("paid_at", "settlement_mode") if mode_open else ("paid_at",)


def _d0_inputs(known: dict[str, Value]) -> D0Inputs:
    method, switch = known.get("pay_method"), known.get("d0_switch")
    amount, days = known.get("amount"), known.get("onboarded_days")
    return D0Inputs(
        pay_method=method if isinstance(method, str) else None,
        amount=amount if isinstance(amount, int) else None,
        onboarded_days=days if isinstance(days, int) else None,
        d0_switch=switch if isinstance(switch, str) else None,
    )


def _possible(
    candidates: Iterable[Candidate], known: dict[str, Value], final: frozenset[str]
) -> Sequence[Candidate]:
    """Settle what he cannot tell by its latest candidate, so that only what he may still tell is left."""
    left = list(candidates)
    if known.get("instant_expected") == "yes":
        # Of modes that give the same day, the one that he counts on: 秒到 is D0, as long as nobody says T0.
        left.sort(key=lambda candidate: candidate.mode != "d0")
    if any(key in final and key not in known for key in D0_INPUTS):
        # What blocks stays unknown for good, whatever the other inputs are.
        left = [candidate for candidate in left if not candidate.unblocked]
    time_final = "paid_at" in final and any(candidate.state != OVERDUE for candidate in left)
    if "settlement_mode" in final and "settlement_mode" not in known:
        return _latest_of_each(left, lambda candidate: None if time_final else candidate.paid_at)
    if time_final:
        return _latest_of_each(left, lambda candidate: (candidate.mode, candidate.unblocked))
    return left


def _latest_of_each(
    candidates: Sequence[Candidate], group: Callable[[Candidate], Hashable]
) -> list[Candidate]:
    latest: dict[Hashable, Candidate] = {}
    for candidate in candidates:
        key = group(candidate)
        if key not in latest or _order(candidate.due_at) > _order(latest[key].due_at):
            latest[key] = candidate
    return list(latest.values())


def _to_ask(
    candidates: Sequence[Candidate], known: dict[str, Value], final: frozenset[str]
) -> tuple[str, ...]:
    """Find the facts on which the outcome depends, or the reason why it is not due yet."""
    if len({candidate.outcome for candidate in candidates}) == 1:
        could_block = any(c.blocker == UNKNOWN and c.state != OVERDUE for c in candidates)
        if not could_block or "settlement_mode" not in known:
            return ()
        return tuple(key for key in D0_INPUTS if key not in known and key not in final)
    by_mode: dict[tuple[str, bool], set[object]] = {}
    by_moment: dict[datetime, set[object]] = {}
    for candidate in candidates:
        by_mode.setdefault((candidate.mode, candidate.unblocked), set()).add(candidate.outcome)
        by_moment.setdefault(candidate.paid_at, set()).add(candidate.outcome)
    keys: list[str] = []
    if "paid_at" not in final and any(len(outcomes) > 1 for outcomes in by_mode.values()):
        keys.append("paid_at")
    if "paid_at" in final or any(len(outcomes) > 1 for outcomes in by_moment.values()):
        inputs = [key for key in D0_INPUTS if key not in known]
        keys += inputs if "settlement_mode" in known else ["settlement_mode"]
    return tuple(keys)


def _conclude(candidates: Sequence[Candidate], *, agreed: bool) -> tuple[dict[str, Value], datetime | None]:
    """Give the derived values and the deadline; agreed: nothing more is to be asked."""
    values: dict[str, Value] = {}
    late_from = None
    states = {candidate.state for candidate in candidates}
    latest = max(candidates, key=lambda candidate: _order(candidate.due_at))
    if agreed or len(states) == 1 or not states & {OVERDUE, UNKNOWN_CALENDAR}:
        values["due_state"] = latest.state
    if agreed and latest.due:
        if latest.state == OVERDUE:
            latest = _usual(_latest_of_each(candidates, lambda c: c.paid_at), lambda c: c.due_at)
        else:
            values["not_due_reason"] = _reason(latest, candidates)
        if latest.due:
            late_from = latest.due.deadline
            values["due_at"] = latest.due.due_at
    if agreed or len({candidate.base_outcome for candidate in candidates}) == 1:
        base = max(candidates, key=lambda candidate: _order(candidate.base_due_at))
        values["base_due_state"] = base.base_state
        if base.base_due_at:
            values["base_due_at"] = base.base_due_at
    blockers = {candidate.blocker if candidate.mode in INSTANT_MODES else None for candidate in candidates}
    blocker = blockers.pop() if len(blockers) == 1 else None
    if blocker:
        values["d0_blocker"] = blocker
    return values, late_from


def _reason(latest: Candidate, candidates: Sequence[Candidate]) -> str:
    """Say why it is not due yet: "this morning" is mostly within the D0 hours that begin at seven."""
    alike = [candidate for candidate in candidates if candidate.outcome == latest.outcome]
    chosen = _usual(alike, lambda candidate: candidate.due and candidate.due.reason)
    return chosen.due.reason if chosen.due else ""


def _usual(candidates: Sequence[Candidate], kind: Callable[[Candidate], Hashable]) -> Candidate:
    """Give a candidate of the kind that holds for most of the minutes in which the sale may have been."""
    moments = sorted({candidate.paid_at for candidate in candidates})
    minutes = {first: after - first for first, after in pairwise(moments)} | {moments[-1]: ONE_MINUTE}
    share: defaultdict[Hashable, timedelta] = defaultdict(timedelta)
    for candidate in candidates:
        share[kind(candidate)] += minutes[candidate.paid_at]
    return max(candidates, key=lambda candidate: (share[kind(candidate)], _order(candidate.due_at)))


def _order(due_at: datetime | None) -> tuple[bool, float]:
    """Order moments; what the calendar does not reach comes last."""
    return (False, due_at.timestamp()) if due_at else (True, 0.0)
