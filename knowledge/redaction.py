"""Masking card numbers, identity numbers, phone numbers and secrets in what people write.

Rules from PCI DSS 4.0.1 (3.4.1: the last four digits are enough) and the Chinese personal-information
law: a card number is masked before anything is stored. What a case needs stays readable: 15-digit merchant
numbers, 12-digit reference numbers, 28-digit order numbers, amounts and dates.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

#: Digits as words, with the financial forms and the spoken forms of 1 and 0.
CHINESE_DIGITS = dict(zip("零一二三四五六七八九", "0123456789", strict=True)) | dict(
    zip("〇壹贰叁肆伍陆柒捌玖幺貳參陸", "01234567891236", strict=True)
)
_CHINESE = "".join(CHINESE_DIGITS)
#: A digit in any script; not the three digits left in front of a mask.
_DIGIT = rf"(?:(?!\d{{1,3}}\*{{4}})\d|[{_CHINESE}]|&#(?:4[89]|5[0-7]);|%3[0-9]|\\u003[0-9])"
_INVISIBLE = "\u00ad\u180e\u200b-\u200f\u2028\u2029\u202a-\u202e\u2060-\u2064\ufeff"
#: What may stand between the digits of one number.
_SEPARATOR = (
    rf"(?:[{_INVISIBLE}\s._\u00b7\u2010-\u2015\u2212\u30fb\uff0d\uff0e\u3002-]"
    r"|%20|%C2%A0|&nbsp;|&#(?:32|160);|\\u00a0|\\u200b|\\n|\+(?=\d))"
)
_RUN = rf"{_DIGIT}(?:{_SEPARATOR}{{0,3}}{_DIGIT})*"
#: Already masked by an earlier pass.
_MASKED = r"(?<!\*)\*{4} ?\d{4}(?!\d)"
_SECRET = re.compile(
    r"(密码|密碼|验证码|驗證碼|动态码|校验码|安全码|有效期|cvv2?|cvn2?|cvc2?|password|passcode|passwd|pwd"
    r"|(?<!auth )(?<!authorization )(?<!authorisation )(?<!approval )(?<!response )(?<!error )(?<!reject )"
    r"(?<!auth)(?<!qr )(?<!bar )(?<!zip )(?<![a-z*])(?:code|pin|otp)|expiry|expires)"
    r"((?:[\s:：=＝#]|是|为|為|is|to|改成|叫){0,4})"
    rf"((?:\d|[{_CHINESE}]){{3,8}}|\d\d[ ]?[/-][ ]?\d\d)(?![\d*{_CHINESE}])",
    re.IGNORECASE,
)
#: A password of letters and digits; alone, letters may be any word.
_PASSWORD = re.compile(
    r"(密码|密碼|password|passcode|passwd|pwd)((?:[\s:：=＝]|是|为|為|is|改成|叫){0,4})"
    r"(?!\*{3}|dz-\d)(?=[!-~]{0,63}\d)(?=[!-~]{0,63}[a-z])[!-~]{4,64}",
    re.IGNORECASE,
)
_SCAN = re.compile(f"(?P<masked>{_MASKED})|(?P<run>{_RUN})")
_NEXT_DIGIT = re.compile(rf"{_SEPARATOR}{{0,3}}({_DIGIT})")
#: What joins the groups of one number as it joins the parts of a date, an amount or a list.
_JOIN = r"(?:\s{0,2}[/／]\s{0,2}|[,，]|[)）\]】]\s?[(（\[【])"
# Possessive: each digit is looked at once, however long the run.
_JOINED = re.compile(f"(?P<masked>{_MASKED})|(?P<run>{_DIGIT}++(?:{_JOIN}{_DIGIT}++)*+)")
#: The lengths of groups in which people write card numbers, `d` standing for 13: fours, one by one, 4-6-5, …
_SHAPES = re.compile(r"4{3,}[123]?|(?<!1)1{13,19}(?!1)|46[45]|6d")
#: One more than the groups that a number can have: its digits are at most 19.
_MOST_GROUPS = 20

_FILLER = r"(?:[\s:：=＝#，,\"'“「(（]|是|为|為|is|number|no|码|尾号){0,4}$"
_CARD_LABEL = re.compile(
    rf"(?:卡号|卡號|[行蓄用记贷算款账帐的张这]卡|银行账[号户]|card(?: ?n(?:umber|o\.?|um))?){_FILLER}",
    re.IGNORECASE,
)
_CARD_AFTER = re.compile(r"[\s，,)）]{0,2}(?:的|这张|那张|这个|是我的?)(?:银行|结算|储蓄|信用)?卡")
_ID_LABEL = re.compile(rf"(?:身份证|身份證|证件|證件|id card)(?:号码?|號碼?)?{_FILLER}", re.IGNORECASE)
#: How far back a label is looked for.
_LABEL_REACH = 24

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK = "10X98765432"


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text that may be stored, and the phone numbers that were masked in it (11 digits each)."""

    text: str
    phones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    """Digits written together: their ASCII form and where they stand."""

    digits: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Mask:
    start: int
    end: int
    text: str
    phone: str | None = None


def redact(text: str) -> Redacted:
    """Mask what must not be kept. Doing it twice changes nothing; takes linear time."""
    phones: tuple[str, ...] = ()
    while True:
        hidden, found = _hide_numbers(text)
        hidden = _hide_secrets(hidden)
        phones += found
        if hidden == text:
            return Redacted(text, phones)
        # What was masked may have stood between a label and a number: look again.
        text = hidden


def _hide_secrets(text: str) -> str:
    for secret in (_SECRET, _PASSWORD):
        text = secret.sub(lambda match: f"{match[1]}{match[2]}***", text)
    return text


def _hide_numbers(text: str) -> tuple[str, tuple[str, ...]]:
    phones: list[str] = []
    for scan, masks in ((_SCAN, _masks), (_JOINED, _joined_masks)):
        pieces: list[str] = []
        done = 0
        for found in scan.finditer(text):
            if found["run"] is None or found.end() - found.start() < 11:
                continue
            for mask in masks(text, _groups(text, found.start(), found.end())):
                pieces += (text[done : mask.start], mask.text)
                done = mask.end
                if mask.phone:
                    phones.append(mask.phone)
        text = "".join([*pieces, text[done:]])
    return text, tuple(phones)


def _groups(text: str, start: int, end: int) -> list[_Group]:
    """Split a run of digits at its separators and where the script changes."""
    groups: list[_Group] = []
    digits: list[str] = []
    begun, done, script = start, start, False
    for found in _NEXT_DIGIT.finditer(text, start, end):
        written = found[1]
        chinese = written in CHINESE_DIGITS
        if digits and (script != chinese or text[done : found.start(1)].strip(_ZERO_WIDTH)):
            groups.append(_Group("".join(digits), begun, done))
            digits = []
        if not digits:
            begun, script = found.start(1), chinese
        digits.append(CHINESE_DIGITS[written] if chinese else _ascii_digit(written))
        done = found.end()
    if digits:
        groups.append(_Group("".join(digits), begun, done))
    return groups


#: Characters that nobody sees: digits around them stand together.
_ZERO_WIDTH = "\u00ad\u200b\u200c\u200d\u2060\ufeff"


def _ascii_digit(written: str) -> str:
    if written.startswith("&#"):
        return chr(int(written[2:-1]))
    if len(written) > 1:
        return written[-1]
    return str(unicodedata.decimal(written))


def _masks(text: str, groups: list[_Group]) -> Iterator[_Mask]:
    """Find the numbers to mask in a run: all that is left of it, else whole groups of it."""
    first = 0
    while first < len(groups):
        rest = groups[first : first + _MOST_GROUPS]
        whole = _whole(text, rest) if len(groups) - first < _MOST_GROUPS else None
        if whole:
            yield whole
            return
        index = first
        mask, length = _longest_from(text, groups, index)
        while mask is None and index + 1 < len(groups):
            index += 1
            mask, length = _longest_from(text, groups, index)
        if mask is None:
            return
        left = _whole(text, groups[first:index]) if 0 < index - first < _MOST_GROUPS else None
        if left:
            yield left
        yield mask
        first = index + length


def _joined_masks(text: str, groups: list[_Group]) -> Iterator[_Mask]:
    """Find card numbers whose groups are joined like a list: only in a usual shape, issuer and sum right."""
    done = 0
    for alike in _joined_alike(text, groups):
        lengths = "".join({13: "d"}.get(len(g.digits), str(min(len(g.digits), 9))) for g in alike)
        for shape in _SHAPES.finditer(lengths):
            parts = alike[shape.start() : shape.end()]
            for part in _candidates(parts):
                digits = "".join(group.digits for group in part)
                if part[0].start >= done and _is_card(digits):
                    done = part[-1].end
                    yield _Mask(part[0].start, done, f"**** {digits[-4:]}")


def _joined_alike(text: str, groups: list[_Group]) -> Iterator[list[_Group]]:
    """Split a run where another sign joins the groups."""
    first, sign = 0, ""
    for index, (before, after) in enumerate(pairwise(groups), 1):
        joined = text[before.end : after.start].replace(" ", "")
        if sign and joined != sign:
            yield groups[first:index]
            first = index
        sign = joined
    yield groups[first:]


def _candidates(parts: list[_Group]) -> Iterator[list[_Group]]:
    """Give what may be a number among fours: a list may go on before it, after it or with a short part."""
    fours = sum(len(group.digits) == 4 for group in parts)
    if len(parts) - fours > 1 or fours <= 4:
        yield parts
    if fours >= 4:
        yield parts[:4]
        yield parts[fours - 4 :]
        yield parts[fours - 4 : fours]


def _is_card(digits: str) -> bool:
    return 13 <= len(digits) <= 19 and _has_issuer(digits) and _passes_luhn(digits)


def _whole(text: str, groups: list[_Group]) -> _Mask | None:
    return _mask_of(text, groups) if _fits_one_number(groups) else None


def _longest_from(text: str, groups: list[_Group], index: int) -> tuple[_Mask | None, int]:
    """Try the groups from one on, as people space a number: evenly, or 3-4-4 for a phone."""
    best: tuple[_Mask | None, int] = (None, 0)
    if index and len(groups[index].digits) == len(groups[index - 1].digits) == 1:
        return best  # digits one by one are a number only from the first of them on
    total = 0
    for length in range(1, min(_MOST_GROUPS, len(groups) - index) + 1):
        part = groups[index : index + length]
        total += len(part[-1].digits)
        if total > 19:
            break
        if total >= 11 and _evenly_spaced(groups, index, length):
            mask = _mask_of(text, part)
            if mask:
                best = (mask, length)
    return best


def _fits_one_number(groups: list[_Group]) -> bool:
    """Tell whether a whole run may be one number: not too long, and no date among its groups."""
    if sum(len(group.digits) for group in groups) > 19:
        return False
    lengths = [len(group.digits) for group in groups]
    return not any(
        length == 4 and groups[at].digits.startswith(("19", "20")) and max(lengths[at + 1 : at + 3]) <= 2
        for at, length in enumerate(lengths[:-2])
    )


def _evenly_spaced(groups: list[_Group], index: int, length: int) -> bool:
    lengths = [len(group.digits) for group in groups[index : index + length]]
    if length == 1 or lengths in (
        [3, 4, 4],
        [2, 3, 4, 4],
        [2, 11],
        [4, 11],
        [4, 3, 4, 4],
        [4, 6, 5],
        [6, 13],
    ):
        return True
    if lengths[0] == 1:
        around = groups[max(index - 1, 0) : index] + groups[index + length : index + length + 1]
        return set(lengths) == {1} and all(len(group.digits) != 1 for group in around)
    return all(a == b for a, b in pairwise(lengths[:-1])) and lengths[-1] <= lengths[0]


def _mask_of(text: str, groups: list[_Group]) -> _Mask | None:
    """Tell what a number is, by its digits and by what stands around it."""
    digits = "".join(group.digits for group in groups)
    start, end = groups[0].start, groups[-1].end
    before = text[max(0, start - _LABEL_REACH) : start]
    if len(digits) in (17, 18) or (len(digits) == 15 and _ID_LABEL.search(before)):
        tail = "X" if text[end : end + 1] in ("X", "x", "Ｘ", "ｘ") else ""
        if _is_resident_id(digits + tail) or (len(digits + tail) in (15, 18) and _ID_LABEL.search(before)):
            return _Mask(start, end + len(tail), "******")
    phone = _phone(digits)
    if phone:
        return _Mask(start, end, f"{phone[:3]}****{phone[-4:]}", phone)
    labelled = _CARD_LABEL.search(before) or _CARD_AFTER.match(text, end)
    if _is_card(digits) or (labelled and 13 <= len(digits) <= 19):
        return _Mask(start, end, f"**** {digits[-4:]}")
    return None


def _phone(digits: str) -> str | None:
    """Take the 11 digits of a mainland mobile number, given with or without the country code."""
    for country in ("", "86", "0086"):
        rest = digits.removeprefix(country)
        if len(rest) == 11 and len(digits) == 11 + len(country) and rest[0] == "1" and rest[1] in "3456789":
            return rest
    return None


def _has_issuer(digits: str) -> bool:
    """Tell whether the leading digits are a card issuer's (ISO/IEC 7812 ranges in use in China)."""
    length = len(digits)
    two, four = int(digits[:2]), int(digits[:4])
    if two in (34, 37):
        return length == 15
    if two in (36, 38):
        return length == 14 or length >= 16
    if digits[0] == "4":
        return length == 13 or length >= 16
    if 51 <= two <= 55 or 2221 <= four <= 2720:
        return length == 16
    return length >= 16 and (two in (35, 60, 62, 65, 81) or digits.startswith("955"))


def _passes_luhn(digits: str) -> bool:
    """Check the sum of ISO/IEC 7812-1 annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_resident_id(number: str) -> bool:
    """Check a resident identity number: 18 places, a real birthday, and the check of GB 11643."""
    if len(number) != 18:
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    if not 1880 <= born.year <= 2100:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, number[:17], strict=True))
    return _ID_CHECK[total % 11] == number[17]
