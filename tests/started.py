"""`daozhang serve` in a process that is forked from one where everything is imported already.

An interpreter of its own takes seconds to import, and the tests start the service a hundred times. What runs
is the same; that the installed command starts it as well is tested in test_start.py.
"""

import multiprocessing
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple, Self

import bot.app
from bot.channels.telegram.forum import keeper
from bot.commands.main import main


class ShiftedDatetime(datetime):
    """The class that bot.app asks for the time."""

    shift = timedelta(0)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        moment = datetime.now(tz or UTC) + cls.shift
        return cls.fromtimestamp(moment.timestamp(), tz)


@cache
def _forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


class Changed(NamedTuple):
    """What is not as in life."""

    #: Added to the clock.
    shift: timedelta = timedelta(0)
    #: Messages a minute in a group on Telegram.
    pace: int = keeper.MOST_A_MINUTE


def fork_service(folder: Path, environment: Mapping[str, str], log: Path, changed: Changed) -> BaseProcess:
    """Start the service in a folder, with nothing but this environment; it prints to the end of the log."""
    process = _forks().Process(target=_serve, args=(folder, dict(environment), log, changed))
    process.start()
    return process


def _serve(folder: Path, environment: Mapping[str, str], log: Path, changed: Changed) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    with log.open("ab") as written, Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(written.fileno(), 1)
        os.dup2(written.fileno(), 2)
    if changed.shift:
        ShiftedDatetime.shift = changed.shift
        bot.app.datetime = ShiftedDatetime  # type: ignore[attr-defined]
    keeper.MOST_A_MINUTE = changed.pace
    sys.argv = ["daozhang", "serve"]
    main()
