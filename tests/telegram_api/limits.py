"""How much a bot may send: the limits that Telegram sets, each of which can be switched on."""

import math
from collections import defaultdict, deque
from dataclasses import dataclass, field

from tests.telegram_api.errors import too_many_requests
from tests.telegram_api.world import Clock


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `calls` in any `seconds`."""

    calls: int
    seconds: float


#: One a second in a chat over time, with small bursts.
PER_CHAT = Rule(calls=5, seconds=5)
OVERALL = Rule(calls=30, seconds=1)
PER_GROUP = Rule(calls=20, seconds=60)


@dataclass(slots=True)
class Limits:
    """Counts the calls that went through; `check` refuses those over the limit."""

    clock: Clock
    per_chat: bool = False
    overall: bool = False
    per_group: bool = False
    #: Chat id -> when it may be written to again, on the clock's counter; 0: every chat.
    closed_until: dict[int, float] = field(default_factory=dict)
    _passed: dict[tuple[Rule, int], deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def close(self, chat_id: int, seconds: float) -> None:
        """Refuse everything for a chat (0: for all chats) until so many seconds have passed."""
        self.closed_until[chat_id] = self.clock.counter() + seconds

    def check(self, chat_id: int) -> None:
        """Let one call pass, or raise ApiError 429 with the seconds to wait."""
        now = self.clock.counter()
        wait = max(self.closed_until.get(one, 0) - now for one in (0, chat_id))
        rules = [(PER_CHAT, chat_id)] if self.per_chat else []
        rules += [(OVERALL, 0)] if self.overall else []
        rules += [(PER_GROUP, chat_id)] if self.per_group and chat_id < 0 else []
        for rule, key in rules:
            passed = self._passed[rule, key]
            while passed and passed[0] <= now - rule.seconds:
                passed.popleft()
            if len(passed) >= rule.calls:
                wait = max(wait, passed[0] + rule.seconds - now)
        if wait > 0:
            raise too_many_requests(math.ceil(wait))
        for rule, key in rules:
            self._passed[rule, key].append(now)
