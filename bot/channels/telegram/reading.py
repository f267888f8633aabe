"""What an update of Telegram says, in the words of every channel."""

import re
from typing import get_args

from telegram import Audio, Chat, Document, Message, MessageEntity, PhotoSize, Update, User, Voice

from bot.messages import Attachment, Command, Incoming
from knowledge.model import Language
from triage.media import File, Kind

#: The channel's name in the database.
NAME = "telegram"
#: More than Telegram lets people write.
LONGEST_TEXT = 4096
_COMMANDS: dict[str, Command] = {name: name for name in get_args(Command)}
_COMMAND = re.compile(r"/(?P<name>[a-z_]+)(?:@\w+)?(?:\s+(?P<payload>\S+))?\s*", re.IGNORECASE)
#: What a link may bring along: t.me/<bot>?start=b_<brand> or m_<merchant number>.
_BROUGHT = {"b": "brand", "m": "merchant_no"}


def read_update(update: Update) -> Incoming | None:
    """Read what a merchant sent in a private chat; None for everything else."""
    query = update.callback_query
    if query is not None:
        if query.message is None or query.message.chat.type != Chat.PRIVATE or not query.data:
            return None
        return Incoming(
            channel=NAME,
            sender=str(query.message.chat.id),
            key=key_of(update),
            choice=_clean(query.data),
            language=language_of(query.from_user),
        )
    message = update.message or update.edited_message
    if message is None or message.chat.type != Chat.PRIVATE:
        return None
    return _read_message(update, message)


def key_of(update: Update) -> str:
    """Give the key by which a repeated update is known."""
    return f"tg:{update.update_id}"


def language_of(user: User | None) -> Language | None:
    """Give the language of somebody's Telegram."""
    code = user.language_code if user else None
    if not isinstance(code, str) or not code:
        return None
    return "zh" if code.lower().startswith("zh") else "en"


def group_to_answer(update: Update, bot_name: str) -> Chat | None:
    """Give the group in which somebody spoke to the bot, if it was one."""
    message = update.message
    if message is None or message.chat.type not in (Chat.GROUP, Chat.SUPERGROUP):
        return None
    text = message.text or ""
    called = any(entity.type == MessageEntity.BOT_COMMAND for entity in message.entities)
    return message.chat if called or (bot_name and f"@{bot_name}" in text) else None


def _read_message(update: Update, message: Message) -> Incoming | None:
    attachment = _attachment(message)
    text = _clean(message.text or message.caption or "")
    if not text and attachment is None:
        return None
    key, file = key_of(update), file_of(message)
    if attachment and file is None and not text and message.media_group_id:
        # An album is one message. What is kept of it is found by its album, as each file has its own key.
        key = f"tg:album:{message.media_group_id}"
    sender, language = str(message.chat.id), language_of(message.from_user)
    command = _COMMAND.fullmatch(text)
    if command and command["name"].lower() in _COMMANDS:
        return Incoming(
            channel=NAME,
            sender=sender,
            key=key,
            command=_COMMANDS[command["name"].lower()],
            facts=_brought(command["payload"] or ""),
            language=language,
        )
    return Incoming(
        channel=NAME,
        sender=sender,
        key=key,
        text=text or None,
        attachment=attachment,
        file=file,
        language=language,
    )


def _brought(payload: str) -> dict[str, str] | None:
    kind, _, value = payload.partition("_")
    return {_BROUGHT[kind]: value} if kind in _BROUGHT and value else None


def _attachment(message: Message) -> Attachment | None:
    if message.photo:
        return "photo"
    if message.sticker or message.animation or message.dice:
        return "sticker"
    if message.voice or message.audio:
        return "voice"
    if message.document:
        return "document"
    return "other" if message.effective_attachment else None


def file_of(message: Message) -> File | None:
    """Say what Telegram gives the file of a message out for; of a picture's sizes the largest."""
    attachment = _attachment(message)
    kind: Kind
    media: PhotoSize | Document | Voice | Audio | None
    if attachment == "photo":
        kind, media = "photo", message.photo[-1]
    elif attachment == "document":
        kind, media = "document", message.document
    elif attachment == "voice":
        kind, media = "voice", message.voice or message.audio
    else:
        return None
    if media is None:
        return None
    return File(
        # The same in an edited message, unless the file itself was exchanged.
        key=f"{message.message_id}:{media.file_unique_id}",
        kind=kind,
        album=message.media_group_id,
        reference=media.file_id,
        size=media.file_size,
    )


def _clean(text: str) -> str:
    """Take out what no database stores: half characters and NUL."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")[:LONGEST_TEXT].strip()
