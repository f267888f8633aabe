"""Sending to Telegram: messages split where they are too long, with the answers as buttons below."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, LinkPreviewOptions
from telegram.error import BadRequest, TelegramError

from bot.channels.telegram.api import delivery_error
from bot.channels.telegram.reading import NAME
from bot.messages import Outgoing, OutgoingFile, Rate

#: Telegram takes 4,096 UTF-16 units.
LONGEST_PART = 3500
#: Labels up to so many half-width columns stand two in a row.
NARROW = 16
_LARGEST_DATA = 64
#: Telegram takes 1,024 UTF-16 units below a file.
LONGEST_CAPTION = 1000
SHOWN_AS_PHOTOS = frozenset({"image/jpeg", "image/png", "image/webp"})
#: What Telegram says of a picture that it cannot show.
_NO_PHOTO = ("image_process_failed", "photo_invalid_dimensions", "photo_ext_invalid", "too big for a photo")
_ENDS = re.compile(r"(?<=[。！？；\n])|(?<=[.!?;]\s)")
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class TelegramChannel:
    """Telegram as a platform that messages are pushed to."""

    name = NAME
    #: Telegram takes 30 a second, one a second in a chat with small bursts, 20 a minute in a group.
    rate = Rate(28, 1)

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    def rate_for(self, recipient: str) -> Rate:
        """Give the rate of a group, whose number is below zero, or of a person."""
        return Rate(18, 60) if recipient.startswith("-") else Rate(5, 5)

    def parts(self, message: Outgoing) -> Sequence[str]:
        """Split the text on ends of sentences; a file comes first, with a short text as its caption."""
        if message.file is None:
            return split(message.text + _strip_line(message))
        if units(message.text) <= LONGEST_CAPTION:
            return [message.text]
        return ["", *split(message.text)]

    async def send(self, message: Outgoing, part: int) -> None:
        """Send one part; the buttons stand below the last one."""
        parts = self.parts(message)
        is_last = part + 1 >= len(parts)
        try:
            if message.file and part == 0:
                await send_file(self._bot, int(message.sender), message.file, caption=parts[0])
                return
            await self._bot.send_message(
                chat_id=message.sender,
                text=parts[part],
                reply_markup=keyboard(message.ask) if is_last else None,
                link_preview_options=_NO_PREVIEW,
            )
        except TelegramError as error:
            known = delivery_error(error)
            if known is None:
                raise
            raise known from None


async def send_file(bot: Bot, chat_id: int, file: OutgoingFile, caption: str, **place: Any) -> None:
    """Send a file as what it is, or as a document where Telegram shows no such thing.

    place: message_thread_id, parse_mode.
    """
    content = InputFile(file.content, filename=file.name(file.kind))
    words = {"caption": caption or None, **place}
    if file.media_type == "audio/ogg":
        await bot.send_voice(chat_id, content, **words)
        return
    if file.media_type in SHOWN_AS_PHOTOS:
        try:
            await bot.send_photo(chat_id, content, **words)
        except BadRequest as error:
            if not any(word in error.message.lower() for word in _NO_PHOTO):
                raise
        else:
            return
    await bot.send_document(chat_id, content, **words)


def split(text: str, longest: int = LONGEST_PART) -> list[str]:
    """Split a text into parts of at most so many UTF-16 units, after a sentence where there is one."""
    parts: list[str] = []
    current = ""
    for sentence in _ENDS.split(text):
        if units(current + sentence) <= longest:
            current += sentence
            continue
        if current.strip():
            parts.append(current.strip())
        while units(sentence) > longest:
            head = _longest_head(sentence, longest)
            parts.append(head)
            sentence = sentence[len(head) :]  # noqa: PLW2901 - the rest of it goes on below
        current = sentence
    if current.strip() or not parts:
        parts.append(current.strip() or "…")
    return parts


def _longest_head(text: str, longest: int) -> str:
    used = 0
    for index, character in enumerate(text):
        used += units(character)
        if used > longest:
            return text[:index]
    return text


def units(text: str) -> int:
    """Count as Telegram does: in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def keyboard(ask: dict[str, Any] | None) -> InlineKeyboardMarkup | None:
    """Put the options of a question on buttons that carry their ids."""
    options = [option for option in (ask or {}).get("options", ()) if len(option["id"]) <= _LARGEST_DATA]
    if not options:
        return None
    rows: list[list[InlineKeyboardButton]] = []
    for option in options:
        button = InlineKeyboardButton(option["label"], callback_data=option["id"])
        before = rows[-1] if rows else []
        if len(before) == 1 and _is_narrow(str(before[0].text)) and _is_narrow(option["label"]):
            before.append(button)
        else:
            rows.append([button])
    return InlineKeyboardMarkup(rows)


def _is_narrow(label: str) -> bool:
    return sum(1 if character.isascii() else 2 for character in label) <= NARROW


def _strip_line(message: Outgoing) -> str:
    """Tell the due day in a line of its own where the text does not."""
    if not message.strip:
        return ""
    due = next(date.fromisoformat(day["date"]) for day in message.strip["days"] if "due" in day["marks"])
    day = f"{due.day} {due:%b}" if message.language == "en" else f"{due.month}月{due.day}日"
    return "" if day in message.text else f"\n{message.strip['alt']}"
