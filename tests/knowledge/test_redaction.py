"""Card, identity and phone numbers and secrets are masked; what a case needs stays readable."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.redaction import redact

ISSUERS = ("622202", "621700", "400012", "510510", "222150", "352812", "601382", "810010", "361111")
CHINESE = "零一二三四五六七八九"
FINANCIAL = "零壹贰叁肆伍陆柒捌玖"


def luhn_digit(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def card(rng: random.Random, issuer: str | None = None, length: int | None = None) -> str:
    issuer = issuer or rng.choice(ISSUERS)
    length = length or (16 if issuer[0] in "25" else rng.choice((16, 19)))
    body = issuer + "".join(rng.choice("0123456789") for _ in range(length - len(issuer) - 1))
    return body + luhn_digit(body)


def spelt(alphabet: str) -> Callable[[str], str]:
    return lambda number: "".join(alphabet[int(digit)] for digit in number)


def in_fours(separator: str) -> Callable[[str], str]:
    return lambda number: separator.join(number[at : at + 4] for at in range(0, len(number), 4))


DISGUISES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "spaces": in_fours(" "),
    "dashes": in_fours("-"),
    "dots": in_fours("."),
    "no-break spaces": in_fours("\u00a0"),
    "ideographic spaces": in_fours("\u3000"),
    "line breaks": in_fours("\n"),
    "slashes": in_fours("/"),
    "spaced slashes": in_fours(" / "),
    "full-width slashes": in_fours("／"),
    "commas": in_fours(","),
    "full-width commas": in_fours("，"),
    "brackets": lambda number: f"({in_fours(')(')(number)})",
    "full-width brackets": lambda number: f"（{in_fours('）（')(number)}）",
    "every digit after a slash": "/".join,
    "every digit after a comma": ",".join,
    "full-width digits and commas": lambda number: in_fours("，")(spelt("０１２３４５６７８９")(number)),
    "every digit apart": " ".join,
    "zero width": "\u200b".join,
    "full width": spelt("０１２３４５６７８９"),
    "Arabic-Indic": spelt("٠١٢٣٤٥٦٧٨٩"),
    "Chinese": spelt(CHINESE),
    "Chinese, financial": spelt(FINANCIAL),
    "URL-encoded": in_fours("%20"),
    "HTML entities": lambda number: "".join(f"&#{ord(digit)};" for digit in number),
    "JSON escapes": lambda number: "".join(f"\\u{ord(digit):04x}" for digit in number),
}
SENTENCES = (
    "{}",
    "我的卡{}没到账",
    "昨天刷的，卡是 {} ，3500元",
    "pls check {} thanks",
    "号码:{}。电话13800138000",
)


@pytest.mark.parametrize("disguise", DISGUISES)
def test_cards_are_masked_in_every_disguise(disguise: str) -> None:
    rng = random.Random(disguise)
    for _ in range(150):
        number = card(rng)
        text = rng.choice(SENTENCES).format(DISGUISES[disguise](number))
        masked = redact(text).text
        assert f"**** {number[-4:]}" in masked, text
        assert number[:-4] not in masked


def test_amex_has_15_digits() -> None:
    rng = random.Random(1)
    for _ in range(50):
        number = card(rng, rng.choice(("340000", "371234")), 15)
        assert redact(f"card {number[:4]} {number[4:10]} {number[10:]}").text == f"card **** {number[-4:]}"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("卡号是6222021234567890123", "卡号是**** 0123"),
        ("结算卡：6228480012345678901，没到账", "结算卡：**** 8901，没到账"),
        ("card number 1234567890123456", "card number **** 3456"),
        ("6217001234567890123 这张卡", "**** 0123 这张卡"),
        ("4111111111111111 3500元", "**** 1111 3500元"),
        ("3500元 4111111111111111 13800138000", "3500元 **** 1111 138****8000"),
    ],
)
def test_a_label_stands_in_for_the_check_digit(text: str, masked: str) -> None:
    assert redact(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "商户号822584058120033，昨天刷的3500没到",
        "参考号100912345678 金额1280.00 卡尾号6228",
        "终端号10293847 凭证号000123 批次号000045 授权码 123456",
        "auth code 123456",
        "2026-10-08 15:20:33 消费 RMB 5,000.00",
        "6250.00 2026-10-08 14:02:11",
        "微信订单 4200002376202610081234567890",
        "10月8号下午3点20刷了12800",
        "一共1,234,567,890,123.00元",
        "4,111,111,111,111.11 / 41,111,111,111.11",
        "2026/10/08 2026/10/09，2026/10/10",
        "2026/10/08/15/20/33",
        "参考号100912345678/100912345686/100912345694",
        "凭证号 622202,123456,789012",
        "商户号822,584,058,120,033",
        "3500,2800,1200,4000,1800",
        "订单4200002376202610081234567890,4200002376202610081234567891",
        "尾号6222、0212、3456、7890",
        "6222, 0200, 1000, 0005",
    ],
)
def test_what_a_case_needs_survives(text: str) -> None:
    assert redact(text).text == text


def changed(make: Callable[[], str], times: int = 4000) -> float:
    numbers = [make() for _ in range(times)]
    return sum(redact(number).text != number for number in numbers) / times


def some_digits(rng: random.Random, length: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(length))


@pytest.mark.parametrize("separator", ["/", ",", "，", ")("])
def test_lists_are_no_card_numbers(separator: str) -> None:
    rng = random.Random(20261010)

    def of(count: int, length: int) -> Callable[[], str]:
        return lambda: separator.join(some_digits(rng, length) for _ in range(count))

    assert changed(of(3, 6), 1000) == 0
    assert changed(of(3, 12), 1000) == 0
    assert changed(of(5, 3), 1000) == 0
    assert changed(of(4, 4), 1000) <= 0.04
    assert changed(of(6, 4), 1000) <= 0.08


def test_a_card_number_and_its_date_joined_by_slashes() -> None:
    assert redact("6222/0200/1000/0005/12/28").text == "**** 0005/12/28"


def test_a_card_number_in_a_list_of_amounts() -> None:
    assert redact("6222,0200,1000,0005,3500").text == "**** 0005,3500"
    assert redact("卡，金额：3500，6222，0200，1000，0005").text == "卡，金额：3500，**** 0005"
    assert redact("3782/822463/10005，3500元").text == "**** 0005，3500元"
    number = card(random.Random(3), "622202", 19)
    assert redact(f"({number[:6]})({number[6:]})").text == f"(**** {number[-4:]})"


def test_phones_in_a_list_are_masked_one_by_one() -> None:
    redacted = redact("13812345678/13912345678,18600001111")
    assert redacted.text == "138****5678/139****5678,186****1111"
    assert redacted.phones == ("13812345678", "13912345678", "18600001111")


@pytest.mark.parametrize("piece", ["1", "1/", "6222/", "6222,", "(6222)", "1,", "/ ", "（", "&#4"])
def test_a_flood_takes_linear_time(piece: str) -> None:
    redact(piece * (200_000 // len(piece)))


def test_look_alikes() -> None:
    rng = random.Random(20261009)
    assert changed(lambda: some_digits(rng, 28)) == 0
    assert changed(lambda: rng.choice("8124567") + some_digits(rng, 14)) == 0
    assert changed(lambda: some_digits(rng, 12)) == 0
    assert changed(lambda: some_digits(rng, 8)) == 0
    assert changed(lambda: some_digits(rng, 6)) == 0
    assert changed(lambda: some_digits(rng, 16)) <= 0.03


@pytest.mark.parametrize(
    ("text", "masked", "phones"),
    [
        ("电话13812345678", "电话138****5678", ("13812345678",)),
        ("138 1234 5678", "138****5678", ("13812345678",)),
        ("+86 139-1234-5678 或 18600001111", "+139****5678 或 186****1111", ("13912345678", "18600001111")),
        ("１３８１２３４５６７８", "138****5678", ("13812345678",)),
        ("8613812345678", "138****5678", ("13812345678",)),
        ("113812345678", "113812345678", ()),
        ("12812345678", "12812345678", ()),
    ],
)
def test_phones_are_masked_and_handed_over(text: str, masked: str, phones: tuple[str, ...]) -> None:
    assert redact(text).text == masked
    assert redact(text).phones == phones


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("11010519491231002X", "******"),
        ("身份证11010519491231002x，谢谢", "身份证******，谢谢"),
        ("身份证号：330102199001011234", "身份证号：******"),
        ("密码123456", "密码***"),
        ("登录密码：qwe789，麻烦看下", "登录密码：***，麻烦看下"),
        ("我的密码是Ab1234", "我的密码是***"),
        ("password: hunter2!", "password: ***"),
        ("密码Abc1*xyz9", "密码***"),
        ("忘记密码 DZ-000001", "忘记密码 DZ-000001"),
        ("验证码是 8866", "验证码是 ***"),
        ("CVV: 123", "CVV: ***"),
        ("my password is 20261009", "my password is ***"),
        ("有效期 12/28", "有效期 ***"),
        ("验证码没收到 3500", "验证码没收到 3500"),
    ],
)
def test_identity_numbers_and_secrets(text: str, masked: str) -> None:
    assert redact(text).text == masked


PIECES = st.sampled_from(
    [
        *("4111111111111111", "6222 0212 3456 7890 123", "13812345678", "卡号", "密码", "code ", " ", "-"),
        *("**** 1234", "11010519491231002X", "****", "一二三", "3500", "元", "2026-10-08", "\u200b", "86"),
        *("６２", "+", "%20", "&#52;", "身份证", "\n"),
    ]
)


@given(st.lists(PIECES | st.text(alphabet="0123456789 -*一壹x密码", max_size=12), max_size=12))
def test_twice_is_once(pieces: list[str]) -> None:
    once = redact("".join(pieces)).text
    assert redact(once).text == once
