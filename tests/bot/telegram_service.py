"""The real service on an emulated Telegram, and what its database holds meanwhile."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import NullPool, Row, create_engine, insert, text

from knowledge.calendar import SHANGHAI
from tests.service import Service
from tests.telegram_api.control import TelegramApi
from tests.telegram_api.people import Shown, User
from triage.model import SetAside, table

#: A Friday morning on which services are open, between two holidays that the calendar knows.
NOW = datetime(2026, 10, 9, 10, 30, tzinfo=SHANGHAI)
SECRET = "a-secret_of-the-webhook"


class TelegramService(Service):
    """`daozhang serve` with a bot; `way` is "polling" or "webhook"."""

    def __init__(
        self, folder: Path, api: TelegramApi, way: str, database_url: str = "", **settings: str
    ) -> None:
        super().__init__(folder, database_url, telegram_token=api.token, telegram_api_url=api.url, **settings)
        self.api = api
        self.as_if_now_were(NOW)
        self.webhook = f"{self.url}/hooks/telegram"
        if way == "webhook":
            self._settings |= {"telegram_webhook_url": self.webhook, "telegram_webhook_secret": SECRET}
        self.database_url = database_url or f"sqlite:///{self.data_dir / 'daozhang.db'}"
        #: Connects anew for every look, so that nothing is held open while the service works.
        self.engine = create_engine(self.database_url, poolclass=NullPool)

    def hurried(self) -> Self:
        """Let it write to groups as fast as it can."""
        self._changed = self._changed._replace(pace=100_000)
        return self

    def rows(self, statement: str, **values: Any) -> list[Row[Any]]:
        """Read the database while the service runs."""
        with self.engine.connect() as connection:
            return list(connection.execute(text(statement), values).all())

    def leave(self, payload: dict[str, Any], error: str, tries: int) -> None:
        """Leave a message that was set aside and given up."""
        values = {name: payload[name] for name in ("channel", "sender", "key")}
        values |= {"payload": payload, "tries": tries, "error": error, "at": datetime.now(UTC)}
        with self.engine.begin() as connection:
            connection.execute(insert(table(SetAside)), values)

    def heard(self, user: User) -> list[str]:
        """Give what the merchant's lines look like in the transcript, in order."""
        return [row.text for row in self._lines(user, "merchant")]

    def said(self, user: User) -> list[str]:
        """Give what the bot and the agents said to him, as stored, in order."""
        return [row.text for row in self._lines(user, "bot")]

    def _lines(self, user: User, author: str) -> list[Row[Any]]:
        statement = (
            "SELECT m.text FROM message m JOIN conversation c ON c.id = m.conversation_id"
            " WHERE c.sender = :sender AND m.author = :author ORDER BY m.id"
        )
        return self.rows(statement, sender=str(user.id), author=author)

    def deliveries(self, user: User) -> list[Row[Any]]:
        """Give the outbox rows of a merchant, in order: status, error, attempts, doubts, text."""
        statement = (
            "SELECT o.status, o.error, o.attempts, o.doubts, m.text FROM outbox o"
            " JOIN message m ON m.id = o.message_id WHERE o.recipient = :sender ORDER BY o.id"
        )
        return self.rows(statement, sender=str(user.id))

    def tickets(self, user: User) -> int:
        """Count a merchant's tickets."""
        statement = "SELECT t.id FROM ticket t JOIN conversation c ON c.id = t.conversation_id"
        return len(self.rows(f"{statement} WHERE c.sender = :sender", sender=str(user.id)))

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        return int(self.rows(f"SELECT count(*) AS n FROM {table}")[0].n)

    def hear(self, user: User, replies: int) -> Shown:
        """Wait until the bot has said so much to somebody in all; gives the last of it."""
        self.api.wait_for(lambda: len(self.api.sent(user)) >= replies)
        return self.api.sent(user)[-1]

    def settle(self) -> None:
        """Wait until nothing is on its way to the bot or to anybody."""
        still_open = "SELECT 1 FROM outbox WHERE status IN ('waiting', 'sending')"
        self.api.wait_for(lambda: not self.api.pending() and not self.rows(still_open))


def each_once(texts: list[str]) -> bool:
    """Say whether nothing is there twice."""
    return all(count == 1 for count in Counter(texts).values())
