"""A text from which what was understood is struck out, so that nothing is read twice."""

import re

from knowledge.reading.vocabulary.needles import may_match

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
        return list(pattern.finditer(self.text)) if may_match(pattern, self.text) else []

    def take(self, pattern: re.Pattern[str]) -> list[re.Match[str]]:
        """Give every match, and strike all of them out."""
        found = self.find(pattern)
        for match in found:
            self.strike(match.start(), match.end())
        return found
