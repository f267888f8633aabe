"""A bot made with aiogram, which knows nothing of the emulator; it runs in aiogram's own environment.

Usage: aiogram_bot.py <API address> <token> [<port for the webhook>]
"""

import json
import sys
from collections.abc import Awaitable, Callable

from aiogram import Bot, Dispatcher, F  # type: ignore[import-not-found]
from aiogram.client.default import DefaultBotProperties  # type: ignore[import-not-found]
from aiogram.client.session.aiohttp import AiohttpSession  # type: ignore[import-not-found]
from aiogram.client.telegram import TelegramAPIServer  # type: ignore[import-not-found]
from aiogram.exceptions import TelegramAPIError  # type: ignore[import-not-found]
from aiogram.filters import Command, CommandStart  # type: ignore[import-not-found]
from aiogram.types import (  # type: ignore[import-not-found]
    BotCommand,
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
)
from aiogram.webhook.aiohttp_server import (  # type: ignore[import-not-found]
    SimpleRequestHandler,
    setup_application,
)
from aiohttp import web  # type: ignore[import-not-found]

SECRET = "a-secret_of-the-webhook"


def keyboard(label: str, data: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text=label, callback_data=data)]])


async def greet(message: Message) -> None:
    await message.answer("<b>您好</b>，请选择：", reply_markup=keyboard("T+1", "step:1"))


async def tapped(query: CallbackQuery) -> None:
    await query.answer("收到", show_alert=True)
    await query.message.edit_text(f"您选择了 {query.data}")


async def return_picture(message: Message, bot: Bot) -> None:
    file = await bot.get_file(message.photo[-1].file_id)
    content = await bot.download_file(file.file_path)
    copy = BufferedInputFile(content.read(), "copy.jpg")
    await message.answer_document(copy, caption=message.caption)
    await message.answer_photo(message.photo[-1].file_id)


async def corrected(message: Message) -> None:
    await message.reply(f"已改为：{message.text}")


async def open_ticket(message: Message, bot: Bot) -> None:
    member = await bot.get_chat_member(message.chat.id, bot.id)
    topic = await bot.create_forum_topic(message.chat.id, "工单 1")
    text = f"可以管理话题：{member.can_manage_topics}"
    card = await bot.send_message(message.chat.id, text, message_thread_id=topic.message_thread_id)
    await bot.pin_chat_message(message.chat.id, card.message_id)
    await bot.edit_forum_topic(message.chat.id, topic.message_thread_id, name="工单 1（已结）")
    await bot.close_forum_topic(message.chat.id, topic.message_thread_id)


async def refused(call: Callable[[], Awaitable[object]]) -> list[str]:
    """Give the class and the text of the error that a call ends with."""
    try:
        await call()
    except TelegramAPIError as error:
        return [type(error).__name__, error.message]
    return ["no error", ""]


async def provoke(message: Message, bot: Bot) -> None:
    """Do what Telegram refuses, and say what came of it."""
    chat = message.chat.id
    errors = [
        await refused(call)
        for call in (
            lambda: bot.send_message(chat, "<b>x"),
            lambda: bot.send_message(chat, "字" * 4097),
            lambda: bot.send_message(chat, "x", reply_markup=keyboard("x", "字" * 22)),
            lambda: bot.send_message(chat + 1, "x"),
            lambda: bot.edit_message_text("x", chat_id=chat, message_id=9999),
            lambda: bot.answer_callback_query("1", "x"),
            lambda: bot.create_forum_topic(chat, "x"),
        )
    ]
    await message.answer(json.dumps(errors), parse_mode=None)


def main() -> None:
    address, token, *port = sys.argv[1:]
    session = AiohttpSession(api=TelegramAPIServer.from_base(address))
    bot = Bot(token, session=session, default=DefaultBotProperties(parse_mode="HTML"))
    dispatcher = Dispatcher()
    dispatcher.message.register(greet, CommandStart(deep_link=True))
    dispatcher.message.register(open_ticket, Command("ticket"))
    dispatcher.message.register(provoke, Command("provoke"))
    dispatcher.message.register(return_picture, F.photo)
    dispatcher.edited_message.register(corrected)
    dispatcher.callback_query.register(tapped)

    async def started() -> None:
        await bot.set_my_commands([BotCommand(command="help", description="帮助")], language_code="zh")
        if port:
            await bot.set_webhook(f"http://127.0.0.1:{port[0]}/hook", secret_token=SECRET)

    dispatcher.startup.register(started)
    if port:
        application = web.Application()
        SimpleRequestHandler(dispatcher, bot, secret_token=SECRET).register(application, "/hook")
        setup_application(application, dispatcher, bot=bot)
        web.run_app(application, host="127.0.0.1", port=int(port[0]))
    else:
        dispatcher.run_polling(bot, polling_timeout=20)


if __name__ == "__main__":
    main()
