"""Phrases with alternatives: "(my|our) money" stands for "my money" and "our money"."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256

from knowledge.reading.clauses import BREAKS

#: The end of a message, whatever particles and punctuation stand there.
_END = r"[\s,.!?~，。！？、…啊呀呢吗么嘛吧哦的]*$"
_INNERMOST = re.compile(r"\(([^()]*)\)")


def has_alternatives(phrase: str) -> bool:
    """Tell whether a phrase stands for several."""
    return "(" in phrase


def is_closed(phrase: str) -> bool:
    """Tell whether every bracket of a phrase has its counterpart."""
    rest = phrase
    while _INNERMOST.search(rest):
        rest = _INNERMOST.sub("", rest)
    return not set("()|") & set(rest)


def sentences(phrase: str, most: int) -> tuple[str, ...]:
    """Give some of the sentences that a phrase stands for: at most so many, always the same ones."""
    choose = random.Random(sha256(phrase.encode()).digest())  # noqa: S311 - a sample, no secret
    found: dict[str, None] = {}
    for _ in range(3 * most):
        found[_one(phrase, choose)] = None
        if len(found) == most:
            break
    return tuple(found)


def _one(phrase: str, choose: random.Random) -> str:
    while bracket := _INNERMOST.search(phrase):
        chosen = choose.choice(bracket[1].split("|"))
        phrase = f"{phrase[: bracket.start()]}{chosen}{phrase[bracket.end() :]}"
    return phrase.strip()


def spelt_out(phrase: str) -> tuple[str, ...]:
    """Give everything that a phrase stands for."""
    bracket = _INNERMOST.search(phrase)
    if bracket is None:
        return (phrase,)
    before, after = phrase[: bracket.start()], phrase[bracket.end() :]
    return tuple(one for part in bracket[1].split("|") for one in spelt_out(f"{before}{part}{after}"))


@cache
def as_pattern(phrase: str) -> re.Pattern[str]:
    """Give the pattern that finds a phrase.

    … stands for up to eight characters, a space for any gap, and a $ at its end for that of the message.
    """
    body = "".join(_piece(character, ".{0,8}") for character in phrase.removesuffix("$"))
    return re.compile(body + _END if phrase.endswith("$") else body)


@dataclass(frozen=True)
class LatePattern:
    """A pattern that is compiled when it is first tried: of hundreds of clauses a service needs few."""

    pattern: str

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def search(self, text: str) -> re.Match[str] | None:
        """Find its first match."""
        return self._compiled.search(text)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Go through its matches."""
        return self._compiled.finditer(text)


def as_clause(phrase: str) -> LatePattern:
    """Give the pattern that finds a phrase in a clause.

    … stands for a few words of the clause without a "not", …… for a few words with no "not" at their end,
    # for a digit, ^ and $ for where the clause begins and ends. What is written in Latin letters is found as
    whole words.
    """
    begins, ends = phrase.startswith("^"), phrase.endswith("$")
    phrase = phrase.removeprefix("^").removesuffix("$")
    latin = phrase.replace("…", "").isascii()
    few, edge = (24, r"\b") if latin else (10, "")
    word = rf"(?!\b(?:not|never|no)\b|n't)[^{BREAKS}]" if latin else rf"[^{BREAKS}没未不]|不(?=知道)"
    no = r"(?<!\bnot )(?<!n't )" if latin else "(?<![没未不])"
    within = rf"{edge}(?:{word}){{0,{few}}}{edge}"
    across = rf"{edge}.{{0,{2 * few}}}{no}{edge}"
    parts = ("".join(_piece(character, within) for character in part) for part in phrase.split("……"))
    body = f"{edge}{across.join(parts)}{edge}"
    start = rf"(?:(?<=[{BREAKS}\s])|^)" if begins else ""
    end = rf"(?=\s*(?:[{BREAKS}]|$))" if ends else ""
    return LatePattern(f"{start}{body}{end}")


def _piece(character: str, gap: str) -> str:
    if character in "()|":
        return "(?:" if character == "(" else character
    if character == "…":
        return gap
    if character == "#":
        return r"\d"
    return r"\s?" if character == " " else re.escape(character)
