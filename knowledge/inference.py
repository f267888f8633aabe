"""What follows from the facts of a case without a calendar, by comparing two of them."""

from knowledge.acquirers import Acquirers
from knowledge.model import Fact, Facts

#: In whose name the merchant is registered -> the kind of settlement account that fits.
FITTING = {"person": "personal", "company": "company"}
#: What a class II account takes in a day, in fen.
LARGE = 10_000_00
#: A terminal is new for so many days.
NEW_FOR_DAYS = 90


def infer(facts: Facts, acquirers: Acquirers) -> dict[str, Fact]:
    """Give what is derived: amount_size, balance_below_minimum, newly_opened, account_fits, account_class."""
    inferred = {}
    brand, amount, balance = facts.get("brand"), facts.get("amount"), facts.get("pending_balance")
    smallest = acquirers.profile(brand.value if brand and isinstance(brand.value, str) else None).min_payout
    if amount and isinstance(amount.value, int):
        size = "tiny" if amount.value < smallest else "large" if amount.value > LARGE else "ordinary"
        inferred["amount_size"] = Fact(size, "derived")
    if balance and isinstance(balance.value, int):
        inferred["balance_below_minimum"] = _yes_no(balance.value < smallest)
    days = facts.get("onboarded_days")
    if days and isinstance(days.value, int):
        inferred["newly_opened"] = _yes_no(days.value < NEW_FOR_DAYS)
    registered, account = facts.get("registered_as"), facts.get("account_kind")
    if registered and account and registered.value in FITTING and account.value in FITTING.values():
        inferred["account_fits"] = _yes_no(FITTING[str(registered.value)] == account.value)
    if account and account.value == "company" and "account_class" not in facts:
        inferred["account_class"] = Fact("class_1", "derived")  # only personal accounts have other classes
    return inferred


def _yes_no(holds: bool) -> Fact:
    return Fact("yes" if holds else "no", "derived")
