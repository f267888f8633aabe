"""Taking updates in: the turn first, then what Telegram shows of it, which nothing depends on."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy import insert, select
from telegram import CallbackQuery, Chat, Message, Update
from telegram.constants import ChatAction

from bot.channels.telegram.api import Client
from bot.channels.telegram.beside import Beside, patiently
from bot.channels.telegram.forum.intake import ForumIntake
from bot.channels.telegram.reading import NAME, group_to_answer, key_of, language_of, read_update
from bot.channels.telegram.sending import split, units
from bot.messages import Incoming
from bot.talk.wording import Wording
from bot.turn import Turns
from triage.model import SetAside, table
from triage.store import Store, StoreError, Transaction
from triage.talks import find_conversation

#: A group is told once in so many seconds where to write.
HINT_SECONDS = 3600.0
_SET_ASIDE = table(SetAside)
_log = structlog.get_logger()


@dataclass(kw_only=True)
class Intake:
    """Takes updates."""

    client: Client
    store: Store
    turns: Turns
    wording: Callable[[], Wording]
    clock: Callable[[], datetime]
    #: The bot's name without the @, once it is known.
    bot_name: str = ""
    #: The agents' group, if there is one.
    forum: ForumIntake | None = None
    beside: Beside
    _hinted: dict[int, float] = field(default_factory=dict)

    async def take_all(self, updates: Iterable[Update]) -> None:
        """Take a batch: each chat in order, different chats side by side.

        Returns after the commit of all; raises StoreError when one of them could not be stored.
        """
        chats: dict[int, list[Update]] = {}
        for update in updates:
            chats.setdefault(_chat_of(update), []).append(update)
        ends = await asyncio.gather(*(self._in_order(of) for of in chats.values()), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end

    async def take(self, update: Update) -> None:
        """Take one update; returns after its commit, raises StoreError when it could not be stored."""
        try:
            await self._take(update)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - an update that cannot be taken must not stop the others
            _log.exception("an update cannot be taken", update_id=update.update_id)
            await self.set_aside(str(_chat_of(update)), key_of(update), type(error).__name__)

    async def set_aside(self, sender: str, key: str, error: str) -> None:
        """Leave something to a person: that there was something, not what it said."""
        values = {"channel": NAME, "sender": sender, "key": key, "payload": {}, "tries": 1, "error": error}

        def work(transaction: Transaction) -> None:
            c = _SET_ASIDE.c
            same = (c.channel == NAME) & (c.sender == sender) & (c.key == key)
            if transaction.execute(select(c.id).where(same)).first() is None:
                now = self.clock()
                transaction.execute(insert(_SET_ASIDE), values | {"next_try_at": None, "at": now})

        await asyncio.to_thread(self.store.write, work)

    async def _in_order(self, updates: list[Update]) -> None:
        for update in updates:
            await self.take(update)

    async def _take(self, update: Update) -> None:
        if update.api_kwargs.get("broken"):
            await self.set_aside("", key_of(update), "MalformedUpdate")
            return
        if self.forum and await self.forum.take(update):
            return
        incoming = read_update(update)
        if incoming is None:
            self._hint(update)
            return
        self.beside.show(self._typing(incoming.sender))
        query = update.callback_query
        is_open = query is not None and await asyncio.to_thread(self._is_open, incoming)
        await asyncio.to_thread(self.turns.take, incoming, self.clock())
        if query is not None:
            self.beside.show(self._answer(query, mark=is_open))

    def _is_open(self, incoming: Incoming) -> bool:
        """Say whether a tap answers the open question, and not an older one."""
        row = self.store.read(lambda connection: find_conversation(connection, NAME, incoming.sender))
        pending = row.talk["pending"] if row else None
        step = (incoming.choice or "").partition(".")[0]
        return pending is not None and step == str(pending["step"])

    # What Telegram shows beside the talk; lost if the service ends.

    async def _typing(self, chat_id: str) -> None:
        await self.client.bot.send_chat_action(chat_id, ChatAction.TYPING)

    async def _answer(self, query: CallbackQuery, *, mark: bool) -> None:
        """Stop the button's spinning, and show on its message what was chosen."""
        await patiently(lambda: self.client.bot.answer_callback_query(query.id))
        message = query.message
        if not mark or not isinstance(message, Message):
            return
        text = self._with_choice(message, str(query.data))
        bot, chat_id, message_id = self.client.bot, message.chat.id, message.message_id
        if text:
            await patiently(lambda: bot.edit_message_text(text, chat_id, message_id))
        else:
            await patiently(lambda: bot.edit_message_reply_markup(chat_id, message_id))

    def _with_choice(self, message: Message, choice: str) -> str | None:
        """Give the message's text with the choice below it; None when that would be too long."""
        rows = message.reply_markup.inline_keyboard if message.reply_markup else ()
        label = next((b.text for row in rows for b in row if b.callback_data == choice), None)
        if label is None or not message.text:
            return None
        marked = self.wording().say("telegram_chosen", "zh", choice=label)
        text = f"{message.text}\n\n{marked}"
        return text if len(split(text)) == 1 and units(text) else None

    def _hint(self, update: Update) -> None:
        """Tell a group, once in a while, that the bot talks in private."""
        group = group_to_answer(update, self.bot_name)
        now = time.monotonic()
        if group is None or now < self._hinted.get(group.id, now):
            return
        self._hinted[group.id] = now + HINT_SECONDS
        language = language_of(update.message.from_user if update.message else None) or "zh"
        self.beside.show(self._say(group, self.wording().say("telegram_group", language)))

    async def _say(self, group: Chat, text: str) -> None:
        await self.client.bot.send_message(group.id, text)


def _chat_of(update: Update) -> int:
    """Give the number of the chat whose order an update belongs to."""
    return update.effective_chat.id if update.effective_chat else 0
