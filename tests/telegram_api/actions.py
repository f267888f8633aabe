"""What people do in Telegram, and what a test changes in it: plain JSON in and out, in the server's loop."""

import base64
import inspect
from copy import deepcopy
from typing import Any

from tests.telegram_api import methods_chats
from tests.telegram_api.bot_api import BotApi
from tests.telegram_api.entities import formatted
from tests.telegram_api.faults import Fault, Plan
from tests.telegram_api.world import DAY, PRESENT, RIGHTS, Account, Chat, Json, World


class Actions:
    """Every public method is an action; `do` calls one by its name."""

    def __init__(self, api: BotApi) -> None:
        self.api = api

    @property
    def world(self) -> World:
        """The state that the actions change."""
        return self.api.world

    async def do(self, name: str, arguments: Json) -> Any:
        """Carry out one action; KeyError for one that there is not."""
        action = None if name.startswith("_") or name in {"do", "world"} else getattr(self, name, None)
        if not callable(action):
            raise KeyError(name)
        result = action(**arguments)
        return deepcopy(await result if inspect.isawaitable(result) else result)

    # People

    def new_user(self, name: str, language_code: str | None, username: str | None) -> Json:
        """Give the User object of a new person."""
        return self.world.new_user(name, language_code, username).json()

    def send(
        self,
        user_id: int,
        content: Json,
        chat_id: int | None = None,
        topic: int | None = None,
        reply_to: int | None = None,
    ) -> Json:
        """Let a person write; gives the message and its update (None if the bot does not get it)."""
        user = self.world.users[user_id]
        chat = self.world.chats[chat_id] if chat_id else self.world.private_chat(user)
        if chat.members.get(user_id) not in PRESENT:
            raise ValueError(f"{user.first_name} is not in the chat: unblock or join first")
        if topic is not None and topic not in chat.topics:
            raise ValueError(f"no topic {topic}")
        message = self.world.post(chat, user, _with_entities(content), topic, reply_to)
        return {"message": message, "update": self.world.announce(chat, message)}

    def upload(self, content: str, folder: str, name: str, mime_type: str) -> Json:
        """Store a file (base64) as if a person had uploaded it; gives its ids and size."""
        return self.world.keep_file(base64.b64decode(content), folder, name, mime_type).json()

    def edit(self, user_id: int, chat_id: int, message_id: int, text: str) -> Json:
        """Let a person change the text or caption of an own message."""
        chat = self.world.chats[chat_id]
        message = chat.messages[message_id]
        if message["from"]["id"] != user_id:
            raise ValueError("people edit their own messages only")
        part = "text" if "text" in message else "caption"
        for name in ("entities", "caption_entities"):
            message.pop(name, None)
        message |= _with_entities({part: text}) | {"edit_date": self.world.clock.now()}
        return {"message": message, "update": self.world.announce(chat, message, "edited_message")}

    def tap(self, user_id: int, chat_id: int, message_id: int, data: str) -> Json:
        """Let a person press a button with this data; gives the update and the id of the query."""
        chat, user = self.world.chats[chat_id], self.world.users[user_id]
        message = chat.messages.get(message_id)
        if message is None:  # deleted meanwhile: this is all that a bot gets of it
            message = {"chat": chat.json(), "message_id": message_id, "date": 0}
        query = self.world.new_query(user, message, data)
        expires = self.world.clock.now() + self.world.query_lifetime
        # A queue of their own: taps and messages of one person may overtake each other.
        update = self.world.updates.add("callback_query", query, key=f"tap {user_id}", expires=expires)
        return {"query_id": query["id"], "update": update}

    def answer_of(self, query_id: str) -> Json | None:
        """Give what the bot answered to a tap: text and show_alert; None before it did."""
        return self.world.queries[query_id].answer

    def set_private_status(self, user_id: int, status: str) -> Json | None:
        """Block ("kicked") or unblock ("member") the bot, or delete the account ("deactivated")."""
        user = self.world.users[user_id]
        chat = self.world.private_chat(user)
        old, chat.members[user_id] = chat.members[user_id], status
        if status in {"deactivated", old}:
            return None
        return self._bot_membership(chat, user, old, status)

    def _bot_membership(self, chat: Chat, by: Account, old: str, new: str) -> Json | None:
        """Tell the bot that its own membership has changed."""
        sides = []
        for status in (old, new):
            side = Chat(chat.id, chat.type, chat.title, members={self.world.bot.id: status})
            side.bot_rights = chat.bot_rights
            sides.append(methods_chats.member_json(self.world, side, self.world.bot.id))
        change = {
            "chat": chat.json(),
            "from": by.json(),
            "date": self.world.clock.now(),
            "old_chat_member": sides[0],
            "new_chat_member": sides[1],
        }
        expires = self.world.clock.now() + DAY
        return self.world.updates.add("my_chat_member", change, key=str(chat.id), expires=expires)

    # Groups

    def new_group(self, title: str, creator_id: int, *, forum: bool, basic: bool) -> Json:
        """Open a group, without the bot in it; gives the Chat object."""
        chat = self.world.new_group(title, forum=forum, basic=basic)
        chat.members[creator_id] = "creator"
        return chat.json()

    def set_bot(self, chat_id: int, by: int, status: str, rights: list[str] | None = None) -> Json | None:
        """Let somebody add the bot, make it an administrator with rights (None: all), or throw it out."""
        chat = self.world.chats[chat_id]
        old = chat.members.get(self.world.bot.id, "left")
        chat.members[self.world.bot.id] = status
        chat.bot_rights = set(RIGHTS if rights is None else rights) if status == "administrator" else set()
        return self._bot_membership(chat, self.world.users[by], old, status)

    def join(self, user_id: int, chat_id: int) -> Json | None:
        """Let a person come into a group."""
        chat, user = self.world.chats[chat_id], self.world.users[user_id]
        chat.members[user_id] = "member"
        message = self.world.post(chat, user, {"new_chat_members": [user.json()]})
        return self.world.announce(chat, message)

    def leave(self, user_id: int, chat_id: int) -> Json | None:
        """Let a person leave a group."""
        chat, user = self.world.chats[chat_id], self.world.users[user_id]
        chat.members[user_id] = "left"
        return self.world.announce(chat, self.world.post(chat, user, {"left_chat_member": user.json()}))

    def open_topic(self, user_id: int, chat_id: int, name: str) -> int:
        """Let a person open a topic; gives its id."""
        opened = methods_chats.open_topic(self.world, self.world.chats[chat_id], user_id, name)
        number: int = opened["message_thread_id"]
        return number

    def set_topic_closed(self, user_id: int, chat_id: int, topic: int, *, closed: bool) -> None:
        """Let a person close or reopen a topic."""
        chat = self.world.chats[chat_id]
        methods_chats.set_closed(self.world, chat, chat.topics[topic], user_id, closed=closed)

    def delete_topic(self, chat_id: int, topic: int) -> None:
        """Let somebody delete a topic with all that is in it; the bot is not told."""
        methods_chats.remove_topic(self.world.chats[chat_id], topic)

    def delete_message(self, chat_id: int, message_id: int) -> None:
        """Let somebody delete a message; the bot is not told."""
        del self.world.chats[chat_id].messages[message_id]

    def set_forum(self, chat_id: int, *, forum: bool) -> None:
        """Switch the topics of a group on or off."""
        self.world.chats[chat_id].is_forum = forum

    def migrate(self, chat_id: int, by: int) -> Json:
        """Turn a basic group into a supergroup; gives the new Chat object."""
        old = self.world.chats[chat_id]
        new = self.world.new_group(old.title)
        new.members, new.bot_rights = dict(old.members), set(old.bot_rights)
        user = self.world.users[by]
        farewell = self.world.post(old, user, {"migrate_to_chat_id": new.id})
        self.world.announce(old, farewell)
        old.migrated_to = new.id
        self.world.announce(new, self.world.post(new, user, {"migrate_from_chat_id": old.id}))
        return new.json()

    # What a test looks at

    def chat(self, chat_id: int) -> Json:
        """Give messages (in order), topics, pinned message ids and chat actions of a chat as they are now."""
        chat = self.world.chats.get(chat_id)
        if chat is None:
            return {"messages": [], "topics": {}, "pinned": [], "actions": []}
        topics = {
            str(one.id): {"name": one.name, "closed": one.closed, "icon_color": one.icon_color}
            for one in chat.topics.values()
        }
        messages = list(chat.messages.values())
        return {"messages": messages, "topics": topics, "pinned": chat.pinned, "actions": chat.actions}

    def calls(self, method: str | None, chat_id: int | None) -> list[Json]:
        """Give the log of calls, of one method or of all, to one chat or to all."""
        wanted = self.api.calls
        return [
            call.json()
            for call in wanted
            if method in {None, call.method} and chat_id in {None, call.chat_id}
        ]

    def commands(self, scope: str, language_code: str) -> list[Json]:
        """Give the command menu of a scope and language."""
        return self.world.commands.get((scope, language_code), [])

    def pending(self) -> list[Json]:
        """Give the updates that are not confirmed or delivered."""
        return [entry.update for entry in self.world.updates.pending]

    def webhook_attempts(self) -> list[Json]:
        """Give every try to deliver by webhook: update_id, attempt, status."""
        return self.api.webhook.attempts

    # What a test changes

    def inject(self, update: Json, key: str) -> None:
        """Deliver an update as it stands; an update_id is added if it has none."""
        self.world.updates.add_raw(update, key)

    def repeat(self, update_id: int) -> None:
        """Deliver an update again."""
        self.world.updates.repeat(update_id)

    def hold(self) -> None:
        """Keep new updates back."""
        self.world.updates.hold()

    def held(self) -> list[int]:
        """Give the ids of the updates that are held back."""
        return self.world.updates.held_ids()

    def release(self, order: list[int] | None = None) -> None:
        """Deliver what is held back, in this order of ids."""
        self.world.updates.release(order)

    def next_update_id(self, number: int) -> None:
        """Let the next update have this id."""
        self.world.updates.next_id = number

    def plan_fault(
        self, method: str, fault: Json, chat_id: int | None, times: int | None, share: float
    ) -> None:
        """Plan a fault; `times` None for all calls from now on."""
        planned = Fault(**fault)
        if planned.when == "before body" and chat_id is not None:
            raise ValueError("before the body is read nobody knows the chat")
        self.api.faults.plans.append(Plan(method, planned, chat_id, times, share))

    def clear_faults(self) -> None:
        """Plan nothing any more."""
        self.api.faults.plans.clear()

    def set_limits(self, *, per_chat: bool, overall: bool, per_group: bool) -> None:
        """Switch the limits on what a bot may send on or off."""
        limits = self.api.limits
        limits.per_chat, limits.overall, limits.per_group = per_chat, overall, per_group

    def close_chat(self, chat_id: int, seconds: float) -> None:
        """Answer 429 for a chat (0: for all) until so many seconds have passed."""
        self.api.limits.close(chat_id, seconds)

    def set_clock(self, factor: float | None = None, advance: float = 0) -> None:
        """Scale Telegram's waits, or move its clock forward by seconds."""
        self.world.clock.factor = factor or self.world.clock.factor
        self.world.clock.shift += advance

    def set_token(self, token: str) -> None:
        """Revoke the token: from now on only this one is right."""
        self.world.token = token

    def set_privacy(self, *, on: bool) -> None:
        """Switch the bot's privacy mode, which hides what people say in groups."""
        self.world.reads_all_group_messages = not on


def _with_entities(content: Json) -> Json:
    """Add the entities that Telegram finds by itself; raises ApiError for an empty text."""
    for part, name in (("text", "entities"), ("caption", "caption_entities")):
        if part in content:
            read = formatted(content[part], None, content.get(name))
            content = {**content, part: read.text} | ({name: read.entities} if read.entities else {})
    return content
