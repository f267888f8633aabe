"""What a topic still lacks, one step at a time: decided from what it was shown and what the ticket is now."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row
from telegram import Bot, LinkPreviewOptions, ReplyParameters
from telegram.constants import ParseMode

from bot.channels.telegram.forum.card import Card
from bot.channels.telegram.forum.lines import Written, write_history, write_news
from bot.channels.telegram.sending import send_file
from bot.messages import OutgoingFile
from triage.desk.words import Words
from triage.topics import News

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call to Telegram."""

    #: Word for the row: what was begun, if nobody notes its end.
    name: str
    #: Makes the call; gives what is then to be noted of the topic.
    call: Callable[[Bot], Awaitable[Values]]
    #: What is to be noted when Telegram says that it is so already.
    already: Values = field(default_factory=dict)
    #: What is to be noted when Telegram refuses it for good.
    refused: Values = field(default_factory=dict)
    #: True for messages, edits and new topics: Telegram takes twenty of them a minute in a group.
    counted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FileToShow:
    """The merchant's next file that the topic does not have."""

    id: int
    #: What stands below it, or what is said in its place.
    caption: str
    #: Reads it; None when it is not to be had.
    read: Callable[[], OutgoingFile | None]


def next_step(
    chat_id: int,
    topic: Row[Any],
    card: Card,
    news: Sequence[News],
    words: Words,
    *,
    file: FileToShow | None,
    done: bool,
) -> Step | None:
    """Give the next step towards a topic that shows its ticket as it is; None when there is nothing to do."""
    if topic.thread_id is None:
        return None if done else _open(chat_id, card)
    if topic.closed and not done:
        return _reopen(chat_id, topic)
    if topic.card_id is None and not topic.closed:
        return _send_card(chat_id, topic, card)
    if not topic.pinned and not topic.closed:
        return _pin(chat_id, topic)
    said = None if topic.closed else _talk_step(chat_id, topic, news, words, file)
    if said:
        return said
    if topic.card_id is not None and card.digest != topic.card:
        return _edit_card(chat_id, topic, card)
    if topic.name != card.name:
        return _rename(chat_id, topic, card)
    if done and not topic.closed:
        return _close(chat_id, topic)
    return None


def _talk_step(
    chat_id: int, topic: Row[Any], news: Sequence[News], words: Words, file: FileToShow | None
) -> Step | None:
    """Give the next step that says something in an open topic."""
    if topic.notices:
        return _tell(chat_id, topic)
    if news:
        fresh = not topic.message_id and not topic.event_id
        written = write_history(words, news) if fresh else write_news(words, news)
        return _send_lines(chat_id, topic, written, words)
    return _send_file(chat_id, topic, file) if file else None


def _open(chat_id: int, card: Card) -> Step:
    async def call(bot: Bot) -> Values:
        opened = await bot.create_forum_topic(chat_id, card.name)
        return {"thread_id": opened.message_thread_id, "name": card.name}

    return Step(name="open", call=call)


def _reopen(chat_id: int, topic: Row[Any]) -> Step:
    async def call(bot: Bot) -> Values:
        await bot.reopen_forum_topic(chat_id, topic.thread_id)
        return {"closed": False}

    return Step(name="reopen", call=call, already={"closed": False}, counted=False)


def _close(chat_id: int, topic: Row[Any]) -> Step:
    async def call(bot: Bot) -> Values:
        await bot.close_forum_topic(chat_id, topic.thread_id)
        return {"closed": True}

    return Step(name="close", call=call, already={"closed": True}, counted=False)


def _rename(chat_id: int, topic: Row[Any], card: Card) -> Step:
    async def call(bot: Bot) -> Values:
        await bot.edit_forum_topic(chat_id, topic.thread_id, name=card.name)
        return {"name": card.name}

    return Step(name="rename", call=call, already={"name": card.name}, counted=False)


def _send_card(chat_id: int, topic: Row[Any], card: Card) -> Step:
    async def call(bot: Bot) -> Values:
        sent = await bot.send_message(
            chat_id,
            card.text,
            ParseMode.HTML,
            message_thread_id=topic.thread_id,
            reply_markup=card.keyboard,
            link_preview_options=_NO_PREVIEW,
        )
        return {"card_id": sent.message_id, "card": card.digest}

    return Step(name="card", call=call)


def _edit_card(chat_id: int, topic: Row[Any], card: Card) -> Step:
    async def call(bot: Bot) -> Values:
        await bot.edit_message_text(
            card.text,
            chat_id,
            topic.card_id,
            parse_mode=ParseMode.HTML,
            reply_markup=card.keyboard,
            link_preview_options=_NO_PREVIEW,
        )
        return {"card": card.digest}

    return Step(name="edit", call=call, already={"card": card.digest})


def _pin(chat_id: int, topic: Row[Any]) -> Step:
    async def call(bot: Bot) -> Values:
        await bot.pin_chat_message(chat_id, topic.card_id, disable_notification=True)
        return {"pinned": True}

    return Step(name="pin", call=call, counted=False)


def _send_file(chat_id: int, topic: Row[Any], file: FileToShow) -> Step:
    async def call(bot: Bot) -> Values:
        content = await asyncio.to_thread(file.read)
        thread = topic.thread_id
        if content:
            await send_file(bot, chat_id, content, file.caption, message_thread_id=thread)
        else:
            await bot.send_message(chat_id, file.caption, message_thread_id=thread)
        return {"file_id": file.id}

    # A file that Telegram refuses stays at the desk.
    return Step(name="file", call=call, refused={"file_id": file.id})


def _tell(chat_id: int, topic: Row[Any]) -> Step:
    first = topic.notices[0]

    async def call(bot: Bot) -> Values:
        await bot.send_message(
            chat_id,
            first["text"],
            message_thread_id=topic.thread_id,
            reply_parameters=ReplyParameters(first["reply_to"], allow_sending_without_reply=True),
        )
        return {"told": True}

    return Step(name="tell", call=call, refused={"told": True})


def _send_lines(chat_id: int, topic: Row[Any], written: Written, words: Words) -> Step:
    again = f"<i>{words.say('forum_again')}</i>\n" if topic.doing == "lines" else ""

    async def call(bot: Bot) -> Values:
        await bot.send_message(
            chat_id,
            again + written.text,
            ParseMode.HTML,
            message_thread_id=topic.thread_id,
            link_preview_options=_NO_PREVIEW,
        )
        return {
            "message_id": max(written.message_id, topic.message_id),
            "event_id": max(written.event_id, topic.event_id),
        }

    return Step(name="lines", call=call)
