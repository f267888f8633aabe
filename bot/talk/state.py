"""The state of one talk, and its form in the database."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from typing import Any, Literal

from knowledge.model import UNKNOWN, Fact, FactSpec, Language, from_json, is_value_of, to_json

#: Value of the option that says "what you understood is wrong".
CORRECT = "correct"

#: What the open question is for.
Purpose = Literal["diagnose", "evidence", "correct", "which", "change", "arrived", "meant"]
#: What the bot does when nobody writes: ask whether the money came, remind, close the case; file the ticket
#: without the evidence.
WakeKind = Literal["arrived", "reminder", "close", "evidence"]
Outcome = Literal["advised", "ticket", "incident", "closed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The question that waits for an answer."""

    #: Number of the question in this talk; option ids begin with it.
    step: int
    fact: str
    purpose: Purpose
    #: The options' values, in order.
    values: tuple[str, ...] = ()
    #: For a confirm: the facts that a yes makes true, as JSON.
    offer: dict[str, Any] = field(default_factory=dict)
    #: Answers in a row that were not understood.
    misses: int = 0


@dataclass(frozen=True, slots=True)
class Wake:
    """What the bot does by itself, and when."""

    kind: WakeKind
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who he says he is, to be held against the directory once the turn is committed."""

    merchant_no: str
    settle_card_last4: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """The claim that was last held against the directory."""

    claim: Claim
    #: While the directory is asked: when the talk goes on without it.
    until: datetime | None
    #: Whether the claim proved right; None when it could not be judged.
    proved: bool | None = None
    #: True when what it found may have changed since: it is made again.
    outdated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """All that the bot knows of a talk: facts, not a position in a tree."""

    language: Language = "zh"
    #: He chose the language: it stays, whatever he writes in.
    language_chosen: bool = False
    #: What was said, read or looked up; derived facts are worked out anew each time.
    facts: dict[str, Fact] = field(default_factory=dict)
    #: Facts asked to find the cause, in order.
    asked: tuple[str, ...] = ()
    #: Facts asked as evidence for the ticket, in order.
    evidence_asked: tuple[str, ...] = ()
    pending: Pending | None = None
    step: int = 0
    #: Number of the question whether the money came: put again, it is the same one.
    arrival: int | None = None
    outcome: Outcome | None = None
    #: He said that the money has come.
    confirmed: bool = False
    #: He asked again although the money was not due yet.
    insisted: bool = False
    #: The cause that the outcome rests on.
    cause: str | None = None
    #: When the money is due, as last told.
    due_at: datetime | None = None
    #: The promise, or what else is done if he is silent.
    wake: Wake | None = None
    lookup: Lookup | None = None
    #: When his ticket was resolved, as last told.
    resolved_at: datetime | None = None
    #: Facts that the merchant cannot tell (more closely): not asked again.
    closed: frozenset[str] = frozenset()
    #: complaint, promise_missed and not_taken raise the priority; insists brings it to the complaints queue.
    signals: frozenset[str] = frozenset()
    #: Facts of which he was told where to look.
    hinted: frozenset[str] = frozenset()
    #: The status in the app before he was asked to look again.
    status_before: str | None = None
    #: Names of texts that are said once: passed_on, calm.
    told: frozenset[str] = frozenset()
    #: The cases of earlier sales that still have a ticket, a promise or a question, oldest first.
    earlier: tuple["Talk", ...] = ()

    def knows(self, **facts: Fact) -> "Talk":
        """Give the talk with these facts; a later answer replaces an earlier one."""
        return replace(self, facts=self.facts | facts)

    @property
    def is_looked_up(self) -> bool:
        """Say whether the directory is being asked."""
        return self.lookup is not None and self.lookup.until is not None

    @property
    def has_ticket(self) -> bool:
        """Say whether the case was handed to a person."""
        return self.outcome in ("ticket", "incident")

    @property
    def ticketed(self) -> "Talk | None":
        """Give the case of an earlier sale to which the open ticket belongs."""
        return next((one for one in self.earlier if one.has_ticket), None)

    @property
    def own_wake_at(self) -> datetime | None:
        """Give the next moment at which the bot has something to do for the case at hand."""
        moments = (self.wake and self.wake.at, self.lookup and self.lookup.until)
        return min((moment for moment in moments if moment), default=None)

    @property
    def wake_at(self) -> datetime | None:
        """Give the next moment at which the bot has something to do, whether he writes or not."""
        moments = (self.own_wake_at, *(one.wake and one.wake.at for one in self.earlier))
        return min((moment for moment in moments if moment), default=None)

    def to_json(self) -> dict[str, Any]:
        """Write the state as the database keeps it."""
        return {name: _plain(getattr(self, name)) for name in _NAMES}


_NAMES = tuple(part.name for part in fields(Talk))


def read_talk(raw: Mapping[str, Any], specs: Mapping[str, FactSpec]) -> Talk:
    """Read a state that Talk.to_json wrote, maybe by another version and with another knowledge base.

    What it lacks has its default; facts, values and questions that no longer exist are left out.
    """
    known: dict[str, Any] = {name: raw[name] for name in _NAMES if raw.get(name) is not None}
    known["facts"] = dict(_facts(known.get("facts", {}), specs))
    for name in ("asked", "evidence_asked"):
        known[name] = tuple(known.get(name, ()))
    for name in ("closed", "signals", "hinted", "told"):
        known[name] = frozenset(known.get(name, ()))
    for name in known.keys() & {"due_at", "resolved_at"}:
        known[name] = datetime.fromisoformat(known[name])
    if "wake" in known:
        known["wake"] = Wake(known["wake"]["kind"], datetime.fromisoformat(known["wake"]["at"]))
    if "lookup" in known:
        until = known["lookup"]["until"]
        known["lookup"] = Lookup(
            claim=Claim(**known["lookup"]["claim"]),
            until=datetime.fromisoformat(until) if until else None,
            proved=known["lookup"]["proved"],
            outdated=known["lookup"]["outdated"],
        )
    if "pending" in known:
        pending = Pending(**known["pending"] | {"values": tuple(known["pending"]["values"])})
        known["pending"] = pending if _may_be_asked(pending, specs) else None
    known["earlier"] = tuple(read_talk(one, specs) for one in known.get("earlier", ()))
    return Talk(**known)


def _facts(raw: Mapping[str, Any], specs: Mapping[str, FactSpec]) -> Iterator[tuple[str, Fact]]:
    for key, (written, source) in raw.items():
        spec = specs.get(key)
        with suppress(ValueError):  # of another kind by now
            if spec and is_value_of(spec, value := from_json(spec.kind, written)):
                yield key, Fact(value, source)


def _may_be_asked(pending: Pending, specs: Mapping[str, FactSpec]) -> bool:
    """Say whether the fact, the options and the offer of a question still exist."""
    options = set(pending.values) - {UNKNOWN, CORRECT}
    if pending.purpose == "meant":
        return True
    if pending.purpose == "which":
        return options <= specs.keys()
    if pending.purpose == "change":
        return bool(dict(_facts({key: (value, "") for key, value in pending.offer.items()}, specs)))
    return pending.fact in specs and options <= specs[pending.fact].values.keys()


def _plain(value: Any) -> Any:
    """Give a part of a talk as JSON."""
    if isinstance(value, Fact):
        return [to_json(value.value), value.source]
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value):
        return {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
    return value
