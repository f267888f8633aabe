"""What he could not tell is asked once more, with where to look, if it would tell far more than all else."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.parts import Parts
from knowledge.model import Language
from tests.talking import NOW, Merchant, parts_on

KNOWS = {
    "txn_result": "success",
    "notice": "none",
    "card_changed": "no",
    "scope": "one_sale",
    "papers_expired": "no",
    "activated": "yes",
    "bounced_before": "no",
}


@pytest.fixture(scope="module")
def parts() -> Iterator[Parts]:
    with parts_on() as ready:
        yield ready


def until_asked_again(merchant: Merchant, fact: str) -> str:
    """Answer from what he knows until the fact is asked a second time; gives the words of the question."""
    while merchant.asked.count(fact) < 2:
        ask = merchant.ask
        assert ask, f"{fact} is not asked again: {merchant.asked}"
        value = merchant.knows.get(ask["fact"], "unknown")
        merchant.tap(value)
    return merchant.texts


@pytest.mark.parametrize(
    ("language", "text", "hint"),
    [
        ("zh", "没到账", "打开收款 App，在“我的”或“账单”里找“结算记录”，点开这笔，状态写的是什么？"),
        ("en", "My money has not arrived", "look under Mine or Bills for settlement records"),
    ],
)
def test_he_is_told_where_to_look(parts: Parts, language: Language, text: str, hint: str) -> None:
    merchant = Merchant(parts, chat=f"look-{language}", language=language, knows=KNOWS)
    merchant.say(text)
    assert merchant.asks == "payout_status"
    assert hint not in merchant.texts
    merchant.tap("unknown")
    assert merchant.asks != "payout_status", "first what was not asked yet"
    assert hint in until_asked_again(merchant, "payout_status")
    merchant.tap("held")
    assert merchant.last["facts"]["payout_status"] == {"value": "held", "source": "merchant"}


def test_not_knowing_may_be_typed_the_second_time_too(parts: Parts) -> None:
    merchant = Merchant(parts, chat="typed", knows=KNOWS)
    merchant.say("没到账")
    until_asked_again(merchant, "payout_status")
    merchant.say("不清楚")
    assert "没太看懂" not in merchant.texts
    assert merchant.asks != "payout_status"


def test_who_was_told_where_to_look_is_not_asked_again(parts: Parts) -> None:
    merchant = Merchant(parts, chat="told", knows=KNOWS)
    merchant.say("没到账")
    merchant.say("在哪看？")
    merchant.say("不清楚")
    merchant.answer_all()
    assert merchant.asked.count("payout_status") == 2, "the question, and the hint that he asked for"


def test_nobody_is_asked_three_times(parts: Parts) -> None:
    merchant = Merchant(parts, chat="three", knows=KNOWS)
    merchant.say("没到账")
    until_asked_again(merchant, "payout_status")
    merchant.answer_all()
    times = Counter(merchant.asked)
    assert times["payout_status"] == 2
    assert max(times.values()) == 2
    assert merchant.last["outcome"] == "ticket"


def test_where_there_is_nowhere_to_look_he_is_asked_once(parts: Parts) -> None:
    knows = {"payout_status": "processing", "scope": "all_today"}
    merchant = Merchant(parts, chat="nowhere", knows=knows)
    merchant.say("没到账")
    merchant.answer_all()
    assert merchant.asked.count("others_affected") == 1


def test_what_he_could_not_tell_is_not_asked_again_after_a_missed_promise(parts: Parts) -> None:
    merchant = Merchant(parts, chat="missed", knows={**KNOWS, "settlement_mode": "t1"})
    merchant.say("昨天下午3点刷了2000没到账")
    merchant.answer_all()
    assert merchant.last["outcome"] == "advised"
    assert merchant.asked.count("payout_status") == 2
    merchant.send(at=(NOW + timedelta(days=9)).isoformat())
    assert merchant.last["outcome"] == "closed"
    before = len(merchant.asked)
    merchant.say("钱还是没到")
    merchant.answer_all()
    assert "payout_status" not in merchant.asked[before:]
