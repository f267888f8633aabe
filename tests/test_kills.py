"""kill -9 in the middle of fifty talks: no message lost, none stored twice, no second ticket."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import create_engine, text

from tests.service import Service

TALKS = 50
#: A card number that passes every check, and must never be found on the disk.
CARD = "6222020200112345679"
SCRIPT = ("昨天下午刷了3500没到账", "T+1", f"卡号{CARD}", "人工", "谢谢")


class Traffic:
    """Fifty merchants who send the same message again until it is acknowledged."""

    def __init__(self, url: str, seed: int) -> None:
        self._url = url
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        #: Merchant -> his conversation's token.
        self.tokens: dict[int, str] = {}
        #: client_id -> ids of the messages that answered it, each time it was acknowledged.
        self.acknowledged: dict[str, list[tuple[int, ...]]] = {}

    def talk(self, merchant: int) -> None:
        """Say the whole script, every message until it is acknowledged, some twice."""
        with httpx.Client(base_url=self._url, trust_env=False, timeout=10) as client:
            for line in SCRIPT:
                with self._lock:
                    client_id = str(UUID(int=self._random.getrandbits(128), version=4))
                    twice = self._random.random() < 0.2
                for _ in range(2 if twice else 1):
                    self._send(client, merchant, client_id, line)

    def _send(self, client: httpx.Client, merchant: int, client_id: str, line: str) -> None:
        body = {"conversation": self.tokens.get(merchant), "client_id": client_id, "text": line}
        for _ in range(1500):
            try:
                response = client.post("/chat/api/messages", json=body)
            except httpx.TransportError:
                time.sleep(0.1)
                continue
            assert response.status_code == 200, response.text
            answer = response.json()
            with self._lock:
                self.tokens[merchant] = answer["conversation"]
                replies = tuple(message["id"] for message in answer["messages"])
                self.acknowledged.setdefault(client_id, []).append(replies)
            return
        pytest.fail("the service did not come back")


def survive(service: Service, kills: int, rounds: int, seed: int) -> None:
    """Run rounds of fifty talks under so many kills, then compare what was acknowledged with what is kept."""
    chance = random.Random(seed)
    traffics = [Traffic(service.url, seed + number) for number in range(rounds)]
    done = threading.Event()

    def all_talks() -> None:
        try:
            for traffic in traffics:
                with ThreadPoolExecutor(16) as pool:
                    for finished in [pool.submit(traffic.talk, merchant) for merchant in range(TALKS)]:
                        finished.result()
        finally:
            done.set()

    with ThreadPoolExecutor(1) as runner:
        talks = runner.submit(all_talks)
        killed = 0
        while killed < kills and not done.wait(chance.uniform(0.02, 0.25)):
            service.kill()
            killed += 1
            service.start()
        talks.result()
    assert killed == kills, f"the talks were over after {killed} kills; make them longer"
    for traffic in traffics:
        _compare(service, traffic)


def _compare(service: Service, traffic: Traffic) -> None:
    assert len(traffic.acknowledged) == TALKS * len(SCRIPT)
    kept: Counter[str] = Counter()
    ids: set[int] = set()
    for token in traffic.tokens.values():
        view = httpx.get(
            f"{service.url}/chat/api/messages", params={"conversation": token}, trust_env=False
        ).json()
        assert len(view["tickets"]) == 1
        kept.update(message["client_id"] for message in view["messages"] if message["from"] == "merchant")
        ids.update(message["id"] for message in view["messages"])
    assert kept == Counter(dict.fromkeys(traffic.acknowledged, 1))
    for answers in traffic.acknowledged.values():
        assert len(set(answers)) == 1
        assert ids.issuperset(answers[0])


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_two_hundred_kills(start_service: Callable[..., Service], database_url: str, tmp_path: Path) -> None:
    service = start_service(database_url=database_url)
    survive(service, kills=200, rounds=50, seed=11)
    service.terminate()
    _no_card_at_rest(database_url, tmp_path)


def _no_card_at_rest(database_url: str, folder: Path) -> None:
    """Look for the card number in every file, or in every text of the PostgreSQL tables."""
    for path in folder.rglob("*"):
        if path.is_file():
            assert CARD.encode() not in path.read_bytes(), path
    if database_url.startswith("postgresql"):
        engine = create_engine(database_url)
        with engine.connect() as connection:
            for table in ("message", "conversation", "ticket", "ticket_event", "set_aside"):
                found = text(f"SELECT count(*) FROM {table} t WHERE t::text LIKE :card")
                assert connection.execute(found, {"card": f"%{CARD}%"}).scalar_one() == 0
        engine.dispose()
