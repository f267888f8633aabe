"""The service: everything wired together in one place."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from socket import gethostname
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from sqlalchemy import func, select
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from bot.administration import Administration
from bot.background import keep_going
from bot.channels.telegram.forum.group import Group
from bot.channels.telegram.service import Telegram, TelegramSettings
from bot.channels.web import WebChat, build_web
from bot.channels.web_photos import build_photos
from bot.channels.web_views import Views
from bot.control import open_control, socket_in
from bot.desk import desk_surroundings
from bot.directory import HttpDirectory
from bot.expertise import LiveExpertise, LiveMapping
from bot.fetching import Files
from bot.http_errors import ERRORS, HeadersMiddleware
from bot.logs import hide
from bot.outbox.worker import OutboxWorker
from bot.page import load_page
from bot.parts import Parts, put_together
from bot.settings import Settings
from triage import accounts
from triage.desk import build_desk
from triage.model import Account, table
from triage.store import Store
from triage.vault import Vault, key_in

#: How often the service looks for what fell due.
ROUND_SECONDS = 1.0
LARGEST_BODY = 128 * 1024
_log = structlog.get_logger()


def now() -> datetime:
    """Read the clock: the only place that does."""
    return datetime.now(UTC)


def open_parts(settings: Settings) -> Parts:
    """Open the database, bring its tables up to date, and put the parts together."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = Store(settings.database)
    try:
        store.migrate()
        vault = Vault(secret_key(settings))
        live = LiveExpertise(settings.service_opens, settings.service_closes, settings.knowledge_dir)
        return put_together(store, vault, live, _directory(settings, live))
    except BaseException:
        store.close()
        raise


def _directory(settings: Settings, live: LiveExpertise) -> HttpDirectory | None:
    if not settings.directory_url:
        return None
    facts = LiveMapping(lambda: live.current.knowledge.facts)
    return HttpDirectory(settings.directory_url, settings.directory_token.get_secret_value(), now, facts)


def secret_key(settings: Settings) -> str:
    """Give the key of the settings, or else the one that the data folder keeps."""
    return settings.secret_key.get_secret_value() or key_in(settings.data_dir)


def build_app(parts: Parts, settings: Settings, clock: Callable[[], datetime] = now) -> FastAPI:
    """Build the web application with its background work."""
    telegram = _telegram(parts, settings, clock)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            _start(stack, _keep_promises(parts, clock))
            if telegram:
                outbox = OutboxWorker(parts.store, parts.vault, [telegram.channel], clock)
                _start(stack, keep_going("outbox", outbox.run))
                _start(stack, telegram.run())
            _start(stack, keep_going("files", _files(parts, settings, clock, telegram).run))
            administration = Administration(parts, clock)
            server = await open_control(settings.data_dir, administration)
            stack.callback(socket_in(settings.data_dir).unlink, missing_ok=True)
            stack.callback(server.close)
            yield

    app = FastAPI(
        lifespan=running,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        middleware=[
            Middleware(HeadersMiddleware),
            Middleware(RequestBodyLimitMiddleware, max_body_size=LARGEST_BODY),
        ],
    )
    web_chat = _web_chat(parts, settings, clock)
    app.include_router(build_web(web_chat))
    app.include_router(build_photos(web_chat))
    app.include_router(build_desk(desk_surroundings(parts, settings, clock)))
    if telegram:
        app.include_router(telegram.routes())
    app.add_api_route("/healthz", lambda: _health(parts.store), response_class=JSONResponse)
    for kind, handler in ERRORS.items():
        app.add_exception_handler(kind, handler)
    return app


def ensure_admin(parts: Parts, settings: Settings, at: datetime) -> Path | None:
    """Make the first administrator, if there is no account.

    Gives the file that holds his password, for as long as he has not changed it.
    """
    path = settings.data_dir / "admin-password"
    c = table(Account).c
    unused = select(func.count(), func.count().filter(c.name == "admin", c.must_change_password))
    accounts_made, to_change = parts.store.read(lambda connection: connection.execute(unused).one())
    if accounts_made:
        return path if to_change and path.exists() else None
    password = secrets.token_urlsafe(12)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(password + "\n")
    parts.store.write(lambda transaction: accounts.ensure_first_admin(transaction, at, password))
    return path


def _web_chat(parts: Parts, settings: Settings, clock: Callable[[], datetime]) -> WebChat:
    return WebChat(
        store=parts.store,
        vault=parts.vault,
        turns=parts.turns,
        views=Views(parts, clock),
        page=load_page(),
        clock=clock,
        key=secret_key(settings).encode(),
        address=settings.address,
        secure_cookies=settings.secure_cookies,
        version=version("daozhang"),
    )


def _telegram(parts: Parts, settings: Settings, clock: Callable[[], datetime]) -> Telegram | None:
    """Open the Telegram channel, if there is a token for it."""
    reached = telegram_settings(settings)
    if reached is None:
        return None
    group = None
    if settings.telegram_agent_group is not None:
        deps = desk_surroundings(parts, settings, clock)
        language = settings.telegram_agent_language
        group = Group.open(settings.telegram_agent_group, deps, settings.address, language)
    return Telegram(reached, parts.store, parts.turns, lambda: parts.wording, clock, group)


def telegram_settings(settings: Settings) -> TelegramSettings | None:
    """Give how the bot is reached, its secrets kept out of the logs from then on; None without a token."""
    token = settings.telegram_token.get_secret_value()
    if not token:
        return None
    secret = settings.telegram_webhook_secret.get_secret_value()
    hide(token, secret)
    return TelegramSettings(
        token=token,
        api_url=settings.telegram_api_url,
        webhook_url=settings.telegram_webhook_url,
        webhook_secret=secret,
        process=f"{gethostname()}:{settings.data_dir}",
    )


def _files(
    parts: Parts, settings: Settings, clock: Callable[[], datetime], telegram: Telegram | None
) -> Files:
    return Files(
        parts.store,
        parts.vault,
        lambda: parts.wording,
        clock,
        sources=[telegram.files] if telegram else [],
        kept_for=timedelta(days=settings.attachment_days),
    )


async def _keep_promises(parts: Parts, clock: Callable[[], datetime]) -> None:
    """Take up edits, speak where the moment has come, try failed messages again, until cancelled."""
    steps = (
        parts.live.look_again,
        parts.imported.refresh,
        lambda: parts.turns.retry(clock()),
        lambda: parts.turns.wake(clock()),
    )
    while True:
        for step in steps:
            try:
                await asyncio.to_thread(step)
            except Exception:  # noqa: BLE001 - the next step and the next round come whatever went wrong
                _log.exception("a step of the round of promises failed")
        await asyncio.sleep(ROUND_SECONDS)


def _start(stack: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    """Do something in the background until the stack is left; an end before that is logged."""
    task = asyncio.create_task(work)
    task.add_done_callback(_note_failure)
    stack.push_async_callback(_stop, task)


def _note_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.error("background work has ended", exc_info=error)


async def _stop(work: asyncio.Task[None]) -> None:
    work.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await work


def _health(store: Store) -> JSONResponse:
    store.read(lambda connection: connection.execute(select(1)))
    return JSONResponse({"status": "ok"})
