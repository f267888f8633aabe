"""Declared outages: answer whom they concern before any question, collect the cases, and end with a word."""

import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.administration import Administration, AdministrationError
from bot.parts import Parts
from bot.talk.wording import day
from knowledge.calendar import SHANGHAI
from tests.service import COMMAND, Service, scrubbed_environment
from tests.talking import NOW, Merchant, parts_on
from triage import accounts, agents
from triage.model import Conversation, Message, Ticket, TicketEvent, table

NOTICE = {"zh": "工行到账延迟，同事正在处理。", "en": "Payouts to ICBC are late; our team is on it."}


@pytest.fixture
def parts(database_url: str) -> Iterator[Parts]:
    with parts_on(database_url) as ready:
        yield ready


def declare(parts: Parts, now: datetime = NOW, /, **scope: str) -> int:
    said = Administration(parts, lambda: now).run("incident open", {"notice": NOTICE, "scope": scope})
    return int(said.split()[1])


def over(parts: Parts, number: int, now: datetime = NOW) -> str:
    return Administration(parts, lambda: now).run("incident close", {"number": number})


def rows(parts: Parts, model: Any) -> list[Any]:
    every = select(table(model)).order_by(table(model).c.id)
    return parts.store.read(lambda connection: list(connection.execute(every)))


def test_everybody_is_answered_before_any_question(parts: Parts) -> None:
    number = declare(parts)
    merchant = Merchant(parts)
    merchant.say("昨天刷的钱没到账")
    assert merchant.asked == []
    assert merchant.last["outcome"] == "incident"
    assert NOTICE["zh"] in merchant.texts
    ticket = merchant.last["ticket"]
    assert (ticket["cause"], ticket["queue"], ticket["incident"]) == ("channel_outage", "channel", number)
    english = Merchant(parts, chat="m2", language="en")
    english.say("my takings from yesterday have not arrived")
    assert NOTICE["en"] in english.texts


def test_only_whom_it_concerns_and_that_is_asked_first(parts: Parts) -> None:
    declare(parts, settle_bank="ICBC")
    concerned = Merchant(parts, chat="a")
    concerned.say("昨天刷的钱没到账")
    assert concerned.asks == "settle_bank"
    concerned.say("工行")
    assert concerned.last["outcome"] == "incident"
    other = Merchant(parts, chat="b")
    other.say("昨天刷的钱没到账，结算卡是建行的")
    assert other.asks not in (None, "settle_bank")
    unsure = Merchant(parts, chat="c")
    unsure.say("昨天刷的钱没到账")
    unsure.tap("unknown")
    assert unsure.asks not in (None, "settle_bank")


def test_money_that_was_late_long_before_is_another_case(parts: Parts) -> None:
    declare(parts)
    merchant = Merchant(parts)
    merchant.say("9月20号中午刷的钱没到账，T+1")
    assert merchant.last["outcome"] is None
    assert merchant.ask


def test_when_it_is_over_he_is_told_and_asked_the_next_day(parts: Parts) -> None:
    number = declare(parts)
    waiting, taken = Merchant(parts, chat="a"), Merchant(parts, chat="b")
    for merchant in (waiting, taken):
        merchant.say("昨天刷的钱没到账")
    agent = parts.store.write(lambda tx: accounts.add(tx, "li", "小李", "a long pass phrase 7", NOW))
    parts.store.write(lambda tx: agents.claim(tx, 2, agent, NOW))
    assert "2 merchants were told" in over(parts, number)
    assert [row.status for row in rows(parts, Ticket)] == ["resolved", "claimed"]
    assert "resolved" in [row.kind for row in rows(parts, TicketEvent)]
    waiting.send(at=(NOW + timedelta(days=1)).isoformat())
    assert "到账了吗" in waiting.texts
    waiting.tap("yes")
    assert waiting.last["outcome"] == "closed"
    assert "办结了" in waiting.texts
    waiting.say("谢谢")
    assert "工单" not in waiting.texts, "that it is over he was told when it was"
    with pytest.raises(AdministrationError, match="no open incident"):
        over(parts, number)


@pytest.mark.parametrize("under", [True, False])
def test_a_ticket_stays_where_an_agent_put_it(parts: Parts, *, under: bool) -> None:
    merchant = Merchant(parts)
    if under:
        merchant.say("昨天下午3点刷的1280还没到账")
        merchant.say("转人工")
        number = declare(parts, settle_bank="ICBC")
    else:
        number = declare(parts)
        merchant.say("昨天刷的钱没到账")
    agent = parts.store.write(lambda tx: accounts.add(tx, "li", "小李", "a long pass phrase 7", NOW))
    put = number if under else None
    parts.store.write(lambda tx: agents.join_incident(tx, 1, agent, NOW, incident_id=put))
    merchant.say("商户号821290054110001")
    [ticket] = rows(parts, Ticket)
    assert ticket.facts["merchant_no"]["value"] == "821290054110001"
    assert (ticket.status, ticket.incident_id) == ("new", put)
    assert f"{1 if under else 0} merchants were told" in over(parts, number)


@pytest.mark.parametrize(
    ("now", "claimed", "named"),
    [
        ("2026-10-08T15:00:00+08:00", False, "10月9日（周五）"),
        ("2026-09-30T15:00:00+08:00", False, "10月8日（周四）"),
        ("2026-10-16T20:00:00+08:00", False, "10月20日（周二）"),
        ("2026-10-08T15:00:00+08:00", True, None),
    ],
)
def test_the_day_on_which_he_will_be_asked_is_named(
    parts: Parts, now: str, named: str | None, *, claimed: bool
) -> None:
    at = datetime.fromisoformat(now)
    number = declare(parts, at)
    Merchant(parts, at).say("昨天刷的钱没到账")
    if claimed:
        account = parts.store.write(lambda tx: accounts.add(tx, "li", "小李", "a long pass phrase 7", at))
        parts.store.write(lambda tx: agents.claim(tx, 1, account, at))
    over(parts, number, at)
    [conversation] = rows(parts, Conversation)
    said = rows(parts, Message)[-1].text
    assert ("我会来问您" in said) == (conversation.wake_at is not None)
    if named:
        assert named in said
        assert day(conversation.wake_at.astimezone(SHANGHAI).date(), "zh", at) == named


@pytest.mark.parametrize(
    ("scope", "problem"),
    [({"amount": "5"}, "cannot say whom"), ({"settle_bank": "工行"}, "has no value")],
)
def test_a_scope_that_cannot_be_meant_is_refused(parts: Parts, scope: dict[str, str], problem: str) -> None:
    with pytest.raises(AdministrationError, match=problem):
        declare(parts, **scope)


def test_the_command_line_works_while_the_service_holds_the_database(service: Service) -> None:
    def run(*words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        environment = scrubbed_environment(data_dir=str(service.data_dir))
        return subprocess.run(
            [COMMAND, *words], env=environment, input=typed, capture_output=True, text=True, check=False
        )

    opened = run("incident", "open", "--zh", NOTICE["zh"], "--en", NOTICE["en"], "--bank", "ICBC")
    assert opened.returncode == 0, opened.stderr
    assert NOTICE["zh"] in service.administer("incident list")
    assert run("user", "add", "li", "--shown-as", "小李", typed="a long pass phrase 7\n").returncode == 0
    again = run("user", "add", "li", typed="a long pass phrase 7\n")
    assert again.returncode == 1
    assert "there is an account of that name already" in again.stderr
    service.administer("incident close", number=1)
    assert "No incident" in service.administer("incident list")
    with pytest.raises(AdministrationError, match="at least 10"):
        service.administer("user passwd", name="li", password="short")
    service.administer("user disable", name="li")
