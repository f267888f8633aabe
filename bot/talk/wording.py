"""Facts, moments and texts in words that people say."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from jinja2 import Environment, StrictUndefined

from knowledge.calendar import SHANGHAI
from knowledge.loader import KnowledgeBase
from knowledge.model import UNKNOWN, Facts, Interval, Language, Text, Value

WEEKDAYS_ZH = "一二三四五六日"
#: The order in which facts are played back.
SPOKEN_ORDER = (
    "paid_at",
    "amount",
    "received_amount",
    "pay_method",
    "brand",
    "settlement_mode",
    "settle_bank",
)
#: Facts whose values need no name before them: "¥3,500", "credit card".
SPEAKING = frozenset(SPOKEN_ORDER) - {"received_amount"} | {
    *("scope", "txn_type", "payout_status", "received", "account_class", "notice")
}
#: Facts that are not played back: they are how he put it, not what he knows.
UNSPOKEN = frozenset({"complaint", "arrived", "instant_expected", "genuine_sale"})


class Wording:
    """Says things in the merchant's language."""

    def __init__(self, texts: Mapping[str, Text], knowledge: KnowledgeBase) -> None:
        self._texts = texts
        self._facts = knowledge.facts
        environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - plain text
        self._advice = {
            (cause.id, language): environment.from_string(cause.advice.to(language))
            for cause in knowledge.causes.values()
            for language in ("zh", "en")
        }

    def say(self, key: str, language: Language, **names: str) -> str:
        """Fill one of the texts."""
        return self._texts[key].to(language).format(**names)

    def advise(self, cause: str, language: Language, names: Mapping[str, Any]) -> str:
        """Fill a cause's advice; names: the facts in words, due_at, due_reason, due_standing."""
        return self._advice[cause, language].render(names)

    def value(self, key: str, value: Value, language: Language, now: datetime) -> str:
        """Put a fact's value into words."""
        spec = self._facts.get(key)
        if value == UNKNOWN:
            return self.say("unknown_option", language)
        if isinstance(value, datetime):
            return moment(value, language, now)
        if isinstance(value, Interval):
            return stretch(value, language, now)
        if isinstance(value, int):
            return money(value) if spec and spec.kind == "money" else str(value)
        label = spec.values.get(value) if spec else None
        return label.to(language) if label else value

    def sale(self, facts: Facts, language: Language, now: datetime) -> str:
        """Name a sale by what is known of it."""
        names = {}
        amount, paid_at = facts.get("amount"), facts.get("paid_at")
        if amount and isinstance(amount.value, int):
            names["amount"] = money(amount.value)
        if paid_at and isinstance(paid_at.value, datetime | Interval):
            names["moment"] = self.value("paid_at", paid_at.value, language, now)
        key = "the_sale" + ("_of" if "amount" in names else "") + ("_on" if "moment" in names else "")
        return self.say(key, language, **names)

    def tell(self, facts: Mapping[str, Value], language: Language, now: datetime) -> str:
        """Play facts back in one line, in the order in which people tell them."""
        keys = [key for key in SPOKEN_ORDER if key in facts]
        keys += [key for key in facts if key not in keys and key not in UNSPOKEN]
        words = [self._told(key, facts[key], language, now) for key in keys]
        return ("，" if language == "zh" else ", ").join(words)

    def _told(self, key: str, value: Value, language: Language, now: datetime) -> str:
        spec = self._facts[key]
        words = self.value(key, value, language, now)
        if key in SPEAKING:
            return words
        title = spec.title.to(language)
        return f"{title}（{words}）" if language == "zh" else f"{title} ({words})"


def money(fen: int) -> str:
    """Write fen as yuan: 350000 -> ¥3,500, 350050 -> ¥3,500.50."""
    yuan, rest = divmod(fen, 100)
    return f"¥{yuan:,}.{rest:02}" if rest else f"¥{yuan:,}"


def day(when: date, language: Language, now: datetime) -> str:
    """Write a day as people say it: 10月8日（周四）, with the year when it is another one."""
    if language == "en":
        year = f" {when.year}" if when.year != now.astimezone(SHANGHAI).year else ""
        return f"{when:%a} {when.day} {when:%b}{year}"
    year = f"{when.year}年" if when.year != now.astimezone(SHANGHAI).year else ""
    return f"{year}{when.month}月{when.day}日（周{WEEKDAYS_ZH[when.weekday()]}）"


def moment(when: datetime, language: Language, now: datetime) -> str:
    """Write a moment in Asia/Shanghai: 10月8日（周四）14:00."""
    local = when.astimezone(SHANGHAI)
    return f"{day(local.date(), language, now)}{' ' if language == 'en' else ''}{local:%H:%M}"


def before(when: datetime, language: Language, now: datetime) -> str:
    """Write a moment that something should have happened by: 10月8日（周四）14:00前."""
    return moment(when, language, now) + ("前" if language == "zh" else "")


def stretch(interval: Interval, language: Language, now: datetime) -> str:
    """Write an interval, whose end is not part of it: a whole day as the day, else from hour to hour."""
    start, end = interval.start.astimezone(SHANGHAI), interval.end.astimezone(SHANGHAI)
    last_day = (end - timedelta(microseconds=1)).date()
    first = day(start.date(), language, now)
    if start.date() != last_day:
        last = day(last_day, language, now)
        return f"{first}至{last}" if language == "zh" else f"{first} to {last}"
    today = now.astimezone(SHANGHAI).date() == start.date()
    if start.hour == 0 and (end - start >= timedelta(hours=23) or today):
        return first
    until = f"{end:%H:%M}" if end.date() == last_day else "24:00"
    return f"{first}{start:%H:%M}至{until}" if language == "zh" else f"{first} {start:%H:%M} to {until}"
