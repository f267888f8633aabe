"""What a message complains of: by its intent, by its words, or by what else it says."""

from collections.abc import Mapping

from knowledge.model import Value
from knowledge.reading.intents import Guess

#: What a sure intent says of the complaint.
COMPLAINTS = {
    "payout_not_arrived": "not_arrived",
    "amount_mismatch": "short",
    "charged_but_failed": "charged_but_failed",
    "refund_question": "refund",
    "arrival_time": "when",
}
#: Intents whose numbers and days are not about a sale.
ELSEWHERE = frozenset({"out_of_scope", "greeting_thanks"})
#: Where one of these is said, money is missing.
_WAITS: Mapping[str, frozenset[str]] = {
    "payout_status": frozenset({"pending", "processing", "failed", "held", "to_withdraw"}),
    "received": frozenset({"none"}),
    "notice": frozenset({"risk", "retrieval", "documents", "judicial"}),
    "bounced_before": frozenset({"corrected", "not_corrected"}),
}
#: A payout that the bank returned: "退了" is said of it, and is no refund.
_RETURNED: Mapping[str, frozenset[str]] = {
    "payout_status": frozenset({"failed"}),
    "bounced_before": frozenset({"corrected", "not_corrected"}),
}
#: "Another", "one too few" and the like, said of the card.
_OF_THE_CARD: Mapping[str, frozenset[str]] = {
    "settle_card_checked": frozenset({"different"}),
    "settle_info_correct": frozenset({"no"}),
}
#: With other facts beside it, an intent counts from this confidence on.
_LIKELY = 0.5


def complaint_of(facts: Mapping[str, Value], guess: Guess, *, to_him: bool = False) -> Value | None:
    """Tell what is wrong: by a sure intent, by the words themselves, or by what else he says.

    to_him: it is he who wants money back, so that it is no refund to a customer.
    """
    refund = guess.intent == "refund_question" and not to_him and not _says(facts, _RETURNED)
    meant = COMPLAINTS.get(guess.intent) if guess.sure else None
    if meant and _is_meant(meant, facts, refund=refund):
        return meant
    if facts.get("txn_result") == "failed" and facts.get("cardholder_charged") == "yes":
        return "charged_but_failed"
    likely = guess.intent == "payout_not_arrived" and guess.confidence >= _LIKELY
    if not meant and facts and likely:
        return facts.get("complaint", "not_arrived")
    if "complaint" in facts or guess.intent in ELSEWHERE:
        return facts.get("complaint")
    if facts.get("received") == "partial":
        return "short"
    return "not_arrived" if _says(facts, _WAITS) and not refund else None


def _says(facts: Mapping[str, Value], any_of: Mapping[str, frozenset[str]]) -> bool:
    return any(facts.get(key) in values for key, values in any_of.items())


def _is_meant(complaint: str, facts: Mapping[str, Value], *, refund: bool) -> bool:
    """Tell whether the words of a sure intent are about the money, and not about what else he says."""
    match complaint:
        case "refund":
            return refund and "void_found" not in facts
        case "short":  # "different" is said of the card
            return not _says(facts, _OF_THE_CARD) and facts.get("complaint") != "refund"
        case "charged_but_failed":  # charged twice for one sale that was approved
            return facts.get("complaint") != "refund" and facts.get("amount_entered_correct") != "no"
    return True
