"""Card numbers in many disguises go through the running service; nothing that it keeps or shows has them.

Planted: numbers that pass every check, in messages, taps, links and the desk's own forms. Scanned: the
raw bytes of the database, its write-ahead log, the log, and the desk's pages, by a scanner that shares no
code with the redactor. And numbers that only look like cards must come through unharmed.
"""

import base64
import html
import random
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from urllib.parse import quote, unquote
from uuid import UUID

import httpx
import pytest

from tests.service import Service
from tests.triage.house import hidden

Disguise = Callable[[str], str]
#: How many are planted, and how many only look like cards.
PLANTED = [480, pytest.param(20_000, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])]
LOOK_ALIKES = [1_800, pytest.param(60_000, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])]
#: So many numbers in one message.
AT_ONCE = 8
PASSWORD = "四个字都不一样的口令 9"
#: Leading digits of issuers, and the lengths that they have.
ISSUERS = {
    "622202": (16, 19),
    "621700": (19,),
    "625912": (16,),
    "601382": (19,),
    "955880": (16, 19),
    "400012": (16,),
    "510510": (16,),
    "222150": (16,),
    "352812": (16,),
    "810010": (16, 19),
}


def in_fours(separator: str) -> Disguise:
    return lambda number: separator.join(number[at : at + 4] for at in range(0, len(number), 4))


def spelt(digits: str) -> Disguise:
    return lambda number: number.translate(str.maketrans("0123456789", digits))


DISGUISES: dict[str, Disguise] = {
    "plain": str,
    "spaces": in_fours(" "),
    "two spaces": in_fours("  "),
    "dashes": in_fours("-"),
    "long dashes": in_fours("–"),
    "dots": in_fours("."),
    "middle dots": in_fours("·"),
    "underscores": in_fours("_"),
    "line breaks": in_fours("\n"),
    "slashes": in_fours("/"),
    "commas": in_fours(","),
    "brackets": lambda number: f"({in_fours(')(')(number)})",
    "tabs": in_fours("\t"),
    "no-break spaces": in_fours("\u00a0"),
    "ideographic spaces": in_fours("\u3000"),
    "thin spaces": in_fours("\u2009"),
    "every digit apart": " ".join,
    "every digit dashed": "-".join,
    "zero width": "\u200b".join,
    "joiners": "\u2060".join,
    "soft hyphens": in_fours("\u00ad"),
    "full width": spelt("０１２３４５６７８９"),
    "full width, spaced": lambda number: in_fours("\u3000")(spelt("０１２３４５６７８９")(number)),
    "Arabic-Indic": spelt("٠١٢٣٤٥٦٧٨٩"),
    "Devanagari": spelt("०१२३४५६७८९"),
    "Chinese": spelt("零一二三四五六七八九"),
    "Chinese, circle": spelt("〇一二三四五六七八九"),
    "Chinese, financial": spelt("零壹贰叁肆伍陆柒捌玖"),
    "Chinese, traditional": spelt("零壹貳參肆伍陸柒捌玖"),
    "URL-encoded": in_fours("%20"),
    "HTML entities": lambda number: "".join(f"&#{ord(digit)};" for digit in number),
    "HTML spaces": in_fours("&nbsp;"),
    "JSON escapes": lambda number: "".join(f"\\u{ord(digit):04x}" for digit in number),
}
SENTENCES = (
    "我的卡{}没到账",
    "昨天刷的是 {} ，3500元",
    "pls check {} thanks",
    "“{}”，这张",
    "转发：{}。麻烦看下",
)


def check_digit(digits: str) -> str:
    """Work out the last digit of ISO/IEC 7812-1."""
    doubled = [int(digit) * 2 for digit in reversed(digits)][::2]
    kept = [int(digit) for digit in reversed(digits)][1::2]
    total = sum(kept) + sum(value // 10 + value % 10 for value in doubled)
    return str((10 - total % 10) % 10)


def card(chance: random.Random) -> str:
    issuer = chance.choice(list(ISSUERS))
    length = chance.choice(ISSUERS[issuer])
    body = issuer + "".join(chance.choices("0123456789", k=length - 7))
    return body + check_digit(body)


ROWS = ("零〇", "一壹幺", "二贰貳", "三叁參", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖")
CHINESE = {character: str(value) for value, row in enumerate(ROWS) for character in row}


class Scanner:
    """Finds planted numbers in bytes, however they are encoded; knows nothing of the redactor."""

    #: Digits that are compared: what a masked number never shows.
    LENGTH = 12
    _BETWEEN = re.compile(r"[\s\-_.·–—‐/,()\u00ad\u200b-\u200f\u2060\ufeff]+")

    def __init__(self, numbers: set[str]) -> None:
        self._heads = {number[: self.LENGTH] for number in numbers}

    def find(self, raw: bytes) -> set[str]:
        """Give the planted numbers, by their leading digits, that the bytes hold."""
        return {head for view in self._views(raw) for head in self._in(view)}

    def _views(self, raw: bytes) -> Iterator[str]:
        """Read the bytes as text in several ways, with escapes undone."""
        text = raw.decode("utf-8", "replace")
        yield text
        yield html.unescape(text)
        yield unquote(text)
        yield re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)
        yield raw.decode("utf-16-le", "replace")
        yield raw[1:].decode("utf-16-le", "replace")
        for run in re.findall(rb"(?:3[0-9]){12,}", raw):
            yield bytes.fromhex(run.decode()).decode()
        for run in re.findall(rb"[A-Za-z0-9+/]{16,}", raw):
            for shift in range(4):
                part = run[shift:]
                yield base64.b64decode(part[: len(part) // 4 * 4]).decode("utf-8", "replace")

    def _in(self, text: str) -> Iterator[str]:
        digits = "".join(map(self._digit, self._BETWEEN.sub("", text)))
        for run in re.findall(r"[0-9]{12,}", digits):
            for at in range(len(run) - self.LENGTH + 1):
                if run[at : at + self.LENGTH] in self._heads:
                    yield run[at : at + self.LENGTH]

    def _digit(self, character: str) -> str:
        if character.isascii():
            return character
        value = unicodedata.digit(character, None)
        return CHINESE.get(character, character) if value is None else str(value)


class Merchants:
    """Merchants at the web chat; twenty messages each."""

    def __init__(self, url: str, chance: random.Random) -> None:
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=20)
        self._chance = chance
        self._token: str | None = None
        self._said = 0

    def close(self) -> None:
        self._client.close()

    def say(self, **message: str) -> None:
        if self._said % 20 == 0:
            self._token = None
        self._said += 1
        client_id = str(UUID(int=self._chance.getrandbits(128), version=4))
        body = {"conversation": self._token, "client_id": client_id, **message}
        answer = self._client.post("/chat/api/messages", json=body)
        assert answer.status_code == 200, answer.text
        self._token = answer.json()["conversation"]


@contextmanager
def agent(service: Service) -> Iterator[httpx.Client]:
    """Log in at the desk for the first time."""
    with httpx.Client(base_url=service.url, trust_env=False, timeout=20, follow_redirects=True) as client:
        first = service.admin_password()
        form = hidden(client.get("/desk/login").text, "/desk/login")
        page = client.post("/desk/login", data=form | {"name": "admin", "password": first}).text
        form = hidden(page, "/desk/password")
        client.post("/desk/password", data=form | {"old": first, "new": PASSWORD, "again": PASSWORD})
        yield client


def desk_pages(client: httpx.Client) -> dict[str, str]:
    """Load the queue and the page of every ticket on it."""
    queue = client.get("/desk").text
    numbers = set(re.findall(r"/desk/tickets/([A-Z]+-[0-9]+)", queue))
    assert numbers
    return {number: client.get(f"/desk/tickets/{number}").text for number in numbers} | {"": queue}


def kept(service: Service) -> Iterator[tuple[str, bytes]]:
    """Give every file in the data folder, and the log."""
    files = [path for path in service.data_dir.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" or path.name.endswith("-wal") for path in files), files
    for path in files:
        yield path.name, path.read_bytes()
    yield "log", service.log().encode()


@pytest.mark.parametrize("count", PLANTED)
def test_no_planted_number_is_found_at_rest(service: Service, count: int) -> None:
    chance = random.Random(20261009)
    numbers = [card(chance) for _ in range(count)]
    with closing(Merchants(service.url, chance)) as merchants:
        plant(merchants, numbers, chance)
    with agent(service) as client:
        pages = desk_pages(client)
        ticket = sorted(pages)[1]
        for number, step in zip(numbers[-10:], ("note", "reply") * 5, strict=True):
            form = hidden(client.get(f"/desk/tickets/{ticket}").text, f"/desk/tickets/{ticket}/{step}")
            client.post(f"/desk/tickets/{ticket}/{step}", data=form | {"text": f"卡号 {number} 已核实"})
        pages = desk_pages(client)
    scanner = Scanner(set(numbers))
    found = {name: scanner.find(page.encode()) for name, page in pages.items()}
    found |= {name: scanner.find(raw) for name, raw in kept(service)}
    assert {name: several for name, several in found.items() if several} == {}


def plant(merchants: Merchants, numbers: list[str], chance: random.Random) -> None:
    """Say them in every disguise, and tap buttons that are called so."""
    names = list(DISGUISES)
    for at in range(0, len(numbers) - 20, AT_ONCE):
        lines = [
            chance.choice(SENTENCES).format(DISGUISES[names[(at + place) % len(names)]](number))
            for place, number in enumerate(numbers[at : at + AT_ONCE])
        ]
        merchants.say(text="，\n".join(lines))
        if at % (15 * AT_ONCE) == 0:
            merchants.say(text="转人工")
    for number in numbers[-20:-10]:
        merchants.say(choice=number)


@pytest.mark.parametrize("disguise", DISGUISES)
def test_the_scanner_sees_through_every_disguise(disguise: str) -> None:
    number = card(random.Random(disguise))
    shown = DISGUISES[disguise](number)
    raw = {shown.encode(), b"\x00\xff" + shown.encode() + b"\x00"}
    if not set("%&\\") & set(shown):
        raw |= {shown.encode("utf-16-le"), f"x{shown}".encode("utf-16-le")}
    assert all(Scanner({number}).find(part) == {number[:12]} for part in raw)


def test_the_scanner_sees_through_encodings() -> None:
    number = card(random.Random(1))
    scanner = Scanner({number})
    for raw in (
        base64.b64encode(f"卡号{number}。".encode()),
        base64.b64encode(f"a{number}".encode()),
        number.encode().hex().encode(),
        quote(f"卡{number}").encode(),
        quote(spelt("０１２３４５６７８９")(number)).encode(),
    ):
        assert scanner.find(raw) == {number[:12]}, raw
    assert not scanner.find(f"**** {number[-4:]} 和 {number[:6]}".encode())


def look_alikes(chance: random.Random, each: int) -> Iterator[tuple[str, str]]:
    """Give kinds and numbers: what stands on slips and in order lists."""

    def some(length: int) -> str:
        return "".join(chance.choices("0123456789", k=length))

    for _ in range(each):
        yield "WeChat order", "42000" + some(5) + "202610" + some(12)
        yield "Alipay order", "20261008220014" + some(14)
        yield "merchant", chance.choice(("8225", "8981", "1024", "4403")) + some(11)
        yield "terminal", some(8)
        yield "reference", "1009" + some(8)
        yield "serial", chance.choice("0123456789") + some(15)


@pytest.mark.parametrize("count", LOOK_ALIKES)
def test_look_alikes_come_through(service: Service, count: int) -> None:
    chance = random.Random(7)
    each = count // 6
    numbers = list(look_alikes(chance, each))
    merchants = Merchants(service.url, chance)
    for at in range(0, len(numbers), 60):
        merchants.say(
            text="".join(f"第{chance.choice('甲乙丙丁')}条，{n}。\n" for _, n in numbers[at : at + 60])
        )
    raw = b"".join(part for _, part in kept(service)).decode("utf-8", "replace")
    harmed: dict[str, int] = {}
    for kind, number in numbers:
        harmed[kind] = harmed.get(kind, 0) + (number not in raw)
    assert harmed["serial"] <= 0.03 * each
    assert harmed["merchant"] <= 0.001 * each
    assert [harmed[kind] for kind in ("WeChat order", "Alipay order", "terminal", "reference")] == [0] * 4
