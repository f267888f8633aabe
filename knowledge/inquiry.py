"""The course of a questioning: what is held after an answer, what stays closed, when the bot may answer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from knowledge.derivation import Timing, work_out
from knowledge.engine import DUE_REASON, DUE_STATE
from knowledge.inference import infer
from knowledge.loader import KnowledgeBase
from knowledge.model import UNKNOWN, Cause, Diagnosis, Fact, Facts, Interval, Value
from knowledge.settlement import MODES

#: The fact whose values are MODES, and whether he counts on an instant one.
MODE = "settlement_mode"
INSTANT_EXPECTED = "instant_expected"
#: What follows of them beside the engine's facts, and what keeps T0 from paying on a rest day.
DUE_AT, D0_BLOCKER, RESTS = "due_at", "d0_blocker", "window"
#: What a directory of merchants may tell as it stands.
TOLD_BY_DIRECTORY = (
    "brand",
    "settlement_mode",
    "settle_bank",
    "account_kind",
    "registered_as",
    "payout_status",
)
#: The same with what follows from the day of opening that it tells.
IN_DIRECTORY = frozenset({*TOLD_BY_DIRECTORY, "onboarded_days"})
#: Facts that may say whom an outage concerns.
OUTAGE_SCOPE = ("brand", "pay_method", "settle_bank")
#: No more questions than these before the bot settles for what it knows.
MOST_QUESTIONS = 9
#: A cause less likely than this is not named on a ticket: a wrong queue costs more than an open mind.
NAMED_FROM = 0.35
#: It is named all the same when its queue as a whole is so likely: the queue is right then.
QUEUE_FROM = 0.6
#: The bot answers by itself from this probability on.
ADVISED_FROM = 0.5
#: While one of these is known, a person must look into the case: the bot never answers by itself.
NEEDS_A_PERSON: Mapping[str, frozenset[str]] = {
    "payout_status": frozenset({"failed", "held"}),
    "notice": frozenset({"risk", "retrieval", "documents", "judicial"}),
    "payer_is_licensed": frozenset({"no"}),
    "agent_reachable": frozenset({"no"}),
    "activated": frozenset({"no"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is held of a case: the facts with all that follows from them."""

    known: Facts
    #: The unknown facts that could change when the money is due, in the order in which they are asked.
    narrowing: tuple[str, ...]
    #: From when on the money is late, if it can be told when it is due.
    deadline: datetime | None


def hold(facts: Facts, knowledge: KnowledgeBase, now: datetime, closed: frozenset[str]) -> Held:
    """Work out what follows from the facts at the moment; closed: facts that will not be asked again."""
    final = closed | {key for key, fact in facts.items() if fact.value == UNKNOWN}
    timing = work_out(facts, knowledge.acquirers, knowledge.calendar, now, final=final)
    known = {**facts, **timing.facts, **infer(facts, knowledge.acquirers)}
    narrowing = timing.narrowing
    if MODE not in final and _may_be_t0(facts, timing, knowledge, now, final):
        for key in (DUE_STATE, DUE_AT, DUE_REASON, D0_BLOCKER):
            known.pop(key, None)
        return Held(known=known, narrowing=(MODE,), deadline=None)
    if DUE_REASON in timing.facts and MODE not in facts and MODE not in final:
        reasons = {_supposed(mode, facts, knowledge, now, final).get(DUE_REASON) for mode in MODES}
        if len(reasons) > 1:
            # Every mode gives the same day, but each for a reason of its own: the cause is not told yet.
            del known[DUE_REASON]
            narrowing = (MODE,)
    return Held(known=known, narrowing=narrowing, deadline=timing.deadline)


def _may_be_t0(
    facts: Facts, timing: Timing, knowledge: KnowledgeBase, now: datetime, final: frozenset[str]
) -> bool:
    """Say whether it matters that 秒到, which counts as D0, may be T0: that rests when the banks do."""
    mode, expected, blocker = facts.get(MODE), facts.get(INSTANT_EXPECTED), timing.facts.get(D0_BLOCKER)
    if mode != Fact("d0", "reader") or expected != Fact("yes", "reader"):
        return False
    open_still = blocker is None or blocker.value in ("none", UNKNOWN)
    return open_still and _supposed("t0", facts, knowledge, now, final).get(D0_BLOCKER) == RESTS


def _supposed(
    mode: str, facts: Facts, knowledge: KnowledgeBase, now: datetime, final: frozenset[str]
) -> Mapping[str, Value]:
    """Work out what would follow if this were the mode."""
    supposed = {**facts, MODE: Fact(mode, "merchant")}
    timing = work_out(supposed, knowledge.acquirers, knowledge.calendar, now, final=final)
    return {key: fact.value for key, fact in timing.facts.items()}


def closed_facts(asked: Sequence[str], given_up: Collection[str]) -> frozenset[str]:
    """Name the facts not to be asked again: those that he cannot tell, and those asked twice already."""
    return frozenset(given_up) | {key for key in asked if asked.count(key) > 1}


def keeps_what_he_said(known: Fact | None, answer: Value) -> bool:
    """Say whether an answer leaves a fact as it is: he cannot say the minute, the day that he said stays."""
    return answer == UNKNOWN and known is not None and isinstance(known.value, Interval)


def believed(diagnosis: Diagnosis, causes: Mapping[str, Cause]) -> Cause:
    """Give the cause to name: the likeliest one, if it or at least its queue is likely enough."""
    leader, likely = causes[diagnosis.leader], diagnosis.causes[0][1]
    if leader.handled_by == "bot":
        return leader if likely >= ADVISED_FROM else causes[UNKNOWN]
    queue = sum(share for one, share in diagnosis.causes if causes[one].ticket.queue == leader.ticket.queue)
    return leader if likely >= NAMED_FROM or queue >= QUEUE_FROM else causes[UNKNOWN]


def may_advise(cause: Cause, known: Facts) -> bool:
    """Say whether the bot may answer by itself: what the cause rests on is known, and nothing forbids it."""
    if cause.handled_by != "bot" or forbids_advice(known):
        return False
    held = all(fact in known and known[fact].value in values for fact, values in cause.needs.items())
    return held and (cause.follow_up != "deadline" or "due_at" in known)


def forbids_advice(known: Facts) -> bool:
    """Say whether something is known that a person must look into."""
    return any(key in known and known[key].value in values for key, values in NEEDS_A_PERSON.items())
