"""Looking at a database without touching it: whether it is there, and which shape its tables have."""

from enum import StrEnum
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from triage.store import StoreError, known_url

#: Seconds that a database server may take to answer.
PATIENCE_SECONDS = 5
MIGRATIONS = Path(__file__).parent / "migrations"


class Shape(StrEnum):
    """What there is, measured by what this program needs."""

    #: No file yet, or no tables: the first start makes them.
    NOTHING = "nothing"
    #: The next start brings the tables up to date.
    OLDER = "older"
    CURRENT = "current"
    #: A newer version of this program was here.
    NEWER = "newer"


def shape_of(address: str) -> Shape:
    """Look at a database's tables, reading only; raises StoreError when it cannot be reached."""
    url = known_url(address)
    if url.get_backend_name() == "sqlite":
        if not Path(url.database or "").is_file():
            return Shape.NOTHING
        engine = create_engine(
            f"sqlite:///file:{Path(url.database or '').absolute()}?mode=ro&uri=true", poolclass=NullPool
        )
    else:
        patience = {"connect_timeout": PATIENCE_SECONDS}
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=patience)
    revision = _revision(engine)
    scripts = ScriptDirectory(str(MIGRATIONS))
    if revision is None:
        return Shape.NOTHING
    if revision == scripts.get_current_head():
        return Shape.CURRENT
    known = {script.revision for script in scripts.walk_revisions()}
    return Shape.OLDER if revision in known else Shape.NEWER


def _revision(engine: Engine) -> str | None:
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        raise StoreError(str(error.__cause__ or type(error).__name__)) from None
