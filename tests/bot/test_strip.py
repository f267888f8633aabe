"""The strip of days is a well-formed, self-sufficient SVG, whatever the texts in it."""

import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.page.strip import CELL_HEIGHT, CELL_WIDTH, draw_strip

SVG = "{http://www.w3.org/2000/svg}"
#: What the page's script lets through.
ALLOWED = {f"{SVG}{name}" for name in ("svg", "g", "rect", "text", "line", "circle", "path", "title")}


def day(label: str, kind: str = "work", *marks: str, name: str | None = None) -> dict[str, Any]:
    return {
        "date": "2026-10-01",
        "label": label,
        "weekday": "周四",
        "kind": kind,
        "name": name,
        "marks": list(marks),
    }


def draw(*days: dict[str, Any], language: str = "zh", alt: str = "9月30日收款，10月8日到账") -> ET.Element:
    return ET.fromstring(draw_strip({"alt": alt, "days": list(days)}, language))


def words_of(cell: ET.Element) -> list[str | None]:
    return [text.text for text in cell.iter(f"{SVG}text")]


def test_a_day_says_its_weekday_its_date_its_kind_and_its_mark() -> None:
    cells = draw(
        day("9/30", "work", "sale"),
        day("10/1", "holiday", "today", name="国庆节"),
        day("10/8", "work", "due"),
        day("10/10", "makeup"),
        day("10/11", "weekend"),
    ).findall(f"{SVG}g")
    assert [words_of(cell) for cell in cells] == [
        ["周四", "9/30", "收款"],
        ["今天", "10/1", "国庆节"],
        ["周四", "10/8", "到账"],
        ["周四", "10/10", "班"],
        ["周四", "10/11", "休"],
    ]


def test_the_same_in_english_where_a_long_name_gives_way_to_a_short_word() -> None:
    cells = draw(
        day("1 Oct", "holiday", "today", name="National Day"),
        day("8 Oct", "work", "due"),
        day("10 Oct", "makeup", "sale"),
        language="en",
    ).findall(f"{SVG}g")
    assert [words_of(cell)[-1] for cell in cells] == ["holiday", "due", "sale"]
    assert words_of(cells[0])[0] == "today"
    assert cells[0].findtext(f"{SVG}title") == "1 Oct 周四 National Day"


def test_money_that_comes_on_the_day_of_the_sale_is_one_mark() -> None:
    (cell,) = draw(day("9/30", "work", "sale", "today", "due")).findall(f"{SVG}g")
    assert words_of(cell) == ["今天", "9/30", "当天到账"]


@pytest.mark.parametrize(
    ("days", "columns", "rows"), [(1, 1, 1), (7, 7, 1), (8, 7, 2), (14, 7, 2), (15, 7, 3)]
)
def test_a_row_has_at_most_seven_days_and_no_two_days_share_a_place(
    days: int, columns: int, rows: int
) -> None:
    drawing = draw(*(day(f"10/{n + 1}") for n in range(days)))
    assert drawing.get("viewBox") == f"0 0 {columns * CELL_WIDTH} {rows * CELL_HEIGHT}"
    assert float(drawing.get("width", "999")) <= 320
    places = [cell.get("transform") for cell in drawing.findall(f"{SVG}g")]
    assert len(set(places)) == days


def test_rest_days_are_shaded_more_than_working_days_and_today_alone_is_outlined() -> None:
    boxes = [
        cell.find(f"{SVG}rect")
        for cell in draw(day("1"), day("2", "weekend"), day("3", "holiday", "today"))[1:]
    ]
    shades = [float(box.get("fill-opacity", "0")) for box in boxes if box is not None]
    assert shades[1] == shades[2] > shades[0] > 0
    assert [box.get("stroke") for box in boxes if box is not None] == [None, None, "currentColor"]


@pytest.mark.parametrize(("short", "long"), [("8", "10/10"), ("10/1", "10 Oct"), ("10 Oct", "10月10日")])
def test_dates_are_drawn_in_one_size_that_the_longest_fits(short: str, long: str) -> None:
    def sizes(*labels: str) -> list[int]:
        cells = draw(*map(day, labels)).findall(f"{SVG}g")
        return [int(cell.findall(f"{SVG}text")[1].get("font-size", "0")) for cell in cells]

    (alone,) = sizes(short)
    together = sizes(short, long)
    assert together[0] == together[1] < alone
    assert together[0] > 5


def test_it_reads_as_one_image_with_its_description() -> None:
    drawing = draw(day("10/8"), alt='<b>"8日" & 更早</b>')
    assert drawing.get("role") == "img"
    assert drawing.get("aria-label") == drawing.findtext(f"{SVG}title") == '<b>"8日" & 更早</b>'


def test_it_brings_no_style_and_no_colour_of_its_own() -> None:
    svg = draw_strip(
        {"alt": "a", "days": [day("10/8", "holiday", "today", "sale", "due", name="国庆节")]}, "zh"
    )
    assert "style" not in svg
    assert set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg)) == {"currentColor"}


@given(st.text(), st.text(min_size=1), st.text(), st.one_of(st.none(), st.text()))
def test_any_text_gives_well_formed_xml_of_allowed_elements(
    alt: str, label: str, kind: str, name: str | None
) -> None:
    drawing = draw(day(label, kind, "today", "due", name=name), alt=alt)
    assert {node.tag for node in drawing.iter()} <= ALLOWED
    assert len(drawing.findall(f"{SVG}g")) == 1
