"""The rules of the house: who may import whom, which library lives where, and how large a thing may grow.

Every rule is a function from a source file to what is wrong in it; the first half of the tests holds the
sources against the rules, the second half plants one violation of each and sees that it is found.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "knowledge", "triage")
#: What triage may know of the knowledge base: its value types, its calendar, its way to read YAML.
SHARED_WITH_TRIAGE = {"knowledge.model", "knowledge.calendar", "knowledge.yaml_source"}
#: Library -> the files that may import it; a library that is not named here may be imported anywhere.
CONFINED = {
    "alembic": ("triage/*",),
    "argon2": ("triage/accounts.py",),
    "cryptography": ("triage/vault.py", "bot/channels/*"),
    "fastapi": (
        *("bot/app.py", "bot/http_errors.py", "bot/channels/web*.py", "bot/channels/telegram/*"),
        "triage/desk/*",
    ),
    "httpx": ("bot/channels/*", "bot/directory.py"),
    "opencc": ("knowledge/reading/*",),
    "psycopg": (),
    "pydantic_settings": ("bot/settings.py",),
    "rapidfuzz": ("knowledge/reading/*",),
    "requests": (),
    "rich": ("bot/commands/*", "bot/channels/console*.py"),
    # Not in the pure talk, bot/talk/.
    "sqlalchemy": (
        "triage/*",
        *(
            f"bot/{name}*"
            for name in ("app.", "channels/", "outbox/deliveries.", "outages.", "retries.", "turn.")
        ),
    ),
    "sqlite3": (),
    "sqlmodel": ("triage/*",),
    "starlette": ("bot/app.py", "bot/http_errors.py", "bot/channels/web*.py", "triage/desk/*"),
    "structlog": ("bot/*", "triage/*"),
    "telegram": ("bot/channels/telegram/*",),
    "typer": ("bot/commands/*", "bot/channels/console*.py"),
    "uvicorn": ("bot/serving.py",),
    "yaml": ("knowledge/yaml_source.py",),
}
#: What the knowledge base, which does no I/O but to read its own files, has no business with.
NOT_IN_KNOWLEDGE = {
    "asyncio",
    "http",
    "logging",
    "os",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "urllib",
}
READS_THE_CLOCK = {
    *(("datetime", name) for name in ("now", "utcnow", "today")),
    *(("date", "today"), ("func", "now")),
    *(("time", name) for name in ("time", "time_ns", "localtime", "gmtime", "ctime")),
}
SETS_LOGGING_UP = {("structlog", "configure"), ("logging", "basicConfig"), ("config", "dictConfig")}
#: The one place that asks what time it is, and hands it on.
CLOCK = "bot/app.py"
SAYS_NOTHING = {"base", "common", "helper", "helpers", "misc", "util", "utils"}
#: Longer than the words of a date or of the strip.
SENTENCE = re.compile("[一-鿿，。！？：]{5,}")
WEEKDAYS = "一二三四五六日"
LONGEST_MODULE, USUAL_MODULE, LONGEST_FUNCTION = 400, 200, 60


@dataclass(frozen=True, slots=True)
class Source:
    """One file of the source, by its path below the checkout."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@dataclass(frozen=True, slots=True)
class Import:
    """`import module` (name None) or `from module import name`."""

    line: int
    module: str
    name: str | None

    @property
    def library(self) -> str:
        return self.module.split(".")[0]

    def is_one_of(self, modules: set[str]) -> bool:
        return self.module in modules or f"{self.module}.{self.name}" in modules


def imports(source: Source) -> Iterator[Import]:
    """Every import, inside functions too."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from (Import(node.lineno, module, alias.name) for alias in node.names)


def dotted(node: ast.AST) -> tuple[str, ...]:
    """Give a.b.c as its last two names; empty for anything else."""
    if not isinstance(node, ast.Attribute):
        return ()
    before = node.value
    name = (
        before.id
        if isinstance(before, ast.Name)
        else before.attr
        if isinstance(before, ast.Attribute)
        else ""
    )
    return (name, node.attr)


Rule = Callable[[Source], Iterable[str]]


def arrows(source: Source) -> Iterator[str]:
    """Say which imports go against the arrows: bot -> triage -> knowledge's value types, bot -> knowledge."""
    package = source.path.split("/")[0]
    for found in imports(source):
        if found.module.startswith("."):
            yield f"line {found.line}: write the whole name of the module"
        if package == "knowledge" and found.library in {"bot", "triage"}:
            yield f"line {found.line}: knowledge may not import {found.module}"
        if package == "triage" and found.library == "bot":
            yield f"line {found.line}: triage may not import {found.module}"
        if package == "triage" and found.library == "knowledge" and not found.is_one_of(SHARED_WITH_TRIAGE):
            yield f"line {found.line}: triage may not import {found.module}"
        if found.library in {"tests", "benchmarks"}:
            yield f"line {found.line}: the source may not import {found.module}"


def confinement(source: Source) -> Iterator[str]:
    """Say which libraries are imported outside their place."""
    for found in imports(source):
        allowed = CONFINED.get(found.library, ("*",))
        if not any(fnmatch(source.path, pattern) for pattern in allowed):
            yield f"line {found.line}: {found.library} belongs in {' '.join(allowed) or 'tests only'}"
        if source.path.startswith("knowledge/") and found.library in NOT_IN_KNOWLEDGE:
            yield f"line {found.line}: the knowledge base may not import {found.library}"


def environment(source: Source) -> Iterator[str]:
    """Say where the environment is read; only bot/settings.py does."""
    if source.path == "bot/settings.py":
        return
    for found in imports(source):
        if found.module == "os" and found.name in {"environ", "environb", "getenv"}:
            yield f"line {found.line}: the settings are read in bot/settings.py"
    for node in ast.walk(source.tree):
        if dotted(node) in {("os", "environ"), ("os", "environb"), ("os", "getenv")}:
            yield f"line {node.lineno}: the settings are read in bot/settings.py"  # type: ignore[attr-defined]


def clock(source: Source) -> Iterator[str]:
    """Say where the clock is read; only bot/app.py does (time.monotonic tells no time of day)."""
    if source.path == CLOCK:
        return
    for found in imports(source):
        if found.module == "time" and ("time", found.name) in READS_THE_CLOCK:
            yield f"line {found.line}: `now` is an argument"
    for node in ast.walk(source.tree):
        if dotted(node) in READS_THE_CLOCK:
            yield f"line {node.lineno}: `now` is an argument"  # type: ignore[attr-defined]


def logging_set_up(source: Source) -> Iterator[str]:
    """Say where logging is configured; only bot/logs.py does."""
    for node in ast.walk(source.tree):
        if dotted(node) in SETS_LOGGING_UP and source.path != "bot/logs.py":
            yield f"line {node.lineno}: logging is configured in bot/logs.py"  # type: ignore[attr-defined]


def size(source: Source) -> Iterator[str]:
    """Say what is too long."""
    lines = len(source.text.splitlines())
    if lines > LONGEST_MODULE:
        yield f"{lines} lines, at most {LONGEST_MODULE}"
    for node in ast.walk(source.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"line {node.lineno}: {node.name} has {length} lines, at most {LONGEST_FUNCTION}"


def names(source: Source) -> Iterator[str]:
    """Say which file or folder has a name that says nothing."""
    for part in source.module.split("."):
        if part in SAYS_NOTHING:
            yield f"{part} does not say what is in it"


def no_assert(source: Source) -> Iterator[str]:
    """Say where the source asserts: `python -O` would leave it out."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assert):
            yield f"line {node.lineno}: raise an error instead of assert"


def no_texts(source: Source) -> Iterator[str]:
    """Say where a Chinese text stands in the code of bot or triage."""
    if source.path.startswith("knowledge/"):
        return
    tree = source.tree
    told = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in told:
            for text in SENTENCE.findall(node.value):
                if text != WEEKDAYS:
                    yield f"line {node.lineno}: {text} belongs in YAML"


RULES: tuple[Rule, ...] = (
    *(arrows, confinement, environment, clock, logging_set_up, size, names, no_assert, no_texts),
)


def sources() -> list[Source]:
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in files]


def cycle(of: Iterable[Source]) -> list[str]:
    """Find a circle of imports; gives the modules on it, empty if there is none."""
    by_module = {source.module: source for source in of}
    graph: dict[str, set[str]] = {}
    for module, source in by_module.items():
        targets = {f"{found.module}.{found.name}" for found in imports(source)}
        targets |= {
            found.module for found in imports(source) if f"{found.module}.{found.name}" not in by_module
        }
        graph[module] = targets & by_module.keys()
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_sources_keep(rule: Rule) -> None:
    assert [f"{source.path}: {wrong}" for source in sources() for wrong in rule(source)] == []


def test_no_imports_run_in_a_circle() -> None:
    assert cycle(sources()) == []


def test_most_modules_are_short() -> None:
    lengths = [len(source.text.splitlines()) for source in sources() if source.text.strip()]
    short = sum(length <= USUAL_MODULE for length in lengths)
    assert short / len(lengths) >= 0.8


IMPORT_EVERYTHING = """
import sys, threading
from importlib import import_module

opened = []

def watch(event, arguments):
    writing = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if writing or event in {"socket.connect", "socket.bind", "sqlite3.connect", "os.mkdir", "os.exec"}:
        opened.append(f"{event} {arguments}")

sys.addaudithook(watch)
for name in sys.argv[1:]:
    before = len(opened)
    import_module(name)
    for what in opened[before:]:
        print(name, what)
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        print("a thread was started:", thread.name)
"""


def import_everything(*modules: str, path: Path = ROOT) -> str:
    """Import the modules one after the other in a new process; gives what they did beside being imported."""
    # Settings read at import would fail on these values.
    wrong = {"DAOZHANG_PORT": "not a port", "DAOZHANG_LOG_LEVEL": "not a level"}
    command = [sys.executable, "-B", "-W", "error", "-c", IMPORT_EVERYTHING, *modules]
    ended = subprocess.run(
        command, cwd=path, env=os.environ | wrong, capture_output=True, text=True, check=False, timeout=60
    )
    return ended.stdout + ended.stderr


def test_importing_does_nothing() -> None:
    run_by_alembic = {"triage.migrations.env"}
    modules = {source.module for source in sources()} - run_by_alembic
    assert import_everything(*sorted(modules)) == ""


PLANTED: list[tuple[Rule, str, str]] = [
    (arrows, "knowledge/engine.py", "import bot.talk.state"),
    (arrows, "knowledge/engine.py", "from triage import model"),
    (arrows, "knowledge/engine.py", "def late():\n    from triage.model import Ticket"),
    (arrows, "triage/tickets.py", "from bot.talk.state import Talk"),
    (arrows, "triage/tickets.py", "import knowledge"),
    (arrows, "triage/tickets.py", "from knowledge.engine import diagnose"),
    (arrows, "triage/tickets.py", "from knowledge import model, engine"),
    (arrows, "bot/turn.py", "from . import talk"),
    (arrows, "bot/turn.py", "from tests.service import Service"),
    (confinement, "bot/turn.py", "from telegram import Update"),
    (confinement, "bot/channels/web.py", "import telegram.ext"),
    (confinement, "knowledge/loader.py", "import fastapi"),
    (confinement, "bot/talk/conversation.py", "from sqlalchemy import select"),
    (confinement, "knowledge/model.py", "from sqlmodel import SQLModel"),
    (confinement, "triage/tickets.py", "from starlette.requests import Request"),
    (confinement, "triage/store.py", "from pydantic_settings import BaseSettings"),
    (confinement, "bot/talk/conversation.py", "from rapidfuzz import fuzz"),
    (confinement, "knowledge/engine.py", "import structlog"),
    (confinement, "triage/store.py", "import sqlite3"),
    (confinement, "knowledge/loader.py", "import urllib.request"),
    (environment, "bot/app.py", "import os\nhome = os.environ['HOME']"),
    (environment, "triage/store.py", "from os import getenv"),
    (clock, "knowledge/engine.py", "from datetime import datetime\nnow = datetime.now()"),
    (clock, "triage/tickets.py", "import datetime as dt\nnow = dt.datetime.now(dt.UTC)"),
    (clock, "bot/turn.py", "from datetime import date\ntoday = date.today()"),
    (clock, "bot/turn.py", "import time\nstarted = time.time()"),
    (clock, "bot/turn.py", "from time import time_ns"),
    (clock, "triage/model.py", "created = Field(default_factory=datetime.now)"),
    (clock, "triage/model.py", "from sqlalchemy import func\ncreated = func.now()"),
    (logging_set_up, "bot/app.py", "import structlog\nstructlog.configure()"),
    (size, "bot/turn.py", "x = 1\n" * (LONGEST_MODULE + 1)),
    (size, "bot/turn.py", "class A:\n    async def f(self):\n" + "        x = 1\n" * LONGEST_FUNCTION),
    (names, "triage/utils.py", ""),
    (names, "knowledge/common/dates.py", ""),
    (names, "bot/base/__init__.py", ""),
    (no_assert, "triage/tickets.py", "def f(x):\n    assert x"),
    (no_texts, "bot/talk/menu.py", "x = f'预计{day}到账，请留意。'"),
]


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED)
def test_a_planted_violation_is_found(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Source(path, text))) != []


KEPT: list[tuple[Rule, str, str]] = [
    (no_texts, "bot/talk/menu.py", "def f(day):\n    '''Write 预计今天到账.'''\n    return f'{day}日前'"),
    (arrows, "bot/turn.py", "from triage.store import Store\nfrom knowledge.engine import diagnose"),
    (
        arrows,
        "triage/tickets.py",
        "from knowledge.model import Fact\nfrom knowledge import calendar, yaml_source",
    ),
    (confinement, "bot/channels/telegram/service.py", "from telegram import Update"),
    (clock, "bot/app.py", "from datetime import UTC, datetime\nnow = datetime.now(UTC)"),
    (
        clock,
        "knowledge/engine.py",
        "import time\nfrom datetime import time as hour\nx = time.monotonic(), hour(9)",
    ),
    (size, "bot/turn.py", "def f():\n" + "    x = 1\n" * (LONGEST_FUNCTION - 1)),
]


@pytest.mark.parametrize(("rule", "path", "text"), KEPT)
def test_what_is_allowed_is_not_found(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Source(path, text))) == []


def test_a_planted_circle_is_found() -> None:
    planted = [
        Source("bot/one.py", "from bot import two"),
        Source("bot/two.py", "def late():\n    from bot.three import x"),
        Source("bot/three.py", "import bot.one"),
    ]
    assert set(cycle(planted)) == {"bot.one", "bot.two", "bot.three"}
    assert cycle(planted[:2]) == []


@pytest.mark.parametrize(
    "text",
    [
        "import socket\nsocket.socket().bind(('127.0.0.1', 0))",
        "import sqlite3\nsqlite3.connect(':memory:')",
        "open('left-behind', 'w').close()",
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()",
        "import warnings\nwarnings.warn('old', DeprecationWarning)",
        "from bot.settings import Settings\nSettings()",
    ],
)
def test_a_module_that_does_something_at_import_is_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "planted.py").write_text(text)
    assert import_everything("planted", path=tmp_path) != ""
