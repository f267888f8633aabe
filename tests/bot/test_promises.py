"""What was promised is kept, whatever else happens in the talk or in the house."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.parts import Parts
from tests.talking import Merchant, parts_on
from triage.model import Conversation, table

CONVERSATION = table(Conversation)
KNOWS = {"settlement_mode": "t1", "payout_status": "pending"}


@pytest.fixture
def parts(database_url: str) -> Iterator[Parts]:
    with parts_on(database_url) as ready:
        yield ready


def promised(parts: Parts, chat: str) -> datetime:
    """Let a merchant be promised a question; gives its moment."""
    merchant = Merchant(parts, chat=chat, knows=KNOWS)
    merchant.say("昨天下午3点刷的1280还没到账")
    merchant.answer_all()
    assert merchant.last["outcome"] == "advised"
    moment = row_of(parts, chat).wake_at
    assert moment
    return moment


def row_of(parts: Parts, chat: str) -> Any:
    his = select(CONVERSATION).where(CONVERSATION.c.sender == chat)
    return parts.store.read(lambda connection: connection.execute(his).one())


def test_a_talk_that_cannot_be_read_stops_no_other_promise(parts: Parts) -> None:
    for chat in ("broken", "sound"):
        moment = promised(parts, chat)
    broken = update(CONVERSATION).where(CONVERSATION.c.sender == "broken")
    earlier = moment - timedelta(hours=1)
    values = {"talk": {"facts": "nonsense"}, "wake_at": earlier}
    parts.store.write(lambda transaction: transaction.execute(broken, values))
    assert parts.turns.wake(moment) == 2
    assert row_of(parts, "sound").talk["pending"]["fact"] == "arrived"
    assert row_of(parts, "broken").wake_at > moment, "it is not the first again in the next round"
    assert parts.turns.wake(moment) == 0
