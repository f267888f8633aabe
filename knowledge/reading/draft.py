"""A text from which what was understood is struck out, so that nothing is read twice."""

import re
from collections.abc import Iterator

from knowledge.reading.needles import needles

#: Stands where something was struck out: no digit, no letter, no space, no word.
STRUCK = "\x01"


class Draft:
    """A normalised text in work; places stay the same while it is read."""

    def __init__(self, text: str) -> None:
        self.text = text

    def strike(self, start: int, end: int) -> None:
        """Strike out a part."""
        self.text = f"{self.text[:start]}{STRUCK * (end - start)}{self.text[end:]}"

    def find(self, pattern: re.Pattern[str]) -> list[re.Match[str]]:
        """Give every match; the pattern is not tried where the text has nothing of what it needs."""
        needed = needles(pattern.pattern)
        if needed is not None and not any(needle in self.text for needle in needed):
            return []
        return list(pattern.finditer(self.text))

    def take(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Give every match, and strike it out."""
        for found in self.find(pattern):
            self.strike(found.start(), found.end())
            yield found
