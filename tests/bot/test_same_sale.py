"""The same sale reported twice: the second report joins the first instead of opening another ticket."""

from collections.abc import Iterator

import pytest

from bot.parts import Parts
from tests.talking import Merchant, parts_on

SALE = "商户号821290054110001，参考号123456789012"


@pytest.fixture
def parts(database_url: str) -> Iterator[Parts]:
    with parts_on(database_url) as ready:
        yield ready


def test_a_second_report_of_the_same_sale_gets_no_ticket(parts: Parts) -> None:
    first = Merchant(parts, chat="first")
    first.say(f"昨天刷的3500没到账，{SALE}")
    first.say("人工")
    assert first.last["outcome"] == "ticket"
    second = Merchant(parts, chat="second")
    second.say(f"老板让我问，没到账，{SALE}")
    second.answer_all()
    assert second.last["outcome"] == "advised"
    assert second.leader == "duplicate_claim"
    assert "已经登记过" in second.texts
    assert second.last["ticket"] is None


def test_another_sale_of_the_same_merchant_is_another_case(parts: Parts) -> None:
    first = Merchant(parts, chat="first")
    first.say(f"昨天刷的3500没到账，{SALE}")
    first.say("人工")
    other = Merchant(parts, chat="other")
    other.say("没到账，商户号821290054110001，参考号999956789012")
    assert other.last["facts"]["earlier_ticket"]["value"] == "no"
    other.say("人工")
    assert other.last["outcome"] == "ticket"
