"""What merchants say of facts in whole clauses: knowledge/statements.yaml."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from knowledge.reading.alternatives import as_clause, is_closed
from knowledge.reading.needles import NeedleIndex
from knowledge.schema import Form
from knowledge.yaml_source import Document, KnowledgeError, read_document

#: Fact -> value -> patterns that say so.
Statements = Mapping[str, Mapping[str, tuple[re.Pattern[str], ...]]]
_GROUP = re.compile(r"<([a-z_]+)>")


class StatementsForm(Form):
    """The file statements.yaml."""

    groups: dict[str, list[str]]
    statements: dict[str, dict[str, list[str]]]


def load_statements(path: Path) -> Statements:
    """Read the file; raises KnowledgeError with its mistakes."""
    document = read_document(path)
    form = document.parse(StatementsForm) if not document.mistakes else None
    statements: dict[str, dict[str, tuple[re.Pattern[str], ...]]] = {}
    for fact, values in (form.statements if form else {}).items():
        for value, phrases in values.items():
            place = ("statements", fact, value)
            whole = [_whole(document, (*place, index), phrase, form) for index, phrase in enumerate(phrases)]
            statements.setdefault(fact, {})[value] = tuple(map(as_clause, filter(None, whole)))
    if document.mistakes:
        raise KnowledgeError(document.mistakes)
    return statements


def _whole(
    document: Document, place: tuple[str | int, ...], phrase: str, form: StatementsForm | None
) -> str | None:
    """Put the groups in; None for a phrase that has a mistake."""
    groups = form.groups if form else {}
    for name in _GROUP.findall(phrase):
        if name not in groups:
            document.complain(place, f"<{name}> is no group of words.", "name one of `groups` in this file.")
            return None
    if not is_closed(phrase):
        document.complain(place, f"a bracket in {phrase} is open.", "write it as (this|that).")
        return None
    return _GROUP.sub(lambda found: f"({'|'.join(groups[found[1]])})", phrase)


class StatementFinder:
    """Finds statements; only those patterns are tried of which a text has a telling part."""

    def __init__(self, statements: Statements) -> None:
        said = (
            ((pattern,), (pattern, fact, value))
            for fact, values in statements.items()
            for value, patterns in values.items()
            for pattern in patterns
        )
        self._index: NeedleIndex[tuple[re.Pattern[str], str, str]] = NeedleIndex(said)

    def find(self, text: str) -> Iterator[tuple[str, str, Iterable[re.Match[str]]]]:
        """Give each fact and value that a normalised text may state, with the places where it does."""
        for pattern, fact, value in self._index.matching(text):
            yield fact, value, pattern.finditer(text)
