"""What agents write in a topic: to the merchant, or behind // as a note among themselves."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row
from telegram import Message, Update

from bot.channels.telegram.forum.group import Group
from bot.channels.telegram.forum.taps import EVERYTHING
from bot.channels.telegram.reading import NAME
from triage import agents, links, topics
from triage.attachments import Brought
from triage.desk.words import Words
from triage.links import Person
from triage.replies import Reply, send_reply
from triage.store import Transaction
from triage.talks import latest_with_key
from triage.tickets import TicketError

NOTE = "//"


class Relay:
    """Takes one message of a topic."""

    def __init__(self, group: Group, words: Words, now: datetime) -> None:
        self._group = group
        self._words = words
        self._now = now
        self._chat = str(group.chat_id)

    def take(
        self, transaction: Transaction, update: Update, message: Message, thread: int, file: Brought | None
    ) -> str | None:
        """Pass a message on, with its file; gives what to say of it, None when it speaks for itself."""
        ticket = topics.ticket_in(transaction.connection, self._chat, thread)
        user = message.from_user
        if ticket is None or user is None or not _is_said(message):
            return None
        text = self._group.deps.redact((message.text or message.caption or "").replace("\0", "")).strip()
        is_note = text.startswith(NOTE)
        if text.startswith("/") and not is_note:
            return self._words.say("forum_help")
        person = links.person_of(transaction.connection, NAME, str(user.id))
        if person is None:
            return None if is_note else self._words.say("forum_unlinked_line")
        try:
            if is_note:
                self._note(transaction, update, ticket.id, person, text.removeprefix(NOTE).strip())
            elif text or file:
                self._reply(transaction, update, message, ticket, person, text, file)
            else:
                return self._words.say("forum_no_text")
        except TicketError as refused:
            why = self._words.say(f"error_{refused.key}")
            return self._words.say("forum_not_noted" if is_note else "forum_not_sent", why=why)
        return None

    def _note(
        self, transaction: Transaction, update: Update, ticket_id: int, person: Person, text: str
    ) -> None:
        if links.take_once(transaction, f"{NAME}:{update.update_id}", self._now):
            edited = bool(text) and update.edited_message is not None
            said = self._words.say("forum_correction", text=text) if edited else text
            agents.note(transaction, ticket_id, person.account_id, said, self._now, topic=True)

    def _reply(
        self,
        transaction: Transaction,
        update: Update,
        message: Message,
        ticket: Row[Any],
        person: Person,
        text: str,
        file: Brought | None,
    ) -> None:
        """Answer the merchant; a message that is edited after he had it goes to him again as a correction."""
        key = f"topic:{self._chat}:{message.message_id}"
        before = latest_with_key(transaction, ticket.conversation_id, f"agent:{key}")
        if before is not None:
            correction = self._group.words(self._now, ticket.language).say("forum_correction", text=text)
            if update.edited_message is None or before in (text, correction):
                return
            text, key, file = correction, f"{key}:{update.update_id}", None
        reply = Reply(text=text, seen=EVERYTHING, key=key, file=file, source=NAME)
        send_reply(transaction, ticket.id, person.account_id, reply, self._now)


def _is_said(message: Message) -> bool:
    """Tell what a person says from what Telegram tells of the topic."""
    return bool(message.text or message.caption or message.effective_attachment)
