"""Nothing that can be typed breaks the reader or the redactor, or keeps them busy."""

from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.reading.reader import Reader
from knowledge.reading.vocabulary.lexicon import INTENTS
from knowledge.redaction import redact
from tests.packaged import packaged_base

NOW = datetime.fromisoformat("2026-10-09T10:30:00+08:00")
BASE = packaged_base()
READER = Reader(BASE.lexicon, BASE.facts, BASE.articles)
ASKED = st.sampled_from(
    [None, *(BASE.facts[key] for key in ("amount", "paid_at", "brand", "notice", "merchant_no"))]
)
#: Pieces that the patterns of reader and redactor look for, and what unsettles text: controls, right-to-left
#: marks, combining characters, emoji, digits of other scripts, halves of escapes.
PIECES = st.sampled_from(
    [
        "没",
        "到账",
        "不",
        "钱",
        "T+1",
        "１２",
        "٣",
        "九",
        "万",
        "块",
        "点",
        "号",
        "密码",
        "卡号",
        "code ",
        "**** 1234",
        "6222",
        "\x00",
        "\x01",
        "\u202e",
        "\u200b",
        "́",
        "😀",
        "👨\u200d👩\u200d👧",
        "𠀀",
        "\ud7ff",
        "&#",
        "&#49;",
        "%20",
        "\\u0031",
        "(",
        "|",
        "…",
        "not ",
        "n't",
        "refund",
        "last ",
        " ago",
        "don",
        "'",
        '"',
        "\n",
        "\t",
        "-",
        "+",
        "/",
        ".",
        ",",
        "是",
        "不是",
        "不对，",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(PIECES, max_size=40).map("".join),
    st.lists(PIECES | st.text(max_size=5) | st.integers(0, 10**19).map(str), max_size=20).map("".join),
    st.binary(max_size=80).map(lambda raw: raw.decode("utf-8", "replace")),
    st.tuples(PIECES, st.integers(1, 3000)).map(lambda pair: pair[0] * pair[1]),
)


def hold(text: str, asked: object) -> None:
    masked = redact(text).text
    assert redact(masked).text == masked
    reading = READER.read(masked, NOW, asked)  # type: ignore[arg-type]
    assert reading.intent in INTENTS
    assert 0 <= reading.confidence <= 1
    assert READER.read(masked, NOW, asked) == reading  # type: ignore[arg-type]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, ASKED)
def test_whatever_is_typed(text: str, asked: object) -> None:
    hold(text, asked)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@settings(max_examples=100_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEXTS, ASKED)
def test_whatever_is_typed_a_hundred_thousand_times(text: str, asked: object) -> None:
    hold(text, asked)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("length", [20_000, pytest.param(100_000, marks=pytest.mark.soak)])
@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "1 ",
        "1-",
        "1一",
        "1+",
        "6222 ",
        "一二三四",
        "卡号",
        "卡号:1234 ",
        "code ",
        "密码是:",
        "没",
        "不",
        "😀",
        "\u202e",
        "\u200b1",
        "&#49;",
        "%20",
        "(",
        "到",
        "钱没",
        "not ",
        "a",
        "a ",
        "昨天",
        ".昨天",
        "昨天下午",
        "100\t",
        "三千五",
        "10.2",
        "last ",
        "￥",
        "\x00",
        "都" * 7 + "没",
    ],
)
def test_kilobytes_of_it(piece: str, length: int) -> None:
    hold(piece * (length // len(piece)), None)
    hold(piece * (length // len(piece)), BASE.facts["amount"])
