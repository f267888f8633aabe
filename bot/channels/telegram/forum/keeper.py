"""Keeping the topics up to date: one call after the other, at the pace of a group, through all faults."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, Row
from telegram import Bot
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

from bot.channels.telegram.api import delivery_error, wait_of
from bot.channels.telegram.forum.card import CardMaker
from bot.channels.telegram.forum.group import Group
from bot.channels.telegram.forum.steps import FileToShow, Step, Values, next_step
from bot.messages import OutgoingFile
from triage import attachments, topics
from triage.attachments import FileNotHereError
from triage.bell import DESK
from triage.desk.casework import casework
from triage.desk.ticket import TicketCase, find_ticket
from triage.desk.words import Words
from triage.incidents import open_incidents
from triage.model import AttachmentState, TicketStatus
from triage.store import StoreError, Transaction, Work

#: Messages and edits that a group may be given in a minute; Telegram takes 20, and hints need some too.
MOST_A_MINUTE = 17
#: Without being rung, the keeper looks so often; more often where other processes write too.
LOOK_SECONDS, LOOK_SHARED_SECONDS = 5.0, 1.0
#: Tickets looked after in one round.
MOST_AT_ONCE = 20
#: Changes that come together are looked at together.
GATHER_SECONDS = 0.2
#: A fault of the group or the network rests everything for so long.
PAUSE_SECONDS = 3.0
#: One of a ticket rests that ticket: longer after each failure in a row, up to the last.
TICKET_PAUSES = (3.0, 10.0, 60.0, 300.0)
#: What the group itself lacks does not mend itself in a moment.
MENDING_SECONDS = 30.0
_log = structlog.get_logger()

# What Telegram's words say of a topic and of its card.
_TOPIC_GONE = ("thread not found", "topic_id_invalid", "topic_deleted")
_CARD_GONE = (
    *("message to edit not found", "message can't be edited", "message to pin not found"),
    "message_id_invalid",
)
_SO_ALREADY = ("topic_not_modified", "message is not modified")
_GROUP_LACKS = (
    *("not enough rights", "chat not found", "not a forum", "need administrator rights"),
    *("chat_admin_required", "have no rights to send"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A topic and its ticket, as they are at one moment."""

    topic: Row[Any]
    ticket: TicketCase
    step: Step | None
    #: Replies that did not arrive, as the card says.
    undelivered: int
    #: The newest message of the talk.
    newest: int

    @property
    def is_done(self) -> bool:
        """Say whether the ticket is resolved."""
        return bool(self.ticket.row["status"] == TicketStatus.RESOLVED)


class TopicKeeper:
    """Shows the agents' group what the tickets are; one at a time in all processes that share a database."""

    def __init__(self, group: Group, bot: Bot, clock: Callable[[], datetime]) -> None:
        self._group = group
        self._bot = bot
        self._clock = clock
        self._store = group.deps.store
        # A card has no room for the strip of days.
        self._deps = replace(group.deps, draw_strip=lambda *_: "")
        self._chat = str(group.chat_id)
        #: When the latest messages went out, in seconds of a clock that only goes forward.
        self._sent: list[float] = []
        #: Until when nothing is called, and until when a ticket is left alone.
        self._rests_until = 0.0
        self._tickets_rest: dict[int, float] = {}
        #: Failures in a row, by ticket.
        self._failures: dict[int, int] = {}

    async def run(self) -> None:
        """Look after the topics until cancelled."""
        bell = self._store.bell
        with bell.listen(DESK) as listener:
            while not bell.closed:
                try:
                    await self._round()
                except StoreError:
                    _log.exception("the topics cannot be looked up")
                    self._rest(PAUSE_SECONDS)
                await listener.wait(self._pause())
                await asyncio.sleep(GATHER_SECONDS)

    async def _round(self) -> None:
        if time.monotonic() < self._rests_until:
            return
        now = time.monotonic()
        self._tickets_rest = {key: until for key, until in self._tickets_rest.items() if until > now}
        resting = list(self._tickets_rest)
        tickets = await asyncio.to_thread(
            self._store.read, lambda connection: topics.behind(connection, self._chat, resting, MOST_AT_ONCE)
        )
        for ticket_id in tickets:
            try:
                await self._bring_up(ticket_id)
            except StoreError:
                raise
            except Exception:  # noqa: BLE001 - one ticket must not stop the others
                _log.exception("a topic cannot be worked out", ticket=ticket_id)
                self._rest_ticket(ticket_id)
            if time.monotonic() < self._rests_until:
                return

    async def _bring_up(self, ticket_id: int) -> None:
        """Take all steps that a topic needs, until something has to rest."""
        await self._write(lambda tx: topics.topic_of(tx, ticket_id, self._chat))
        while time.monotonic() >= self._rests_until and ticket_id not in self._tickets_rest:
            look = await asyncio.to_thread(self._look, ticket_id)
            if look is None:
                return
            if look.step is None:
                await asyncio.to_thread(self._note_shown, look)
                return
            if look.step.counted and not self._has_room():
                return
            await self._take(ticket_id, look.topic, look.step)

    def _look(self, ticket_id: int) -> _Look | None:
        return self._store.read(lambda connection: self._look_at(connection, ticket_id))

    def _look_at(self, connection: Connection, ticket_id: int) -> _Look | None:
        ticket = find_ticket(connection, ticket_id)
        topic = topics.topic_in(connection, ticket_id, self._chat)
        if ticket is None or topic is None:
            return None
        words = self._group.words(self._clock())
        undelivered = topics.undelivered(connection, ticket.row)
        maker = CardMaker(
            words=words,
            ticket=ticket,
            case=casework(self._deps, words, ticket),
            incidents=open_incidents(connection),
            undelivered=undelivered,
            address=f"{self._group.address}/desk/tickets/{ticket.number}",
        )
        newest = topics.newest_message(connection, ticket.row)
        news = topics.news_for(connection, topic, ticket.row)
        card = maker.make(topic.menu)
        step = next_step(
            self._group.chat_id,
            topic,
            card,
            news,
            words,
            file=self._file(connection, topic, ticket, words),
            done=ticket.row["status"] == TicketStatus.RESOLVED,
        )
        return _Look(topic=topic, ticket=ticket, step=step, undelivered=undelivered, newest=newest)

    def _file(
        self, connection: Connection, topic: Row[Any], ticket: TicketCase, words: Words
    ) -> FileToShow | None:
        """Give the merchant's next file; None as long as the platform still has it."""
        row = attachments.file_for_topic(connection, ticket.row["conversation_id"], topic.file_id)
        if row is None or row.state == AttachmentState.WAITING:
            return None
        kind = words.name("kind", row.kind)
        caption = f"{words.name('author', 'merchant')} {kind}"
        if row.state == AttachmentState.REFUSED:
            caption += f" · {words.say('file_refused', reason=words.name('refused', row.reason))}"
        return FileToShow(id=row.id, caption=caption, read=lambda: self._read(row.name))

    def _read(self, name: str) -> OutgoingFile | None:
        vault = self._group.deps.vault
        try:
            opened = self._store.read(lambda connection: attachments.open_file(connection, name, vault))
        except FileNotHereError:
            return None
        return OutgoingFile(**opened)

    def _note_shown(self, look: _Look) -> None:
        """Note that the topic shows it all, unless it was stirred since."""
        seen, shown_at = look.topic, look.ticket.row["updated_at"]

        def work(transaction: Transaction) -> None:
            now = topics.topic_of(transaction, seen.ticket_id, self._chat)
            if (now.menu, now.closed, now.notices) == (seen.menu, seen.closed, seen.notices):
                self._note(
                    transaction,
                    seen.ticket_id,
                    shown_at=shown_at,
                    stirred=False,
                    undelivered=look.undelivered,
                    # Beyond what it shows are only the lines that were written in it.
                    message_id=now.message_id if look.is_done else max(now.message_id, look.newest),
                )

        self._store.write(work)

    async def _take(self, ticket_id: int, topic: Row[Any], step: Step) -> None:
        """Take one step; that it is begun is stored first, so that a crash in its middle is seen."""
        await self._write(lambda tx: self._note(tx, ticket_id, doing=step.name))
        if step.counted:
            self._sent.append(time.monotonic())
        try:
            values = await step.call(self._bot)
        except TelegramError as error:
            await self._failed(topic, step, error)
        else:
            self._failures.pop(ticket_id, None)
            noted = {**values, "doing": ""}
            await self._write(lambda tx: self._note(tx, ticket_id, **noted))

    async def _failed(self, topic: Row[Any], step: Step, error: TelegramError) -> None:
        ticket_id = topic.ticket_id
        if isinstance(error, BadRequest):
            await self._write(self._refused(topic, step, error.message.lower()))
            return
        known = delivery_error(error)
        if isinstance(error, RetryAfter):
            self._rest(wait_of(error).total_seconds())
        elif isinstance(error, Forbidden):
            _log.error("the bot is not in the agents' group; `daozhang doctor` says what to do")
            self._rest(MENDING_SECONDS)
        elif known is not None and known.reason == "unreachable":
            self._rest(PAUSE_SECONDS)
        else:
            _log.warning("a step in a topic failed", error=type(error).__name__, step=step.name)
            self._rest_ticket(ticket_id)
        if known is not None:
            await self._write(lambda tx: self._note(tx, ticket_id, doing=""))
        elif step.refused and topic.doing == step.name:
            # Nobody knew twice: a third time would show it a third time.
            given_up = {**step.refused, "doing": ""}
            await self._write(lambda tx: self._note(tx, ticket_id, **given_up))

    def _refused(self, topic: Row[Any], step: Step, why: str) -> Work[None]:
        """Say what is to be noted of a topic after a refusal."""
        if any(word in why for word in _TOPIC_GONE):
            _log.warning("a topic was deleted and is opened again", ticket=topic.ticket_id)
            return lambda tx: topics.lose(tx, topic)
        values = {**self._told_by(topic, step, why), "doing": ""}
        return lambda tx: self._note(tx, topic.ticket_id, **values)

    def _told_by(self, topic: Row[Any], step: Step, why: str) -> Values:
        """Say what a refusal tells of a topic that there is; one that tells nothing rests the ticket."""
        if any(word in why for word in _SO_ALREADY):
            return step.already
        if "topic_closed" in why and not topic.closed:
            return {"closed": True}
        if any(word in why for word in _CARD_GONE):
            return {"card_id": None, "card": "", "pinned": False}
        if step.name == "pin":
            _log.error("the bot may not pin messages in the agents' group; `daozhang doctor` says what to do")
            return {"pinned": True}
        if any(word in why for word in _GROUP_LACKS):
            _log.error("the agents' group cannot be used; `daozhang doctor` says what to do", why=why)
            self._rest(MENDING_SECONDS)
            return {}
        _log.error("Telegram refuses a step in a topic", ticket=topic.ticket_id, step=step.name, why=why)
        if not step.refused:
            self._rest_ticket(topic.ticket_id)
        return step.refused

    def _note(self, transaction: Transaction, ticket_id: int, **values: Any) -> None:
        topics.note(transaction, ticket_id, self._chat, **values)

    async def _write(self, work: Work[Any]) -> None:
        await asyncio.to_thread(self._store.write, work)

    # Resting

    def _has_room(self) -> bool:
        now = time.monotonic()
        self._sent = [at for at in self._sent if at > now - 60]
        if len(self._sent) < MOST_A_MINUTE:
            return True
        self._rests_until = max(self._rests_until, self._sent[0] + 60)
        return False

    def _rest_ticket(self, ticket_id: int) -> None:
        failures = self._failures.get(ticket_id, 0)
        self._failures[ticket_id] = failures + 1
        pause = TICKET_PAUSES[min(failures, len(TICKET_PAUSES) - 1)]
        self._tickets_rest[ticket_id] = time.monotonic() + pause

    def _rest(self, seconds: float) -> None:
        self._rests_until = max(self._rests_until, time.monotonic() + seconds)

    def _pause(self) -> float:
        left = self._rests_until - time.monotonic()
        return left if left > 0 else LOOK_SHARED_SECONDS if self._store.shared else LOOK_SECONDS
