"""Draws the strip of days from a sale to its arrival as an SVG that needs no style sheet."""

import unicodedata
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

#: Days in one row: seven fit a screen of 320 px and read like a week.
ROW_LENGTH = 7
#: Size of a day's cell in px, its gap included.
CELL_WIDTH, CELL_HEIGHT = 44, 66
#: The longest holiday name that a cell has room for, in characters.
NAME_LENGTH = 4

_SHADE = {"work": 0.05, "makeup": 0.05, "weekend": 0.15, "holiday": 0.15}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "today": "今天",
        "sale": "收款",
        "due": "到账",
        "same_day": "当天到账",
        "weekend": "休",
        "holiday": "休",
        "makeup": "班",
        "work": "",
    },
    "en": {
        "today": "today",
        "sale": "sale",
        "due": "due",
        "same_day": "same day",
        "weekend": "off",
        "holiday": "holiday",
        "makeup": "work",
        "work": "",
    },
}


def draw_strip(strip: Mapping[str, Any], language: str) -> str:
    """Draw a strip of days as SVG text, safe to put into a page.

    `strip` is {"alt", "days": [{"date", "label", "weekday", "kind", "name", "marks"}, …]}: kind is one of
    work, weekend, holiday, makeup; marks are some of sale, today, due; name is the holiday's, or None.
    Rest days are shaded, make-up workdays marked 班, today outlined, sale and due named. All colours are
    the text's own (currentColor) in several strengths; the classes strip-… let a style sheet refine them.
    """
    words = _WORDS["en" if language == "en" else "zh"]
    days: Sequence[Mapping[str, Any]] = strip["days"]
    columns = min(len(days), ROW_LENGTH) or 1
    rows = -(-len(days) // ROW_LENGTH) or 1
    width, height = columns * CELL_WIDTH, rows * CELL_HEIGHT
    alt = _clean(strip["alt"])
    size = min((_date_size(str(day["label"])) for day in days), default=0)
    cells = "".join(_cell(day, index, words, size) for index, day in enumerate(days))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="strip" role="img" aria-label="{alt}" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'fill="currentColor" text-anchor="middle" font-size="10"><title>{alt}</title>{cells}</svg>'
    )


def _cell(day: Mapping[str, Any], index: int, words: Mapping[str, str], size: int) -> str:
    """Draw one day: weekday or "today", the date in a size in px, what kind of day it is, and its mark."""
    left = index % ROW_LENGTH * CELL_WIDTH
    top = index // ROW_LENGTH * CELL_HEIGHT
    kind, marks = str(day["kind"]), frozenset(day["marks"])
    today = "today" in marks
    lines = [
        _text(14, words["today"] if today else day["weekday"], "strip-weekday", bold=today),
        _text(31, day["label"], "strip-date", size=size, bold=True),
        _text(44, _kind_word(kind, day.get("name"), words), "strip-kind"),
    ]
    hint = " ".join(_clean(part) for part in (day["label"], day["weekday"], day.get("name")) if part)
    classes = " ".join(["strip-day", f"strip-{_clean(kind)}", *(["strip-today"] if today else [])])
    return (
        f'<g class="{classes}" transform="translate({left} {top})"><title>{hint}</title>'
        f"{_box(kind, today=today)}{''.join(lines)}{_mark(marks, words)}</g>"
    )


def _date_size(label: str) -> int:
    """Choose a size in px, at most 13, in which a date fits its cell: 10/1, 10/10, 10 Oct, 10月10日."""
    width = sum(1 if unicodedata.east_asian_width(letter) in "WF" else 0.64 for letter in label)
    return max(6, min(13, int((CELL_WIDTH - 5) / max(width, 1))))


def _box(kind: str, *, today: bool) -> str:
    outline = ' stroke="currentColor" stroke-width="1.5"' if today else ""
    return (
        f'<rect class="strip-box" x="2" y="2" width="{CELL_WIDTH - 4}" height="{CELL_HEIGHT - 4}" rx="6" '
        f'fill-opacity="{_SHADE.get(kind, 0.05)}"{outline}/>'
    )


def _mark(marks: frozenset[str], words: Mapping[str, str]) -> str:
    """Name the sale and the due day; a due day stands out more."""
    if not marks & {"sale", "due"}:
        return ""
    name = "same_day" if {"sale", "due"} <= marks else "due" if "due" in marks else "sale"
    kind, strength = ("sale", 0.08) if name == "sale" else ("due", 0.22)
    return (
        f'<g class="strip-{kind}"><rect x="3.5" y="48" width="{CELL_WIDTH - 7}" height="14.5" rx="4" '
        f'fill-opacity="{strength}"/>{_text(59, words[name], "strip-word", bold=True)}</g>'
    )


def _kind_word(kind: str, name: str | None, words: Mapping[str, str]) -> str:
    if kind == "holiday" and name and len(name) <= NAME_LENGTH:
        return name
    return words.get(kind, "")


def _text(y: int, text: object, name: str, *, size: int = 0, bold: bool = False) -> str:
    if not text:
        return ""
    extra = (f' font-size="{size}"' if size else "") + (' font-weight="600"' if bold else "")
    return f'<text class="{name}" x="{CELL_WIDTH // 2}" y="{y}"{extra}>{_clean(text)}</text>'


def _clean(text: object) -> str:
    """Escape a text for XML, without the characters that XML cannot hold."""
    return escape("".join(letter for letter in str(text) if letter.isprintable()))
