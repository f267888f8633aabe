"""Bringing what people write to one form: width, script, case, usual typing errors and pinyin."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from opencc import OpenCC

from knowledge.reading.words import WordFinder

_CJK_FIRST, _CJK_LAST = 0x4E00, 0x9FFF
_LATIN_WORD = re.compile(r"[a-z]{2,}")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_SPACES = re.compile(r"\s+")
#: A pinyin word this long is no English word by accident: it makes the whole message pinyin.
_CLEARLY_PINYIN = 5
#: So many different words, all of them known pinyin, are clear enough however short.
_ENOUGH_PINYIN = 3


class _Simplified(dict[int, str]):
    """Maps characters to their simplified ones by OpenCC's own table, each when it is first met."""

    def __init__(self) -> None:
        self._convert = OpenCC("t2s").convert

    def __missing__(self, code: int) -> str:
        if not _CJK_FIRST <= code <= _CJK_LAST:
            raise LookupError
        simple: str = self._convert(chr(code))
        self[code] = simple
        return simple


#: Shared by all: what a character is simplified to never changes.
_simplified = cache(_Simplified)


class Normaliser:
    """Normalises messages with the lexicon's tables of typing errors and pinyin."""

    def __init__(self, typos: Mapping[str, str], pinyin: Mapping[str, str]) -> None:
        """Both map what is written to what is meant; a longer entry goes before a shorter one."""
        self._simplified = _simplified()
        self._typos = WordFinder(typos.items())
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
        return self._mended(text)

    def _mended(self, text: str) -> str:
        """Put what is meant in place of what is often written wrong."""
        mended, place = "", 0
        for hit in self._typos.find(text):
            mended += text[place : hit.start] + hit.meaning
            place = hit.end
        return mended + text[place:]

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
