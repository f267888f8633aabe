"""Several services on one database share one bot by long polling: one of them fetches, all of them send."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.bot.telegram_service import TelegramService
from tests.bot.test_telegram_faults import Crowd
from tests.databases import PostgresServer
from tests.telegram_api.control import TelegramApi


class Pair:
    """Two services on one PostgreSQL database, and who of them fetches."""

    def __init__(self, one: TelegramService, two: TelegramService) -> None:
        self.services = (one, two)
        self.api = one.api

    def holder(self) -> TelegramService | None:
        """Give the service that has the lease."""
        rows = self.services[0].rows("SELECT holder FROM lease WHERE name = 'telegram updates'")
        held = [one for one in self.services for row in rows if row.holder.endswith(str(one.data_dir))]
        return held[0] if held else None

    def wait_for_holder(self) -> TelegramService:
        """Wait until one of them has it."""
        self.api.wait_for(self.holder)
        held = self.holder()
        assert held
        return held

    def other(self, service: TelegramService) -> TelegramService:
        return next(one for one in self.services if one is not service)

    def move_end(self, minutes: int) -> None:
        """Let the lease run out later, or earlier."""
        moved = text("UPDATE lease SET until = until + make_interval(mins => :minutes)")
        with self.services[0].engine.begin() as connection:
            connection.execute(moved, {"minutes": minutes})

    def refusals(self) -> list[int]:
        """Give the statuses of getUpdates that were no 200."""
        return [call.status for call in self.api.calls("getUpdates") if call.status not in (200, None)]


@contextmanager
def two_services(folder: Path, api: TelegramApi, url: str) -> Iterator[Pair]:
    with (
        TelegramService(folder / "one", api, "polling", url) as one,
        TelegramService(folder / "two", api, "polling", url) as two,
    ):
        yield Pair(one, two)


@pytest.mark.timeout(180)
def test_one_of_two_services_polls_and_the_other_takes_over(
    telegram_api: TelegramApi, tmp_path: Path, postgres: PostgresServer
) -> None:
    with postgres.database() as url, two_services(tmp_path, telegram_api, url) as pair:
        crowd = Crowd(pair.services[0], 5)
        crowd.say(5)
        holder = pair.wait_for_holder()
        crowd.bot.settle()
        assert pair.refusals() == [], "nobody fetches beside the holder"

        pair.move_end(10)
        holder.restart()
        crowd.say(5)
        crowd.bot.settle()
        assert pair.holder() is holder, "started again, it goes on with its lease"

        crowd.say(5)
        holder.kill()
        pair.move_end(-10)
        telegram_api.wait_for(lambda: pair.holder() is pair.other(holder))
        crowd.say(5)
        crowd.bot.settle()

        holder.start()
        crowd.say(2)
        assert pair.holder() is pair.other(holder), "who comes back waits"
        assert pair.other(holder).terminate().code == 0
        telegram_api.wait_for(lambda: pair.holder() is holder)
        crowd.say(1000)
        crowd.check()
        assert pair.refusals() == []
