"""Run all benchmarks and print them side by side."""

import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import minds, rows, turns
from benchmarks.merchants import STORIES, TALKS
from benchmarks.turns import Figures
from bot.logs import set_up_logs
from tests.databases import installed_postgres, running_postgres

AIMED_RATIO = 0.25
AIMED_P99 = 20.0


def main() -> None:
    """Measure, print."""
    set_up_logs("error")
    console = Console()
    console.print(f"{os.cpu_count()} processors", style="dim")
    _parts(console)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        # Before and after: the disk of a shared machine has better and worse moments.
        before = rows.commits_per_second(folder / "before.db")
        sqlite = turns.measure(turns.sqlite_url(folder))
        raw = (before + rows.commits_per_second(folder / "after.db")) / 2
        table = Table(title="Whole durable turns (text in, reader, engine, commit)")
        for column in ("database", "turns/s", "of raw", "p50 busy", "p99 busy", "p50 at 50/s", "p99 at 50/s"):
            table.add_column(column, justify="left" if column == "database" else "right")
        table.add_row("raw rows, SQLite FULL, one commit a turn", f"{raw:,.0f}", "1.00")
        table.add_row("SQLite FULL", *_row(sqlite, raw))
        server = stack.enter_context(running_postgres(installed_postgres()))
        url = stack.enter_context(server.database())
        table.add_row("PostgreSQL", *_row(turns.measure(url), raw))
        console.print(table)
        verdict = "met" if sqlite.rate / raw >= AIMED_RATIO and sqlite.calm_p99 < AIMED_P99 else "missed"
        console.print(f"Aim: at least {AIMED_RATIO} of raw, p99 at 50/s under {AIMED_P99:.0f} ms: {verdict}")


def _parts(console: Console) -> None:
    table = Table(title="The pure parts, in ms, and beside a plain job of the same kind in the same run")
    for column in ("part", "mean", "p99", "plain job", "ratio"):
        table.add_column(column, justify="left" if column == "part" else "right")
    parts: dict[str, Callable[[], minds.Comparison]] = {
        "load the base / parse its YAML": minds.loading,
        "read an answer (11 characters) / one fuzzy look-up": partial(
            minds.reading, chain.from_iterable(TALKS)
        ),
        "read a story (60 characters) / one fuzzy look-up": partial(minds.reading, STORIES),
        "choose the next question / the talk to JSON and back": minds.thinking,
    }
    for name, measure in parts.items():
        figures = measure()
        means = (figures.part.mean, figures.part.p99, figures.plain.mean)
        table.add_row(name, *(f"{ms:.3f}" for ms in means), f"{figures.ratio:.2f}")
    console.print(table)


def _row(figures: Figures, raw: float) -> list[str]:
    return [
        f"{figures.rate:,.0f}",
        f"{figures.rate / raw:.2f}",
        *(f"{ms:.1f} ms" for ms in (figures.busy_p50, figures.busy_p99, figures.calm_p50, figures.calm_p99)),
    ]


if __name__ == "__main__":
    main()
