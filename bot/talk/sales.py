"""Several sales in one talk: the case at hand, and the earlier ones that still have a ticket or a promise."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.talk.proof import look_again
from bot.talk.questions import option_of
from bot.talk.state import Talk
from knowledge.model import Fact, Interval, Reading, Value

#: What a new case still knows of the old one.
LASTING = ("brand", "settlement_mode", "merchant_no", "terminal_no", "settle_bank", "settle_card_last4")
#: Facts that tell one sale from another.
SALE = frozenset({"paid_at", "amount", "reference_no"})
#: Texts that need not be said again in the next case.
LASTING_TEXTS = frozenset({"hidden", "contact_offer"})


def next_talk(talk: Talk) -> Talk:
    """Begin anew, with what lasts."""
    return Talk(
        language=talk.language,
        language_chosen=talk.language_chosen,
        lookup=look_again(talk).lookup,
        resolved_at=talk.resolved_at,
        step=talk.step,
        told=talk.told & LASTING_TEXTS,
        facts={key: talk.facts[key] for key in LASTING if key in talk.facts},
        earlier=talk.earlier,
    )


def set_aside(talk: Talk) -> Talk:
    """Begin the case of another sale; the one at hand waits for its moment, its ticket or its answer."""
    return replace(next_talk(talk), earlier=_waiting(talk))


def take_up(talk: Talk, earlier: Talk) -> Talk:
    """Go back to the case of an earlier sale; the one at hand waits in its place."""
    return replace(
        earlier,
        language=talk.language,
        language_chosen=talk.language_chosen,
        lookup=talk.lookup,
        resolved_at=talk.resolved_at,
        step=talk.step,
        told=talk.told,
        earlier=tuple(one for one in _waiting(talk) if one is not earlier),
    )


def is_another(talk: Talk, reading: Reading) -> bool:
    """Say whether a message is about another sale than the case at hand, and no correction of it."""
    pending, remarks = talk.pending, reading.remarks
    if remarks.another and pending is None and talk.outcome is not None and not remarks.corrects:
        missing = reading.facts.get("complaint") == "not_arrived" or reading.facts.get("received") == "none"
        if missing and not {"amount", "reference_no"} & reading.facts.keys():
            return True  # he will be asked which
    if (
        remarks.corrects
        or talk.outcome == "closed"
        or talk.is_looked_up
        or (talk.outcome is None and pending is None)
    ):
        return False
    if pending and pending.fact in SALE and reading.answer is not None:
        return False
    said = {key: value for key, value in reading.facts.items() if key in SALE}
    if talk.outcome is not None and _tells_of_both(talk, said):
        return True
    if not (remarks.another or talk.confirmed or "reference_no" in said):
        return False
    if not (remarks.another or talk.confirmed):
        said = {"reference_no": said["reference_no"]}
    first = talk.outcome is not None and (remarks.another or talk.confirmed)
    return any(_differs(talk.facts.get(key), value, first=first) for key, value in said.items())


def _tells_of_both(talk: Talk, said: Mapping[str, Value]) -> bool:
    """Say whether both the day and the sum are others than those of the sale that was concluded."""
    return all(
        key in said and key in talk.facts and _differs(talk.facts[key], said[key], first=False)
        for key in ("paid_at", "amount")
    )


def sale_named(talk: Talk, reading: Reading) -> Talk:
    """Give the talk with the case at hand whose sale the message names, if that is an earlier one alone."""
    said = {key: value for key, value in reading.facts.items() if key in SALE}
    asked = talk.pending is not None and talk.pending.fact in SALE
    if not said or asked or reading.remarks.corrects or reading.remarks.another or _fits(talk, said):
        return talk
    named = [one for one in talk.earlier if _fits(one, said)]
    return take_up(talk, named[0]) if len(named) == 1 else talk


def _fits(talk: Talk, said: Mapping[str, Value]) -> bool:
    return not any(_differs(talk.facts.get(key), value, first=True) for key, value in said.items())


def _differs(known: Fact | None, value: Value, *, first: bool) -> bool:
    """Say whether a value is another one than what is known; first: what was not known counts as another."""
    if known is None or known.value == "unknown":
        return first
    if isinstance(value, datetime | Interval) and isinstance(known.value, datetime | Interval):
        (start, end), (since, until) = _bounds(value), _bounds(known.value)
        return end < since or until < start
    return known.value != value


def _bounds(moment: datetime | Interval) -> tuple[datetime, datetime]:
    return (moment.start, moment.end) if isinstance(moment, Interval) else (moment, moment)


def unfinished(talk: Talk) -> list[Talk]:
    """Give the cases of earlier sales whose question is open, oldest first."""
    return [one for one in talk.earlier if one.outcome is None and one.pending]


def promised_sales(talk: Talk) -> list[Talk]:
    """Give the cases whose money was promised for a day, the one at hand as the last."""
    return [one for one in (*talk.earlier, talk) if one.outcome == "advised" and one.due_at]


def due_talk(talk: Talk, now: datetime) -> Talk:
    """Give the talk with the case at hand whose moment has come."""
    if talk.own_wake_at and talk.own_wake_at <= now:
        return talk
    due = (one for one in talk.earlier if one.wake and one.wake.at <= now)
    earlier = next(due, None)
    return take_up(talk, earlier) if earlier else talk


def asked_talk(talk: Talk, choice: str | None = None) -> Talk:
    """Give the talk with the case at hand whose question is open, or to which a tapped option belongs."""
    if choice is None and (talk.pending or talk.is_looked_up):
        return talk
    asked = [
        one for one in talk.earlier if one.pending and (choice is None or option_of(one.pending, choice))
    ]
    return (
        take_up(talk, max(asked, key=lambda one: one.pending.step if one.pending else 0)) if asked else talk
    )


def case_meant(talk: Talk, said: Mapping[str, Fact]) -> Talk:
    """Leave a closed case for the earlier one that is still open, unless he tells of a sale."""
    known = [one for one in talk.earlier if one.facts]
    if talk.outcome == "closed" and known and not SALE & said.keys():
        return take_up(talk, known[-1])
    return talk


def _waiting(talk: Talk) -> tuple[Talk, ...]:
    """Give the cases that are not over, the one at hand as the last."""
    waits = talk.has_ticket or talk.wake is not None or (talk.outcome is None and bool(talk.facts))
    return (*talk.earlier, replace(talk, earlier=())) if waits else talk.earlier
