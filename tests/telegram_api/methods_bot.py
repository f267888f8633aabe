"""Methods about the bot itself: who it is, its commands, how it gets its updates."""

import re
from typing import Any
from urllib.parse import urlsplit

from tests.telegram_api.bot_api import BotApi
from tests.telegram_api.errors import bad_request, conflict
from tests.telegram_api.parameters import Parameters
from tests.telegram_api.registry import method
from tests.telegram_api.world import Json

MOST_COMMANDS = 100
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


@method("getMe")
def get_me(api: BotApi, _: Parameters) -> Json:
    return {
        **api.world.bot.json(),
        "can_join_groups": True,
        "can_read_all_group_messages": api.world.reads_all_group_messages,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
        "can_manage_bots": False,
        "supports_join_request_queries": False,
    }


def _scope(given: Parameters) -> tuple[str, str]:
    scope = given.structure("scope") or {"type": "default"}
    where = " ".join(str(scope[name]) for name in ("type", "chat_id", "user_id") if name in scope)
    return where, given.text("language_code") or ""


@method("setMyCommands")
def set_my_commands(api: BotApi, given: Parameters) -> bool:
    commands = given.structure("commands")
    if not isinstance(commands, list):
        raise bad_request("can't parse commands: Expected an Array of BotCommand")
    if len(commands) > MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    kept = []
    for one in commands:
        name, description = str(one.get("command", "")).removeprefix("/"), str(one.get("description", ""))
        if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(description.strip()) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        kept.append({"command": name, "description": description.strip()})
    api.world.commands[_scope(given)] = kept
    return True


@method("getMyCommands")
def get_my_commands(api: BotApi, given: Parameters) -> list[Json]:
    return api.world.commands.get(_scope(given), [])


@method("deleteMyCommands")
def delete_my_commands(api: BotApi, given: Parameters) -> bool:
    api.world.commands.pop(_scope(given), None)
    return True


def _keep_allowed(api: BotApi, given: Parameters) -> None:
    """Take over allowed_updates if it was given; an empty list is the default again."""
    allowed = given.strings("allowed_updates")
    if allowed is not None:
        api.world.updates.allowed = allowed or None


@method("getUpdates")
async def get_updates(api: BotApi, given: Parameters) -> list[Json]:
    if api.webhook.url:
        raise conflict(
            "can't use getUpdates method while webhook is active;"
            " use deleteWebhook to delete the webhook first"
        )
    _keep_allowed(api, given)
    limit = given.integer("limit")
    return await api.world.updates.wait(
        given.integer("offset") or 0, 100 if limit is None else limit, given.integer("timeout") or 0
    )


@method("setWebhook")
async def set_webhook(api: BotApi, given: Parameters) -> Any:
    url = given.text("url") or ""
    if not url:
        return await delete_webhook(api, given)
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost"}:
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    secret = given.text("secret_token")
    if secret and len(secret) > 256:
        raise bad_request("secret token is too long")
    if secret and not SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    connections = given.integer("max_connections") or 40
    _keep_allowed(api, given)
    if given.flag("drop_pending_updates"):
        api.world.updates.pending.clear()
    api.world.updates.end_poll("terminated by setWebhook request")
    await api.webhook.start(url, secret or "", min(max(connections, 1), 100))
    return True


@method("deleteWebhook")
async def delete_webhook(api: BotApi, given: Parameters) -> bool:
    await api.webhook.stop()
    if given.flag("drop_pending_updates"):
        api.world.updates.pending.clear()
    return True


@method("getWebhookInfo")
def get_webhook_info(api: BotApi, _: Parameters) -> Json:
    return api.webhook.info()
