"""What follows from the facts of a case without a calendar, by comparing two of them."""

from knowledge.acquirers import Acquirers
from knowledge.model import Fact, Facts

#: In whose name the merchant is registered -> the kind of settlement account that fits.
FITTING = {"person": "personal", "company": "company"}


def infer(facts: Facts, acquirers: Acquirers) -> dict[str, Fact]:
    """Give the derived facts: balance_below_minimum, account_fits."""
    inferred = {}
    brand, balance = facts.get("brand"), facts.get("pending_balance")
    if balance and isinstance(balance.value, int):
        profile = acquirers.profile(brand.value if brand and isinstance(brand.value, str) else None)
        inferred["balance_below_minimum"] = _yes_no(balance.value < profile.min_payout)
    registered, account = facts.get("registered_as"), facts.get("account_kind")
    if registered and account and registered.value in FITTING and account.value in FITTING.values():
        inferred["account_fits"] = _yes_no(FITTING[str(registered.value)] == account.value)
    return inferred


def _yes_no(holds: bool) -> Fact:
    return Fact("yes" if holds else "no", "derived")
