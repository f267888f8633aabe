"""What was promised is kept, whatever else happens in the talk or in the house."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.parts import Parts
from tests.talking import NOW, Merchant, parts_on
from triage import accounts, agents
from triage.desk.ticket import find_ticket
from triage.model import Conversation, Ticket, TicketEvent, table
from triage.store import Transaction

CONVERSATION, TICKET, EVENT = table(Conversation), table(Ticket), table(TicketEvent)
KNOWS = {"settlement_mode": "t1", "payout_status": "pending"}


@pytest.fixture
def parts(file_url: str) -> Iterator[Parts]:
    with parts_on(file_url) as ready:
        yield ready


def promised(parts: Parts, chat: str) -> datetime:
    """Let a merchant be promised a question; gives its moment."""
    merchant = Merchant(parts, chat=chat, knows=KNOWS)
    merchant.say("昨天下午3点刷的1280还没到账")
    merchant.answer_all()
    assert merchant.last["outcome"] == "advised"
    moment: datetime | None = row_of(parts, chat).wake_at
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


@pytest.mark.parametrize(("then", "outcome", "says"), [("yes", "closed", "办结"), ("no", None, "")])
def test_the_first_of_two_questions_is_as_good_as_the_second(
    parts: Parts, then: str, outcome: str | None, says: str
) -> None:
    moment = promised(parts, "twice")
    merchant = Merchant(parts, moment, chat="twice")
    merchant.send(at=moment.isoformat())
    first = {option["value"]: option["id"] for option in merchant.ask["options"]} if merchant.ask else {}
    merchant.send(at=(moment + timedelta(days=1, minutes=1)).isoformat())
    assert merchant.asks == "arrived"
    merchant.send(choice=first[then])
    assert merchant.last["outcome"] == outcome
    assert says in merchant.texts


def test_an_old_arrival_that_he_confirms_is_an_arrival(parts: Parts) -> None:
    moment = promised(parts, "old")
    merchant = Merchant(parts, moment, chat="old")
    merchant.send(at=(moment + timedelta(minutes=1)).isoformat())
    first = {option["value"]: option["id"] for option in merchant.ask["options"]} if merchant.ask else {}
    merchant.tap("no")
    assert merchant.last["outcome"] is None
    merchant.send(choice=first["yes"])
    merchant.tap("yes")
    assert merchant.last["outcome"] == "closed"
    assert "办结" in merchant.texts


def test_an_old_arrival_of_a_case_that_is_closed_changes_nothing(parts: Parts) -> None:
    moment = promised(parts, "closed")
    merchant = Merchant(parts, moment, chat="closed")
    merchant.send(at=moment.isoformat())
    first = {option["value"]: option["id"] for option in merchant.ask["options"]} if merchant.ask else {}
    merchant.send(at=(moment + timedelta(days=3)).isoformat())
    assert merchant.last["outcome"] == "closed"
    merchant.send(choice=first["yes"])
    assert merchant.last["outcome"] == "closed"
    assert "抱歉" not in merchant.texts


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("别的那笔到了，这笔没有", "我接着查"),
        ("到账了 但是到的是我老婆的卡", "我接着查"),
        ("到了一笔800的，不是这个", "抱歉让您久等"),
        ("没看到呀", "我接着查"),
        ("到了零头", "少的部分我接着查"),
        ("只到了800，还有480没到", "少的部分我接着查"),
        ("only 800 of it", "I will look into what is missing"),
        ("it went to my other card", "I will look further"),
        ("现在银行下班了，明天再看", "明天我再来问"),
    ],
)
def test_what_is_no_yes_closes_nothing(parts: Parts, text: str, says: str) -> None:
    moment = promised(parts, "asked")
    merchant = Merchant(parts, moment, chat="asked")
    merchant.send(at=(moment + timedelta(minutes=1)).isoformat())
    assert merchant.asks == "arrived"
    assert merchant.say(text)["outcome"] != "closed"
    assert says in merchant.texts
    assert merchant.last["facts"]["amount"]["value"] == 128000


@pytest.fixture
def agent(parts: Parts) -> int:
    """Give the account of an agent."""
    return parts.store.write(lambda tx: accounts.add(tx, "li", "小李", "a long pass phrase 7", NOW))


def resolve(parts: Parts, agent: int, ticket: int, now: datetime) -> None:
    """Let the agent resolve a ticket, which is new or was resolved before."""

    def work(transaction: Transaction) -> None:
        agents.claim(transaction, ticket, agent, now)
        causes = parts.knowledge.causes
        agents.resolve(transaction, ticket, agent, now, true_cause="unknown", causes=causes)

    parts.store.write(work)


def test_every_resolution_of_a_ticket_is_told_once(parts: Parts, agent: int) -> None:
    merchant = Merchant(parts)
    merchant.say("昨天下午3点刷的1280还没到账")
    merchant.say("人工")
    resolve(parts, agent, 1, NOW)
    assert "DZ-000001 已办结" in merchant.say("好的")["messages"][0]["text"]
    assert "已办结" not in str(merchant.say("好的"))
    later = NOW + timedelta(hours=1)
    parts.store.write(lambda tx: agents.reopen(tx, 1, agent, later))
    resolve(parts, agent, 1, later)
    merchant.send(at=later.isoformat())
    assert merchant.texts.count("DZ-000001 已办结") == 1
    merchant.send(at=(later + timedelta(days=2)).isoformat())
    assert merchant.last["messages"] == []


def test_an_old_ticket_resolved_again_does_not_close_the_case_at_hand(parts: Parts, agent: int) -> None:
    merchant = Merchant(parts, knows=KNOWS)
    merchant.say("前天下午3点刷的900还没到账")
    merchant.say("人工")
    resolve(parts, agent, 1, NOW)
    merchant.say("昨天下午3点刷的1280还没到账")
    merchant.answer_all()
    assert merchant.last["outcome"] == "advised"
    promise = row_of(parts, "m1").wake_at
    parts.store.write(lambda tx: agents.reopen(tx, 1, agent, NOW))
    later = NOW + timedelta(minutes=5)
    resolve(parts, agent, 1, later)
    merchant.send(at=later.isoformat())
    assert "DZ-000001 已办结" in merchant.texts
    assert merchant.last["outcome"] == "advised"
    assert row_of(parts, "m1").wake_at == promise


def test_who_says_late_that_it_came_begins_anew_next_time(parts: Parts) -> None:
    moment = promised(parts, "late")
    merchant = Merchant(parts, moment, chat="late")
    merchant.send(at=(moment + timedelta(days=3)).isoformat())
    assert merchant.last["outcome"] == "closed"
    merchant.say("到了，谢谢")
    assert merchant.last["outcome"] == "closed"
    merchant.say("钱没到账")
    assert "amount" not in merchant.last["facts"]
    assert "抱歉" not in merchant.texts


@pytest.mark.parametrize(
    "words",
    [
        "看错了没到",
        "看错了，那是别的钱",
        "那笔是上次的钱",
        "啊不对 没到 看错了",
        "还是没到",
        "sorry, it has not come",
    ],
)
@pytest.mark.parametrize("late", [True, False])
def test_who_takes_back_that_it_came_goes_on_with_that_sale(parts: Parts, words: str, late: bool) -> None:
    moment = promised(parts, words) + timedelta(hours=1)
    merchant = Merchant(parts, moment if late else NOW, chat=words)
    merchant.say("到了")
    assert merchant.last["outcome"] == "closed"
    merchant.say(words)
    assert merchant.last["facts"]["amount"]["value"] == 128000
    assert merchant.last["outcome"] == (None if late else "advised")
    assert merchant.ask if late else row_of(parts, words).wake_at
    assert not merchant.texts.startswith("抱歉")


def test_a_ticket_learns_that_the_money_has_not_come_after_all(parts: Parts) -> None:
    merchant = Merchant(parts)
    merchant.say("昨天下午3点刷的1280还没到账")
    merchant.say("人工")
    merchant.say("到了")
    merchant.say("看错了，没到")
    assert "已补充到工单" in merchant.texts
    assert row_of(parts, "m1").talk["confirmed"] is False
    assert merchant.last["facts"]["arrived"]["value"] == "no"


def test_who_will_look_tomorrow_is_asked_tomorrow(parts: Parts) -> None:
    moment = promised(parts, "looks")
    merchant = Merchant(parts, moment, chat="looks")
    merchant.send(at=moment.isoformat())
    for day in (1, 2, 3):
        merchant.tap("unknown")
        assert "明天我再来问" in merchant.texts
        merchant.send(at=(moment + timedelta(days=day)).isoformat())
        assert merchant.asks == "arrived"
    merchant.send(at=(moment + timedelta(days=4)).isoformat())
    assert merchant.last["outcome"] == "closed"


@pytest.mark.parametrize(
    "words",
    [
        "到了吗",
        "到账了没",
        "到了？",
        "是不是到了",
        "应该到了吧",
        "可能到了",
        "has it arrived?",
        "it should have arrived",
    ],
)
def test_a_question_or_a_guess_is_no_yes(parts: Parts, words: str) -> None:
    moment = promised(parts, words)
    merchant = Merchant(parts, moment, chat=words)
    merchant.send(at=moment.isoformat())
    merchant.say(words)
    assert merchant.last["outcome"] == "advised"
    assert "结算卡的流水" in merchant.texts or "statement of the settlement card" in merchant.texts
    merchant.say("到了")
    assert merchant.last["outcome"] == "closed"


@pytest.mark.parametrize("words", ["到是到了 到别的卡上了", "到了，不过进了旧卡"])
def test_money_on_another_card_has_not_come(parts: Parts, words: str) -> None:
    moment = promised(parts, words) + timedelta(hours=1)
    merchant = Merchant(parts, moment, chat=words)
    merchant.send(at=moment.isoformat())
    merchant.say(words)
    assert merchant.last["outcome"] is None
    assert "我接着查" in merchant.texts


@pytest.mark.parametrize(
    "words", ["过两天再说", "明天再看", "晚点告诉你", "等会看", "我看看", "I'll check later"]
)
def test_who_will_look_later_answers_then(parts: Parts, words: str) -> None:
    moment = promised(parts, words) + timedelta(hours=1)
    merchant = Merchant(parts, moment, chat=words)
    merchant.send(at=moment.isoformat())
    merchant.say(words)
    assert "再告诉我" in merchant.texts or "tell me" in merchant.texts
    assert merchant.last["outcome"] == "advised"
    merchant.say("还没")
    assert merchant.last["outcome"] is None
    assert "我接着查" in merchant.texts


def test_what_the_app_shows_today_is_no_and_not_asked_again(parts: Parts) -> None:
    moment = promised(parts, "app") + timedelta(hours=1)
    merchant = Merchant(parts, moment, chat="app")
    merchant.send(at=moment.isoformat())
    merchant.say("待结算")
    assert merchant.last["outcome"] is None
    assert merchant.asks != "payout_status"
    assert merchant.last["facts"]["payout_status"]["value"] == "pending"


@pytest.mark.parametrize("words", ["1000", "1000块", "1000.00"])
def test_a_bare_sum_is_the_part_that_came(parts: Parts, words: str) -> None:
    moment = promised(parts, words)
    merchant = Merchant(parts, moment, chat=words)
    merchant.send(at=moment.isoformat())
    merchant.say("到了一部分")
    merchant.say(words)
    facts = merchant.last["facts"]
    assert (facts["amount"]["value"], facts["received_amount"]["value"]) == (128000, 100000)


@pytest.mark.parametrize("words", ["刷的是1000", "1000没到", "2000"])
def test_another_sum_is_the_sales(parts: Parts, words: str) -> None:
    moment = promised(parts, words)
    merchant = Merchant(parts, moment, chat=words)
    merchant.send(at=moment.isoformat())
    merchant.say("到了一部分")
    merchant.say(words)
    assert "received_amount" not in merchant.last["facts"]


def test_a_question_in_between_does_not_cost_the_promise(parts: Parts) -> None:
    moment = promised(parts, "between")
    merchant = Merchant(parts, chat="between")
    merchant.say("App里显示已划款")
    assert merchant.last["outcome"] is None
    assert merchant.ask
    merchant.send(at=moment.isoformat())
    assert merchant.asks == "arrived"


@pytest.mark.parametrize(
    "words",
    [
        *(
            "到了800",
            "到账了，不过只到了800",
            "到了，但是少了20",
            "收到了，金额不对",
            "只到了一部分",
            "到账800",
        ),
        *("It came but 20 yuan short", "only 800 came", "yes, received 800"),
    ],
)
def test_money_that_came_short_is_looked_into(parts: Parts, words: str) -> None:
    moment = promised(parts, words)
    merchant = Merchant(parts, moment, chat=words)
    merchant.send(at=moment.isoformat())
    assert merchant.asks == "arrived"
    merchant.say(words)
    assert merchant.last["outcome"] is None
    assert merchant.last["facts"]["complaint"]["value"] == "short"
    assert merchant.last["facts"]["received"]["value"] == "partial"
    assert merchant.ask
    assert row_of(parts, words).talk["signals"] == []


@pytest.mark.parametrize("words", ["到了1280", "到账1272.3", "收到1275了", "received 1275", "到了5000"])
def test_the_sum_of_the_sale_less_its_fee_is_all_of_it(parts: Parts, words: str) -> None:
    moment = promised(parts, words)
    merchant = Merchant(parts, moment, chat=words)
    merchant.send(at=moment.isoformat())
    merchant.say(words)
    assert merchant.last["outcome"] == "closed"
    assert merchant.ask is None


def test_a_sum_without_a_sale_to_hold_it_against_is_all_of_it(parts: Parts) -> None:
    merchant = Merchant(parts, chat="no sum", knows=KNOWS)
    merchant.say("昨天下午3点刷的还没到账")
    merchant.answer_all()
    merchant.send(at=(NOW + timedelta(hours=8)).isoformat())
    assert merchant.asks == "arrived"
    merchant.say("到了3000")
    assert merchant.last["outcome"] == "closed"


@pytest.mark.parametrize(
    ("words", "outcome"), [("到了800", None), ("到了，但是少了20", None), ("到了1272.3", "closed")]
)
def test_a_sum_that_came_before_he_was_asked(parts: Parts, words: str, outcome: str | None) -> None:
    promised(parts, f"early {words}")
    merchant = Merchant(parts, chat=f"early {words}")
    merchant.say(words)
    assert merchant.last["outcome"] == outcome
    assert "还没到时间" not in merchant.texts
    assert (merchant.ask is None) == (outcome == "closed")


def test_what_the_app_shows_is_asked_anew_when_the_money_is_late(parts: Parts) -> None:
    merchant = Merchant(parts, chat="withdraw")
    merchant.say("昨天下午3点刷的1280还没到账 t1 待提现，机器用了200天")
    assert merchant.last["outcome"] == "advised"
    late = NOW + timedelta(days=1)
    merchant.send(at=late.isoformat())
    assert merchant.asks == "arrived"
    merchant.say("没到")
    assert merchant.asks == "payout_status"
    assert "提现" not in merchant.texts
    merchant.say("已划款")
    assert merchant.last["facts"]["payout_status"]["value"] == "paid_out"
    assert merchant.last["outcome"] is None


def test_what_was_shown_before_a_silent_end_is_asked_anew(parts: Parts) -> None:
    moment = promised(parts, "silent end")
    merchant = Merchant(parts, moment, chat="silent end")
    merchant.send(at=(moment + timedelta(days=3)).isoformat())
    assert merchant.last["outcome"] == "closed"
    merchant.say("还没到账")
    assert merchant.asks == "payout_status"
    merchant.say("还没到，App里已划款")
    assert merchant.last["facts"]["payout_status"]["value"] == "paid_out"


@pytest.mark.parametrize("told_first", [True, False])
def test_a_reopened_ticket_learns_of_the_sale_that_came_after_it(
    parts: Parts, agent: int, told_first: bool
) -> None:
    merchant = Merchant(parts)
    merchant.say("昨天下午3点刷的1280还没到账")
    merchant.say("人工")
    resolve(parts, agent, 1, NOW)
    merchant.say("好的")
    new_sale = "今天上午9点刷的300没到"
    if told_first:
        merchant.say(new_sale)
    parts.store.write(lambda tx: agents.reopen(tx, 1, agent, NOW))
    parts.store.write(lambda tx: agents.hand_over(tx, 1, agent, NOW, to_queue="settlement"))
    if not told_first:
        merchant.say(new_sale)
    assert merchant.last["facts"]["amount"]["value"] == 30000
    merchant.say("人工")
    assert "也登记在工单 DZ-000001" in merchant.texts
    merchant.say("参考号123456789012")
    case = parts.store.read(lambda c: find_ticket(c, 1))
    assert case
    query = select(TICKET.c.facts).where(TICKET.c.id == 1)
    facts = parts.store.read(lambda c: c.execute(query).scalar_one())
    assert facts["amount"]["value"] == 128000
    assert "reference_no" not in facts
    notes = [line.text for line in case.lines if line.author == "note"]
    assert "¥300" in notes[0]
    assert "123456789012" in notes[-1]


def test_who_goes_on_about_the_sale_of_a_reopened_ticket_adds_to_it(parts: Parts, agent: int) -> None:
    merchant = Merchant(parts)
    merchant.say("昨天下午3点刷的1280还没到账")
    merchant.say("人工")
    resolve(parts, agent, 1, NOW)
    merchant.say("好的")
    parts.store.write(lambda tx: agents.reopen(tx, 1, agent, NOW))
    parts.store.write(lambda tx: agents.hand_over(tx, 1, agent, NOW, to_queue="settlement"))
    merchant.say("商户号821290054110001")
    assert "已补充到工单 DZ-000001" in merchant.texts
    merchant.say("人工")
    assert "人工已经在排队处理" in merchant.texts


def test_who_asked_for_a_person_first_adds_his_numbers_while_one_has_the_ticket(
    parts: Parts, agent: int
) -> None:
    merchant = Merchant(parts)
    merchant.say("转人工")
    parts.store.write(lambda tx: agents.claim(tx, 1, agent, NOW))
    merchant.say("商户号821290054110001")
    query = select(TICKET.c.facts).where(TICKET.c.id == 1)
    facts = parts.store.read(lambda c: c.execute(query).scalar_one())
    assert facts["merchant_no"]["value"] == "821290054110001"


@pytest.mark.parametrize("words", ["不用了 钱到了", "已经到账了不用了", "1280到了", "等等到了"])
def test_a_ticket_learns_that_the_money_has_come(parts: Parts, words: str) -> None:
    merchant = Merchant(parts)
    merchant.say("昨天下午3点刷的1280还没到账")
    merchant.say("人工")
    merchant.say(words)
    assert "同事会来办结" in merchant.texts
    assert merchant.last["facts"]["arrived"]["value"] == "yes"


def test_a_ticket_learns_that_a_part_has_come(parts: Parts) -> None:
    merchant = Merchant(parts)
    merchant.say("昨天下午3点刷的1280还没到账")
    merchant.say("人工")
    merchant.say("300到了")
    assert "已补充到工单" in merchant.texts
    facts = merchant.last["facts"]
    assert (facts["amount"]["value"], facts["received_amount"]["value"]) == (128000, 30000)
    assert "arrived" not in facts


@pytest.mark.parametrize("words", ["等等到了", "不用查了，钱刚到"])
def test_good_news_amid_a_question_closes_the_case(parts: Parts, words: str) -> None:
    merchant = Merchant(parts)
    merchant.say("昨天下午3点刷的1280还没到账")
    merchant.say("待结算")
    merchant.say(words)
    assert merchant.last["outcome"] == "closed"


@pytest.mark.parametrize("words", ["算了不查了", "不用查了，谢谢", "不用提醒我", "stop looking thanks"])
def test_who_wants_nothing_looked_into_cancels(parts: Parts, words: str) -> None:
    merchant = Merchant(parts)
    merchant.say("昨天下午3点刷的1280还没到账")
    assert merchant.asks
    merchant.say(words)
    assert merchant.last["outcome"] == "closed"
    assert merchant.ask is None


@pytest.mark.parametrize("words", ["算了不查了", "帮我撤销工单", "我不想等了，帮我取消吧", "把工单关了吧"])
def test_who_wants_nothing_looked_into_leaves_the_ticket_to_people(parts: Parts, words: str) -> None:
    merchant = Merchant(parts)
    merchant.say("昨天下午3点刷的1280还没到账")
    merchant.say("人工")
    merchant.say(words)
    assert merchant.last["outcome"] == "ticket"
    assert "看得到" in merchant.texts


def test_the_number_that_he_corrects_is_called(parts: Parts) -> None:
    merchant = Merchant(parts)
    merchant.say("昨天下午3点刷的1280还没到账")
    merchant.say("人工")
    merchant.say("我的号码是13812345678，不对，是13912345679")
    assert "139****5679" in merchant.texts


def handed_over_and_resolved(parts: Parts, agent: int, chat: str) -> Merchant:
    """Let a merchant's ticket be resolved, and him be told so, though his money may not have come."""
    merchant = Merchant(parts, chat=chat)
    merchant.say("昨天下午3点刷的5600 风控延迟结算 没到")
    merchant.say("人工")
    resolve(parts, agent, 1, NOW)
    return merchant


@pytest.mark.parametrize(
    "words", ["没解决", "还没解决啊", "问题还是没有解决", "it is still not resolved", "钱还是没到"]
)
@pytest.mark.parametrize("told", [True, False])
def test_what_is_not_solved_goes_back_to_a_person(parts: Parts, agent: int, words: str, told: bool) -> None:
    merchant = handed_over_and_resolved(parts, agent, "unsolved")
    late = (NOW + timedelta(days=5)).isoformat()
    if told:
        merchant.say("好的", at=late)
    merchant.say(words, at=late)
    assert "抱歉" in merchant.texts or "sorry" in merchant.texts
    assert "DZ-000002" in merchant.texts
    assert "10月14日" in merchant.texts or "14 Oct" in merchant.texts, "by when a person answers"
    assert "还是预计" not in merchant.texts
    assert merchant.last["outcome"] == "ticket"
    reasons = select(TICKET.c.priority_reasons).where(TICKET.c.id == 2)
    assert "promise_missed" in parts.store.read(lambda c: c.execute(reasons).scalar_one())


@pytest.mark.parametrize("words", ["还没解决吗", "进度", "解决了", "商户号821290054110001"])
def test_what_is_asked_of_a_resolved_ticket_files_no_other(parts: Parts, agent: int, words: str) -> None:
    merchant = handed_over_and_resolved(parts, agent, "asked")
    merchant.say(words, at=(NOW + timedelta(days=5)).isoformat())
    assert "DZ-000002" not in merchant.texts


@pytest.mark.parametrize("words", ["进度", "人工", "how is my ticket"])
def test_a_ticket_that_nobody_took_in_time_is_urged_once(parts: Parts, words: str) -> None:
    merchant = Merchant(parts, chat="overdue")
    merchant.say("人工")
    due, was = parts.store.read(lambda c: c.execute(select(TICKET.c.due_at, TICKET.c.priority)).one())
    merchant.say(words, at=due.isoformat())
    assert "抱歉" not in merchant.texts, "it is not late yet"
    for hours in (1, 2):
        merchant.say(words, at=(due + timedelta(hours=hours)).isoformat())
        assert "抱歉" in merchant.texts or "sorry" in merchant.texts
        assert "加急" in merchant.texts or "urgent" in merchant.texts
    row = parts.store.read(lambda c: c.execute(select(TICKET)).one())
    assert (was, row.priority, row.priority_reasons) == ("normal", "high", ["not_taken"])
    kinds = select(EVENT.c.kind).where(EVENT.c.ticket_id == 1)
    assert parts.store.read(lambda c: c.execute(kinds).scalars().all()) == ["filed", "updated"]


def test_a_ticket_that_an_agent_took_late_is_not_urged(parts: Parts, agent: int) -> None:
    merchant = Merchant(parts, chat="taken late")
    merchant.say("人工")
    parts.store.write(lambda tx: agents.claim(tx, 1, agent, NOW + timedelta(days=4)))
    merchant.say("进度", at=(NOW + timedelta(days=5)).isoformat())
    assert "同事正在跟进" in merchant.texts


def test_a_reference_number_found_later_belongs_to_the_resolved_case(parts: Parts, agent: int) -> None:
    merchant = Merchant(parts)
    merchant.say("9月28日下午3点刷的1280还没到账 T+1 待结算")
    merchant.say("人工")
    resolve(parts, agent, 1, NOW)
    merchant.say("那个参考号我找到了 023512345678")
    facts = merchant.last["facts"]
    assert facts["amount"]["value"] == 128000
    assert facts["reference_no"]["value"] == "023512345678"
    assert facts["complaint"]["value"] == "not_arrived"
    assert merchant.last["outcome"] == "ticket"
