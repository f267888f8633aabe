"""Proving who he is: merchant number and last digits of the settlement card open the operator's directory."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from bot.talk.decision import Claim, Decision, Situation
from bot.talk.state import Talk
from bot.talk.wording import SHANGHAI, Wording
from knowledge.model import UNKNOWN, Fact
from triage.directory import Entry

#: What he must know; claims of his, kept apart from what the directory says.
CLAIMS = ("merchant_no", "settle_card_last4")
#: Questions that the directory would answer.
ANSWERED = frozenset(
    {"brand", "settlement_mode", "settle_bank", "account_kind", "registered_as", "payout_status"}
    | {"onboarded_days"}
)
#: If the directory does not answer within this time, or the service is killed, the talk goes on without it.
PATIENCE = timedelta(seconds=15)
Verdict = Literal["right", "wrong", "too_many", "unreachable"]


@dataclass(frozen=True, slots=True)
class Proof:
    """Asks for the claims, and takes the directory's facts once they are proved."""

    wording: Wording

    def instead_of(self, question: str | None, talk: Talk, situation: Situation) -> str | None:
        """Give the claim to ask for first where the directory would answer, else the question."""
        if not situation.directory or talk.proved or question not in ANSWERED:
            return question
        if any(talk.facts[claim].value == UNKNOWN for claim in CLAIMS if claim in talk.facts):
            return question
        to_ask = (claim for claim in CLAIMS if claim not in talk.facts and claim not in talk.asked)
        return next(to_ask, question)

    def starts(self, decision: Decision, situation: Situation) -> bool:
        """Ask the directory, if he has made both claims and they were not judged yet."""
        talk = decision.talk
        claimed = tuple(_told(talk, claim) for claim in CLAIMS)
        key = f"judged {' '.join(claimed)}"
        if not situation.directory or talk.proved or not all(claimed) or key in talk.told:
            return False
        decision.claim = Claim(merchant_no=claimed[0], settle_card_last4=claimed[1])
        decision.talk = replace(talk, told=talk.told | {key}, wake="lookup")
        decision.wake_at = situation.now + PATIENCE
        return True

    def judged(self, decision: Decision, entry: Entry | None, verdict: Verdict, now: datetime) -> str:
        """Take the verdict; gives what to say before the talk goes on."""
        talk = decision.talk
        if verdict == "right" and entry:
            facts = {key: Fact(value, "system") for key, value in directory_facts(entry, now).items()}
            decision.talk = replace(talk.knows(**facts), proved=entry.merchant_no)
        if verdict == "unreachable":
            return ""
        space = " " if talk.language == "en" else ""
        return self.wording.say(f"proof_{verdict}", talk.language) + space


def directory_facts(entry: Entry, now: datetime) -> Mapping[str, str | int]:
    """Give what the directory says of a merchant as facts."""
    facts: dict[str, str | int] = dict(entry.facts)
    if entry.onboarded_on:
        facts["onboarded_days"] = (now.astimezone(SHANGHAI).date() - entry.onboarded_on).days
    return facts


def _told(talk: Talk, claim: str) -> str:
    fact = talk.facts.get(claim)
    return str(fact.value) if fact and fact.value != UNKNOWN else ""
