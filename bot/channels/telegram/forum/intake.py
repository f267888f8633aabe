"""What people do in the agents' group, and what they say to link their Telegram with their account."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from telegram import Chat, Message, ReplyParameters, Update, User

from bot.channels.telegram.api import Client
from bot.channels.telegram.beside import Beside, patiently
from bot.channels.telegram.forum.card import PREFIX
from bot.channels.telegram.forum.group import Group
from bot.channels.telegram.forum.relay import Relay, is_said
from bot.channels.telegram.forum.taps import Taps
from bot.channels.telegram.reading import NAME, file_of, language_of
from triage import links, topics
from triage.attachments import look_at
from triage.desk.words import Words
from triage.links import is_like_a_code
from triage.store import Result, Transaction, Work
from triage.tickets import TicketError

_LINK = re.compile(r"/link(?:@\w+)?(?![\w@])[\s:：]*(?P<code>.*)", re.IGNORECASE | re.DOTALL)
_DEEP_LINK = re.compile(r"/start(?:@\w+)?\s+link_(?P<code>\w+)\s*", re.IGNORECASE)
#: Longer than this Telegram does not show as an answer to a tap.
LONGEST_ANSWER = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ForumIntake:
    """Takes the updates of agents; each is done to the ticket in one transaction, once."""

    group: Group
    client: Client
    beside: Beside
    clock: Callable[[], datetime]

    async def take(self, update: Update) -> bool:
        """Take an update if it is an agent's; raises StoreError when it could not be stored."""
        message = update.message or update.edited_message
        chat = update.effective_chat
        if chat is None:
            return False
        code = _code_in(message) if message else None
        if message and code is not None and (chat.id == self.group.chat_id or chat.type == Chat.PRIVATE):
            await self._link(update, message, code)
            return True
        if chat.id != self.group.chat_id:
            return False
        if update.callback_query is not None:
            await self._tapped(update)
        elif message is not None:
            await self._wrote(update, message)
        return True

    async def _link(self, update: Update, message: Message, code: str) -> None:
        """Link somebody with the account whose code he brings."""
        user = message.from_user
        if user is None or user.is_bot:
            return
        now, words = self.clock(), self._words(user)

        def work(transaction: Transaction) -> str | None:
            if not links.take_once(transaction, f"{NAME}:{update.update_id}", now):
                return None
            person = links.redeem(transaction, code, NAME, str(user.id), user.full_name, now)
            return words.say("forum_linked", name=person.name) if person else words.say("forum_wrong_code")

        self._say_beside(message, await self._write(work))

    async def _tapped(self, update: Update) -> None:
        """Do what a button stands for, and say what came of it."""
        query = update.callback_query
        if query is None or not query.data:
            return
        prefix, _, step = query.data.partition(".")
        words, now = self._words(query.from_user), self.clock()
        said = words.say("forum_old_button")
        if prefix == PREFIX:
            taps = Taps(self.group, words, now)
            key = f"{NAME}:{update.update_id}"
            try:
                said = await self._write(lambda tx: taps.take(tx, key, str(query.from_user.id), step))
            except TicketError as refused:
                said = words.say("forum_old_button" if refused.key == "gone" else f"error_{refused.key}")
        text, client = said[:LONGEST_ANSWER], self.client
        self.beside.show(patiently(lambda: client.bot.answer_callback_query(query.id, text)))

    async def _wrote(self, update: Update, message: Message) -> None:
        """Pass on what was written in a topic, or note that somebody closed or opened it."""
        thread = message.message_thread_id
        user = message.from_user
        if thread is None or user is None or user.id == int(self.client.bot.token.split(":")[0]):
            return
        if message.forum_topic_closed or message.forum_topic_reopened:
            closed = message.forum_topic_closed is not None
            await self._write(lambda tx: self._note_closed(tx, thread, closed=closed))
            return
        chat = str(self.group.chat_id)
        ticket = await asyncio.to_thread(
            self.group.deps.store.read, lambda connection: topics.ticket_in(connection, chat, thread)
        )
        if ticket is None or not is_said(message):
            return
        words = self._words(user)
        relay = Relay(self.group, words, self.clock())
        found = file_of(message)
        file = look_at(found, self.group.deps.vault) if found else None
        try:
            said = await self._write(lambda tx: relay.take(tx, update, message, ticket, file))
        except TicketError as refused:
            said = words.say("forum_not_sent", why=words.say(f"error_{refused.key}"))
        if said:
            await self._write(lambda tx: self._tell(tx, update, message, ticket.id, str(said)))

    def _tell(
        self, transaction: Transaction, update: Update, message: Message, ticket_id: int, text: str
    ) -> None:
        """Tell agents something in the topic, once an update."""
        if links.take_once(transaction, f"{NAME}:{update.update_id}:told", self.clock()):
            topics.tell(transaction, ticket_id, str(self.group.chat_id), text, message.message_id)

    def _note_closed(self, transaction: Transaction, thread: int, *, closed: bool) -> None:
        chat = str(self.group.chat_id)
        ticket = topics.ticket_in(transaction.connection, chat, thread)
        if ticket is not None:
            topics.stir(transaction, ticket.id, chat, closed=closed)

    def _say_beside(self, message: Message, text: str | None) -> None:
        """Answer below a message; nothing for nothing."""
        if not text:
            return
        bot, chat = self.client.bot, message.chat
        # Replies outside topics have a number as well, which Telegram does not take.
        thread = message.message_thread_id if message.is_topic_message else None
        reply = ReplyParameters(message.message_id, allow_sending_without_reply=True)
        self.beside.show(
            patiently(
                lambda: bot.send_message(chat.id, text, message_thread_id=thread, reply_parameters=reply)
            )
        )

    def _words(self, user: User) -> Words:
        return self.group.words(self.clock(), language_of(user) or self.group.language)

    async def _write(self, work: Work[Result]) -> Result:
        return await asyncio.to_thread(self.group.deps.store.write, work)


def _code_in(message: Message) -> str | None:
    """Find what somebody sends as a code, right or wrong: it must not get into the transcript of a talk."""
    text = (message.text or "").strip()
    found = _LINK.match(text) or _DEEP_LINK.fullmatch(text)
    if found:
        return re.sub(r"\W", "", found["code"])
    return text if message.chat.type == Chat.PRIVATE and is_like_a_code(text) else None
