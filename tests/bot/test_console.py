"""`chat --json`: its lines, its clock, and talks in which something went wrong before."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channels.console import ConsoleChats
from bot.parts import Parts
from tests.attached import JPEG
from tests.talking import NOW, Merchant, parts_on
from triage import accounts, agents, attachments
from triage.desk.ticket import find_ticket


@pytest.fixture
def parts(database_url: str) -> Iterator[Parts]:
    with parts_on(database_url) as ready:
        yield ready


def claimed(parts: Parts, ticket: int = 1) -> int:
    agent = parts.store.write(lambda tx: accounts.add(tx, "li", "小李", "a long pass phrase 7", NOW))
    parts.store.write(lambda tx: agents.claim(tx, ticket, agent, NOW))
    return agent


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        '{"text":"没到账"}',
        '{"chat":"a","text":"x","choice":"1.0"}',
        '{"chat":"a","text":"x","more":1}',
        '{"chat":"a","text":"x","at":"2026-10-09T10:30:00"}',
        '{"chat":"a","text":"x","at":1764038400}',
        '{"chat":"a","text":"x","at":"0001-01-01T00:00:00+08:00"}',
        '{"chat":"a","text":"x","system":{"nothing":"1"}}',
        '{"chat":"a","text":"x","system":{"payout_status":"nonsense"}}',
        '{"chat":"a","text":"x","system":{"amount":"350000"}}',
        '{"chat":"a","text":"x","system":{"paid_at":"yesterday"}}',
    ],
)
def test_a_bad_line_is_an_error_and_the_next_is_served(parts: Parts, line: str) -> None:
    chats = ConsoleChats(parts, lambda: NOW)
    answers = [json.loads(answer) for answer in chats.serve([line, '{"chat":"b","text":"没到账"}'])]
    assert answers[-1]["messages"]
    if line:
        assert set(answers[0]) == {"error"}


def test_what_a_lookup_says_is_taken_by_its_kind(parts: Parts) -> None:
    merchant = Merchant(parts, knows={"payout_status": "pending"})
    merchant.say("钱没到", system={"paid_at": "2026-10-08 15:00", "settlement_mode": "t1", "amount": 350000})
    facts = merchant.last["facts"]
    assert facts["paid_at"] == {"value": "2026-10-08T15:00:00+08:00", "source": "system"}
    merchant.answer_all()
    assert not {"paid_at", "settlement_mode", "amount"} & set(merchant.asked)
    assert merchant.last["due_at"] == "2026-10-09T14:00:00+08:00"


def test_a_lookup_alone_files_nothing(parts: Parts) -> None:
    merchant = Merchant(parts)
    merchant.send(system={"channel_state": "outage"})
    assert merchant.last["messages"] == []
    assert merchant.last["ticket"] is None


def test_time_may_not_go_back_in_a_chat_even_in_another_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'chat.db'}"
    later, earlier = NOW.isoformat(), (NOW - timedelta(days=1)).isoformat()
    with parts_on(url) as parts:
        chats = ConsoleChats(parts, lambda: NOW)
        chats.answer(json.dumps({"chat": "a", "text": "没到账", "at": later}))
        assert "error" in chats.answer(json.dumps({"chat": "a", "text": "x", "at": earlier}))
    with parts_on(url) as parts:
        chats = ConsoleChats(parts, lambda: NOW)
        assert "error" in chats.answer(json.dumps({"chat": "a", "text": "x", "at": earlier}))
        assert "error" not in chats.answer(json.dumps({"chat": "b", "text": "没到账", "at": earlier}))


def test_chats_do_not_meet(parts: Parts) -> None:
    chats = ConsoleChats(parts, lambda: NOW)
    lines = [{"chat": name, "text": text} for text in ("没到账", "3500") for name in ("a", "b")]
    answers: list[dict[str, Any]] = [chats.answer(json.dumps(line)) for line in lines]
    assert [answer["chat"] for answer in answers] == ["a", "b", "a", "b"]


def test_control_characters_are_left_out(parts: Parts) -> None:
    merchant = Merchant(parts)
    merchant.say("钱没到\x00账\x1b")
    assert merchant.ask


def test_a_year_that_nobody_means_stops_nothing(parts: Parts) -> None:
    merchant = Merchant(parts)
    merchant.say("0001年1月1日刷的3000没到账")
    merchant.answer_all()
    assert merchant.last["outcome"]


def test_a_photo_goes_with_the_ticket(parts: Parts, tmp_path: Path) -> None:
    picture = tmp_path / "slip.jpg"
    picture.write_bytes(JPEG)
    merchant = Merchant(parts)
    assert "遮住卡号" in merchant.send(photo=str(picture))["messages"][0]["text"]
    merchant.say("人工")
    assert "DZ-000001" in merchant.send(photo=str(picture))["messages"][0]["text"]
    files = parts.store.read(lambda connection: attachments.files_of(connection, 1))
    kept = [(file.kind, file.media_type, file.size) for file in files]
    assert kept == [("photo", "image/jpeg", len(JPEG))] * 2


def test_a_photo_that_cannot_be_read_is_an_error_and_one_that_is_none_gets_a_word(
    parts: Parts, tmp_path: Path
) -> None:
    chats = ConsoleChats(parts, lambda: NOW)
    for path in ("/nowhere.jpg", str(tmp_path), "\0"):
        assert "cannot be read" in chats.answer(json.dumps({"chat": "m1", "photo": path}))["error"]
    page = tmp_path / "slip.jpg"
    page.write_text("<svg/>")
    answer = chats.answer(json.dumps({"chat": "m1", "photo": str(page)}))
    assert "没法保存" in answer["messages"][0]["text"]


def test_a_photo_of_the_slip_is_the_evidence_that_was_asked_for(parts: Parts, tmp_path: Path) -> None:
    picture = tmp_path / "slip.jpg"
    picture.write_bytes(JPEG)
    merchant = Merchant(parts, knows={"payout_status": "held", "notice": "risk"})
    merchant.say("昨天刷的3500没到账，App里显示风控冻结")
    while merchant.asks not in ("merchant_no", "reference_no"):
        assert merchant.ask, merchant.texts
        merchant.tap(merchant.knows.get(str(merchant.asks), "unknown"))
    merchant.send(photo=str(picture))
    assert "作为凭证" in merchant.texts
    assert merchant.last["outcome"] == "ticket"
    assert "reference_no" not in merchant.asked[merchant.asked.index("merchant_no") + 1 :]


def test_once_an_agent_has_it_the_bot_says_passed_on_once_and_no_more(parts: Parts) -> None:
    merchant = Merchant(parts)
    merchant.say("昨天刷的3500没到账")
    old = merchant.last["messages"][-1]["ask"]["options"][0]["id"]
    merchant.say("人工")
    claimed(parts)
    assert len(merchant.say("好的")["messages"]) == 1
    assert merchant.send(choice=old)["messages"] == []
    assert merchant.send(choice="correct:amount")["messages"] == []
    assert merchant.say("我电话13800138000")["messages"] == []
    assert merchant.send(system={"payout_status": "failed"})["messages"] == []
    assert merchant.say("进度")["messages"]


def test_what_an_agents_ticket_lacks_is_taken_down_without_a_word(parts: Parts) -> None:
    merchant = Merchant(parts, knows={"payout_status": "failed", "settle_info_correct": "no"})
    merchant.say("昨天刷的3500没到账，App 显示划款失败")
    merchant.answer_all()
    before = merchant.last["ticket"]
    assert "merchant_no" not in before["facts"] or before["facts"]["merchant_no"]["value"] == "unknown"
    claimed(parts)
    merchant.say("商户号是 823452155310001")
    assert "已转告" in merchant.texts
    ticket = merchant.last["ticket"]
    assert ticket["facts"]["merchant_no"] == {"value": "823452155310001", "source": "reader"}
    assert (ticket["cause"], ticket["queue"]) == (before["cause"], before["queue"])
    assert merchant.say("不是3500，那笔是800")["messages"] == []
    assert merchant.say("建行也没到，损失了5000元")["messages"] == []
    assert merchant.last["ticket"]["facts"].get("settle_bank", {}).get("value") != "CCB"
    assert merchant.last["ticket"]["facts"]["amount"]["value"] == 350000, "the agent's to correct"
    row = parts.store.read(lambda connection: find_ticket(connection, 1))
    assert row is not None
    assert "merchant_no" not in row.row["missing"]


def test_a_number_beside_a_question_for_the_state_is_taken_down(parts: Parts) -> None:
    merchant = Merchant(parts)
    merchant.say("昨天刷的3500没到账，App 显示划款失败")
    merchant.answer_all()
    claimed(parts)
    merchant.say("我的工单处理得怎么样了？商户号 823452155310001")
    assert "DZ-000001" in merchant.texts
    assert merchant.last["ticket"]["facts"]["merchant_no"]["value"] == "823452155310001"


def test_an_agents_ticket_learns_that_the_money_has_come_and_how_long_is_told_once(parts: Parts) -> None:
    merchant = Merchant(parts)
    merchant.say("昨天刷的3500没到账")
    merchant.say("人工")
    claimed(parts)
    assert "已转告" in str(merchant.say("我等着呢"))
    assert "同事正在跟进" in str(merchant.say("还要多久")["messages"])
    assert merchant.say("什么时候能好")["messages"] == []
    merchant.say("到了，谢谢你们")
    assert "已记在工单 DZ-000001" in merchant.texts
    assert merchant.last["ticket"]["facts"]["arrived"]["value"] == "yes"
    assert merchant.say("到了")["messages"] == []
    assert merchant.say("3500没到是另一笔")["messages"] == []


def test_the_end_of_a_ticket_is_told_even_if_he_writes_first(parts: Parts) -> None:
    merchant = Merchant(parts)
    merchant.say("昨天刷的3500没到账")
    merchant.say("人工")
    agent = claimed(parts)
    parts.store.write(
        lambda tx: agents.resolve(tx, 1, agent, NOW, true_cause="unknown", causes=parts.knowledge.causes)
    )
    assert "已办结" in merchant.say("谢谢")["messages"][0]["text"]
    assert "已办结" not in merchant.say("谢谢")["messages"][0]["text"]


def advised(merchant: Merchant, said: str) -> None:
    merchant.say(said)
    merchant.answer_all()
    assert merchant.last["outcome"] == "advised", merchant.last


def test_a_second_case_keeps_what_equals_the_first(parts: Parts) -> None:
    merchant = Merchant(parts, knows={"payout_status": "pending"})
    advised(merchant, "昨天下午3点刷了2000，T+1，没到账")
    merchant.say("到账了")
    assert merchant.last["outcome"] == "closed"
    later = datetime.fromisoformat("2026-10-20T10:30:00+08:00").isoformat()
    merchant.say("昨天下午4点刷了2000没到账", at=later)
    assert merchant.last["facts"]["amount"]["value"] == 200000
    assert "接着查" not in merchant.texts


def test_every_case_has_its_reminder(parts: Parts) -> None:
    merchant = Merchant(parts, knows={"payout_status": "pending", "settlement_mode": "t1"})
    moment = NOW
    for amount in (2000, 500):
        merchant.send(at=moment.isoformat())
        advised(merchant, f"昨天下午3点刷了{amount}，没到账")
        merchant.send(at=(moment + timedelta(days=9)).isoformat())
        assert len(merchant.last["messages"]) == 2
        assert merchant.last["outcome"] == "closed"
        moment += timedelta(days=10, hours=4)


def test_not_sure_whether_it_has_come_is_no_no(parts: Parts) -> None:
    merchant = Merchant(parts, knows={"payout_status": "pending"})
    advised(merchant, "昨天下午3点刷了2000，T+1，没到账")
    merchant.send(at=(NOW + timedelta(hours=6)).isoformat())
    assert merchant.asks == "arrived"
    merchant.tap("unknown")
    assert merchant.last["outcome"] == "advised"
    assert merchant.asks is None
    merchant.send(at=(NOW + timedelta(days=1, hours=7)).isoformat())
    assert merchant.asks == "arrived"


def test_a_no_after_the_silent_end_reopens_the_case(parts: Parts) -> None:
    merchant = Merchant(parts, knows={"payout_status": "pending"})
    advised(merchant, "昨天下午3点刷了2000，T+1，没到账")
    merchant.send(at=(NOW + timedelta(days=9)).isoformat())
    assert merchant.last["outcome"] == "closed"
    merchant.say("还是没到账")
    assert merchant.last["facts"]["amount"]["value"] == 200000
    merchant.answer_all()
    assert merchant.last["outcome"] == "ticket"


def test_what_he_cannot_tell_is_not_asked_again_as_evidence(parts: Parts) -> None:
    merchant = Merchant(parts)
    merchant.say("钱没到账")
    merchant.answer_all()
    evidence = merchant.asked[merchant.asked.index("merchant_no") :]
    assert evidence
    assert not set(evidence) & set(merchant.asked[: -len(evidence)])
    assert len(evidence) == len(set(evidence))


def test_a_phone_number_and_facts_in_one_message_are_both_taken(parts: Parts) -> None:
    merchant = Merchant(parts)
    merchant.say("我要人工")
    merchant.say("电话13800138000，昨天刷了3500元，划款失败")
    assert "138****8000" in merchant.texts
    assert merchant.last["ticket"]["facts"]["payout_status"]["value"] == "failed"


def test_the_state_of_a_sale_that_another_talk_reported(parts: Parts) -> None:
    sale = "商户号821290054110001，参考号123456789012"
    Merchant(parts, chat="a").say(f"我要人工，{sale}")
    second = Merchant(parts, chat="b")
    second.say(f"钱没到账，{sale}")
    assert "DZ-000001" in second.say("进度")["messages"][0]["text"]
    second.say("怎么还没到账")
    assert second.last["ticket"] is None
