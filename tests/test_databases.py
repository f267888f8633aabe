"""Both ways to a PostgreSQL for the tests work on this machine, and leave nothing behind."""

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from tests.databases import installed_postgres, running_postgres


@pytest.mark.parametrize("way", ["installed", "carried"])
def test_a_server_starts_and_leaves_nothing(way: str) -> None:
    programs = installed_postgres() if way == "installed" else None
    if way == "installed" and programs is None:
        pytest.skip("no PostgreSQL installed here; the wheel's is used")
    with running_postgres(programs) as server, server.database() as url:
        address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address) as connection:
            row = connection.execute("SELECT current_setting('fsync'), '到账'").fetchone()
        folder = Path(str(make_url(url).query["host"]))
        assert folder.exists()
    assert row == ("on", "到账")
    assert not folder.exists()
