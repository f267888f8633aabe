"""Formatted text: HTML as Telegram reads it, strictly; lengths and offsets are in UTF-16 units."""

import re
from dataclasses import dataclass
from html import unescape
from itertools import pairwise
from typing import Any, NamedTuple

from tests.telegram_api.errors import bad_request

#: Tag -> type of the entity; "a", "span", "tg-emoji" and "code" in "pre" need more than their name.
TAGS = {
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strikethrough"),
    **dict.fromkeys(("tg-spoiler", "span"), "spoiler"),
    "a": "text_link",
    "blockquote": "blockquote",
    "code": "code",
    "pre": "pre",
    "tg-emoji": "custom_emoji",
}
CHARACTER = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
TAG_NAME = re.compile(r"[^\s>]*")
ATTRIBUTE = re.compile(r"\s*([A-Za-z-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9.-]+)))?")
#: What Telegram finds by itself in any text.
FOUND_BY_ITSELF = {
    "bot_command": re.compile(r"(?<![\w/@<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])"),
    "url": re.compile(r"https?://[^\s<>\"]*[\w/]"),
    "phone_number": re.compile(r"(?<![\w+])\+\d{10,15}(?!\w)"),
}

Entity = dict[str, Any]


class Formatted(NamedTuple):
    """A text and its entities, in order of their offsets."""

    text: str
    entities: list[Entity]


@dataclass(slots=True)
class _OpenTag:
    name: str
    entity: Entity


def units(text: str) -> int:
    """Count UTF-16 units, as Telegram does."""
    return len(text.encode("utf-16-le")) // 2


def _refuse(why: str) -> Exception:
    return bad_request(f"can't parse entities: {why}")


class _HtmlReader:
    """Reads one text; `read` gives the plain text and the entities."""

    def __init__(self, markup: str) -> None:
        self.markup = markup
        self.text = ""
        self.entities: list[Entity] = []
        self.open: list[_OpenTag] = []

    def read(self) -> Formatted:
        position = 0
        while position < len(self.markup):
            if self.markup[position] == "<":
                position = self._tag(position)
            elif character := CHARACTER.match(self.markup, position):
                self.text += unescape(character[0])
                position = character.end()
            else:
                self.text += self.markup[position]
                position += 1
        if self.open:
            raise _refuse(f'Can\'t find end tag corresponding to start tag "{self.open[-1].name}"')
        return Formatted(self.text, [one for one in self.entities if one["type"] and one["length"]])

    def _byte(self, position: int) -> int:
        return len(self.markup[:position].encode())

    def _tag(self, start: int) -> int:
        if self.markup.startswith("</", start):
            return self._end_tag(start)
        match = TAG_NAME.match(self.markup, start + 1)
        name = match[0].lower() if match else ""
        position = start + 1 + len(name)
        if name not in TAGS:
            raise _refuse(f'Unsupported start tag "{name}" at byte offset {self._byte(start)}')
        attributes: dict[str, str] = {}
        while (rest := self.markup[position:].lstrip()) and not rest.startswith(">"):
            found = ATTRIBUTE.match(self.markup, position)
            if not found:
                raise _refuse(f'Empty attribute name in the tag "{name}" at byte offset {self._byte(start)}')
            attributes[found[1].lower()] = unescape(found[2] or found[3] or found[4] or "")
            position = found.end()
        if not rest:
            raise _refuse(f'Unclosed start tag "{name}" at byte offset {self._byte(start)}')
        entity = self._entity(name, attributes, self._byte(start))
        entity |= {"offset": units(self.text), "length": 0}
        self.entities.append(entity)  # in the order of the start tags: the outer one first
        self.open.append(_OpenTag(name, entity))
        return self.markup.index(">", position) + 1

    def _entity(self, name: str, attributes: dict[str, str], offset: int) -> Entity:
        entity: Entity = {"type": TAGS[name]}
        if name == "a":
            entity["url"] = attributes.get("href", "")
        elif name == "span" and attributes.get("class") != "tg-spoiler":
            raise _refuse(f'Tag "span" must have class "tg-spoiler" at byte offset {offset}')
        elif name == "tg-emoji":
            entity["custom_emoji_id"] = attributes.get("emoji-id", "")
        elif name == "blockquote" and "expandable" in attributes:
            entity["type"] = "expandable_blockquote"
        elif name == "code" and self.open and self.open[-1].name == "pre" and "class" in attributes:
            self.open[-1].entity["language"] = attributes["class"].removeprefix("language-")
            entity["type"] = ""
        return entity

    def _end_tag(self, start: int) -> int:
        if not self.open:
            raise _refuse(f"Unexpected end tag at byte offset {self._byte(start)}")
        end = self.markup.find(">", start)
        if end < 0:
            raise _refuse(f"Unclosed end tag at byte offset {self._byte(start)}")
        name = self.markup[start + 2 : end].strip().lower()
        tag = self.open.pop()
        if name and name != tag.name:
            found = f'expected "</{tag.name}>", found "</{name}>"'
            raise _refuse(f"Unmatched end tag at byte offset {self._byte(start)}, {found}")
        url = tag.entity.get("url")
        if url is None or "." in url or url.startswith("tg:"):  # other links are shown as plain text
            tag.entity["length"] = units(self.text) - tag.entity["offset"]
        return end + 1


def _trimmed(text: str, entities: list[Entity]) -> Formatted:
    """Take away the white space at both ends; entities move along and are cut."""
    kept = text.strip()
    shift, end = units(text[: len(text) - len(text.lstrip())]), units(kept)
    moved = []
    for entity in entities:
        first = max(0, entity["offset"] - shift)
        last = min(end, entity["offset"] + entity["length"] - shift)
        if first < last:
            moved.append({**entity, "offset": first, "length": last - first})
    return Formatted(kept, sorted(moved, key=lambda one: (one["offset"], -one["length"])))


def _found(text: str, entities: list[Entity]) -> list[Entity]:
    """Add what Telegram finds by itself where nothing else is."""
    taken = [(one["offset"], one["offset"] + one["length"]) for one in entities]
    extra = []
    for kind, pattern in FOUND_BY_ITSELF.items():
        for match in pattern.finditer(text):
            first, length = units(text[: match.start()]), units(match[0])
            if all(last <= first or first + length <= begin for begin, last in taken):
                extra.append({"type": kind, "offset": first, "length": length})
    return sorted(entities + extra, key=lambda one: (one["offset"], -one["length"]))


def cleaned(text: str) -> str:
    """Give the text as Telegram keeps it: no carriage returns, no control characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise bad_request("strings must be encoded in UTF-8") from None
    return re.sub(r"[\x00-\x09\x0b-\x1f]", " ", text.replace("\r", ""))


def formatted(text: str, parse_mode: str | None, entities: list[Entity] | None) -> Formatted:
    """Read a text as sendMessage does; raises ApiError for broken markup or overlapping entities."""
    text = cleaned(text)
    if not parse_mode or parse_mode.lower() == "none":
        given = [dict(one) for one in entities or ()]
        _check_nesting(given)
        read = Formatted(text, given)
    elif parse_mode.lower() == "html":
        read = _HtmlReader(text).read()
    else:
        raise bad_request("unsupported parse_mode")
    plain, kept = _trimmed(*read)
    return Formatted(plain, _found(plain, kept))


def _check_nesting(entities: list[Entity]) -> None:
    ordered = sorted(entities, key=lambda one: (one["offset"], -one["length"]))
    for outer, inner in pairwise(ordered):
        end = outer["offset"] + outer["length"]
        if inner["offset"] < end < inner["offset"] + inner["length"]:
            raise _refuse(f"entities overlap at offset {inner['offset']}")
