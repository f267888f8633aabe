"""An outage ends while another process, on the same PostgreSQL database, has one of its cases in hand."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from threading import Event
from typing import Any

import pytest

from bot.messages import Incoming
from bot.parts import Parts
from tests.bot.test_outages import declare, over, rows
from tests.databases import PostgresServer
from tests.talking import NOW, parts_on
from triage import accounts, agents
from triage.model import Message, SetAside, Ticket
from triage.store import Transaction

PATIENCE = 30
WAITS_FOR_A_LOCK = (
    "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE NOT l.granted AND a.datname = current_database()"
)


@pytest.fixture
def pair(postgres: PostgresServer) -> Iterator[tuple[Parts, Parts]]:
    """Two processes."""
    with ExitStack() as stack:
        url = stack.enter_context(postgres.database(postgres.migrated))
        yield stack.enter_context(parts_on(url)), stack.enter_context(parts_on(url))


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as opened:
        yield opened


def complain(parts: Parts) -> None:
    parts.turns.take(Incoming(channel="web", sender="m", key="k", text="昨天刷的钱没到账"), NOW)


def wait_for_a_lock(parts: Parts) -> None:
    end = time.monotonic() + PATIENCE
    while not parts.store.read(lambda connection: connection.exec_driver_sql(WAITS_FOR_A_LOCK).scalar()):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_claim_is_not_written_over(pair: tuple[Parts, Parts], pool: ThreadPoolExecutor) -> None:
    here, there = pair
    agent = here.store.write(
        partial(
            accounts.add,
            name="lin",
            display_name="林晓",
            password="a long pass phrase 7",
            now=NOW,
        )
    )
    number = declare(here)
    complain(here)
    claimed, go_on = Event(), Event()

    def claim(transaction: Transaction) -> None:
        agents.claim(transaction, 1, agent, NOW)
        claimed.set()
        assert go_on.wait(PATIENCE)

    claiming = pool.submit(there.store.write, claim)
    assert claimed.wait(PATIENCE)
    closing = pool.submit(over, here, number)
    try:
        wait_for_a_lock(here)
    finally:
        go_on.set()
    claiming.result(PATIENCE)
    closing.result(PATIENCE)
    [ticket] = rows(here, Ticket)
    assert (ticket.status, ticket.assignee_id) == ("claimed", agent)
    assert "恢复" in rows(here, Message)[-1].text


def test_nobody_is_filed_under_what_is_over(
    pair: tuple[Parts, Parts], pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = pair
    number = declare(here)
    hear, decided, go_on = here.conversation.hear, Event(), Event()

    def slowly(*given: Any) -> Any:
        decision = hear(*given)
        decided.set()
        assert go_on.wait(PATIENCE)
        return decision

    monkeypatch.setattr(here.conversation, "hear", slowly)
    turn = pool.submit(complain, here)
    assert decided.wait(PATIENCE)
    closing = pool.submit(over, there, number)
    try:
        closing.result(PATIENCE)
    finally:
        go_on.set()
    turn.result(PATIENCE)
    assert rows(here, Ticket) == []
    assert len(rows(here, SetAside)) == 1
    assert here.turns.retry(NOW + timedelta(seconds=6)) == 1
    assert rows(here, Ticket) == []
    said = [row.text for row in rows(here, Message) if row.author == "bot"]
    assert len(said) == 1
    assert "什么" in said[0] or "？" in said[0], "the first question, as without an outage"
