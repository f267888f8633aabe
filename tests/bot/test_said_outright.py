"""Messages that say an intent in so many words: how long, hurry, thanks, praise, one moment."""

from collections.abc import Iterator

import pytest

from bot.parts import Parts
from tests.talking import Merchant, parts_on

STORY = "昨天下午刷了3500没到账"
UNDER_REVIEW = "昨天的3500没到账 我在app里换过结算卡 还在审核"
DUE = "昨天下午三点刷的3500没到账 T+1 待结算"


@pytest.fixture(scope="module")
def parts() -> Iterator[Parts]:
    with parts_on() as ready:
        yield ready


@pytest.mark.parametrize(
    "words", ["大概几天", "还要多久？", "要多久恢复", "什么时候能好", "好的，还要等多久"]
)
def test_how_long_is_told_by_the_cause_and_promises_nothing(parts: Parts, words: str) -> None:
    merchant = Merchant(parts, chat=f"long {words}")
    merchant.say(UNDER_REVIEW)
    asked = merchant.asks
    assert asked == "merchant_no"
    for _ in range(2):
        merchant.say(words)
        assert "通常的时间：1至3个工作日。具体哪天我说不准" in merchant.texts
        assert merchant.asks == asked
    assert merchant.last["facts"]["complaint"]["value"] == "not_arrived"


def test_how_long_after_an_advice_without_a_date(parts: Parts) -> None:
    merchant = Merchant(parts, chat="to withdraw")
    assert merchant.say("昨天的3500没到账，待提现")["outcome"] == "advised"
    merchant.say("还要多久")
    assert "提现后2小时内" in merchant.texts
    assert merchant.last["outcome"] == "advised"


def test_how_long_where_nothing_is_known_yet_puts_the_question(parts: Parts) -> None:
    merchant = Merchant(parts, chat="nothing known")
    asked = merchant.say(STORY) and merchant.asks
    merchant.say("how much longer?")
    assert merchant.asks == asked
    assert "通常" not in merchant.texts


def test_how_long_of_a_promise_is_the_promise(parts: Parts) -> None:
    merchant = Merchant(parts, chat="promise")
    merchant.say(DUE)
    merchant.say("还要多久")
    assert "预计10月9日（周五）14:00前到账" in merchant.texts


@pytest.mark.parametrize(
    "words",
    [
        "谢谢，等你消息",
        "你快点",
        "稍等",
        "等我一下",
        "好的 那我等你回复",
        "我很急",
        "资料交过了",
        "please hurry",
        "one moment",
    ],
)
def test_small_talk_amid_a_question_is_no_miss(parts: Parts, words: str) -> None:
    merchant = Merchant(parts, chat=f"small {words}")
    asked = merchant.say(STORY) and merchant.asks
    assert asked
    for _ in range(3):
        merchant.say(words)
        assert merchant.asks == asked
        assert "没太看懂" not in merchant.texts
        assert "添麻烦" not in merchant.texts
    assert asked not in merchant.last["facts"]


@pytest.mark.parametrize("words", ["好的，谢谢", "谢谢，等你消息", "ok thanks"])
@pytest.mark.parametrize("asked", ["merchant_no", "paid_at"])
def test_thanks_do_not_give_a_question_up(parts: Parts, words: str, asked: str) -> None:
    merchant = Merchant(parts, chat=f"open {asked} {words}")
    merchant.say(UNDER_REVIEW if asked == "merchant_no" else "昨天的3500没到账，待结算")
    assert merchant.asks == asked
    merchant.say(words)
    assert merchant.asks == asked


@pytest.mark.parametrize("words", ["满意", "下次还找你", "没问题了", "服务不错，谢谢", "great service"])
def test_a_kind_word_is_met_with_one(parts: Parts, words: str) -> None:
    merchant = Merchant(parts, chat=f"kind {words}")
    merchant.say(DUE)
    assert merchant.say("到了")["outcome"] == "closed"
    merchant.say(words)
    assert "不客气" in merchant.texts
    assert merchant.last["outcome"] == "closed"
