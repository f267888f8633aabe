"""Methods that send, edit and delete messages, and answer taps."""

from typing import Any

from tests.telegram_api.bot_api import BotApi
from tests.telegram_api.entities import formatted, units
from tests.telegram_api.errors import bad_request, forbidden
from tests.telegram_api.keyboards import checked_markup
from tests.telegram_api.parameters import Parameters, Upload
from tests.telegram_api.registry import method
from tests.telegram_api.world import Chat, Json, World

LONGEST_TEXT, LONGEST_CAPTION, LONGEST_ANSWER = 4096, 1024, 200  # UTF-16 units
LARGEST_PHOTO, LARGEST_UPLOAD = 10 * 1024 * 1024, 50 * 1024 * 1024  # bytes
TWO_DAYS = 48 * 3600
IMAGE_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"RIFF")
CHAT_ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}
#: What a message can be made of, beside a text.
MEDIA = ("photo", "document", "voice", "video", "audio", "sticker", "location", "contact", "venue")


def _text(given: Parameters) -> Json:
    if not given.text("text"):
        raise bad_request("message text is empty")
    read = formatted(given.text("text") or "", given.text("parse_mode"), given.structure("entities"))
    if not read.text:
        raise bad_request("text must be non-empty")
    if units(read.text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return {"text": read.text} | ({"entities": read.entities} if read.entities else {})


def _caption(given: Parameters) -> Json:
    raw = given.text("caption") or ""
    read = formatted(raw, given.text("parse_mode"), given.structure("caption_entities"))
    if units(read.text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    if not read.text:
        return {}
    return {"caption": read.text} | ({"caption_entities": read.entities} if read.entities else {})


def _thread(chat: Chat, given: Parameters) -> int | None:
    """Find the topic to send into; the General topic has no number that can be sent to."""
    thread = given.integer("message_thread_id")
    if thread is None:
        return None
    if thread not in chat.topics:
        raise bad_request("message thread not found")
    if chat.topics[thread].closed:
        raise bad_request("TOPIC_CLOSED")
    return thread


def _reply(chat: Chat, given: Parameters) -> int | None:
    reply = given.structure("reply_parameters") or {}
    wanted = reply.get("message_id", given.integer("reply_to_message_id"))
    if wanted is None:
        return None
    if int(wanted) in chat.messages:
        return int(wanted)
    if reply.get("allow_sending_without_reply") or given.flag("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


def writable_chat(world: World, given: Parameters) -> Chat:
    """Find the chat to send into; raises ApiError where the bot may not write."""
    chat = world.chat(given.text("chat_id"))
    if chat.type == "private" and chat.members[chat.id] == "kicked":
        raise forbidden("bot was blocked by the user")
    if chat.type == "private" and chat.members[chat.id] == "deactivated":
        raise forbidden("user is deactivated")
    return chat


def _send(api: BotApi, given: Parameters, content: Json) -> Json:
    chat = writable_chat(api.world, given)
    markup = checked_markup(given.structure("reply_markup"))
    thread = _thread(chat, given)
    reply = _reply(chat, given)
    if reply is not None and thread is None:
        thread = chat.messages[reply].get("message_thread_id")
    content = content | ({"reply_markup": markup} if markup else {})
    if given.flag("protect_content"):
        content["has_protected_content"] = True
    return api.world.post(chat, api.world.bot, content, thread, reply)


@method("sendMessage", counted=True)
def send_message(api: BotApi, given: Parameters) -> Json:
    writable_chat(api.world, given)
    return _send(api, given, _text(given))


def _file(api: BotApi, given: Parameters, kind: str) -> Any:
    """Find the file to send: an upload, `attach://name` of one, or the file_id of one that is known."""
    name = given.text(kind) or ""
    upload = given.uploads.get(name.removeprefix("attach://") if name.startswith("attach://") else kind)
    if upload is not None:
        return upload
    if not name:
        raise bad_request(f"there is no {kind} in the request")
    if name in api.world.files:
        return api.world.files[name]
    if "://" in name:
        raise bad_request("failed to get HTTP URL content")
    raise bad_request("wrong file identifier/HTTP URL specified")


def _store(api: BotApi, given: Parameters, kind: str) -> Any:
    file = _file(api, given, kind)
    if not isinstance(file, Upload):
        return file
    if not file.content:
        raise bad_request("file must be non-empty")
    if len(file.content) > LARGEST_UPLOAD:
        raise bad_request("file is too big")
    if kind == "photo" and not file.content.startswith(IMAGE_BEGINNINGS):
        raise bad_request("IMAGE_PROCESS_FAILED")
    if kind == "photo" and len(file.content) > LARGEST_PHOTO:
        raise bad_request("file is too big for a photo; the maximum size is 10485760 bytes")
    return api.world.keep_file(file.content, f"{kind}s", file.name, file.mime_type)


@method("sendPhoto", counted=True)
def send_photo(api: BotApi, given: Parameters) -> Json:
    writable_chat(api.world, given)
    caption = _caption(given)
    file = _store(api, given, "photo")
    return _send(api, given, {"photo": [{**file.json(), "width": 960, "height": 1280}]} | caption)


@method("sendDocument", counted=True)
def send_document(api: BotApi, given: Parameters) -> Json:
    writable_chat(api.world, given)
    caption = _caption(given)
    file = _store(api, given, "document")
    document = {**file.json(), "file_name": file.name, "mime_type": file.mime_type}
    return _send(api, given, {"document": document} | caption)


@method("sendVoice", counted=True)
def send_voice(api: BotApi, given: Parameters) -> Json:
    writable_chat(api.world, given)
    caption = _caption(given)
    file = _store(api, given, "voice")
    voice = {**file.json(), "duration": given.integer("duration") or 1, "mime_type": file.mime_type}
    return _send(api, given, {"voice": voice} | caption)


@method("copyMessage", counted=True)
def copy_message(api: BotApi, given: Parameters) -> Json:
    source = api.world.chat(given.text("from_chat_id")).messages.get(given.integer("message_id") or 0)
    if source is None:
        raise bad_request("message to copy not found")
    kept = ("text", "entities", "caption", "caption_entities", *MEDIA)
    content = {name: source[name] for name in kept if name in source}
    if not content:
        raise bad_request("message can't be copied")
    if given.text("caption") is not None and "text" not in content:
        content = {name: value for name, value in content.items() if not name.startswith("caption")}
        content |= _caption(given)
    return {"message_id": _send(api, given, content)["message_id"]}


def _own_message(api: BotApi, given: Parameters) -> tuple[Chat, Json]:
    chat = writable_chat(api.world, given)
    number = given.integer("message_id")
    if number is None:
        raise bad_request("message identifier is not specified")
    message = chat.messages.get(number)
    if message is None:
        raise bad_request("message to edit not found")
    if message["from"]["id"] != api.world.bot.id:
        raise bad_request("message can't be edited")
    return chat, message


def _change(api: BotApi, message: Json, given: Parameters, parts: Json, names: tuple[str, ...]) -> Json:
    """Replace the named parts and the keyboard; refuse an edit that changes nothing."""
    markup = checked_markup(given.structure("reply_markup"))
    wanted = parts | ({"reply_markup": markup} if markup else {})
    names = (*names, "reply_markup")
    if {name: message[name] for name in names if name in message} == wanted:
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same"
            " as a current content and reply markup of the message"
        )
    for name in names:
        message.pop(name, None)
    message |= wanted
    if parts:
        message["edit_date"] = api.world.clock.now()
    return message


@method("editMessageText", counted=True)
def edit_message_text(api: BotApi, given: Parameters) -> Json:
    _, message = _own_message(api, given)
    parts = _text(given)
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    return _change(api, message, given, parts, ("text", "entities"))


@method("editMessageCaption", counted=True)
def edit_message_caption(api: BotApi, given: Parameters) -> Json:
    _, message = _own_message(api, given)
    parts = _caption(given)
    if "text" in message:
        raise bad_request("there is no caption in the message to edit")
    return _change(api, message, given, parts, ("caption", "caption_entities"))


@method("editMessageReplyMarkup", counted=True)
def edit_message_reply_markup(api: BotApi, given: Parameters) -> Json:
    _, message = _own_message(api, given)
    return _change(api, message, given, {}, ())


@method("deleteMessage")
def delete_message(api: BotApi, given: Parameters) -> bool:
    chat = api.world.chat(given.text("chat_id"))
    message = chat.messages.get(given.integer("message_id") or 0)
    if message is None:
        raise bad_request("message to delete not found")
    own = message["from"]["id"] == api.world.bot.id
    old = api.world.clock.now() - message["date"] > TWO_DAYS
    if not api.world.bot_may(chat, "can_delete_messages") and (old or not (own or chat.type == "private")):
        raise bad_request("message can't be deleted")
    del chat.messages[message["message_id"]]
    return True


@method("answerCallbackQuery")
def answer_callback_query(api: BotApi, given: Parameters) -> bool:
    text = given.text("text") or ""
    if units(text) > LONGEST_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    query = api.world.queries.get(given.text("callback_query_id") or "")
    age = api.world.clock.now() - query.tapped_at if query else 0
    if query is None or query.answer is not None or age > api.world.query_lifetime:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    query.answer = {"text": text, "show_alert": given.flag("show_alert")}
    return True


@method("sendChatAction")
def send_chat_action(api: BotApi, given: Parameters) -> bool:
    chat = writable_chat(api.world, given)
    action = given.text("action") or ""
    if action not in CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    # True even where the topic is gone, as the real one says.
    chat.actions.append((action, given.integer("message_thread_id")))
    return True
