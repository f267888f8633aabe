"""What `daozhang doctor` asks Telegram; it fetches no updates and changes nothing."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from telegram import Bot, ChatFullInfo, ChatMember, ChatMemberAdministrator, User, WebhookInfo
from telegram.constants import ChatType
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, TelegramError

from bot.channels.telegram.api import PUBLIC, Client
from bot.channels.telegram.polling import TOKEN_REFUSED
from bot.channels.telegram.service import TelegramSettings
from bot.doctor import Finding, error, ok, warning

#: So many updates do not wait where somebody fetches them.
MANY_WAITING = 100
#: A failed webhook call that is older has passed.
RECENT = timedelta(hours=1)
GROUP = "DAOZHANG_TELEGRAM_AGENT_GROUP"


async def ask_telegram(settings: TelegramSettings, group: int | None, now: datetime) -> list[Finding]:
    """Check the token, the way that updates come, and the agents' group."""
    client = Client(settings.token, settings.api_url)
    findings = []
    try:
        me = await client.bot.get_me()
        findings.append(ok("telegram", f"the bot is @{me.username}"))
        findings += _updates(await client.bot.get_webhook_info(), settings, now)
        if group is None:
            findings.append(ok("agents' group", f"none is set; agents work at the desk ({GROUP})"))
        else:
            findings.append(await _group(client.bot, me, group))
    except InvalidToken:
        findings.append(error("telegram", TOKEN_REFUSED))
    except TelegramError as problem:
        findings.append(error("telegram", _unreachable(problem, settings)))
    finally:
        await client.close()
    return findings


def _unreachable(problem: TelegramError, settings: TelegramSettings) -> str:
    # Only the kinds of the errors: their texts may hold the address, and with it the token.
    kind = type(problem.__cause__ or problem).__name__
    if settings.api_url:
        return (
            f"{urlsplit(settings.api_url).hostname} cannot be used ({kind}); check DAOZHANG_TELEGRAM_API_URL"
        )
    return (
        f"{urlsplit(PUBLIC).hostname} cannot be used ({kind}); check the network, "
        "and HTTPS_PROXY where a proxy is needed"
    )


def _updates(info: WebhookInfo, settings: TelegramSettings, now: datetime) -> list[Finding]:
    """Check whether updates come as the settings say, and whether they come at all."""
    wanted = settings.webhook_url
    findings = []
    if info.url == wanted:
        way = f"updates come to {wanted}" if wanted else "updates are fetched (long polling)"
        findings.append(ok("updates", way))
    elif not wanted:
        text = (
            f"a webhook is set ({info.url}), so nothing can be fetched; start the service, which takes it "
            "away, and see that no other one uses this token"
        )
        findings.append(error("updates", text))
    else:
        where = info.url or "nowhere"
        text = (
            f"Telegram brings updates to {where}, not to {wanted}; start the service, which sets the webhook"
        )
        findings.append(error("updates", text))
    if info.last_error_message and info.last_error_date and now - info.last_error_date < RECENT:
        text = f"a call failed at {info.last_error_date:%H:%M} UTC: {info.last_error_message}"
        findings.append(warning("webhook", f"{text}; check the address, its certificate, and the proxy"))
    if info.pending_update_count >= MANY_WAITING:
        text = f"{info.pending_update_count} updates wait at Telegram, which keeps them for a day"
        findings.append(warning("waiting", f"{text}; see that the service runs, and what its log says"))
    else:
        findings.append(ok("waiting", f"{info.pending_update_count} updates wait at Telegram"))
    return findings


async def _group(bot: Bot, me: User, group: int) -> Finding:
    try:
        chat = await bot.get_chat(group)
        member = await bot.get_chat_member(group, me.id)
    except ChatMigrated as moved:
        return _wrong(f"the group has another number now; set {GROUP}={moved.new_chat_id}")
    except Forbidden:
        return _wrong(f"the bot is not in the group {group}; add @{me.username} as an administrator")
    except BadRequest as problem:
        text = f"{group} is not known to the bot ({problem.message}); check {GROUP}, and add @{me.username}"
        return _wrong(f"{text} to the group")
    return _judge(chat, member, me)


def _judge(chat: ChatFullInfo, member: ChatMember, me: User) -> Finding:
    """Say what the group or the bot's rights in it lack; the first that must be mended."""
    if chat.type != ChatType.SUPERGROUP or not chat.is_forum:
        return _wrong(f"“{chat.title}” has no topics; switch them on in the group's settings")
    if member.status in (ChatMember.LEFT, ChatMember.BANNED):
        return _wrong(f"the bot is not in “{chat.title}”; add @{me.username} as an administrator")
    if not isinstance(member, ChatMemberAdministrator):
        hidden = (
            "" if me.can_read_all_group_messages else ", and privacy mode hides from it what agents write"
        )
        return _wrong(f"the bot is no administrator of “{chat.title}”{hidden}; make it one")
    needed = {"manage topics": member.can_manage_topics, "pin messages": member.can_pin_messages}
    lacking = [right for right, given in needed.items() if not given]
    if lacking:
        return _wrong(f"in “{chat.title}” the bot may not {' nor '.join(lacking)}; give it that right")
    if not member.can_delete_messages:
        text = f"in “{chat.title}” the bot may not delete messages, its own notices stay; give it that right"
        return warning("agents' group", text)
    return ok("agents' group", f"“{chat.title}”: topics are on, and the bot has its rights")


def _wrong(text: str) -> Finding:
    return error("agents' group", text)
