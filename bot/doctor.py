"""What `daozhang doctor` looks at in this house: each check gives one line that says what to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from bot.control import is_running
from bot.expertise import LiveExpertise
from bot.settings import Settings
from knowledge.calendar import SHANGHAI
from knowledge.yaml_source import KnowledgeError
from triage.inspection import Shape, shape_of
from triage.store import StoreError
from triage.vault import Vault, VaultError

Status = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor."""

    #: What was looked at, in one or two words.
    check: str
    status: Status
    #: What is so, and what to do where it is not well.
    text: str


def ok(check: str, text: str) -> Finding:
    """Say that all is well."""
    return Finding(check=check, status="ok", text=text)


def warning(check: str, text: str) -> Finding:
    """Say that it works, but somebody should look."""
    return Finding(check=check, status="warning", text=text)


def error(check: str, text: str) -> Finding:
    """Say that it does not work like this."""
    return Finding(check=check, status="error", text=text)


def look_around(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Check everything but the platforms; writes nothing, and takes no lock from a running service."""
    yield _service(settings)
    yield _database(settings)
    yield _secret_key(settings)
    yield from _knowledge(settings, now)


def _service(settings: Settings) -> Finding:
    if is_running(settings.data_dir):
        return ok("service", f"runs, with its data in {settings.data_dir}")
    return warning("service", f"does not run on the data in {settings.data_dir}; start it with `make run`")


def _database(settings: Settings) -> Finding:
    kind = "PostgreSQL" if settings.database.startswith("postgresql") else "SQLite"
    try:
        shape = shape_of(settings.database)
    except StoreError as problem:
        where = "DAOZHANG_DATABASE_URL" if settings.database_url.get_secret_value() else "DAOZHANG_DATA_DIR"
        return error("database", f"{kind} cannot be read ({_one_line(problem)}); check {where}")
    return {
        Shape.CURRENT: ok("database", f"{kind}, with all its tables"),
        Shape.NOTHING: ok("database", f"{kind}, still empty; the first start makes its tables"),
        Shape.OLDER: warning("database", f"{kind}, of an older version; the next start brings it up to date"),
        Shape.NEWER: error("database", f"{kind}, of a newer version of this program; install that version"),
    }[shape]


def _secret_key(settings: Settings) -> Finding:
    if settings.secret_key.get_secret_value():
        return ok("secret key", "from DAOZHANG_SECRET_KEY")
    path = Path(settings.data_dir / "secret.key")
    try:
        Vault(path.read_text().strip())
    except FileNotFoundError:
        return ok("secret key", f"not there yet; the first start makes one in {path}")
    except (OSError, VaultError) as problem:
        return error("secret key", f"{path} cannot be used ({_one_line(problem)}); put the right key back")
    if settings.database.startswith("postgresql"):
        return warning(
            "secret key",
            f"in {path}; where several services share the database, set DAOZHANG_SECRET_KEY for all of them",
        )
    return ok("secret key", f"in {path}; keep a copy: without it phone numbers cannot be read")


def _knowledge(settings: Settings, now: datetime) -> Iterator[Finding]:
    try:
        live = LiveExpertise(settings.service_opens, settings.service_closes, settings.knowledge_dir)
    except KnowledgeError as problem:
        yield error("knowledge", f"{_one_line(problem)}; `daozhang kb check` lists every mistake")
        return
    knowledge = live.current.knowledge
    yield ok("knowledge", f"{len(knowledge.causes)} causes, {len(knowledge.facts)} facts")
    today = now.astimezone(SHANGHAI).date()
    left = knowledge.calendar.days_left(today)
    if left <= 0:
        yield error("calendar", "has ended; add this year's file (docs/knowledge-base.md)")
    elif knowledge.calendar.ends_soon(today):
        yield warning("calendar", f"ends in {left} days; add next year's file (docs/knowledge-base.md)")
    else:
        yield ok("calendar", f"reaches {left} days ahead")


def _one_line(problem: Exception) -> str:
    """Give the first line of a problem."""
    lines = str(problem).strip().splitlines()
    return lines[0].strip() if lines else type(problem).__name__
