"""Messages whose turn failed: kept, redacted, and tried again; after the fifth failure a person must look."""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, delete, insert, select, update

from bot.messages import Incoming
from knowledge.redaction import redact
from triage import attachments
from triage.attachments import Brought
from triage.model import SetAside, table
from triage.store import Store, Transaction
from triage.vault import Vault, VaultError

#: How long to wait after each failure; the fifth sets the message aside for a person.
RETRY_AFTER = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
#: At most so many are tried in one round.
MOST_AT_ONCE = 50
_SET_ASIDE = table(SetAside)
_log = structlog.get_logger()
#: Takes a message, with its file and the moment when it was sent, in a transaction.
Take = Callable[[Transaction, Incoming, Brought | None, datetime], object]


class Retries:
    """Keeps messages, and tries them again."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    def keep(self, incoming: Incoming, error: str, now: datetime) -> None:
        """Keep a message whose turn failed, redacted; once, however often it comes."""
        self._store.write(lambda transaction: self._keep(transaction, incoming, error, now))

    def take_again(self, take: Take, now: datetime) -> int:
        """Try the messages again whose time has come; gives how many there were."""
        due = select(_SET_ASIDE).where(_SET_ASIDE.c.next_try_at <= now).order_by(_SET_ASIDE.c.id)
        rows = self._store.read(lambda connection: connection.execute(due.limit(MOST_AT_ONCE)).all())
        for row in rows:
            self._take_one(take, row, now)
        return len(rows)

    def _take_one(self, take: Take, row: Row[Any], now: datetime) -> None:
        this = _SET_ASIDE.c.id == row.id

        def again(transaction: Transaction) -> None:
            take(transaction, incoming, brought, row.at)
            transaction.execute(delete(_SET_ASIDE).where(this))

        try:
            incoming = self._read(row.payload)
            brought = attachments.look_at(incoming.file, self._vault) if incoming.file else None
            self._store.write(again)
        except Exception as error:  # noqa: BLE001 - counted, and left to a person after the fifth
            _log.exception("turn failed again", channel=row.channel, tries=row.tries + 1)
            pause = RETRY_AFTER[row.tries] if row.tries < len(RETRY_AFTER) else None
            values = {
                "tries": row.tries + 1,
                "next_try_at": now + pause if pause else None,
                "error": type(error).__name__,
            }
            self._store.write(lambda transaction: transaction.execute(update(_SET_ASIDE).where(this), values))

    def _read(self, payload: dict[str, Any]) -> Incoming:
        """Read what was kept; a phone number that another key locked is lost."""
        incoming = Incoming.from_json(payload)
        try:
            return replace(incoming, phone=self._vault.open(incoming.phone) if incoming.phone else None)
        except VaultError:
            return replace(incoming, phone=None)

    def _keep(self, transaction: Transaction, incoming: Incoming, error: str, now: datetime) -> None:
        same = (
            (_SET_ASIDE.c.channel == incoming.channel)
            & (_SET_ASIDE.c.sender == incoming.sender)
            & (_SET_ASIDE.c.key == incoming.key)
        )
        if transaction.execute(select(_SET_ASIDE.c.id).where(same)).first():
            return
        redacted = redact(incoming.text) if incoming.text is not None else None
        text = redacted.text if redacted else None
        phone = self._vault.lock(redacted.phones[0]) if redacted and redacted.phones else None
        choice = redact(incoming.choice).text if incoming.choice is not None else None
        facts = {key: value for key, value in (incoming.facts or {}).items() if redact(value).text == value}
        values = {
            "channel": incoming.channel,
            "sender": incoming.sender,
            "key": incoming.key,
            "payload": asdict(replace(incoming, text=text, choice=choice, phone=phone, facts=facts)),
            "tries": 1,
            "next_try_at": now + RETRY_AFTER[0],
            "error": error,
            "at": now,
        }
        transaction.execute(insert(_SET_ASIDE), values)
