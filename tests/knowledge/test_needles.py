"""Patterns are only tried where the text has what they need."""

import re

import pytest

from knowledge.loader import PACKAGED
from knowledge.reading.lexicon import load_lexicon
from knowledge.reading.needles import NeedleIndex, needles
from knowledge.reading.normalise import Normaliser


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("abc", {"abc"}),
        ("没到账了", {"没到账"}),
        ("a|bc", {"a", "bc"}),
        ("(?:钱|款)没", {"没"}),
        ("(?:退)?(?:款|钱)", {"款", "钱"}),
        ("(?P<one>节|假)后(?P<two>第一)", {"第一"}),
        ("ab?c", {"a"}),
        ("ab+c", {"ab"}),
        ("a{0,3}bc", {"bc"}),
        (r"a\.b", {"a.b"}),
        (r"(\d)-\1", {"-"}),
        ("(?=.*好).*", {"好"}),
        ("(?!不)能", {"能"}),
        ("[ab]c?", None),
        ("a|", None),
        ("(?i)a", None),
    ],
)
def test_what_a_pattern_needs(pattern: str, needed: set[str] | None) -> None:
    assert needles(pattern) == (None if needed is None else frozenset(needed))


def test_no_sign_is_missed() -> None:
    lexicon = load_lexicon(PACKAGED)
    normaliser = Normaliser(lexicon.typos, lexicon.pinyin)
    signs = [sign.pattern for words in lexicon.intents.values() for sign in words.signs]
    index = NeedleIndex((sign.pattern, sign) for sign in signs)
    phrases = [phrase for words in lexicon.intents.values() for phrase in words.phrases]
    for text in map(normaliser.normalise, phrases):
        assert _matching(index.candidates(text), text) == _matching(signs, text), text


def _matching(patterns: list[re.Pattern[str]], text: str) -> list[str]:
    return [pattern.pattern for pattern in patterns if pattern.search(text)]
