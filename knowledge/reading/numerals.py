"""Numbers as words: Chinese (everyday and financial) and English."""

import re
from decimal import Decimal
from itertools import pairwise

from knowledge.redaction import CHINESE_DIGITS

_DIGITS = {character: int(digit) for character, digit in CHINESE_DIGITS.items()} | {"两": 2, "俩": 2}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_BIG = {"万": 10_000, "萬": 10_000, "亿": 100_000_000}
#: A character class of all that a Chinese number is made of.
CHINESE_NUMBER = "".join([*_DIGITS, *_UNITS, *_BIG])
CHINESE_DIGIT = "".join(_DIGITS)

_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ENGLISH = {name: value for value, name in enumerate(_SMALL)} | {
    name: 10 * value for value, name in enumerate(_TENS, start=2)
}
_ENGLISH_UNIT = {"hundred": 100, "thousand": 1000, "k": 1000, "million": 1_000_000}
#: One English number of any length; "a few", "and" and hyphens are part of how people write it.
ENGLISH_NUMBER = rf"(?:a|{'|'.join(_ENGLISH)})(?:[ -](?:and )?(?:{'|'.join([*_ENGLISH, *_ENGLISH_UNIT])})\b)*"


def chinese_number(text: str) -> int | None:
    """Read a whole number such as 一万五千三 (15300), 两千零五十 (2050) or 幺二三 (123); None if it is none.

    A last digit without its unit counts in the unit below the one before it, as people speak.
    五六百 is a guess of his and no number.
    """
    if not text or any(character not in CHINESE_NUMBER for character in text):
        return None
    if all(character in _DIGITS for character in text):
        return int("".join(str(_DIGITS[character]) for character in text))
    if any(first in _DIGITS and second in _DIGITS and _DIGITS[first] for first, second in pairwise(text)):
        return None
    total, section, digit, last_unit, after_zero = 0, 0, 0, 1, False
    for character in text:
        if character in _DIGITS:
            after_zero = after_zero or _DIGITS[character] == 0
            digit = _DIGITS[character]
        elif character in _UNITS:
            last_unit = _UNITS[character]
            section += (digit or 1) * last_unit
            digit, after_zero = 0, False
        else:
            last_unit = _BIG[character]
            total = (total + section + digit) * last_unit
            section, digit, after_zero = 0, 0, False
    if digit and not after_zero and last_unit >= 100:
        digit *= last_unit // 10
    return total + section + digit


def english_number(text: str) -> int | None:
    """Read a number such as "three thousand five hundred" or "a thousand"; None if it is none."""
    total, section = 0, 0
    words = [word for word in re.split(r"[ -]+", text) if word not in ("and", "")]
    if not words:
        return None
    for word in words:
        if word == "a":
            section += 1
        elif word in _ENGLISH:
            section += _ENGLISH[word]
        elif word == "hundred":
            section = max(section, 1) * 100
        elif word in _ENGLISH_UNIT:
            total += max(section, 1) * _ENGLISH_UNIT[word]
            section = 0
        else:
            return None
    return total + section


def decimal_number(text: str) -> Decimal | None:
    """Read 3,500.00 or 3500 or a Chinese number; None if it is none."""
    plain = text.replace(",", "").replace("，", "").replace(" ", "")
    if re.fullmatch(r"\d+(?:\.\d+)?", plain):
        return Decimal(plain)
    number = chinese_number(plain)
    return None if number is None else Decimal(number)
