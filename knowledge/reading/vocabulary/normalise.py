"""Bringing what people write to one form: width, script, case, usual typing errors and pinyin."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from opencc import OpenCC

from knowledge.reading.vocabulary.words import WordFinder

_CJK_FIRST, _CJK_LAST = 0x4E00, 0x9FFF
_LATIN_WORD = re.compile(r"[a-z]{2,}")
#: Nearly every Chinese message has some of these; NFKC would do the same, and take longer.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
#: Marks that nobody sees, left out: soft hyphens, joiners, directions.
_INVISIBLE = (0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF)
#: A pinyin word this long is no English word by accident: it makes the whole message pinyin.
_CLEARLY_PINYIN = 5
#: So many different words, all of them known pinyin, are clear enough however short.
_ENOUGH_PINYIN = 3


class _Simplified(dict[int, str | None]):
    """Maps characters to their simplified ones by OpenCC's own table, each when it is first met."""

    def __init__(self) -> None:
        super().__init__(dict.fromkeys(_INVISIBLE))
        self._convert = OpenCC("t2s").convert

    def __missing__(self, code: int) -> str:
        if code > _CJK_LAST:
            raise LookupError
        simple: str = self._convert(chr(code)) if code >= _CJK_FIRST else chr(code)
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
        text = unicodedata.normalize("NFKC", text.translate(_HALF_WIDTH)).lower().replace("’", "'")
        if not text.isascii():
            text = text.translate(self._simplified)
        return self._mended(" ".join(text.split()))

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
