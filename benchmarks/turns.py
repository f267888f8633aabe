"""Whole turns: text in, reader, engine, commit; at saturation and at 50 a second."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from time import perf_counter, sleep

from benchmarks.merchants import messages
from bot.expertise import LiveExpertise
from bot.messages import Incoming
from bot.parts import Parts, put_together
from triage.store import Store
from triage.vault import Vault, new_key

NOW = datetime(2026, 10, 9, 2, 30, tzinfo=UTC)
OFFERED = 50


@dataclass(frozen=True, slots=True)
class Figures:
    """Rates in turns a second, times in milliseconds."""

    rate: float
    busy_p50: float
    busy_p99: float
    calm_p50: float
    calm_p99: float


def measure(url: str, *, talks: int = 250, calm_seconds: float = 6) -> Figures:
    """Measure a database by URL."""
    store = Store(url)
    try:
        store.migrate()
        parts = put_together(store, Vault(new_key()), LiveExpertise(time(9), time(18)))
        _flat_out(parts, list(messages(20)))
        incoming = list(messages(talks))
        start = perf_counter()
        busy = _flat_out(parts, incoming)
        rate = len(incoming) / (perf_counter() - start)
        calm = _offered(parts, list(messages(int(OFFERED * calm_seconds / 4))))
        return Figures(rate, _at(busy, 0.5), _at(busy, 0.99), _at(calm, 0.5), _at(calm, 0.99))
    finally:
        store.close()


def _flat_out(parts: Parts, incoming: list[Incoming], workers: int = 16) -> list[float]:
    def take(message: Incoming) -> float:
        start = perf_counter()
        if parts.turns.take(message, NOW) is None:
            sys.exit("a turn failed; the figures would mean nothing")
        return (perf_counter() - start) * 1000

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(take, incoming))


def _offered(parts: Parts, incoming: list[Incoming]) -> list[float]:
    """Send one message every 20 ms, whether or not the last one is answered."""
    times: list[float] = []
    lock = threading.Lock()

    def take(message: Incoming, due: float) -> None:
        parts.turns.take(message, NOW)
        with lock:
            times.append((perf_counter() - due) * 1000)

    with ThreadPoolExecutor(16) as pool:
        begin = perf_counter()
        for number, message in enumerate(incoming):
            due = begin + number / OFFERED
            sleep(max(0.0, due - perf_counter()))
            pool.submit(take, message, due)
    return times


def _at(times: list[float], share: float) -> float:
    return sorted(times)[min(int(len(times) * share), len(times) - 1)]


def sqlite_url(folder: Path) -> str:
    """Give the URL of a new SQLite file."""
    return f"sqlite:///{folder / 'turns.db'}"
