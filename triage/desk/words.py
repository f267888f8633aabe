"""The desk's texts (texts.yaml), and times as agents read them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from fastapi import Request

from knowledge.calendar import SHANGHAI
from knowledge.model import Language, Text

LANGUAGES: tuple[Language, ...] = ("zh", "en")
LANGUAGE_COOKIE = "desk_lang"
TEXTS = Path(__file__).with_name("texts.yaml")
_WEEKDAYS = "一二三四五六日"


class Words:
    """The texts and times of one page, in its language and at its moment."""

    def __init__(self, texts: Mapping[str, Text], language: Language, now: datetime) -> None:
        self._texts = texts
        self.language = language
        self.now = now

    def say(self, key: str, **names: object) -> str:
        """Fill one of the texts."""
        return self._texts[key].to(self.language).format(**names)

    def name(self, group: str, key: str) -> str:
        """Name a word of the data (a queue, a status, an event); one without a text stands for itself."""
        text = self._texts.get(f"{group}_{key}")
        return text.to(self.language) if text else key

    def exact(self, when: datetime) -> str:
        """Write a moment in full, in Asia/Shanghai."""
        local = when.astimezone(SHANGHAI)
        if self.language == "en":
            return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"
        return f"{local.year}年{local.month}月{local.day}日（周{_WEEKDAYS[local.weekday()]}）{local:%H:%M}"

    def clock(self, when: datetime) -> str:
        """Write a moment shortly: the hour today, else day and hour."""
        local, today = when.astimezone(SHANGHAI), self.now.astimezone(SHANGHAI)
        if local.date() == today.date():
            return f"{local:%H:%M}"
        year = f"{local.year}-" if local.year != today.year else ""
        return f"{year}{local:%m-%d %H:%M}"

    def ago(self, when: datetime) -> str:
        """Say how long ago something was."""
        if self.now - when < timedelta(minutes=1):
            return self.say("just_now")
        return self.say("ago", time=self._stretch(self.now - when))

    def due(self, when: datetime) -> str:
        """Say how much time is left, or by how much it is over."""
        if when < self.now:
            return self.say("overdue", time=self._stretch(self.now - when))
        return self.say("time_left", time=self._stretch(when - self.now))

    def size(self, count: int) -> str:
        """Write the size of a file: 320 KB, 1.2 MB."""
        return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{max(round(count / 1024), 1)} KB"

    def _stretch(self, length: timedelta) -> str:
        minutes = int(length.total_seconds() // 60)
        if minutes < 60:
            return self.say("minutes", n=max(minutes, 1))
        if minutes < 180 and minutes % 60:
            return self.say("hours_minutes", h=minutes // 60, m=minutes % 60)
        if minutes < 48 * 60:
            return self.say("hours", n=minutes // 60)
        return self.say("days", n=minutes // (24 * 60))


def asked_language(request: Request) -> Language | None:
    """Give the language that the address asks to switch to."""
    return _language(request.query_params.get("lang", ""))


def language_of(request: Request) -> Language:
    """Choose a page's language: the switch, the cookie, the browser's first one that there is, Chinese."""
    accepted = [entry.strip()[:2] for entry in request.headers.get("accept-language", "").lower().split(",")]
    for wanted in (request.query_params.get("lang", ""), request.cookies.get(LANGUAGE_COOKIE, ""), *accepted):
        language = _language(wanted)
        if language:
            return language
    return "zh"


def _language(word: str) -> Language | None:
    return next((language for language in LANGUAGES if language == word), None)
