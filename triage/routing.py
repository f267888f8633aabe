"""Routing: which queue a ticket goes to, how urgent it is and why, and when it is due (routing.yaml)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from knowledge.model import Facts, FactSpec, Queue, Text, TicketRule
from knowledge.yaml_source import Document, KnowledgeError, Place, read_document
from triage.service_hours import ServiceHours

Priority = Literal["urgent", "high", "normal", "low"]
PRIORITIES: tuple[Priority, ...] = ("urgent", "high", "normal", "low")
FEN = 100
PACKAGED = Path(__file__).with_name("routing.yaml")


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Due(_Form):
    hours: float | None = None
    days: int = 0


class _When(_Form):
    cause: str
    facts: dict[str, str] = {}
    amount_from: int = 0


class _Special(_Form):
    when: _When
    priority: Priority | None = None
    queue: Queue | None = None
    reason: str


class _Raise(_Form):
    signals: list[str]
    amount_from: int
    days_overdue: int


class _TextForm(_Form):
    zh: str
    en: str


class _RoutingForm(_Form):
    due: dict[Priority, _Due]
    special: list[_Special]
    raise_: _Raise = Field(alias="raise")
    reasons: dict[str, _TextForm]


@dataclass(frozen=True, slots=True)
class Routing:
    """Where a ticket goes."""

    queue: str
    priority: Priority
    #: Keys of routing.yaml's `reasons`.
    reasons: tuple[str, ...]
    due_at: datetime


class Router:
    """Routes by the rules of routing.yaml."""

    def __init__(self, form: _RoutingForm, hours: ServiceHours) -> None:
        self._form = form
        self._hours = hours
        #: Why a priority was raised, in words.
        self.reasons: Mapping[str, Text] = {k: Text(t.zh, t.en) for k, t in form.reasons.items()}

    def route(
        self, cause: str, rule: TicketRule, facts: Facts, signals: Collection[str], now: datetime
    ) -> Routing:
        """Route a case: its cause with its rule, what is known of it, and the signals of the talk."""
        queue, priority = rule.queue, _priority(rule.priority)
        reasons: list[str] = []
        special = next((s for s in self._form.special if _fits(s.when, cause, facts)), None)
        if special:
            queue = special.queue or queue
            reasons.append(special.reason)
        if special and special.priority:
            priority = special.priority
        else:
            raised = self._raised(facts, signals, now)
            reasons += [reason for reason in raised if reason not in reasons]
            if raised:
                priority = PRIORITIES[max(PRIORITIES.index(priority) - 1, 0)]
        return Routing(queue, priority, tuple(reasons), self.due(priority, now))

    def due(self, priority: str, now: datetime) -> datetime:
        """Say by when a person must have touched a ticket of this priority."""
        rule = self._form.due[_priority(priority)]
        if rule.hours is not None:
            return self._hours.add(now, rule.hours)
        return self._hours.end_of_day(now, rule.days)

    def _raised(self, facts: Facts, signals: Collection[str], now: datetime) -> list[str]:
        rule = self._form.raise_
        reasons = [signal for signal in rule.signals if signal in signals]
        if _amount(facts) >= rule.amount_from * FEN:
            reasons.append("large_amount")
        due = facts.get("due_at")
        if due and isinstance(due.value, datetime) and (now - due.value).days >= rule.days_overdue:
            reasons.append("long_overdue")
        return reasons


def load_routing(
    hours: ServiceHours, causes: Collection[str], facts: Mapping[str, FactSpec], path: Path = PACKAGED
) -> Router:
    """Read the routing rules; raises KnowledgeError with file and line of every mistake.

    causes, facts: what the rules may speak of.
    """
    document = read_document(path)
    form = document.parse(_RoutingForm)
    if form is None:
        raise KnowledgeError(document.mistakes)
    used = [*(special.reason for special in form.special), *form.raise_.signals]
    for reason in ("large_amount", "long_overdue", *used):
        if reason not in form.reasons:
            document.complain(("reasons",), f"{reason} is not in words.", "add it with zh and en.")
    for place, special in enumerate(form.special):
        _check_when(document, ("special", place, "when"), special.when, causes, facts)
    for priority in PRIORITIES:
        if priority not in form.due:
            document.complain(("due",), f"{priority} has no due time.", "add hours or days for it.")
    if document.mistakes:
        raise KnowledgeError(document.mistakes)
    return Router(form, hours)


def _check_when(
    document: Document, place: Place, when: _When, causes: Collection[str], facts: Mapping[str, FactSpec]
) -> None:
    if when.cause not in causes:
        document.complain((*place, "cause"), f"{when.cause} is no cause.", "name a file of causes/.")
    for key, value in when.facts.items():
        spec = facts.get(key)
        if spec is None or value not in spec.values:
            problem = f"{key} has no value {value}."
            document.complain((*place, "facts", key), problem, "name a fact and a value of questions.yaml.")


def _priority(word: str) -> Priority:
    return next(priority for priority in PRIORITIES if priority == word)


def _fits(when: _When, cause: str, facts: Facts) -> bool:
    return (
        when.cause == cause
        and all(key in facts and facts[key].value == value for key, value in when.facts.items())
        and _amount(facts) >= when.amount_from * FEN
    )


def _amount(facts: Facts) -> int:
    amount = facts.get("amount")
    return amount.value if amount and isinstance(amount.value, int) else 0
