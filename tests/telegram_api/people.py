"""Those who talk with the bot, as a test moves them: people, groups, and the messages that they see."""

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.telegram_api.control import TelegramApi

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as a person sees it at one moment; `raw` is the Message object."""

    raw: Json

    @property
    def id(self) -> int:
        """Its number in the chat."""
        number: int = self.raw["message_id"]
        return number

    @property
    def chat_id(self) -> int:
        """The chat that it is in."""
        number: int = self.raw["chat"]["id"]
        return number

    @property
    def sender_id(self) -> int:
        """Who wrote it."""
        number: int = self.raw["from"]["id"]
        return number

    @property
    def text(self) -> str:
        """Its text or caption, without markup; "" for none."""
        return str(self.raw.get("text", self.raw.get("caption", "")))

    @property
    def topic(self) -> int | None:
        """The topic that it is in; None for General and outside forums."""
        return self.raw.get("message_thread_id")

    @property
    def buttons(self) -> list[list[str]]:
        """The labels of its buttons, row by row."""
        return [[str(button["text"]) for button in row] for row in self._rows]

    @property
    def labels(self) -> list[str]:
        """The labels of its buttons, all rows in one."""
        return [label for row in self.buttons for label in row]

    @property
    def _rows(self) -> list[list[Json]]:
        rows: list[list[Json]] = self.raw.get("reply_markup", {}).get("inline_keyboard", [])
        return rows

    def button(self, label: str) -> Json:
        """Give the button with this label; LookupError if there is none."""
        for row in self._rows:
            for button in row:
                if button["text"] == label:
                    return button
        raise LookupError(f"no button {label!r} among {self.labels} below {self.text!r}")


@dataclass(frozen=True, slots=True)
class Sent:
    """What a person wrote, and the update that the bot gets of it (None: it does not see it)."""

    message: Shown
    update: Json | None


@dataclass(frozen=True, slots=True)
class Tap:
    """A press on a button."""

    api: "TelegramApi"
    query_id: str
    update: Json | None

    @property
    def answer(self) -> Json | None:
        """What the bot answered: text ("" for none) and show_alert; None before it did."""
        answered: Json | None = self.api.do("answer_of", query_id=self.query_id)
        return answered


@dataclass(frozen=True, slots=True)
class Group:
    """A group; `creator` is the person who opened it."""

    api: "TelegramApi"
    id: int
    creator: "User"

    def add(self, *people: "User") -> None:
        """Let people come in."""
        for one in people:
            self.api.do("join", user_id=one.id, chat_id=self.id)

    def remove(self, person: "User") -> None:
        """Let somebody leave."""
        self.api.do("leave", user_id=person.id, chat_id=self.id)

    def set_bot(self, status: str, rights: list[str] | None = None) -> None:
        """Make the bot "administrator" (rights None: all of them), "member", "left" or "kicked"."""
        self.api.do("set_bot", chat_id=self.id, by=self.creator.id, status=status, rights=rights)

    def open_topic(self, name: str, by: "User | None" = None) -> int:
        """Open a topic as a person; gives its id."""
        number: int = self.api.do("open_topic", user_id=(by or self.creator).id, chat_id=self.id, name=name)
        return number

    def close_topic(self, topic: int, by: "User | None" = None) -> None:
        """Close a topic as a person."""
        self._set_closed(topic, by, closed=True)

    def reopen_topic(self, topic: int, by: "User | None" = None) -> None:
        """Reopen a topic as a person."""
        self._set_closed(topic, by, closed=False)

    def _set_closed(self, topic: int, by: "User | None", *, closed: bool) -> None:
        user_id = (by or self.creator).id
        self.api.do("set_topic_closed", user_id=user_id, chat_id=self.id, topic=topic, closed=closed)

    def delete_topic(self, topic: int) -> None:
        """Delete a topic and all that is in it; the bot is not told."""
        self.api.do("delete_topic", chat_id=self.id, topic=topic)

    def topics(self) -> dict[int, Json]:
        """Give id -> name, closed, icon_color of the topics that there are."""
        found: Json = self.api.do("chat", chat_id=self.id)["topics"]
        return {int(number): topic for number, topic in found.items()}

    def set_forum(self, *, on: bool) -> None:
        """Switch topics on or off."""
        self.api.do("set_forum", chat_id=self.id, forum=on)

    def migrate(self) -> "Group":
        """Turn a basic group into a supergroup, which is another chat."""
        return Group(
            self.api, self.api.do("migrate", chat_id=self.id, by=self.creator.id)["id"], self.creator
        )


@dataclass(frozen=True, slots=True)
class User:
    """A person; `chat` None means the private chat with the bot."""

    api: "TelegramApi"
    id: int
    name: str

    def send(
        self, text: str, chat: Group | None = None, topic: int | None = None, reply_to: Shown | None = None
    ) -> Sent:
        """Write a text."""
        return self.send_content({"text": text}, chat, topic, reply_to)

    def send_content(
        self,
        content: Json,
        chat: Group | None = None,
        topic: int | None = None,
        reply_to: Shown | None = None,
    ) -> Sent:
        """Send a message of any kind: these fields of a Message object, such as {"location": {…}}."""
        sent = self.api.do(
            "send",
            user_id=self.id,
            content=content,
            chat_id=chat.id if chat else None,
            topic=topic,
            reply_to=reply_to.id if reply_to else None,
        )
        return Sent(Shown(sent["message"]), sent["update"])

    def start(self, payload: str = "") -> Sent:
        """Press Start, as behind a link with ?start=payload."""
        return self.send(f"/start {payload}".strip())

    def photo(self, content: bytes, caption: str = "", chat: Group | None = None, **place: Any) -> Sent:
        """Send a picture; `place`: topic, reply_to; `media_group_id` makes it one of an album."""
        small = self._upload(content[:256], "thumbnails", "small.jpg", "image/jpeg")
        full = self._upload(content, "photos", "photo.jpg", "image/jpeg")
        sizes = [{**small, "width": 67, "height": 90}, {**full, "width": 960, "height": 1280}]
        return self._send_media({"photo": sizes}, caption, chat, place)

    def document(
        self,
        content: bytes,
        name: str,
        mime_type: str,
        caption: str = "",
        chat: Group | None = None,
        **place: Any,
    ) -> Sent:
        """Send a file."""
        stored = self._upload(content, "documents", name, mime_type)
        document = {**stored, "file_name": name, "mime_type": mime_type}
        return self._send_media({"document": document}, caption, chat, place)

    def voice(self, content: bytes, seconds: int = 3, chat: Group | None = None, **place: Any) -> Sent:
        """Send a voice message."""
        stored = self._upload(content, "voice", "voice.oga", "audio/ogg")
        voice = {**stored, "duration": seconds, "mime_type": "audio/ogg"}
        return self._send_media({"voice": voice}, "", chat, place)

    def sticker(self, emoji: str = "🙂", chat: Group | None = None) -> Sent:
        """Send a sticker."""
        stored = self._upload(b"RIFF", "stickers", "sticker.webp", "image/webp")
        look = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        return self.send_content({"sticker": {**stored, **look, "emoji": emoji}}, chat)

    def _upload(self, content: bytes, folder: str, name: str, mime_type: str) -> Json:
        encoded = base64.b64encode(content).decode()
        stored: Json = self.api.do("upload", content=encoded, folder=folder, name=name, mime_type=mime_type)
        return stored

    def _send_media(self, media: Json, caption: str, chat: Group | None, place: Json) -> Sent:
        album = place.pop("media_group_id", None)
        content = media | ({"caption": caption} if caption else {})
        content |= {"media_group_id": album} if album else {}
        return self.send_content(content, chat, **place)

    def edit(self, message: Shown, text: str) -> Sent:
        """Change the text or caption of an own message."""
        sent = self.api.do("edit", user_id=self.id, chat_id=message.chat_id, message_id=message.id, text=text)
        return Sent(Shown(sent["message"]), sent["update"])

    def tap(self, message: Shown, label: str) -> Tap:
        """Press a button of a message as it was when this was fetched: an old keyboard is fine."""
        button = message.button(label)
        if "callback_data" not in button:
            raise LookupError(f"the button {label!r} sends nothing to the bot: {button}")
        data = button["callback_data"]
        tapped = self.api.do(
            "tap", user_id=self.id, chat_id=message.chat_id, message_id=message.id, data=data
        )
        return Tap(self.api, tapped["query_id"], tapped["update"])

    def block(self) -> None:
        """Block the bot."""
        self.api.do("set_private_status", user_id=self.id, status="kicked")

    def unblock(self) -> None:
        """Unblock the bot."""
        self.api.do("set_private_status", user_id=self.id, status="member")

    def delete_account(self) -> None:
        """Delete the account."""
        self.api.do("set_private_status", user_id=self.id, status="deactivated")
