"""The words of the knowledge base: facts, causes, profiles, readings and diagnoses, as frozen values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Language = Literal["zh", "en"]
#: Who says so: he chose or typed it; read in his text; a directory or incident board; the calendar.
Queue = Literal["settlement", "risk", "channel", "merchant_data", "field", "complaints"]
Source = Literal["merchant", "reader", "system", "derived"]
FactKind = Literal["choice", "money", "moment", "days", "text"]

#: The answer "I don't know": a legal value of every fact, which tells nothing.
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of time, both ends aware; for "last night" and the like."""

    start: datetime
    end: datetime


#: choice and text facts are str; money is fen and days a count, both int; a moment is aware or an Interval.
Value = str | int | datetime | Interval


@dataclass(frozen=True, slots=True)
class Fact:
    """What is held to be true of a case, and where it came from."""

    value: Value
    source: Source


Facts = Mapping[str, Fact]

#: A value in JSON: moments as ISO text with their zone, intervals as {"from", "to"}.
JsonValue = str | int | dict[str, str]


def to_json(value: Value) -> JsonValue:
    """Write a value as JSON keeps it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Interval):
        return {"from": value.start.isoformat(), "to": value.end.isoformat()}
    return value


def from_json(kind: FactKind, raw: JsonValue) -> Value:
    """Read a value that to_json wrote; raises ValueError when it is none of that kind."""
    if isinstance(raw, dict):
        return Interval(datetime.fromisoformat(raw["from"]), datetime.fromisoformat(raw["to"]))
    if kind == "moment" and raw != UNKNOWN:
        return datetime.fromisoformat(str(raw))
    return raw


@dataclass(frozen=True, slots=True)
class Text:
    """One text in both languages."""

    zh: str
    en: str

    def to(self, language: Language) -> str:
        """Give the text in the language."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSpec:
    """What a fact is called, which values it takes, and how it is asked (questions.yaml)."""

    key: str
    kind: FactKind
    #: Short name for tags and tickets, as in "settlement mode".
    title: Text
    #: The question; None = never asked: looked up, derived, or only read from what he writes.
    ask: Text | None = None
    #: The question once more for who could not answer it, with where to look; None = it is asked only once.
    hint: Text | None = None
    #: Value -> what a person reads; empty for money, moments, days and text.
    values: Mapping[str, Text] = field(default_factory=dict)
    #: Value -> how common it is whatever the cause (sums to 1); empty where there are no values.
    usual: Mapping[str, float] = field(default_factory=dict)
    #: What an answer costs the merchant: 1 = a glance, 3 = he must open the app or call someone.
    effort: float = 1.0
    #: Regular expression that a text value must match in full; None = anything short.
    pattern: str | None = None
    #: A derived fact's inputs, in the order in which the missing ones are asked.
    derived_from: tuple[str, ...] = ()


def is_value_of(spec: FactSpec, value: Value) -> bool:
    """Say whether a value is one that the fact can have; a brand may be any name."""
    if value == UNKNOWN:
        return True
    if spec.kind == "moment":
        return isinstance(value, datetime | Interval)
    if spec.kind in ("money", "days"):
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if not isinstance(value, str) or not value.strip():
        return False
    if spec.kind == "text":
        return spec.pattern is None or re.fullmatch(spec.pattern, value) is not None
    return spec.key == "brand" or value in spec.values


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRule:
    """What a cause asks of the ticket."""

    queue: str
    priority: str
    #: Facts that the person who takes the ticket will need.
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why money does not arrive: one file of causes/."""

    id: str
    title: Text
    #: Prior weight, from a word of how common it is.
    weight: float
    #: Fact -> values it must have; broken by a known other value, never by an unknown one.
    needs: Mapping[str, tuple[str, ...]]
    #: Fact -> value -> how often a merchant with this cause shows it (each fact's values sum to 1).
    signs: Mapping[str, Mapping[str, float]]
    #: Fact -> values that settle the case by themselves, whatever else is known.
    settled_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    handled_by: Literal["bot", "queue"]
    #: Jinja2 source; may use only facts of questions.yaml and the names that docs/knowledge-base.md lists.
    advice: Text
    #: What the agent does next, one line for the desk.
    next_step: Text
    #: How long it usually takes.
    typical_time: Text
    #: When the bot asks whether the money has come.
    follow_up: Literal["none", "deadline", "next_service_day"]
    ticket: TicketRule
    #: Whether it keeps every payout of the merchant, and not that of one sale alone.
    stops_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """What a message says beside the case."""

    #: Name of the article that answers the question in it.
    article: str | None = None
    #: The article warns of what others say: he does not ask, and it is no less about his money.
    warns: bool = False
    #: The language that he wants from now on.
    wants: Language | None = None
    #: All that it says is that the money has come.
    arrived: bool = False
    #: It says that the money of all sales has come.
    all_arrived: bool = False
    #: It takes back that the money has come.
    takes_back: bool = False
    #: All that it says is that nothing need be looked into any more.
    cancels: bool = False
    #: All that it says is that what was resolved is not.
    unsolved: bool = False
    #: It ends with saying that he will look, or answer, later.
    later: bool = False
    #: All that it says is how long he has been waiting.
    waits: bool = False
    #: It says that he has changed the settlement card, and asks nothing.
    changed_card: bool = False
    #: All that it says is that no person is wanted any more.
    no_person: bool = False
    #: All that it says is that one sale has come and another has not.
    one_of_two: bool = False
    #: All that it says is that it is as before.
    unchanged: bool = False
    #: The intent that it says in so many words, whatever it sounds like.
    intent: str | None = None
    #: It speaks of another sale than the one before.
    another: bool = False
    #: All that it says is hello.
    greets: bool = False
    #: All that it asks is where to look for the answer.
    asks_where: bool = False
    #: It has words of anger or accusation.
    angry: bool = False
    #: It says that what was told before is wrong, and what is so.
    corrects: bool = False
    #: Where the message goes on after "no, it is …"; 0 if it does not begin so.
    goes_on: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one message says, as far as it was understood. Not understood is a value, not an error."""

    #: Redacted: may be stored and logged.
    text: str
    #: None when the message does not show it (digits only).
    language: Language | None
    #: One of the 13 intents; the best guess even where not sure.
    intent: str
    confidence: float
    sure: bool
    #: The second best intent, for "do you mean A or B?".
    runner_up: str | None
    #: Slot -> values in the conventions of `daozhang understand`, for example {"amount": ("3500.00",)}.
    slots: Mapping[str, tuple[str, ...]]
    #: Facts read from the text.
    facts: Mapping[str, Value]
    #: What the text answers to the fact that was just asked (UNKNOWN for "don't know"); None if it does not.
    answer: Value | None
    #: What is said beside all that.
    remarks: Remarks


@dataclass(frozen=True, slots=True)
class Reason:
    """How much one fact spoke for a cause, in decibans: 10·log10 of the likelihood ratio."""

    cause: str
    fact: str
    value: Value
    source: Source
    weight: float


@dataclass(frozen=True, slots=True)
class RuledOut:
    """A cause that a known fact excludes."""

    cause: str
    fact: str
    value: Value


#: Why the engine stops: the leader is believed, by itself or borne out by the calendar, or no question is
#: worth its effort. Why it goes on: the date is open, a need of the leader's, or the cause.
Motive = Literal["sure", "borne_out", "nothing_worth", "date", "needs", "unsure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What the engine holds of a case."""

    #: (cause id, probability), falling; only those not ruled out.
    causes: tuple[tuple[str, float], ...]
    #: Strongest first, for the five likeliest causes.
    why: tuple[Reason, ...]
    ruled_out: tuple[RuledOut, ...]
    #: The fact to ask next; None = stop.
    question: str | None
    #: Bits that the question was expected to tell; 0 when there is none.
    expected_bits: float
    #: Why this question, or none.
    motive: Motive
    #: Content hash of the knowledge base that made it.
    version: str

    @property
    def leader(self) -> str:
        """The likeliest cause."""
        return self.causes[0][0]
