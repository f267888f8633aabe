"""What agents write in a topic: to the merchant, or behind // as a note among themselves."""

import unicodedata
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from telegram import Message, Update

from bot.channels.telegram.forum.group import Group
from bot.channels.telegram.forum.taps import EVERYTHING
from bot.channels.telegram.reading import NAME
from triage import agents, links
from triage.attachments import Brought
from triage.desk.words import Words
from triage.links import Person
from triage.replies import Reply, send_reply
from triage.store import Transaction
from triage.talks import latest_with_key

NOTE = "//"


class Relay:
    """Takes one message of a topic."""

    def __init__(self, group: Group, words: Words, now: datetime) -> None:
        self._group = group
        self._words = words
        self._now = now
        self._chat = str(group.chat_id)

    def take(
        self,
        transaction: Transaction,
        update: Update,
        message: Message,
        ticket: Row[Any],
        file: Brought | None,
    ) -> str | None:
        """Pass a message on, with its file; gives what to say of it, None when it speaks for itself.

        Raises TicketError when the ticket does not allow it: nothing of it may then be stored.
        """
        said = (message.text or message.caption or "").replace("\0", "")
        text = self._group.deps.redact(said).strip()
        is_note = _is_note(text) or self._is_part_of_a_note(transaction, message)
        if not is_note and text.startswith("/"):
            return self._words.say("forum_help")
        user = message.from_user
        person = links.person_of(transaction.connection, NAME, str(user.id)) if user else None
        if message.sender_chat is not None or person is None:
            if is_note:
                return None
            return self._words.say("forum_anonymous" if message.sender_chat else "forum_unlinked_line")
        if is_note:
            return self._note(transaction, update, message, ticket.id, person, text)
        if message.effective_attachment and file is None:
            return self._words.say("forum_no_text")
        self._reply(transaction, update, message, ticket, person, text, file)
        return None

    def _is_part_of_a_note(self, transaction: Transaction, message: Message) -> bool:
        """Say whether a picture belongs to an album that began as a note: only its first part says so."""
        album = self._album_of(message)
        return album is not None and links.was_taken(transaction.connection, album)

    def _album_of(self, message: Message) -> str | None:
        return f"{NAME}:note:{message.media_group_id}" if message.media_group_id else None

    def _note(
        self,
        transaction: Transaction,
        update: Update,
        message: Message,
        ticket_id: int,
        person: Person,
        text: str,
    ) -> str | None:
        """Keep a note; its pictures are not kept, and that is said once."""
        album = self._album_of(message)
        is_first = album is None or links.take_once(transaction, album, self._now)
        if text and links.take_once(transaction, f"{NAME}:{update.update_id}", self._now):
            words = text.lstrip("/／").strip()
            edited = bool(words) and update.edited_message is not None
            said = self._words.say("forum_correction", text=words) if edited else words
            agents.note(transaction, ticket_id, person.account_id, said, self._now, topic=True)
        return self._words.say("forum_note_text_only") if message.effective_attachment and is_first else None

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


def is_said(message: Message) -> bool:
    """Tell what a person says from what Telegram tells of the topic."""
    return bool(message.text or message.caption or message.effective_attachment)


def _is_note(text: str) -> bool:
    """Know a note by how it begins; a Chinese keyboard may write the strokes in full width."""
    return unicodedata.normalize("NFKC", text[:4]).startswith(NOTE)
