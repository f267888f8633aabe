"""What he says of promised money: that it has come, in full or not, or that it has not."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.talk.sales import SALE
from bot.talk.state import Talk
from knowledge.model import Fact, Reading, Value

#: What "it came, but short" says, whatever its words.
SHORT = {"complaint": Fact("short", "merchant"), "received": Fact("partial", "merchant")}
#: A fee takes no more of a sale: one part in so many, and this sum, in fen.
FEE_PART, FEE_SUM = 100, 3_00
#: So long after money was due, a complaint that names no sale is about that money.
RECENT = timedelta(days=2)


def arrival_of(talk: Talk, reading: Reading) -> Value | None:
    """Give the answer to "has it arrived?"; None if it says nothing of that.

    "short" is a yes to less than the sale, "all" one to every such question that is open. Who was promised
    the money may tell a sum, or that it is short, before he is asked.
    """
    pending = talk.pending
    asked = pending is not None and pending.purpose == "arrived"
    answer = reading.answer if asked else None
    if not (asked or (talk.outcome == "advised" and pending is None)):
        return answer
    complains = reading.facts.get("complaint") == "short"
    partial = reading.facts.get("received") == "partial"
    if answer == "no" and not partial:
        return answer
    came = reading.facts.get("received_amount")
    if isinstance(came, int) and not partial and (asked or complains):
        return "yes" if _is_all(came, talk) else "short"
    if partial or (asked and complains):
        return "short"
    if answer == "yes" and reading.remarks.all_arrived:
        return "all"
    return "no" if asked and reading.facts.get("received") == "none" else answer


def takes_back(talk: Talk, reading: Reading, said: Mapping[str, Fact], now: datetime) -> bool:
    """Say whether he takes back that the money has come, or that it is all of it, and tells no other sale."""
    if not talk.confirmed or SALE & said.keys():
        return False
    recent = talk.due_at is not None and now - talk.due_at < RECENT
    return reading.remarks.takes_back or (recent and not reading.remarks.another and is_short(said))


def is_short(said: Mapping[str, Fact]) -> bool:
    """Say whether he says that less has come than should have."""
    return "complaint" in said and said["complaint"].value == "short"


def part_come(talk: Talk, said: Mapping[str, Fact]) -> dict[str, Fact] | None:
    """Give what "300 has come" says of a sale of more than that; None where it is all of it."""
    came = said.get("amount")
    if came is None or not isinstance(came.value, int) or _is_all(came.value, talk):
        return None
    return {**SHORT, "received_amount": came}


def _is_all(came: int, talk: Talk) -> bool:
    """Say whether a sum is the sale's, or what a fee leaves of it; any is, if he has not told the sale's."""
    sale = talk.facts.get("amount")
    if sale is None or not isinstance(sale.value, int):
        return True
    return sale.value - came <= sale.value // FEE_PART + FEE_SUM
