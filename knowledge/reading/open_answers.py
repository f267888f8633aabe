"""Answers to questions without options: sums, days and what stands on slips."""

import re
from datetime import datetime

from knowledge.model import FactSpec, Value
from knowledge.reading.numerals import chinese_number
from knowledge.reading.slots import Slots
from knowledge.reading.when.elapsed import days_counted
from knowledge.reading.when.months import days_since_month

_TOKEN = re.compile(r"[0-9a-z]+(?:[ -][0-9a-z]+)*")
_ONE_TOKEN = re.compile(r"[0-9a-z]+")
_PLAIN_NUMBER = re.compile(
    r"(?:大概|差不多|有|约|about)?\s?(\d{1,5}|[一二三四五六七八九十百千两]+)"
    r"\s?(?:天|多|左右|吧|了|days?|or so)*"
)
#: At least since the end of last year.
_LONG_AGO = re.compile(r"去年|前年|好几年|几年了|很多年|老早|\blast year\b|\byears\b")
#: Around a number that is an answer there is no more text than this.
MOST_AROUND = 8
_FULL_CARD = re.compile(r"\*{4} (\d{4})")


def open_answer(
    text: str,
    spec: FactSpec,
    slots: Slots,
    moment: Value | None,
    now: datetime,
    *,
    tells: bool,
    of_sale: bool,
) -> Value | None:
    """Give the value.

    tells: the text is a story of its own, where no bare number is an answer.
    of_sale: it speaks of a sale, so that its sums and days may be the sale's and not what was asked.
    """
    if spec.kind == "money":
        return _sum(text, spec, slots, of_sale=of_sale)
    if spec.kind == "moment":
        return moment
    if spec.kind == "days":
        return _days(text, slots, now, of_sale=of_sale)
    return _written(text, spec, slots, tells=tells)


def _sum(text: str, spec: FactSpec, slots: Slots, *, of_sale: bool) -> int | None:
    """Choose the sum that was asked for: by its role, or as the only thing in a short text."""
    role = {"amount": "sale", "received_amount": "received"}.get(spec.key)
    for amount in slots.amounts:
        if amount.role == role:
            return amount.fen
    short = len(text) <= 2 * MOST_AROUND or spec.key == "amount"
    his = [amount.fen for amount in slots.amounts if amount.role != "other"]
    return his[0] if his and short and not of_sale else None


def _days(text: str, slots: Slots, now: datetime, *, of_sale: bool) -> int | None:
    counted = None if slots.days else days_since_month(text, now, asked=True)
    counted = days_counted(text) if counted is None else counted
    if counted is not None:
        return counted
    if _LONG_AGO.search(text) and not of_sale:
        return max(1, now.timetuple().tm_yday)
    if slots.days and not of_sale:
        return max(0, (now.date() - slots.days[0].first).days)
    found = _PLAIN_NUMBER.fullmatch(text)
    if found is None:
        return None
    return int(found[1]) if found[1].isdigit() else chinese_number(found[1])


def _written(text: str, spec: FactSpec, slots: Slots, *, tells: bool) -> str | None:
    """Find the one piece of the text that the fact's pattern fits in full."""
    if spec.key in slots.numbers:
        return slots.numbers[spec.key]
    if spec.key.endswith("card_last4"):
        tails = {tail.digits for tail in slots.tails} | set(_FULL_CARD.findall(text))
        if len(tails) == 1:
            return tails.pop()
    if spec.pattern is None:
        return text[:80]
    if tells:
        return None
    pattern = re.compile(spec.pattern)
    for tokens in (_TOKEN.findall(text), _ONE_TOKEN.findall(text)):
        fitting = {re.sub("[ -]", "", token).upper() for token in tokens}
        fitting = {token for token in fitting if pattern.fullmatch(token) and any(map(str.isdigit, token))}
        if len(fitting) == 1 and len(text) - len(min(fitting)) <= MOST_AROUND:
            return fitting.pop()
    return None
