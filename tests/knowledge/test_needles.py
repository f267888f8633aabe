"""Patterns are only tried where the text has what they need."""

import re

import pytest

from knowledge.loader import PACKAGED
from knowledge.reading.vocabulary.lexicon import load_lexicon
from knowledge.reading.vocabulary.needles import NeedleIndex, needles, split
from knowledge.reading.vocabulary.normalise import Normaliser


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("abc", {"abc"}),
        ("没到账了", {"没到账了"}),
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
        ("[ab]c?", {"a", "b"}),
        ("a|", None),
        ("(?i)a", None),
    ],
)
def test_what_a_pattern_needs(pattern: str, needed: set[str] | None) -> None:
    assert needles(pattern) == (None if needed is None else frozenset(needed))


@pytest.mark.parametrize(
    ("pattern", "parts"),
    [
        ("abc", ["abc"]),
        ("a|(?:b|c)d|e", ["a", "(?:b|c)d", "e"]),
        (r"[|]|\||(?<!x)y", ["[|]", r"\|", "(?<!x)y"]),
        ("a|", ["a", ""]),
        (r"(a)\1|b", [r"(a)\1|b"]),
        ("(?i)a|b", ["(?i)a|b"]),
        ("a|(b", ["a|(b"]),
        ("a|b)", ["a|b)"]),
    ],
)
def test_alternatives_are_tried_one_by_one(pattern: str, parts: list[str]) -> None:
    assert split(pattern) == parts


def test_no_sign_is_missed() -> None:
    lexicon = load_lexicon(PACKAGED)
    normaliser = Normaliser(lexicon.typos, lexicon.pinyin)
    signs = [sign.patterns for words in lexicon.intents.values() for sign in words.signs]
    index = NeedleIndex((patterns, place) for place, patterns in enumerate(signs))
    phrases = [phrase for words in lexicon.intents.values() for phrase in words.phrases]
    for text in map(normaliser.normalise, phrases):
        matching = [place for place, sign in enumerate(signs) if any(one.search(text) for one in sign)]
        assert index.matching(text) == matching, text


def test_patterns_without_needles_are_always_tried() -> None:
    index = NeedleIndex([([re.compile("b|"), re.compile("c")], "first"), ([re.compile("cd")], "second")])
    assert index.matching("cd") == ["first", "second"]
    assert index.matching("x") == ["first"]
