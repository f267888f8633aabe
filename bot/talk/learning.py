"""What a message changes in what is known of a talk."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.talk.decision import Situation
from bot.talk.proof import CLAIMS, disown, look_again
from bot.talk.questions import FOR_A_FACT
from bot.talk.sales import SALE, next_talk
from bot.talk.state import Talk
from knowledge.inquiry import keeps_what_he_said
from knowledge.model import UNKNOWN, Fact, FactSpec, Interval, Language, Reading, Value, from_json

#: A first word like "hi" or "hello", and not a mode like T+1.
_LATIN = re.compile(r"[A-Za-z][A-Za-z' ]*[.!?]?")

_LACKING = Fact(UNKNOWN, "merchant")
#: A sum and nothing beside it but its unit.
_BARE_SUM = re.compile(r"[\d.,]+\s?(?:\w|yuan|rmb)?")


def current_talk(situation: Situation) -> Talk:
    """Give the talk as it goes on: a case whose ticket was resolved is closed; reopened, it waits again."""
    talk = situation.talk
    handed_over = talk.has_ticket or talk.ticketed
    if situation.ticket is None and handed_over:
        earlier = tuple(one for one in talk.earlier if not one.has_ticket)
        outcome = "closed" if talk.has_ticket else talk.outcome
        return replace(
            talk, outcome=outcome, earlier=earlier, told=talk.told - {"passed_on", "status_claimed"}
        )
    if situation.ticket and not handed_over:
        # With another sale at hand, what was known of the ticket's is on the ticket alone.
        closed = talk.outcome == "closed"
        own = replace(talk if closed else Talk(), outcome="ticket", earlier=())
        return replace(talk, earlier=(own, *talk.earlier))
    return talk


def looked_up(system: Mapping[str, Any], specs: Mapping[str, FactSpec]) -> dict[str, Fact]:
    """Take what a lookup or the incident board says, of the facts that exist."""
    return {
        key: Fact(from_json(specs[key].kind, value), "system")
        for key, value in system.items()
        if key in specs
    }


def is_new_case(talk: Talk, said: Collection[str]) -> bool:
    """Say whether what he says after a case was closed is about another sale."""
    if talk.outcome != "closed":
        return False
    # A reference number alone, of a sale that lacked it, is a late answer.
    late = "paid_at" in talk.facts and talk.facts.get("reference_no", _LACKING).value == UNKNOWN
    named = SALE & set(said) - ({"reference_no"} if late else set())
    return talk.confirmed or talk.cause is None or bool(named)


def learn(talk: Talk, said: Mapping[str, Fact]) -> Talk:
    """Take facts into the talk; a new case after a closed one keeps what lasts."""
    if said and is_new_case(talk, said):
        talk = next_talk(talk)
    elif said and talk.outcome == "closed":
        # Closed because he was silent: the promise was not kept after all.
        untold = {key for key in talk.asked if key in talk.facts and talk.facts[key].value == UNKNOWN}
        talk = replace(
            look_again(talk),
            outcome="advised",
            asked=(),
            closed=talk.closed | untold,
            signals=talk.signals | {"promise_missed"},
        )
    for key, fact in said.items():
        known = talk.facts.get(key)
        if fact.value == UNKNOWN and key in talk.hinted:
            talk = replace(talk, closed=talk.closed | {key})
        if key in CLAIMS and known and known.value != fact.value and talk.lookup and talk.lookup.proved:
            talk = disown(talk)
        if known and known.source == "system" and fact.source != "system":
            continue  # what was looked up is not a matter of opinion
        if keeps_what_he_said(known, fact.value):
            # He cannot say the minute: the day that he did say stays.
            talk = replace(talk, closed=talk.closed | {key})
        else:
            talk = talk.knows(**{key: fact})
    return talk


def sale_of(talk: Talk) -> datetime | Interval | None:
    """Give what is known of the moment of the sale that the talk is about."""
    known = talk.facts.get("paid_at")
    if known is None or talk.outcome == "closed" or not isinstance(known.value, datetime | Interval):
        return None
    return known.value


def said_in(talk: Talk, reading: Reading) -> dict[str, Fact]:
    """Take the facts of a reading: read ones, and what answers the open question."""
    pending = talk.pending
    # A bare number is the answer and nothing beside it: 12 days are no 12 yuan.
    answers = pending is not None and reading.answer is not None
    bare = answers and reading.text.strip(" 啊呀的!！").isdecimal()
    said = {} if bare else {key: Fact(value, "reader") for key, value in reading.facts.items()}
    if talk.outcome and pending is None and reading.text.strip().isdecimal():
        said.pop("amount", None)  # nothing was asked for
    if pending and "complaint" in talk.facts and (reading.answer is not None or not reading.sure):
        said.pop("complaint", None)
    if pending and pending.purpose in FOR_A_FACT and reading.answer is not None:
        said[pending.fact] = Fact(reading.answer, "merchant")
    if reading.remarks.unchanged and talk.status_before and pending and pending.fact == "payout_status":
        said["payout_status"] = Fact(talk.status_before, "merchant")
    if talk.outcome == "closed":
        return said
    if _is_the_part_that_came(talk, reading):
        said["received_amount"] = said.pop("amount")
    asked_again = {"payout_status"} if pending and pending.purpose == "arrived" else set()
    if pending and reading.answer is not None:
        asked_again.add(pending.fact)
    return {
        key: fact for key, fact in said.items() if key in asked_again or _is_news(talk.facts.get(key), fact)
    }


def _is_the_part_that_came(talk: Talk, reading: Reading) -> bool:
    """Say whether a bare sum is what came, of a sale of which only a part has."""
    sale, received = talk.facts.get("amount"), talk.facts.get("received")
    if received is None or received.value != "partial" or "received_amount" in talk.facts:
        return False
    came = reading.facts.get("amount")
    less = isinstance(came, int) and sale is not None and isinstance(sale.value, int) and came < sale.value
    return less and reading.answer is None and _BARE_SUM.fullmatch(reading.text.strip()) is not None


def heard_again(talk: Talk, reading: Reading) -> dict[str, Value]:
    """Give what a message says and what is known already."""
    facts = reading.facts if talk.outcome != "closed" else {}
    said = {key: Fact(value, talk.facts[key].source) for key, value in facts.items() if key in talk.facts}
    return {key: talk.facts[key].value for key, fact in said.items() if not _is_news(talk.facts[key], fact)}


def played_back(said: Mapping[str, Fact]) -> dict[str, Value]:
    """Give what was read and is told to him; who says "that sale" need not hear that it is only this one."""
    return {
        key: fact.value
        for key, fact in said.items()
        if fact.source == "reader" and not (key == "scope" and fact.value == "one_sale")
    }


def language_of_talk(talk: Talk, reading: Reading, channel: Language | None, *, first: bool) -> Language:
    """Answer in the language he writes; a word like OK or T+1 does not change it."""
    if talk.language_chosen:
        return talk.language
    known: Language = (channel or talk.language) if first else talk.language
    if first and reading.language is None and channel is None and _LATIN.fullmatch(reading.text.strip()):
        return "en"
    if reading.language is None or reading.language == known:
        return known
    latin = reading.language == "en" or reading.text.isascii()  # pinyin, or a name: "lakala"
    if latin and not first and len(reading.text.split()) < 3:
        return known
    return reading.language


def _is_news(known: Fact | None, said: Fact) -> bool:
    """Say whether a fact is new; the day of a sale of which the minute is known is not."""
    if known and isinstance(said.value, Interval) and isinstance(known.value, datetime):
        return not said.value.start <= known.value < said.value.end
    return known != said
