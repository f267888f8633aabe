"""Methods about chats: their members, their topics, what is pinned; and the files in them."""

from typing import Any

from tests.telegram_api.bot_api import BotApi
from tests.telegram_api.errors import bad_request
from tests.telegram_api.parameters import Parameters
from tests.telegram_api.registry import method
from tests.telegram_api.world import PRESENT, RIGHTS, Chat, Json, Topic, World

LONGEST_TOPIC_NAME = 128  # characters
LARGEST_DOWNLOAD = 20 * 1024 * 1024  # bytes
ICON_COLORS = (0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F)
PERMISSIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)


@method("getChat")
def get_chat(api: BotApi, given: Parameters) -> Json:
    chat = api.world.chat(given.text("chat_id"))
    full: Json = {
        **chat.json(),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        },
    }
    if chat.type != "private":
        full["permissions"] = dict.fromkeys(PERMISSIONS, True)
    pinned = [number for number in chat.pinned if number in chat.messages]
    if pinned:
        full["pinned_message"] = chat.messages[pinned[-1]]
    return full


def member_json(world: World, chat: Chat, user_id: int) -> Json:
    """Give a ChatMember object."""
    status = chat.members.get(user_id, "left")
    user = world.bot if user_id == world.bot.id else world.users[user_id]
    member: Json = {"user": user.json(), "status": status}
    if status == "creator":
        return member | {"is_anonymous": False}
    if status == "kicked":
        return member | {"until_date": 0}
    if status == "administrator":
        rights = chat.bot_rights if user_id == world.bot.id else set(RIGHTS)
        return (
            member | {"can_be_edited": False, "is_anonymous": False} | {one: one in rights for one in RIGHTS}
        )
    return member


@method("getChatMember")
def get_chat_member(api: BotApi, given: Parameters) -> Json:
    chat = api.world.chat(given.text("chat_id"))
    user_id = given.integer("user_id")
    if user_id is None or (user_id not in api.world.users and user_id != api.world.bot.id):
        raise bad_request("invalid user_id specified" if user_id is None else "PARTICIPANT_ID_INVALID")
    return member_json(api.world, chat, user_id)


@method("getChatAdministrators")
def get_chat_administrators(api: BotApi, given: Parameters) -> list[Json]:
    chat = api.world.chat(given.text("chat_id"))
    if chat.type == "private":
        raise bad_request("there are no administrators in the private chat")
    bosses = [one for one, status in chat.members.items() if status in {"creator", "administrator"}]
    return [member_json(api.world, chat, one) for one in bosses if one != api.world.bot.id]


@method("getChatMemberCount")
def get_chat_member_count(api: BotApi, given: Parameters) -> int:
    chat = api.world.chat(given.text("chat_id"))
    return sum(status in PRESENT for status in chat.members.values())


def _forum(api: BotApi, given: Parameters) -> Chat:
    chat = api.world.chat(given.text("chat_id"))
    if not chat.is_forum:
        raise bad_request("the chat is not a forum")
    return chat


def _name(given: Parameters) -> str:
    name = (given.text("name") or "").strip()
    if not name:
        raise bad_request("TOPIC_TITLE_EMPTY")
    return name[:LONGEST_TOPIC_NAME]


@method("createForumTopic", counted=True)
def create_forum_topic(api: BotApi, given: Parameters) -> Json:
    chat = _forum(api, given)
    if not api.world.bot_may(chat, "can_manage_topics"):
        raise bad_request("not enough rights to create a topic")
    color = given.integer("icon_color") or ICON_COLORS[0]
    if color not in ICON_COLORS:
        raise bad_request("TOPIC_ICON_COLOR_INVALID")
    return open_topic(api.world, chat, api.world.bot.id, _name(given), color)


def open_topic(world: World, chat: Chat, user_id: int, name: str, color: int = ICON_COLORS[0]) -> Json:
    """Open a topic as somebody and give the ForumTopic object."""
    sender = world.bot if user_id == world.bot.id else world.users[user_id]
    opening = {"forum_topic_created": {"name": name, "icon_color": color}}
    message = world.post(chat, sender, opening)
    number: int = message["message_id"]
    message |= {"message_thread_id": number, "is_topic_message": True}
    chat.topics[number] = Topic(number, name, color)
    if sender is not world.bot:
        world.announce(chat, message)
    return {"message_thread_id": number, "name": name, "icon_color": color}


def _topic(api: BotApi, given: Parameters) -> tuple[Chat, Topic]:
    chat = _forum(api, given)
    number = given.integer("message_thread_id")
    if number is None:
        raise bad_request("invalid message thread identifier specified")
    if not api.world.bot_may(chat, "can_manage_topics"):
        raise bad_request("not enough rights to manage topics in the chat")
    if number not in chat.topics:
        raise bad_request("TOPIC_ID_INVALID")
    return chat, chat.topics[number]


@method("editForumTopic")
def edit_forum_topic(api: BotApi, given: Parameters) -> bool:
    chat, topic = _topic(api, given)
    name = _name(given) if given.text("name") else topic.name
    if name == topic.name and given.text("icon_custom_emoji_id") is None:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.name = name
    api.world.post(chat, api.world.bot, {"forum_topic_edited": {"name": name}}, topic.id)
    return True


def set_closed(world: World, chat: Chat, topic: Topic, user_id: int, *, closed: bool) -> None:
    """Close or reopen a topic as somebody; raises ApiError if it is so already."""
    if topic.closed == closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.closed = closed
    sender = world.bot if user_id == world.bot.id else world.users[user_id]
    event = "forum_topic_closed" if closed else "forum_topic_reopened"
    message = world.post(chat, sender, {event: {}}, topic.id)
    if sender is not world.bot:
        world.announce(chat, message)


@method("closeForumTopic")
def close_forum_topic(api: BotApi, given: Parameters) -> bool:
    set_closed(api.world, *_topic(api, given), api.world.bot.id, closed=True)
    return True


@method("reopenForumTopic")
def reopen_forum_topic(api: BotApi, given: Parameters) -> bool:
    set_closed(api.world, *_topic(api, given), api.world.bot.id, closed=False)
    return True


def remove_topic(chat: Chat, topic_id: int) -> None:
    """Take a topic away, with all its messages; nobody is told."""
    del chat.topics[topic_id]
    gone = [number for number, one in chat.messages.items() if one.get("message_thread_id") == topic_id]
    for number in gone:
        del chat.messages[number]
    chat.pinned = [number for number in chat.pinned if number not in gone]


@method("deleteForumTopic")
def delete_forum_topic(api: BotApi, given: Parameters) -> bool:
    chat, topic = _topic(api, given)
    if not api.world.bot_may(chat, "can_delete_messages"):
        raise bad_request("not enough rights to delete messages in the chat")
    remove_topic(chat, topic.id)
    return True


def _pinnable(api: BotApi, given: Parameters) -> Chat:
    chat = api.world.chat(given.text("chat_id"))
    if chat.type != "private" and not api.world.bot_may(chat, "can_pin_messages"):
        raise bad_request("not enough rights to manage pinned messages in the chat")
    return chat


@method("pinChatMessage")
def pin_chat_message(api: BotApi, given: Parameters) -> bool:
    chat = _pinnable(api, given)
    message = chat.messages.get(given.integer("message_id") or 0)
    if message is None:
        raise bad_request("message to pin not found")
    if message["message_id"] not in chat.pinned:
        chat.pinned.append(message["message_id"])
        quoted = {name: value for name, value in message.items() if name != "reply_to_message"}
        api.world.post(chat, api.world.bot, {"pinned_message": quoted}, message.get("message_thread_id"))
    return True


@method("unpinChatMessage")
def unpin_chat_message(api: BotApi, given: Parameters) -> bool:
    chat = _pinnable(api, given)
    number = given.integer("message_id") or (chat.pinned[-1] if chat.pinned else 0)
    if number not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.pinned.remove(number)
    return True


@method("leaveChat")
def leave_chat(api: BotApi, given: Parameters) -> bool:
    api.world.chat(given.text("chat_id")).members[api.world.bot.id] = "left"
    return True


@method("getFile")
def get_file(api: BotApi, given: Parameters) -> Any:
    file = api.world.files.get(given.text("file_id") or "")
    if file is None:
        raise bad_request("invalid file_id" if given.text("file_id") else "file_id is empty")
    if len(file.content) > LARGEST_DOWNLOAD:
        raise bad_request("file is too big")
    return {**file.json(), "file_path": file.path}
