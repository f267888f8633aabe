"""What Telegram holds: people, chats, topics, messages, files, and the time it thinks it is."""

import hashlib
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.telegram_api.entities import Entity
from tests.telegram_api.errors import bad_request, forbidden
from tests.telegram_api.updates import UpdateQueue

Json = dict[str, Any]

#: What an administrator may do, as getChatMember lists it.
RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_pin_messages",
    "can_manage_topics",
    "can_send_welcome_messages",
)
PRESENT = {"creator", "administrator", "member"}
DAY = 24 * 3600


@dataclass(slots=True)
class Clock:
    """Telegram's time; `factor` scales its waits: 0.01 makes 4 s last 40 ms."""

    factor: float = 1.0
    shift: float = 0.0

    def now(self) -> int:
        """Give the seconds since 1970."""
        return int(time.time() + self.shift)

    def counter(self) -> float:
        """Give Telegram's own seconds since some moment; for windows and waits."""
        return time.monotonic() / self.factor + self.shift


@dataclass(slots=True)
class Account:
    """A person or the bot."""

    id: int
    first_name: str
    language_code: str | None = None
    username: str | None = None
    is_bot: bool = False

    def json(self) -> Json:
        """Give a User object."""
        user: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        user |= {"username": self.username} if self.username else {}
        return user | ({"language_code": self.language_code} if self.language_code else {})


@dataclass(slots=True)
class Topic:
    """A topic of a forum; its id is that of the message that opened it."""

    id: int
    name: str
    icon_color: int
    closed: bool = False


@dataclass(slots=True)
class Chat:
    """A chat with all that is in it; `messages` are Message objects as they are now."""

    id: int
    type: str
    title: str
    is_forum: bool = False
    username: str | None = None
    #: User id -> status.
    members: dict[int, str] = field(default_factory=dict)
    #: What the bot may do as an administrator.
    bot_rights: set[str] = field(default_factory=set)
    messages: dict[int, Json] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)
    #: Each chat action that was shown, with its topic.
    actions: list[tuple[str, int | None]] = field(default_factory=list)
    migrated_to: int | None = None
    #: The ids of a supergroup's own messages; 1 is its opening, and the General topic.
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(2))

    def json(self) -> Json:
        """Give a Chat object."""
        chat: Json = {"id": self.id, "type": self.type}
        chat["first_name" if self.type == "private" else "title"] = self.title
        chat |= {"username": self.username} if self.username else {}
        return chat | ({"is_forum": True} if self.is_forum else {})


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that getFile knows."""

    file_id: str
    path: str
    content: bytes
    mime_type: str
    name: str

    def json(self) -> Json:
        """Give what every kind of file has in a message."""
        unique = hashlib.sha256(self.file_id.encode()).hexdigest()[:16]
        return {"file_id": self.file_id, "file_unique_id": unique, "file_size": len(self.content)}


@dataclass(slots=True)
class Query:
    """A tap on a button that the bot may answer."""

    id: str
    tapped_at: int
    answer: Json | None = None


class World:
    """The state; not for several threads at once."""

    def __init__(self, token: str, bot_name: str) -> None:
        self.token = token
        self.clock = Clock()
        self.bot = Account(int(token.partition(":")[0]), bot_name, username="emulated_bot", is_bot=True)
        self.reads_all_group_messages = False
        self.query_lifetime = 150  # seconds in which a tap can be answered
        self.users: dict[int, Account] = {}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, StoredFile] = {}
        self.queries: dict[str, Query] = {}
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.updates = UpdateQueue(self.clock.now)
        self._user_ids = itertools.count(7_000_000_001)  # more than 32 bits, as new accounts have
        self._group_ids = itertools.count(1_002_000_000_001)
        self._private_message_ids = itertools.count(1)
        self._file_numbers = itertools.count()
        self._query_ids = itertools.count(4_382_000_000_000_000_001, 7919)
        self._chat_instance = "-3141592653589793238"

    def new_user(self, name: str, language_code: str | None, username: str | None) -> Account:
        """Register a person, whom the bot does not know yet."""
        user = Account(next(self._user_ids), name, language_code, username)
        self.users[user.id] = user
        return user

    def new_group(self, title: str, *, forum: bool = False, basic: bool = False) -> Chat:
        """Open a group: a supergroup unless `basic`."""
        number = next(self._group_ids)
        chat_id = -(number % 10**9) - 4_000_000_000 if basic else -number
        chat = Chat(chat_id, "group" if basic else "supergroup", title, is_forum=forum)
        self.chats[chat.id] = chat
        return chat

    def private_chat(self, user: Account) -> Chat:
        """Find the chat of a person and the bot, or open it."""
        if user.id not in self.chats:
            chat = Chat(user.id, "private", user.first_name, username=user.username)
            chat.members = {user.id: "member", self.bot.id: "member"}
            self.chats[user.id] = chat
        return self.chats[user.id]

    def chat(self, chat_id: str | None) -> Chat:
        """Find the chat that a call names; raises ApiError."""
        if not chat_id:
            raise bad_request("chat_id is empty")
        chat = self.chats.get(int(chat_id)) if chat_id.lstrip("-").isdecimal() else None
        if chat is None or (chat.id < 0 and self.bot.id not in chat.members):
            raise bad_request("chat not found")
        if chat.migrated_to is not None:
            raise bad_request(
                "group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to
            )
        status = chat.members[self.bot.id]
        if status not in PRESENT:
            what = "was kicked from" if status == "kicked" else "is not a member of"
            raise forbidden(f"bot {what} the {chat.type} chat")
        return chat

    def bot_may(self, chat: Chat, right: str) -> bool:
        """Say whether the bot is an administrator with this right."""
        return chat.members.get(self.bot.id) == "administrator" and right in chat.bot_rights

    def new_message_id(self, chat: Chat) -> int:
        """Number a message: supergroups count for themselves, all other chats together."""
        if chat.type == "supergroup":
            return next(chat.numbers)
        return next(self._private_message_ids)

    def post(
        self,
        chat: Chat,
        sender: Account,
        content: Json,
        thread: int | None = None,
        reply_to: int | None = None,
    ) -> Json:
        """Put a message into a chat and give the Message object."""
        message: Json = {
            "message_id": self.new_message_id(chat),
            "from": sender.json(),
            "chat": chat.json(),
            "date": self.clock.now(),
        }
        if thread is not None:
            message |= {"message_thread_id": thread, "is_topic_message": True}
            # Telegram shows the opening of the topic as what a message in it replies to.
            reply_to = reply_to or (thread if thread in chat.messages else None)
        if reply_to is not None and reply_to in chat.messages:
            message["reply_to_message"] = without_reply(chat.messages[reply_to])
        message |= content
        chat.messages[message["message_id"]] = message
        return message

    def announce(self, chat: Chat, message: Json, kind: str = "message") -> Json | None:
        """Tell the bot of a message of somebody else, unless privacy mode hides it from the bot."""
        if not self._bot_sees(chat, message):
            return None
        expires = int(message.get("edit_date") or message["date"]) + DAY
        return self.updates.add(kind, message, key=str(chat.id), expires=expires)

    def _bot_sees(self, chat: Chat, message: Json) -> bool:
        status = chat.members.get(self.bot.id)
        if chat.type == "private" or status == "administrator" or self.reads_all_group_messages:
            return status in PRESENT
        replied = message.get("reply_to_message", {}).get("from", {}).get("id")
        addressed = any(one["type"] == "bot_command" for one in entities_of(message))
        service = not any(name in message for name in ("text", "photo", "document", "voice", "sticker"))
        return status in PRESENT and (replied == self.bot.id or addressed or service)

    def keep_file(self, content: bytes, folder: str, name: str, mime_type: str) -> StoredFile:
        """Store a file and give it a file_id."""
        number = next(self._file_numbers)
        file_id = f"AgAC{hashlib.sha256(f'{number} {name}'.encode()).hexdigest()[:56]}"
        ending = name.rsplit(".", 1)[-1] if "." in name else "bin"
        kept = StoredFile(file_id, f"{folder}/file_{number}.{ending}", content, mime_type, name)
        self.files[file_id] = kept
        return kept

    def new_query(self, user: Account, message: Json, data: str) -> Json:
        """Make the CallbackQuery of a tap and remember that it waits for an answer."""
        query = Query(str(next(self._query_ids)), self.clock.now())
        self.queries[query.id] = query
        return {
            "id": query.id,
            "from": user.json(),
            "message": message,
            "chat_instance": self._chat_instance,
            "data": data,
        }


def entities_of(message: Json) -> list[Entity]:
    """Give the entities of the text or the caption."""
    found: list[Entity] = message.get("entities") or message.get("caption_entities") or []
    return found


def without_reply(message: Json) -> Json:
    """Give a message as another one quotes it: one level deep."""
    return {name: value for name, value in message.items() if name != "reply_to_message"}
