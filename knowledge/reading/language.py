"""Which language a message is in."""

import re

from knowledge.model import Language

_CHINESE = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[a-z']{2,}")
#: Words that both sides of the counter use in any language.
_SHARED = frozenset(
    {"ok", "okay", "pos", "app", "qr", "id", "sn", "rmb", "cny", "atm", "hi", "bye", "wx", "vip", "no"}
)


def language_of(text: str) -> Language | None:
    """Tell the language of a normalised text; None when it does not show (digits, T+1, OK)."""
    if _CHINESE.search(text):
        return "zh"
    return "en" if any(word not in _SHARED for word in _WORD.findall(text)) else None
