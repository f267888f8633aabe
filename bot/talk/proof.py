"""Proving who he is: merchant number and last digits of the settlement card open the operator's directory."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from bot.talk.decision import Decision, Situation
from bot.talk.state import Claim, Lookup, Talk
from bot.talk.wording import Wording
from knowledge.calendar import SHANGHAI
from knowledge.inquiry import IN_DIRECTORY
from knowledge.model import UNKNOWN, Fact
from triage.directory import Entry

#: What he must know; claims of his, kept apart from what the directory says.
CLAIMS = ("merchant_no", "settle_card_last4")
#: What the directory tells (IN_DIRECTORY) and whose answers change from day to day.
MOVING = frozenset({"payout_status", "onboarded_days"})
#: If the directory does not answer within this time, or the service is killed, the talk goes on without it.
PATIENCE = timedelta(seconds=15)
Verdict = Literal["right", "wrong", "too_many", "unreachable"]


@dataclass(frozen=True, slots=True)
class Proof:
    """Asks for the claims, and takes the directory's facts once they are proved."""

    wording: Wording

    def instead_of(self, question: str | None, talk: Talk, situation: Situation) -> str | None:
        """Give the claim to ask for first where the directory would answer, else the question."""
        proved = talk.lookup is not None and talk.lookup.proved
        if not situation.directory or proved or question not in IN_DIRECTORY:
            return question
        if any(talk.facts[claim].value == UNKNOWN for claim in CLAIMS if claim in talk.facts):
            return question
        to_ask = (claim for claim in CLAIMS if claim not in talk.facts and claim not in talk.asked)
        return next(to_ask, question)

    def starts(self, decision: Decision, situation: Situation) -> bool:
        """Ask the directory, if he has made both claims and its answer to them is not known."""
        talk = decision.talk
        claim = Claim(**{name: _told(talk, name) for name in CLAIMS})
        last = talk.lookup if talk.lookup and talk.lookup.claim == claim else None
        made = claim.merchant_no and claim.settle_card_last4
        if not situation.directory or not made or (last and not last.outdated):
            return False
        until = situation.now + PATIENCE
        decision.claim = claim
        decision.talk = replace(
            talk, lookup=Lookup(claim=claim, until=until, proved=last.proved if last else None)
        )
        return True

    def judged(
        self, decision: Decision, entry: Entry | None, verdict: Verdict, now: datetime
    ) -> tuple[str, Mapping[str, Fact]]:
        """Take the verdict; gives what to say before the talk goes on, and the facts that it goes on with."""
        talk = decision.talk
        again = talk.lookup.proved if talk.lookup else None
        proved = verdict == "right" if verdict in ("right", "wrong") else again
        decision.talk = replace(talk, lookup=talk.lookup and replace(talk.lookup, until=None, proved=proved))
        said = {} if again else {name: talk.facts[name] for name in CLAIMS if name in talk.facts}
        if entry:
            said |= {key: Fact(value, "system") for key, value in directory_facts(entry, now).items()}
        if verdict == "unreachable" or (again and proved):
            return "", said
        space = " " if talk.language == "en" else ""
        return self.wording.say(f"proof_{verdict}", talk.language) + space, said


def look_again(talk: Talk) -> Talk:
    """Forget what changes from day to day; it is looked up anew, unless he could not prove who he is."""
    facts = {key: fact for key, fact in talk.facts.items() if key != "payout_status"}
    status = talk.facts.get("payout_status")
    before = str(status.value) if status and status.value != UNKNOWN else talk.status_before
    talk = replace(talk, facts=facts, status_before=before)
    if talk.lookup is None or talk.lookup.proved is False:
        return talk
    return replace(_without(talk, MOVING), lookup=replace(talk.lookup, outdated=True))


def disown(talk: Talk) -> Talk:
    """Forget what the directory said: it was of another merchant."""
    return replace(_without(talk, IN_DIRECTORY), lookup=None)


def _without(talk: Talk, keys: frozenset[str]) -> Talk:
    facts = {key: f for key, f in talk.facts.items() if key not in keys or f.source != "system"}
    return replace(talk, facts=facts)


def directory_facts(entry: Entry, now: datetime) -> Mapping[str, str | int]:
    """Give what the directory says of a merchant as facts."""
    facts: dict[str, str | int] = dict(entry.facts)
    if entry.onboarded_on:
        facts["onboarded_days"] = (now.astimezone(SHANGHAI).date() - entry.onboarded_on).days
    return facts


def _told(talk: Talk, claim: str) -> str:
    fact = talk.facts.get(claim)
    return str(fact.value) if fact and fact.value != UNKNOWN else ""
