"""Messages whose turn failed, heard later: in the talk as it was when they were said."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest

from bot.messages import Incoming
from bot.parts import Parts
from bot.talk.state import Talk
from bot.turn import Answer
from tests.talking import NOW, parts_on

COMPLAINT = "昨天上午10点刷了3500没到账"


class Chat:
    """A talk whose clock moves a second with every message."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.now = NOW
        self._keys = count()

    def say(self, text: str) -> Answer | None:
        self.now += timedelta(seconds=1)
        incoming = Incoming(channel="telegram", sender="7", key=f"tg:{next(self._keys)}", text=text)
        return self.parts.turns.take(incoming, self.now)

    def lose(self, text: str) -> None:
        with pytest.MonkeyPatch.context() as broken:
            broken.setattr("bot.turn.Turn.take", lambda *_: 1 / 0)
            assert self.say(text) is None

    def retry(self) -> Talk:
        self.now += timedelta(minutes=1)
        assert self.parts.turns.retry(self.now) == 1
        return self.parts.turns.look(1, self.now)[0]


@pytest.fixture
def chat() -> Iterator[Chat]:
    with parts_on() as parts:
        yield Chat(parts)


def asked(answer: Answer | None) -> str:
    assert answer
    assert answer.talk.pending
    return answer.talk.pending.fact


def test_a_late_answer_is_none_to_a_later_question(chat: Chat) -> None:
    first = asked(chat.say(COMPLAINT))
    chat.lose("第一个")
    again = chat.say("第一个")
    later = asked(again)
    assert again
    assert later != first
    talk = chat.retry()
    assert later not in talk.facts
    assert talk.facts == again.talk.facts
    assert talk.pending
    assert talk.pending.fact == later, "the open question still waits"
    answered = chat.say("第一个")
    assert answered
    assert later in answered.talk.facts


def test_a_late_answer_to_the_question_that_is_open_still_counts(chat: Chat) -> None:
    first = asked(chat.say(COMPLAINT))
    chat.lose("第一个")
    assert first in chat.retry().facts


def test_facts_said_late_are_heard(chat: Chat) -> None:
    chat.say("你好")
    chat.lose("昨天上午10点刷了3500")
    chat.say("没到账")
    assert {"amount", "paid_at", "complaint"} <= chat.retry().facts.keys()


def test_a_card_number_in_a_link_is_not_kept(chat: Chat) -> None:
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr("bot.turn.Turn.take", lambda *_: 1 / 0)
        facts = {"brand": "6222020200112345679", "merchant_no": "821290054110001"}
        start = Incoming(channel="telegram", sender="7", key="tg:1", command="start", facts=facts)
        assert chat.parts.turns.take(start, chat.now) is None
    kept = "SELECT payload FROM set_aside"
    payload = chat.parts.store.read(lambda connection: connection.exec_driver_sql(kept).scalar())
    assert "6222020200112345679" not in str(payload)
    assert chat.retry().facts["merchant_no"].value == "821290054110001"
