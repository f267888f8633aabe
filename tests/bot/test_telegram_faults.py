"""Telegram when things go wrong: faults of sending, floods, people who block the bot, and kill -9."""

import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bot.telegram_service import TelegramService
from tests.databases import PostgresServer
from tests.telegram_api.control import TelegramApi
from tests.telegram_api.faults import FAULTS
from tests.telegram_api.people import User

Start = Callable[..., TelegramService]
FIRST = "昨天上午10点刷了3500没到账"
#: Nobody but Telegram knows that these messages are there.
THERE_ALL_THE_SAME = {"reset after delivery", "read timeout after delivery", "truncated json"}
#: The bot cannot tell these from the ones above.
UNKNOWABLE = THERE_ALL_THE_SAME | {"reset after body", "read timeout"}
#: Telegram says that the message will never be taken.
FOR_GOOD = {"400": "refused", "403": "blocked", "413": "refused"}


@pytest.mark.timeout(180)
def test_every_fault_of_sending(start_bot: Start, telegram_api: TelegramApi) -> None:
    """One merchant for each fault: none lost, twice only where nobody can know, and then marked."""
    bot = start_bot("polling")
    people = {name: telegram_api.user(name) for name, fault in FAULTS.items() if fault.when != "before body"}
    for name, user in people.items():
        telegram_api.fail_next("sendMessage", name, chat=user)
        user.send(FIRST)
    bot.settle()
    for name, user in people.items():
        [delivery] = bot.deliveries(user)
        shown = len(telegram_api.sent(user))
        if name in FOR_GOOD:
            assert (delivery.status, delivery.error, shown) == ("failed", FOR_GOOD[name], 0), name
            continue
        assert delivery.status == "sent", name
        assert shown == (2 if name in THERE_ALL_THE_SAME else 1), name
        assert delivery.doubts == (1 if name in UNKNOWABLE else 0), name


@pytest.mark.timeout(180)
@pytest.mark.parametrize("how", ["refuse", "hang"])
def test_telegram_is_away(start_bot: Start, telegram_api: TelegramApi, how: str) -> None:
    bot = start_bot("webhook")
    users = [telegram_api.user(f"m{number}") for number in range(5)]
    telegram_api.wait_for(lambda: telegram_api.calls("setWebhook"))
    with telegram_api.outage(how):
        for user in users:
            user.send(FIRST)
        telegram_api.wait_for(lambda: all(bot.deliveries(user) for user in users))
        telegram_api.wait_for(lambda: all(bot.deliveries(user)[0].attempts > 1 for user in users), 60)
    bot.settle()
    for user in users:
        assert [(row.status, row.doubts) for row in bot.deliveries(user)] == [("sent", 0)]
        assert len(telegram_api.sent(user)) == 1


def test_one_who_blocks_the_bot(start_bot: Start, telegram_api: TelegramApi) -> None:
    bot = start_bot("polling")
    user, other = telegram_api.user(), telegram_api.user()
    telegram_api.close_chat(user, 2)
    user.send("/help")
    user.send("/status")
    telegram_api.wait_for(lambda: len(bot.deliveries(user)) == 2)
    user.block()
    other.send(FIRST)
    bot.settle()
    assert [(row.status, row.error) for row in bot.deliveries(user)] == [("failed", "blocked")] * 2
    assert len(telegram_api.calls("sendMessage", user)) == 2, "once too early, once in vain"
    assert len(telegram_api.sent(other)) == 1
    user.unblock()
    user.send(FIRST)
    bot.hear(user, 1)


@pytest.mark.timeout(180)
def test_a_flood(start_bot: Start, telegram_api: TelegramApi) -> None:
    """Many at once under Telegram's own limits: all answered in order, nobody twice."""
    bot = start_bot("polling")
    telegram_api.limit()
    users = [telegram_api.user(f"m{number}") for number in range(30)]
    commands = ("/help", "/status", "/help", "/status")
    for command in commands:
        for user in users:
            user.send(command)
    bot.settle()
    for user in users:
        assert bot.said(user) == [message.text for message in telegram_api.sent(user)]
        assert len(telegram_api.sent(user)) == len(commands)


@pytest.mark.timeout(180)
def test_nobody_is_written_to_before_the_time(start_bot: Start, telegram_api: TelegramApi) -> None:
    bot = start_bot("polling")
    told_to_wait = [telegram_api.user(f"m{number}") for number in range(8)]
    others = [telegram_api.user(f"o{number}") for number in range(8)]
    for number, user in enumerate(told_to_wait):
        telegram_api.close_chat(user, 4 + number / 2)
    begun = time.monotonic()
    for user in [*told_to_wait, *others]:
        user.send("/help")
        user.send("/status")
    telegram_api.wait_for(lambda: all(len(telegram_api.sent(user)) == 2 for user in others))
    assert time.monotonic() - begun < 4, "those who wait hold nobody up"
    bot.settle()
    for user in told_to_wait:
        assert len(telegram_api.sent(user)) == 2
        assert [call.status for call in telegram_api.calls("sendMessage", user)] == [429, 200, 200]


def test_a_database_that_takes_nothing_confirms_nothing(start_bot: Start, telegram_api: TelegramApi) -> None:
    """While nothing can be written, updates stay at Telegram; then they are answered, once."""
    bot = start_bot("polling")
    user = telegram_api.user()
    user.send("/help")
    bot.hear(user, 1)
    locker = sqlite3.connect(bot.data_dir / "daozhang.db", isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    user.send(FIRST)
    telegram_api.wait_for(lambda: "could not be stored" in bot.log(), 60)
    assert telegram_api.pending() != []
    locker.execute("ROLLBACK")
    locker.close()
    bot.hear(user, 2)
    bot.settle()
    assert bot.heard(user) == ["/help", FIRST]
    assert len(telegram_api.sent(user)) == 2


class Crowd:
    """Merchants who each say the same script, and the truth about what they said."""

    SCRIPT = (FIRST, "T+1", "人工", "谢谢")

    def __init__(self, bot: TelegramService, size: int) -> None:
        self.bot = bot
        self.users = [bot.api.user(f"m{number}") for number in range(size)]
        self._left = [(user, line) for line in self.SCRIPT for user in self.users]

    def say(self, count: int) -> bool:
        """Let so many messages be sent; False once all have been."""
        for user, line in self._left[:count]:
            user.send(line)
        self._left = self._left[count:]
        return bool(self._left)

    def check(self) -> None:
        """Hold the database and Telegram against the truth."""
        self.bot.settle()
        for user in self.users:
            assert self.bot.heard(user) == list(self.SCRIPT)
            assert self.bot.tickets(user) == 1
            self._check_deliveries(user)

    def _check_deliveries(self, user: User) -> None:
        shown = Counter(message.text for message in self.bot.api.sent(user))
        stored = Counter(row.text for row in self.bot.deliveries(user))
        doubts: Counter[str] = Counter()
        for row in self.bot.deliveries(user):
            assert row.status in ("sent", "uncertain"), row
            doubts[row.text] += row.doubts
        for text, count in stored.items():
            assert count <= shown[text] + doubts[text], "shown, or marked"
            assert shown[text] <= count + doubts[text], "twice only where it is marked"
        assert set(shown) <= set(stored)


def survive(bot: TelegramService, crowd: Crowd, kills: int, seed: int) -> None:
    """Kill the service at random moments while the crowd talks, then compare."""
    chance = random.Random(seed)
    left = True
    for _ in range(kills):
        left = crowd.say(chance.randint(1, 8))
        time.sleep(chance.uniform(0, 0.3))
        bot.kill()
        bot.start()
    while left:
        left = crowd.say(20)
    crowd.check()


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("way", ["polling", "webhook"])
def test_a_hundred_kills(start_bot: Start, way: str, database_url: str) -> None:
    bot = start_bot(way, database_url)
    bot.api.set_clock(factor=0.2)
    survive(bot, Crowd(bot, 120), kills=100, seed=17)


def test_killed_between_commit_and_send(start_bot: Start, telegram_api: TelegramApi) -> None:
    bot = start_bot("polling")
    user = telegram_api.user()
    telegram_api.close_chat(user, 5)
    user.send(FIRST)
    telegram_api.wait_for(lambda: [row.error for row in bot.deliveries(user)] == ["busy"])
    bot.kill()
    bot.start()
    bot.settle()
    assert [(row.status, row.doubts) for row in bot.deliveries(user)] == [("sent", 0)]
    assert len(telegram_api.sent(user)) == 1


def test_killed_in_the_middle_of_sending(start_bot: Start, telegram_api: TelegramApi) -> None:
    bot = start_bot("polling")
    user = telegram_api.user()
    telegram_api.fail_next("sendMessage", "read timeout after delivery", chat=user)
    user.send(FIRST)
    bot.hear(user, 1)
    bot.kill()
    bot.start()
    bot.settle()
    assert [(row.status, row.doubts) for row in bot.deliveries(user)] == [("sent", 1)]
    assert len(telegram_api.sent(user)) == 2, "nobody could know that he has it"


def test_killed_before_the_offset_moves(start_bot: Start, telegram_api: TelegramApi) -> None:
    """The turn is committed, Telegram does not know it, and gives the update again."""
    bot = start_bot("polling")
    user = telegram_api.user()
    user.send(FIRST)
    telegram_api.wait_for(lambda: bot.heard(user))
    bot.kill()
    bot.start()
    bot.settle()
    assert bot.heard(user) == [FIRST]


@pytest.mark.parametrize("way", ["polling", "webhook"])
def test_going_down_and_coming_back_loses_nothing(
    start_bot: Start, way: str, telegram_api: TelegramApi
) -> None:
    bot = start_bot(way)
    telegram_api.set_clock(factor=0.2)
    crowd = Crowd(bot, 4)
    left = True
    while left:
        left = crowd.say(8)
        assert bot.terminate().code == 0
        bot.start()
    crowd.check()


def test_two_services_on_one_database(
    telegram_api: TelegramApi, tmp_path: Path, postgres: PostgresServer
) -> None:
    with (
        postgres.database() as url,
        TelegramService(tmp_path / "one", telegram_api, "webhook", url) as one,
        TelegramService(tmp_path / "two", telegram_api, "webhook", url),
    ):
        crowd = Crowd(one, 8)
        crowd.say(1000)
        crowd.check()
        for user in crowd.users:
            assert one.said(user) == [message.text for message in telegram_api.sent(user)]
