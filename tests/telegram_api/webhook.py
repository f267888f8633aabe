"""Delivery of updates to the bot's own address, one after the other in each queue, until it says 2xx."""

import asyncio
import random
from collections import defaultdict, deque
from typing import Any

import httpx

from tests.telegram_api.updates import Pending
from tests.telegram_api.world import World

PATIENCE = 60  # seconds that an answer may take
LONGEST_RETRY_AFTER = 3600  # seconds


def pause_before(attempt: int, retry_after: str | None, roll: random.Random) -> float:
    """Give the seconds before a repeat: 0, 2, 4, 8 … up to 60 to 120, or what Retry-After says."""
    if retry_after and retry_after.isdecimal():
        return min(int(retry_after), LONGEST_RETRY_AFTER)
    return 0 if attempt == 1 else min(2.0 ** (attempt - 1), roll.uniform(60, 120))


class Webhook:
    """The webhook of the bot; `url` is empty while there is none."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.url = ""
        self.attempts: list[dict[str, Any]] = []
        self._secret = ""
        self._connections = 40
        self._last_error: dict[str, Any] = {}
        self._queues: dict[str, deque[Pending]] = defaultdict(deque)
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._client: httpx.AsyncClient | None = None
        self._slots = asyncio.Semaphore(1)
        self._roll = random.Random(1)
        world.updates.on_added.append(self._enqueue)

    async def start(self, url: str, secret: str, connections: int) -> None:
        """Deliver to this address from now on, what is pending first."""
        await self.stop()
        self.url, self._secret, self._connections = url, secret, connections
        self._slots = asyncio.Semaphore(connections)
        self._client = httpx.AsyncClient(timeout=PATIENCE, trust_env=False, verify=False)
        for entry in self.world.updates.pending:
            self._enqueue(entry)

    async def stop(self) -> None:
        """Deliver no more; what was not delivered stays pending."""
        self.url = ""  # first: what comes meanwhile must not be put into a queue that is going
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        self._workers.clear()
        self._queues.clear()
        self._last_error = {}
        if self._client:
            await self._client.aclose()
            self._client = None

    def info(self) -> dict[str, Any]:
        """Give a WebhookInfo object."""
        self.world.updates.drop_expired()
        info: dict[str, Any] = {
            "url": self.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self.world.updates.pending),
        }
        allowed = self.world.updates.allowed
        info |= {"allowed_updates": allowed} if allowed else {}
        if self.url:
            info |= {"max_connections": self._connections, "ip_address": "127.0.0.1", **self._last_error}
        return info

    def _enqueue(self, entry: Pending) -> None:
        if not self.url:
            return
        self._queues[entry.key].append(entry)
        if entry.key not in self._workers:
            self._workers[entry.key] = asyncio.get_running_loop().create_task(self._work(entry.key))

    async def _work(self, key: str) -> None:
        queue = self._queues[key]
        while queue:
            entry = queue[0]
            attempt = 0
            while entry.expires > self.world.clock.now():
                attempt += 1
                async with self._slots:
                    delivered, retry_after = await self._post(entry, attempt)
                if delivered:
                    break
                await asyncio.sleep(pause_before(attempt, retry_after, self._roll) * self.world.clock.factor)
            queue.popleft()
            # Deleted only now: until here it counts as pending.
            self.world.updates.pending = [one for one in self.world.updates.pending if one is not entry]
        del self._workers[key]

    async def _post(self, entry: Pending, attempt: int) -> tuple[bool, str | None]:
        if self._client is None:
            return False, None
        headers = {"X-Telegram-Bot-Api-Secret-Token": self._secret} if self._secret else {}
        record: dict[str, Any] = {"update_id": entry.id, "attempt": attempt, "status": None}
        self.attempts.append(record)
        try:
            answer = await self._client.post(self.url, json=entry.update, headers=headers)
        except httpx.TimeoutException:
            self._failed("Read timeout expired")
            return False, None
        except httpx.TransportError:
            self._failed("Connection refused")
            return False, None
        record["status"] = answer.status_code
        if answer.is_success:
            return True, None
        self._failed(f"Wrong response from the webhook: {answer.status_code} {answer.reason_phrase}")
        return False, answer.headers.get("retry-after")

    def _failed(self, why: str) -> None:
        self._last_error = {"last_error_date": self.world.clock.now(), "last_error_message": why}
