"""What merchants say of facts in whole clauses: knowledge/statements.yaml."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from knowledge.reading.vocabulary.alternatives import LatePattern, as_clause, is_closed
from knowledge.reading.vocabulary.needles import NeedleIndex, needles
from knowledge.schema import Form
from knowledge.yaml_source import Document, KnowledgeError, Place, read_document

#: Fact -> value -> patterns that say so.
Statements = Mapping[str, Mapping[str, tuple[LatePattern, ...]]]
_GROUP = re.compile(r"<([a-z_]+)>")


class StatementsForm(Form):
    """The file statements.yaml."""

    groups: dict[str, list[str]]
    statements: dict[str, dict[str, list[str]]]


def load_statements(path: Path) -> Statements:
    """Read the file; raises KnowledgeError with its mistakes."""
    document = read_document(path)
    form = document.parse(StatementsForm) if not document.mistakes else None
    if form is None:
        raise KnowledgeError(document.mistakes)
    groups = {name: f"({'|'.join(words)})" for name, words in form.groups.items()}
    statements: dict[str, dict[str, tuple[LatePattern, ...]]] = {}
    for fact, values in form.statements.items():
        for value, phrases in values.items():
            place = ("statements", fact, value)
            found = (_pattern(document, (*place, i), phrase, groups) for i, phrase in enumerate(phrases))
            statements.setdefault(fact, {})[value] = tuple(pattern for pattern in found if pattern)
    if document.mistakes:
        raise KnowledgeError(document.mistakes)
    return statements


def _pattern(document: Document, place: Place, phrase: str, groups: Mapping[str, str]) -> LatePattern | None:
    """Make the pattern of a phrase with its groups put in; None, and a complaint, if it has a mistake."""
    for name in _GROUP.findall(phrase):
        if name not in groups:
            document.complain(place, f"<{name}> is no group of words.", "name one of `groups` in this file.")
            return None
    whole = _GROUP.sub(lambda found: groups[found[1]], phrase)
    if not is_closed(whole):
        document.complain(place, f"a bracket in {phrase} is open.", "write it as (this|that).")
        return None
    pattern = as_clause(whole)
    if needles(pattern.pattern) is None:
        document.complain(place, f"{phrase!r} is found in any text.", "write words that must stand there.")
        return None
    return pattern


class StatementFinder:
    """Finds statements; only those patterns are tried of which a text has a telling part."""

    def __init__(self, statements: Statements) -> None:
        said = (
            ((pattern,), (pattern, fact, value))
            for fact, values in statements.items()
            for value, patterns in values.items()
            for pattern in patterns
        )
        self._index: NeedleIndex[tuple[LatePattern, str, str]] = NeedleIndex(said)

    def find(self, text: str) -> Iterator[tuple[str, str, Iterable[re.Match[str]]]]:
        """Give each fact and value that a normalised text may state, with the places where it does."""
        for pattern, fact, value in self._index.matching(text):
            yield fact, value, pattern.finditer(text)
