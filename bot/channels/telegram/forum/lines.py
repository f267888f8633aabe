"""The lines of a talk as a topic shows them: who said it, when, and what."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

from bot.channels.telegram.sending import units
from triage.desk.words import Words
from triage.topics import News

#: Telegram takes 4,096 UTF-16 units.
LONGEST_TEXT = 3500
#: A line longer than this is cut: the desk has all of it.
LONGEST_LINE = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A message for a topic, and how far the topic then is."""

    #: HTML.
    text: str
    message_id: int
    event_id: int


def write_history(words: Words, news: Sequence[News]) -> Written:
    """Write the talk up to now into one message: as much of its end as there is room for."""
    shown: list[str] = []
    used = 0
    for one in reversed(news):
        line = _line(words, one)
        used += units(line) + 2
        if used > LONGEST_TEXT:
            shown.append(f"<i>{_plain(words.say('forum_earlier'))}</i>")
            break
        shown.append(line)
    talk = "\n\n".join(reversed(shown))
    text = f"<b>{_plain(words.say('forum_history'))}</b>\n<blockquote expandable>{talk}</blockquote>"
    return _written(text, news)


def write_news(words: Words, news: Sequence[News]) -> Written:
    """Write the oldest of what is new into one message, as many lines as there is room for; at least one."""
    taken: list[News] = []
    lines: list[str] = []
    for one in news:
        line = _line(words, one)
        if lines and units("\n\n".join([*lines, line])) > LONGEST_TEXT:
            break
        lines.append(line)
        taken.append(one)
    return _written("\n\n".join(lines), taken)


def _written(text: str, news: Sequence[News]) -> Written:
    return Written(
        text=text,
        message_id=max((one.message_id for one in news), default=0),
        event_id=max((one.event_id for one in news), default=0),
    )


def _line(words: Words, one: News) -> str:
    text = one.text if units(one.text) <= LONGEST_LINE else _head(one.text) + words.say("forum_cut")
    return f"<b>{_plain(_who(words, one))}</b> {words.clock(one.at)}\n{_plain(text)}"


def _who(words: Words, one: News) -> str:
    if one.event_id:
        return words.say("forum_note_of", name=one.name or words.name("author", one.author))
    if one.author == "agent":
        return words.say("forum_at_desk", name=one.name or words.name("author", "agent"))
    return words.name("author", one.author)


def _head(text: str) -> str:
    return text.encode("utf-16-le")[: 2 * LONGEST_LINE].decode("utf-16-le", "ignore")


def _plain(text: str) -> str:
    return html.escape(text, quote=False)
