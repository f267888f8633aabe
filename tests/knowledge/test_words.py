"""Known words are found in a text, longest first."""

import pytest

from knowledge.reading.vocabulary.words import WordFinder

FINDER = WordFinder(
    (word, word) for word in ("到", "到账", "到账了", "没", "账单", "pos", "po", "t+1", "1号")
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("没到账单", ["没", "到账"]),
        ("到账了没", ["到账了", "没"]),
        ("到", ["到"]),
        ("到到账", ["到", "到账"]),
        ("a pos, po", ["pos", "po"]),
        ("post apo", []),
        ("pos机", ["pos"]),
        ("没pos", ["没", "pos"]),
        ("t+12 t+1", ["t+1"]),
        ("21号1号", ["1号"]),
        ("11号", []),
    ],
)
def test_the_longest_word_at_each_place(text: str, words: list[str]) -> None:
    hits = FINDER.find(text)
    assert [hit.meaning for hit in hits] == words
    assert [text[hit.start : hit.end] for hit in hits] == words


def test_a_finder_without_words_finds_nothing() -> None:
    assert WordFinder[str]([]).find("没到账") == []
    assert WordFinder([("", "nothing")]).find("没到账") == []


def test_of_the_same_word_twice_the_last_counts() -> None:
    assert [hit.meaning for hit in WordFinder([("到", 1), ("到", 2)]).find("到")] == [2]
