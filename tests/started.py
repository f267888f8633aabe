"""`daozhang` with another clock or pace, for tests that must not depend on today or wait for a minute.

Run as a program. TEST_CLOCK_SHIFT: seconds added to the clock. TEST_GROUP_PACE: messages a minute in a group.
"""

import os
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self

import bot.app
from bot.channels.telegram.forum import keeper
from bot.commands.main import main

SHIFT = timedelta(seconds=float(os.environ.get("TEST_CLOCK_SHIFT", "0")))


class ShiftedDatetime(datetime):
    """The class that bot.app asks for the time."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        moment = datetime.now(tz or UTC) + SHIFT
        return cls.fromtimestamp(moment.timestamp(), tz)


if __name__ == "__main__":
    bot.app.datetime = ShiftedDatetime  # type: ignore[attr-defined]
    if pace := os.environ.get("TEST_GROUP_PACE"):
        keeper.MOST_A_MINUTE = int(pace)
    main()
