"""The raw commit rate: the rows of one turn, one commit a turn, with nothing of ours in between."""

import sqlite3
from contextlib import closing
from pathlib import Path
from time import perf_counter

ROW = "x" * 900
LINE = "y" * 80


def commits_per_second(path: Path, turns: int = 2000) -> float:
    """Commit one update and three inserts so many times (SQLite, WAL, synchronous=FULL); gives the rate."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE talk (id INTEGER PRIMARY KEY, state TEXT)")
        connection.execute(
            "CREATE TABLE line (id INTEGER PRIMARY KEY, talk INTEGER, body TEXT, key TEXT UNIQUE)"
        )
        connection.execute("CREATE INDEX line_talk ON line (talk)")
        connection.executemany("INSERT INTO talk VALUES (?, ?)", [(n, ROW) for n in range(200)])
        start = perf_counter()
        for turn in range(turns):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("SELECT state FROM talk WHERE id = ?", (turn % 200,)).fetchone()
            connection.execute("UPDATE talk SET state = ? WHERE id = ?", (ROW, turn % 200))
            for part in range(3):
                values = (turn % 200, LINE, f"{turn}.{part}")
                connection.execute("INSERT INTO line (talk, body, key) VALUES (?, ?, ?)", values)
            connection.execute("COMMIT")
        return turns / (perf_counter() - start)
