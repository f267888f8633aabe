"""Bringing what people write to one form: width, script, case, usual typing errors and pinyin."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from opencc import OpenCC

_CJK_FIRST, _CJK_LAST = 0x4E00, 0x9FFF
_LATIN_WORD = re.compile(r"[a-z]{2,}")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_SPACES = re.compile(r"\s+")
#: A pinyin word this long is no English word by accident: it makes the whole message pinyin.
_CLEARLY_PINYIN = 5
#: So many different words, all of them known pinyin, are clear enough however short.
_ENOUGH_PINYIN = 3


@cache
def _simplified() -> dict[int, str]:
    """Map every traditional-only character to its simplified one, by OpenCC's own table."""
    convert = OpenCC("t2s").convert
    table: dict[int, str] = {}
    for code in range(_CJK_FIRST, _CJK_LAST + 1):
        simple = convert(chr(code))
        if simple != chr(code):
            table[code] = simple
    return table


def _as_pattern(word: str) -> str:
    """Match a word anywhere; a Latin one only as a whole word."""
    return rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word)


class Normaliser:
    """Normalises messages with the lexicon's tables of typing errors and pinyin."""

    def __init__(self, typos: Mapping[str, str], pinyin: Mapping[str, str]) -> None:
        """Both map what is written to what is meant; a longer entry goes before a shorter one."""
        self._simplified = _simplified()
        self._typos = dict(typos)
        longest = sorted(typos, key=len, reverse=True)
        self._typo = re.compile("|".join(map(_as_pattern, longest)) or "(?!)")
        self._pinyin = dict(pinyin)
        self._longest_pinyin = max((len(word) for word in pinyin), default=0)

    def normalise(self, text: str) -> str:
        """Give the text as the other parts of the reader expect it: lower case, simplified, half width."""
        return self._spell_out(self.normalise_word(text))

    def normalise_word(self, text: str) -> str:
        """Do the same to a word of the lexicon, which may be pinyin on purpose."""
        text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
        if not text.isascii():
            text = _INVISIBLE.sub("", text).translate(self._simplified)
        text = _SPACES.sub(" ", text).strip()
        return self._typo.sub(lambda match: self._typos[match[0]], text)

    def _spell_out(self, text: str) -> str:
        """Replace pinyin by the characters it stands for, if the message has clear pinyin at all."""
        words = {word: self._from_pinyin(word) for word in set(_LATIN_WORD.findall(text))}
        clear = any(found and len(word) >= _CLEARLY_PINYIN for word, found in words.items())
        if not clear and (len(words) < _ENOUGH_PINYIN or not all(words.values())):
            return text
        spelt = _LATIN_WORD.sub(lambda match: words[match[0]] or match[0], text)
        return re.sub(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])", "", spelt)

    def _from_pinyin(self, word: str) -> str | None:
        """Spell one Latin word as characters; None unless all of it is known pinyin."""
        characters = ""
        place = 0
        while place < len(word):
            for length in range(min(self._longest_pinyin, len(word) - place), 0, -1):
                found = self._pinyin.get(word[place : place + length])
                if found:
                    characters += found
                    place += length
                    break
            else:
                return None
        return characters
