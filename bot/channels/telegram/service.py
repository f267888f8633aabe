"""The Telegram channel: merchants in private chats, by long polling or by webhook."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import get_args
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter
from telegram import BotCommand, BotCommandScopeAllPrivateChats
from telegram.error import InvalidToken, TelegramError

from bot.background import keep_going
from bot.channels.telegram.api import ALLOWED_UPDATES, Client
from bot.channels.telegram.beside import Beside
from bot.channels.telegram.files import TelegramFiles
from bot.channels.telegram.forum.group import Group
from bot.channels.telegram.forum.intake import ForumIntake
from bot.channels.telegram.forum.keeper import TopicKeeper
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.polling import PAUSES, TOKEN_REFUSED, Poller
from bot.channels.telegram.sending import TelegramChannel
from bot.channels.telegram.webhook import build_webhook
from bot.lease import HeldWork
from bot.messages import Command
from bot.talk.wording import Wording
from bot.turn import Turns
from knowledge.model import Language
from triage.store import Store

#: Webhook calls that Telegram may make at the same time.
MOST_CONNECTIONS = 20
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSettings:
    """How the bot is reached."""

    token: str = field(repr=False)
    #: Empty = Telegram's own server.
    api_url: str = ""
    #: Empty = long polling.
    webhook_url: str = ""
    webhook_secret: str = field(default="", repr=False)
    #: Which of the processes on one database this is: the same after a start.
    process: str = ""


class Telegram:
    """Telegram, ready to run; the outbox sends through `channel`, and `files` gives merchants' files out."""

    def __init__(
        self,
        settings: TelegramSettings,
        store: Store,
        turns: Turns,
        wording: Callable[[], Wording],
        clock: Callable[[], datetime],
        group: Group | None = None,
    ) -> None:
        self._settings = settings
        self._client = Client(settings.token, settings.api_url)
        self._wording = wording
        beside = Beside()
        forum = ForumIntake(group=group, client=self._client, beside=beside, clock=clock) if group else None
        self._keeper = TopicKeeper(group, self._client.bot, clock) if group else None
        self._intake = Intake(
            client=self._client,
            store=store,
            turns=turns,
            wording=wording,
            clock=clock,
            forum=forum,
            beside=beside,
        )
        # Telegram gives updates to one poller: of several processes on one database, one fetches.
        self._fetching = HeldWork(store, "telegram updates", settings.process, clock)
        # The pace of the group, and the order in its topics, are one process's business.
        self._keeping = HeldWork(store, "telegram topics", settings.process, clock)
        self.channel = TelegramChannel(self._client.bot)
        self.files = TelegramFiles(self._client.bot)

    def routes(self) -> APIRouter:
        """Give the route of the webhook; none for long polling."""
        if not self._settings.webhook_url:
            return APIRouter()
        path = urlsplit(self._settings.webhook_url).path or "/"
        return build_webhook(path, self._settings.webhook_secret, self._intake)

    async def run(self) -> None:
        """Serve until cancelled."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._client.close)
            stack.push_async_callback(self._intake.beside.close)
            if self._keeper:
                keeper = self._keeper
                keeping = keep_going("topics", lambda: self._keeping.run(keeper.run))
                stack.push_async_callback(_stop, asyncio.create_task(keeping))
            introduction = asyncio.create_task(self._insist(self._introduce))
            stack.push_async_callback(_stop, introduction)
            await self._insist(self._choose_way)
            if self._settings.webhook_url:
                await introduction
                await asyncio.Event().wait()
            await self._fetching.run(Poller(self._client, self._intake).run)

    async def _insist(self, step: Callable[[], Awaitable[None]]) -> None:
        """Try a step until Telegram takes it."""
        for attempt in itertools.count():
            try:
                await step()
            except TelegramError as error:
                pause = PAUSES[min(attempt, len(PAUSES) - 1)]
                if isinstance(error, InvalidToken):
                    _log.error(TOKEN_REFUSED, next_try_in=pause)
                else:
                    _log.warning(
                        "Telegram does not answer yet", error=type(error).__name__, next_try_in=pause
                    )
                await asyncio.sleep(pause)
            else:
                return

    async def _choose_way(self) -> None:
        """Tell Telegram which way updates come; those that wait are kept either way."""
        bot, settings = self._client.bot, self._settings
        if not settings.webhook_url:
            await bot.delete_webhook()
            return
        await bot.set_webhook(
            settings.webhook_url,
            max_connections=MOST_CONNECTIONS,
            allowed_updates=ALLOWED_UPDATES,
            secret_token=settings.webhook_secret,
        )
        _log.info("the webhook is set")

    async def _introduce(self) -> None:
        """Learn the bot's name, and give it its command menu: Chinese, and English for all others."""
        bot = self._client.bot
        self._intake.bot_name = (await bot.get_me()).username or ""
        private = BotCommandScopeAllPrivateChats()
        await bot.set_my_commands(self._commands("zh"), private, language_code="zh")
        await bot.set_my_commands(self._commands("en"), private, language_code="en")
        await bot.set_my_commands(self._commands("en"), private)

    def _commands(self, language: Language) -> list[BotCommand]:
        words = self._wording()
        return [BotCommand(name, words.say(f"command_{name}", language)) for name in get_args(Command)]


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
