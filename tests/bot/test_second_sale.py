"""Another sale is another case: with its own facts, beside the ticket and the promise of the first."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.administration import Administration
from bot.parts import Parts
from bot.talk.state import read_talk
from tests.talking import NOW, Merchant, parts_on
from triage import accounts, agents
from triage.desk.ticket import find_ticket
from triage.model import Conversation, Ticket, table
from triage.topics import news_for, topic_of

TICKET, CONVERSATION = table(Ticket), table(Conversation)
KNOWS = {"settlement_mode": "t1", "payout_status": "pending"}
HELD = "昨天下午3点刷的5万6 风控延迟结算 没到"


@pytest.fixture
def parts(file_url: str) -> Iterator[Parts]:
    with parts_on(file_url) as ready:
        yield ready


@pytest.fixture
def merchant(parts: Parts) -> Merchant:
    return Merchant(parts, knows=KNOWS)


def tickets_in(parts: Parts) -> list[Any]:
    return list(parts.store.read(lambda c: c.execute(select(TICKET).order_by(TICKET.c.id)).all()))


def amounts(parts: Parts) -> list[int]:
    return [ticket.facts["amount"]["value"] for ticket in tickets_in(parts)]


def take(parts: Parts) -> int:
    """Let an agent take the first ticket; gives his account."""

    def work(tx: Any) -> int:
        agent = accounts.add(tx, "li", "小李", "a long pass phrase 7", NOW)
        agents.claim(tx, 1, agent, NOW)
        return agent

    return parts.store.write(work)


def test_an_agent_reads_of_the_other_sale_and_keeps_the_facts_of_the_first(
    parts: Parts, merchant: Merchant
) -> None:
    merchant.say(HELD)
    merchant.say("转人工")
    merchant.say("今天又刷了一笔300 也没到")
    assert amounts(parts) == [5600000]
    case = parts.store.read(lambda c: find_ticket(c, 1))
    assert case
    assert [event.kind for event in case.events] == ["filed", "another_sale"]
    notes = [line.text for line in case.lines if line.author == "note"]
    assert len(notes) == 1
    assert "¥300" in notes[0]

    def news(tx: Any) -> list[str]:
        return [one.text for one in news_for(tx.connection, topic_of(tx, 1, "-100"), tickets_in_row(tx))]

    assert notes[0] in parts.store.write(news)


def tickets_in_row(tx: Any) -> Any:
    return tx.execute(select(TICKET)).mappings().one()


def test_what_he_adds_to_the_other_sale_is_noted_too(parts: Parts, merchant: Merchant) -> None:
    merchant.say(HELD)
    merchant.say("转人工")
    merchant.say("今天又刷了一笔300 也没到")
    merchant.say("参考号123456789012")
    assert amounts(parts) == [5600000]
    assert "reference_no" not in tickets_in(parts)[0].facts
    case = parts.store.read(lambda c: find_ticket(c, 1))
    assert case
    assert "123456789012" in [line.text for line in case.lines if line.author == "note"][-1]


def test_a_cause_of_one_sale_does_not_answer_for_another(parts: Parts, merchant: Merchant) -> None:
    merchant.say("昨天下午3点刷的1280还没到账 App显示待提现")
    merchant.say("转人工")
    merchant.say("今天又刷了一笔300 也没到")
    assert merchant.asks == "payout_status"
    merchant.answer_all()
    assert merchant.last["outcome"] == "advised"
    merchant.say("转人工")
    assert "也登记在工单 DZ-000001" in merchant.texts
    assert amounts(parts) == [128000]


def test_the_talk_stays_the_agents(parts: Parts, merchant: Merchant) -> None:
    merchant.say(HELD)
    merchant.say("转人工")
    take(parts)
    merchant.say("今天又刷了一笔300 也没到")
    assert "已转告" in merchant.texts
    assert merchant.ask is None
    assert amounts(parts) == [5600000]


def test_numbers_for_the_agent_go_to_his_ticket(parts: Parts, merchant: Merchant) -> None:
    merchant.say("昨天下午3点刷的1280还没到账 App显示待提现")
    merchant.say("转人工")
    merchant.say("今天又刷了一笔300 也没到")
    assert merchant.ask
    agent = take(parts)
    merchant.say("商户号821290054110001")
    ticket = tickets_in(parts)[0]
    assert ticket.facts["merchant_no"]["value"] == "821290054110001"
    assert ticket.facts["amount"]["value"] == 128000
    causes = parts.knowledge.causes
    resolve = agents.resolve
    parts.store.write(lambda tx: resolve(tx, 1, agent, NOW, true_cause="manual_withdraw", causes=causes))
    merchant.say("好的")
    assert "DZ-000001 已办结" in merchant.texts
    assert merchant.asks == "payout_status"
    assert merchant.last["facts"]["amount"]["value"] == 30000


def promise_both(merchant: Merchant) -> None:
    """Have him advised of two sales, 1,280 due first and 200 due the next day."""
    merchant.say("昨天下午3点刷的1280还没到账")
    merchant.answer_all()
    merchant.say("还有今天上午9点一笔200 没到")
    merchant.answer_all()


def test_the_older_of_two_questions_is_about_its_own_sale(merchant: Merchant) -> None:
    promise_both(merchant)
    merchant.send(at="2026-10-09T16:30:00+08:00")
    assert "¥1,280" in merchant.texts
    older = options(merchant)
    merchant.send(at="2026-10-10T16:31:00+08:00")
    assert "¥200到账了吗" in merchant.texts
    merchant.send(choice=older["no"])
    assert merchant.last["facts"]["amount"]["value"] == 128000
    assert merchant.last["outcome"] is None


def test_a_question_about_a_sale_that_is_over_is_none_about_the_next(merchant: Merchant) -> None:
    promise_both(merchant)
    merchant.send(at="2026-10-09T16:30:00+08:00")
    older = options(merchant)
    merchant.tap("yes")
    merchant.send(at="2026-10-10T16:31:00+08:00")
    assert "¥200到账了吗" in merchant.texts
    merchant.send(choice=older["no"])
    assert "过期" in merchant.texts
    assert merchant.last["outcome"] == "advised"
    assert merchant.asks == "arrived"


def options(merchant: Merchant) -> dict[str, str]:
    return {option["value"]: option["id"] for option in merchant.ask["options"]} if merchant.ask else {}


def test_a_promise_comes_amid_the_questions_about_another(merchant: Merchant) -> None:
    merchant.say("昨天下午3点刷的1280还没到账")
    merchant.answer_all()
    merchant.say("还有今天上午9点一笔200 没到")
    assert merchant.asks == "payout_status"
    merchant.send(at="2026-10-09T16:30:00+08:00")
    assert "¥1,280到账了吗" in merchant.texts
    merchant.tap("yes")
    assert "¥200" in merchant.texts
    assert merchant.asks == "payout_status"
    merchant.tap("pending")
    assert merchant.last["facts"]["amount"]["value"] == 20000


def test_both_promises_outlive_a_restart(parts: Parts, merchant: Merchant) -> None:
    promise_both(merchant)
    row = parts.store.read(lambda c: c.execute(select(CONVERSATION)).one())
    talk = read_talk(row.talk, parts.knowledge.facts)
    assert talk.to_json() == row.talk
    assert len(talk.earlier) == 1
    assert row.wake_at == talk.earlier[0].wake_at
    assert talk.own_wake_at
    assert row.wake_at < talk.own_wake_at


def test_who_says_nothing_is_let_go_of_both(parts: Parts, merchant: Merchant) -> None:
    promise_both(merchant)
    merchant.send(at=(NOW + timedelta(days=9)).isoformat())
    row = parts.store.read(lambda c: c.execute(select(CONVERSATION)).one())
    assert row.wake_at is None
    assert read_talk(row.talk, parts.knowledge.facts).earlier == ()


@pytest.mark.parametrize("then", ["到了", "还没到"])
def test_an_answer_in_words_is_about_the_sale_that_was_asked_about(merchant: Merchant, then: str) -> None:
    promise_both(merchant)
    merchant.send(at=datetime(2026, 10, 9, 16, 30, tzinfo=NOW.tzinfo).isoformat())
    merchant.say(then)
    assert merchant.last["facts"]["amount"]["value"] == 128000
    assert (merchant.last["outcome"] == "closed") == (then == "到了")


def test_a_question_about_another_sale_waits_while_an_agent_has_the_ticket(
    parts: Parts, merchant: Merchant
) -> None:
    merchant.say("昨天下午3点刷的1280还没到账 App显示待提现")
    merchant.say("转人工")
    merchant.say("今天又刷了一笔300 也没到")
    assert merchant.ask
    take(parts)
    for words in ("中午的", "App里没看到", "怎么样了"):
        merchant.say(words)
        assert merchant.ask is None, words


def test_the_status_of_a_sale_that_is_late_promises_nothing(merchant: Merchant) -> None:
    promise_both(merchant)
    merchant.send(at="2026-10-09T16:30:00+08:00")
    merchant.say("进度")
    assert "已经过了时间" in merchant.texts
    assert merchant.texts.count("到时我会来问您") == 1


def test_the_open_question_stays_below_the_status_of_another_sale(merchant: Merchant) -> None:
    merchant.say("昨天下午3点刷的1280还没到账")
    merchant.answer_all()
    merchant.say("还有今天上午9点一笔200 没到")
    assert merchant.asks == "payout_status"
    merchant.say("进度")
    assert "¥1,280" in merchant.texts
    assert merchant.asks == "payout_status"


def test_an_outage_beside_a_ticket_is_noted_on_the_ticket(parts: Parts, merchant: Merchant) -> None:
    merchant.say("昨天下午3点刷的1280还没到账 App显示待提现")
    merchant.say("转人工")
    declare(parts)
    merchant.say("今天又刷了一笔300 也没到")
    assert merchant.last["outcome"] == "ticket"
    assert "也登记在工单 DZ-000001" in merchant.texts


def test_the_end_of_an_outage_is_that_of_the_sale_it_held_up(parts: Parts, merchant: Merchant) -> None:
    merchant.say("昨天下午3点刷的3500还没到账")
    merchant.answer_all()
    number = declare(parts)
    merchant.say("今天早上9点又刷了一笔5000没到")
    assert merchant.last["outcome"] == "incident"
    merchant.send(at="2026-10-09T16:30:00+08:00")
    assert merchant.asks == "arrived"
    assert "¥3,500" in merchant.texts
    Administration(parts, lambda: NOW + timedelta(hours=7)).run("incident close", {"number": number})
    merchant.tap("yes")
    assert merchant.last["facts"]["amount"]["value"] == 350000
    merchant.send(at="2026-10-12T12:00:00+08:00")
    assert "¥5,000" in merchant.texts
    assert merchant.asks == "arrived"


def test_the_end_of_an_outage_leaves_a_sale_alone_that_is_not_on_the_ticket(
    parts: Parts, merchant: Merchant
) -> None:
    merchant.say("昨天下午3点刷的1280还没到账 App显示待提现")
    merchant.say("转人工")
    merchant.say("今天又刷了一笔300 也没到")
    assert merchant.asks == "payout_status"
    number = declare(parts)
    join_by_hand(parts, number)
    close(parts, number)
    merchant.tap("pending")
    assert merchant.last["facts"]["amount"]["value"] == 30000
    merchant.send(at="2026-10-10T12:00:00+08:00")
    assert "¥1,280到账了吗" in merchant.texts


def test_the_end_of_an_outage_is_that_of_every_sale_on_the_ticket(parts: Parts, merchant: Merchant) -> None:
    merchant.say("昨天下午3点刷的1280还没到账 App显示待提现")
    merchant.say("转人工")
    number = declare(parts)
    merchant.say("今天又刷了一笔300 也没到")
    assert merchant.last["outcome"] == "ticket"
    join_by_hand(parts, number)
    close(parts, number)
    merchant.send(at="2026-10-10T12:00:00+08:00")
    assert "¥1,280到账了吗" in merchant.texts
    assert "¥300到账了吗" in merchant.texts


def join_by_hand(parts: Parts, number: int) -> None:
    """Have an agent put the first ticket under an outage."""

    def work(tx: Any) -> None:
        agent = accounts.add(tx, "wu", "小吴", "a long pass phrase 7", NOW)
        agents.join_incident(tx, 1, agent, NOW, incident_id=number)

    parts.store.write(work)


def close(parts: Parts, number: int) -> None:
    Administration(parts, lambda: NOW).run("incident close", {"number": number})


def declare(parts: Parts) -> int:
    """Declare an outage for everybody; gives its number."""
    notice = {"zh": "到账延迟，同事正在处理。", "en": "Payouts are late; our team is on it."}
    said = Administration(parts, lambda: NOW).run("incident open", {"notice": notice, "scope": {}})
    return int(said.split()[1])


ALL_CAME = [
    "都到了",
    "两笔都到了",
    "全到了",
    "都收到了，谢谢",
    "全部到账",
    "both came",
    "all here",
    "yes, both",
]


@pytest.mark.parametrize(
    ("words", "left"), [*((words, 0) for words in ALL_CAME), ("到了", 1), ("it all came", 1)]
)
def test_who_says_that_all_came_is_asked_about_none(
    parts: Parts, merchant: Merchant, words: str, left: int
) -> None:
    promise_both(merchant)
    merchant.send(at="2026-10-09T16:30:00+08:00")
    merchant.send(at="2026-10-10T16:31:00+08:00")
    assert merchant.asks == "arrived"
    merchant.say(words)
    assert merchant.last["outcome"] == "closed"
    row = parts.store.read(lambda c: c.execute(select(CONVERSATION)).one())
    assert len(read_talk(row.talk, parts.knowledge.facts).earlier) == left
    assert (row.wake_at is None) == (left == 0)


@pytest.mark.parametrize(
    "words",
    [
        *("没全到", "不是都到了", "都没到", "都收不到", "全部收入都没有", "都到了吗", "都进货去了没看"),
        *("钱都到哪里去了", "都来催我了", "all of them are missing", "both banks say no", "neither came"),
    ],
)
def test_who_says_all_but_not_that_it_came_closes_nothing(
    parts: Parts, merchant: Merchant, words: str
) -> None:
    promise_both(merchant)
    merchant.send(at="2026-10-09T16:30:00+08:00")
    merchant.send(at="2026-10-10T16:31:00+08:00")
    merchant.say(words)
    assert merchant.last["outcome"] != "closed"
    row = parts.store.read(lambda c: c.execute(select(CONVERSATION)).one())
    assert len(read_talk(row.talk, parts.knowledge.facts).earlier) == 1


def test_all_does_not_speak_of_a_sale_that_was_not_asked_about(parts: Parts, merchant: Merchant) -> None:
    promise_both(merchant)
    merchant.send(at="2026-10-09T16:30:00+08:00")
    merchant.say("都到了")
    row = parts.store.read(lambda c: c.execute(select(CONVERSATION)).one())
    assert len(read_talk(row.talk, parts.knowledge.facts).earlier) == 1
