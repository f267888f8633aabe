"""YAML files read with line numbers, and the list of an author's mistakes in them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from yaml.constructor import ConstructorError, SafeConstructor

from knowledge.model import Text

Model = TypeVar("Model", bound=BaseModel)
#: Where a value stands in a document: keys and list positions from the top.
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake of an author: where it is, what is wrong, and how to fix it."""

    file: str
    line: int
    problem: str
    fix: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.problem} Fix: {self.fix}"


class KnowledgeError(Exception):
    """The knowledge base has mistakes; all of them are listed."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


@dataclass(slots=True)
class Document:
    """One YAML file: its data, and the line of every value in it."""

    file: str
    data: Any
    lines: dict[Place, int]
    mistakes: list[Mistake] = field(default_factory=list)
    #: Where it is not `file`: the file of an entry that was laid over this document.
    files: dict[Place, str] = field(default_factory=dict)

    def line_of(self, place: Place) -> int:
        """Find the line of a place, or of the nearest thing around it; 1 when nothing is known."""
        while place:
            if place in self.lines:
                return self.lines[place]
            place = place[:-1]
        return self.lines.get((), 1)

    def complain(self, place: Place, problem: str, fix: str) -> None:
        """Note a mistake at a place."""
        self.mistakes.append(Mistake(self.file_of(place), self.line_of(place), problem, fix))

    def file_of(self, place: Place) -> str:
        """Find the file of a place."""
        inside = (place[:length] for length in range(len(place), 0, -1))
        return next((self.files[part] for part in inside if part in self.files), self.file)

    def overlay(self, other: "Document", depth: int) -> None:
        """Lay another document over this one: its entries at this depth replace those of the same name."""
        self.mistakes += other.mistakes
        self._overlay(self.data, other.data, other, (), depth)

    def _overlay(
        self, under: dict[str, Any], over: dict[str, Any], other: "Document", place: Place, depth: int
    ) -> None:
        for key, value in over.items():
            here = (*place, key)
            if depth > 1 and isinstance(value, dict) and isinstance(under.get(key), dict):
                self._overlay(under[key], value, other, here, depth - 1)
                continue
            under[key] = value
            self.files[here] = other.file
            size = len(here)
            kept = {where: line for where, line in self.lines.items() if where[:size] != here}
            self.lines = kept | {where: line for where, line in other.lines.items() if where[:size] == here}

    def part(self, key: str) -> "Document":
        """Give one entry of a mapping as a document of its own, with the same list of mistakes."""
        lines = {place[1:]: line for place, line in self.lines.items() if place and place[0] == key}
        files = {place[1:]: file for place, file in self.files.items() if place[0] == key and place[1:]}
        return Document(self.file_of((key,)), self.data[key], lines, self.mistakes, files)

    def parse(self, model: type[Model]) -> Model | None:
        """Check the data against a pydantic model; on mistakes note each with its line and give None."""
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            for detail in error.errors():
                place = tuple(detail["loc"])
                name = ".".join(str(part) for part in place) or "the file"
                fix = _how_to_fix(detail["type"], detail.get("ctx"))
                self.complain(place, f"{name}: {detail['msg']}.", fix)
            return None


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # the C one is six times faster
    """Plain scalars as authors mean them: yes and no are words, 23:00 is text, 0123 keeps its zero."""


_Loader.yaml_implicit_resolvers = {}

for _tag, _pattern, _first in (
    ("bool", "true|false", "tf"),
    ("null", "~|null", "~n"),
    ("int", "-?(?:0|[1-9][0-9]*)", "-0123456789"),
    ("float", "-?(?:0|[1-9][0-9]*)[.][0-9]+", "-0123456789"),
    ("timestamp", "[0-9]{4}-[0-9]{2}-[0-9]{2}", "0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), [*_first])
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^$"), [""])


def read_document(path: Path, name: str | None = None, kind: type = dict) -> Document:
    """Read one YAML file, a mapping (or list) at the top; one that is none gives no data and its mistake."""
    document = Document(name or path.name, kind(), {})
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
        data = _build(node, (), document) if node is not None else {}
    except FileNotFoundError:
        document.mistakes.append(Mistake(document.file, 1, "the file is missing.", "put it back."))
        return document
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        fix = "check quotes, colons and indentation here."
        line = mark.line + 1 if mark else 1
        document.mistakes.append(Mistake(document.file, line, f"not readable as YAML ({problem}).", fix))
        return document
    if isinstance(data, kind):
        document.data = data
    elif kind is dict:
        document.complain((), "the file is no mapping.", "begin every entry with its name and a colon.")
    else:
        document.complain((), "the file is no list.", "begin every entry with a dash.")
    return document


def read_layers(folder: Path, own: Path | None, name: str, depth: int = 1) -> Document:
    """Read a file of a folder, with the operator's own file of that name laid over it, if there is one."""
    document = read_document(folder / name, name)
    if own and (own / name).exists():
        document.overlay(read_document(own / name, str(own / name)), depth)
    return document


def layered_files(folder: Path, own: Path | None, part: str) -> list[tuple[str, Path]]:
    """List a subfolder's YAML files by what to call them; the operator's own replace those of that name."""
    found = {path.name: (f"{part}/{path.name}", path) for path in (folder / part).glob("*.yaml")}
    if own:
        found |= {path.name: (str(path), path) for path in (own / part).glob("*.yaml")}
    return [found[name] for name in sorted(found) if not name.startswith(".")]


def read_texts(path: Path) -> dict[str, Text]:
    """Read a file of texts, name -> {zh, en}; raises KnowledgeError when one of them lacks a language."""
    document = read_document(path)
    texts = {}
    for key, entry in document.data.items():
        if not isinstance(entry, dict) or set(entry) != {"zh", "en"}:
            document.complain((key,), f"{key} is not in both languages.", "give zh and en.")
            continue
        texts[key] = Text(str(entry["zh"]), str(entry["en"]))
    if document.mistakes:
        raise KnowledgeError(document.mistakes)
    return texts


def _build(node: yaml.Node, place: Place, document: Document, around: tuple[yaml.Node, ...] = ()) -> Any:
    document.lines.setdefault(place, node.start_mark.line + 1)
    if node in around:
        raise ConstructorError(None, None, "an anchor that holds itself", node.start_mark)
    around = (*around, node)
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(node, place, document, around)
    if isinstance(node, yaml.SequenceNode):
        parts = enumerate(node.value)
        return [_build(child, (*place, index), document, around) for index, child in parts]
    return SafeConstructor().construct_object(node)


def _build_mapping(
    node: yaml.MappingNode, place: Place, document: Document, around: tuple[yaml.Node, ...]
) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise ConstructorError(None, None, "a name that is no word", key_node.start_mark)
        key = SafeConstructor().construct_object(key_node)
        line = key_node.start_mark.line + 1
        if key in result:
            document.mistakes.append(
                Mistake(document.file, line, f"{key} stands twice.", "keep one of them.")
            )
        document.lines[(*place, key)] = line
        result[key] = _build(value_node, (*place, key), document, around)
    return result


def _how_to_fix(kind: str, context: Mapping[str, Any] | None) -> str:
    if kind == "missing":
        return "add it."
    if kind == "extra_forbidden":
        return "remove it, or correct its spelling."
    if kind == "literal_error" and context:
        return f"use one of {context['expected']}."
    return "correct the value; docs/knowledge-base.md shows the form."
