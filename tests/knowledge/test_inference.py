"""What follows from two facts without a calendar."""

import pytest

from knowledge.inference import infer
from knowledge.model import Fact
from tests.packaged import packaged_base


@pytest.mark.parametrize(
    ("kind", "said", "inferred"),
    [("company", None, "class_1"), ("company", "class_2", None), ("personal", None, None)],
)
def test_a_company_account_has_no_class(kind: str, said: str | None, inferred: str | None) -> None:
    facts = {"account_kind": Fact(kind, "merchant")}
    if said:
        facts["account_class"] = Fact(said, "merchant")
    found = infer(facts, packaged_base().acquirers).get("account_class")
    assert (found and found.value) == inferred
