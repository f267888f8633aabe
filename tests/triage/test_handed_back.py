"""A ticket that is given to a queue is nobody's until somebody takes it."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Row

from bot.parts import Parts
from tests.talking import NOW, Merchant, parts_on
from triage import accounts, agents

PASSWORD = "a long pass phrase 7"
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def parts() -> Iterator[Parts]:
    with parts_on() as opened:
        for name in ("lin", "wang"):
            opened.store.write(
                partial(accounts.add, name=name, display_name=name, password=PASSWORD, now=NOW)
            )
        yield opened


@pytest.fixture
def merchant(parts: Parts) -> Merchant:
    someone = Merchant(parts)
    someone.say("昨天上午10点刷了3500没到账")
    someone.say("人工")
    return someone


def ticket(parts: Parts) -> Row[Any]:
    row = "SELECT status, queue, assignee_id, facts FROM ticket"
    return parts.store.read(lambda connection: connection.exec_driver_sql(row).one())


@pytest.mark.parametrize("waits", [False, True])
def test_it_waits_to_be_taken_again(parts: Parts, merchant: Merchant, *, waits: bool) -> None:
    write = parts.store.write
    write(lambda tx: agents.claim(tx, 1, 1, NOW))
    if waits:
        write(lambda tx: agents.wait(tx, 1, 1, NOW))
    write(lambda tx: agents.hand_over(tx, 1, 1, LATER, to_queue="risk"))
    assert list(ticket(parts))[:3] == ["new", "risk", None]
    merchant.say("进度")
    assert "等待处理" in merchant.texts
    assert "正在跟进" not in merchant.texts
    write(lambda tx: agents.claim(tx, 1, 2, LATER))
    assert ticket(parts).status == "claimed"
    merchant.say("在吗")
    merchant.say("在吗")
    assert merchant.last["messages"] == [], "the bot is silent again"


def test_what_he_says_meanwhile_is_taken_down_and_leaves_it_in_the_queue(
    parts: Parts, merchant: Merchant
) -> None:
    parts.store.write(lambda tx: agents.claim(tx, 1, 1, NOW))
    parts.store.write(lambda tx: agents.hand_over(tx, 1, 1, LATER, to_queue="risk"))
    merchant.say("结算方式是T+1，App里显示打款失败，结算卡上个月注销了")
    assert "settlement_mode" in ticket(parts).facts
    assert ticket(parts).queue == "risk", "a person put it there"


def test_given_to_a_person_it_is_his(parts: Parts, merchant: Merchant) -> None:
    parts.store.write(lambda tx: agents.claim(tx, 1, 1, NOW))
    parts.store.write(lambda tx: agents.hand_over(tx, 1, 1, LATER, to_account=2))
    assert [*ticket(parts)][:3] == ["claimed", ticket(parts).queue, 2]
    merchant.say("进度")
    assert "正在跟进" in merchant.texts
