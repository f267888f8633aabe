"""A merchant for tests: talks through the real turn, and answers questions from what he knows."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, time
from functools import cache
from pathlib import Path
from typing import Any

from bot.channels.console import ConsoleChats
from bot.expertise import LiveExpertise
from bot.parts import Parts, put_together
from knowledge.model import Language
from triage.directory import Directory
from triage.store import Store
from triage.vault import Vault, new_key

#: A working day, in service hours.
NOW = datetime.fromisoformat("2026-10-09T10:30:00+08:00")


@cache
def packaged() -> LiveExpertise:
    """Give the packaged knowledge base, loaded once."""
    return LiveExpertise(time(9), time(18), None)


@contextmanager
def parts_on(
    url: str = "sqlite://", own: Path | None = None, directory: Directory | None = None
) -> Iterator[Parts]:
    """Put the parts together on a database, by default one in memory."""
    store = Store(url)
    try:
        store.migrate()
        live = LiveExpertise(time(9), time(18), own) if own else packaged()
        yield put_together(store, Vault(new_key()), live, directory)
    finally:
        store.close()


class Merchant:
    """One merchant in a talk."""

    def __init__(
        self,
        parts: Parts,
        now: datetime = NOW,
        *,
        chat: str = "m1",
        language: Language | None = "zh",
        knows: Mapping[str, str] | None = None,
    ) -> None:
        self._chats = ConsoleChats(parts, lambda: now, language)
        self._chat = chat
        self.knows = dict(knows or {})
        #: What the bot answered last.
        self.last: dict[str, Any] = {}
        #: Facts that were asked, in order.
        self.asked: list[str] = []

    def send(self, **line: Any) -> dict[str, Any]:
        """Send one line of `chat --json`; gives the answer, which must not be an error."""
        self.last = self._chats.answer(json.dumps({"chat": self._chat, **line}, ensure_ascii=False))
        assert "error" not in self.last, self.last
        if self.ask:
            self.asked.append(self.ask["fact"])
        return self.last

    def say(self, text: str, **line: Any) -> dict[str, Any]:
        """Type a text."""
        return self.send(text=text, **line)

    def tap(self, value: str) -> dict[str, Any]:
        """Tap the option of the open question that has this value."""
        assert self.ask, f"nothing is asked: {self.last}"
        options = {option["value"]: option["id"] for option in self.ask["options"]}
        assert value in options, f"{value} is not offered for {self.ask['fact']}: {list(options)}"
        return self.send(choice=options[value])

    def answer_all(self) -> dict[str, Any]:
        """Answer every question from what he knows, else with "not sure", until nothing is asked."""
        for _ in range(20):
            if self.ask is None or self.ask["kind"] == "confirm":
                return self.last
            value = self.knows.get(self.ask["fact"], "unknown")
            offered = {option["value"] for option in self.ask["options"]}
            if value in offered:
                self.tap(value)
            else:
                self.say(value)
        raise AssertionError(f"the bot asks for ever: {self.asked}")

    @property
    def ask(self) -> dict[str, Any] | None:
        """The open question."""
        asks = [message["ask"] for message in self.last.get("messages", [])]
        return asks[-1] if asks else None

    @property
    def asks(self) -> str | None:
        """The fact that is asked."""
        return str(self.ask["fact"]) if self.ask else None

    @property
    def texts(self) -> str:
        """All that was said last."""
        return "\n".join(message["text"] for message in self.last["messages"])

    @property
    def leader(self) -> str:
        """The likeliest cause."""
        return str(self.last["causes"][0][0])
