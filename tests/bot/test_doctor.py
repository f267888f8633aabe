"""`daozhang doctor` as it is typed: what it finds, and that it disturbs nobody."""

import asyncio
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.channels.telegram.checkup import ask_telegram
from bot.channels.telegram.service import TelegramSettings
from bot.commands.main import cli
from tests.bot.telegram_service import SECRET, TelegramService
from tests.databases import PostgresServer
from tests.telegram_api.control import RunningServer, TelegramApi
from tests.telegram_api.faults import Fault, migrated
from tests.telegram_api.people import Group
from triage import inspection
from triage.inspection import shape_of
from triage.store import Store

HOOK, OTHER = "https://pay.example.com/telegram", "https://other.example.com/"
MANAGE, PIN, DELETE = "can_manage_topics", "can_pin_messages", "can_delete_messages"


@pytest.fixture(scope="module")
def api() -> Iterator[TelegramApi]:
    server = RunningServer()
    try:
        yield TelegramApi(server)
    finally:
        server.close()


@dataclass
class Doctor:
    """The doctor of a house with its own data folder."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    def run(self, *words: str, exit_code: int, **settings: object) -> str:
        given = {"data_dir": str(self.folder)} | self.settings | {k: str(v) for k, v in settings.items()}
        environment = {f"DAOZHANG_{name.upper()}": value for name, value in given.items()}
        result = CliRunner(env=environment | {"COLUMNS": "200"}).invoke(cli, ["doctor", *words])
        assert result.exit_code == exit_code, result.output
        return result.output

    def finds(self, exit_code: int = 0, **settings: object) -> dict[str, tuple[str, str]]:
        """Give check -> (status, text)."""
        said: dict[str, Any] = json.loads(self.run("--json", exit_code=exit_code, **settings))
        assert said["ok"] == (exit_code == 0)
        return {one["check"]: (one["status"], one["text"]) for one in said["checks"]}


@pytest.fixture
def house(tmp_path: Path) -> Doctor:
    return Doctor(tmp_path / "data")


@pytest.fixture
def doctor(house: Doctor, api: TelegramApi) -> Doctor:
    house.settings = {"telegram_token": api.token, "telegram_api_url": api.url}
    return house


def test_a_house_before_its_first_start(house: Doctor) -> None:
    found = house.finds()
    assert {check: status for check, (status, _) in found.items() if check != "calendar"} == {
        "settings": "ok",
        "service": "warning",
        "database": "ok",
        "secret key": "ok",
        "knowledge": "ok",
        "telegram": "ok",
    }
    assert "is off" in found["telegram"][1]
    assert not house.folder.exists(), "it only looks"


def test_people_get_a_page(house: Doctor) -> None:
    page = house.run(exit_code=0)
    assert "✓  settings" in page
    assert "!  service" in page


def test_wrong_settings(house: Doctor) -> None:
    found = house.finds(1, telegram_webhook_url="https://pay.example.com/x")
    assert found.keys() == {"settings"}
    assert "DAOZHANG_TELEGRAM_WEBHOOK_SECRET" in found["settings"][1]


def test_a_database_by_its_shape(
    house: Doctor, empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database_url = empty_database_url
    assert shape_of(database_url) == "nothing"
    store = Store(database_url)
    try:
        store.migrate()
        assert shape_of(database_url) == "current"
        newer = shutil.copytree(inspection.MIGRATIONS, tmp_path / "migrations")
        (newer / "versions" / "9998_more.py").write_text("revision, down_revision = '9998', '0001'\n")
        with monkeypatch.context() as patched:
            patched.setattr(inspection, "MIGRATIONS", newer)
            assert shape_of(database_url) == "older"
        change = "UPDATE alembic_version SET version_num = '9999'"
        store.write(lambda tx: tx.connection.exec_driver_sql(change))
        found = house.finds(1, database_url=database_url)["database"]
        assert (found[0], "of a newer version" in found[1]) == ("error", True)
    finally:
        store.close()


def test_a_database_that_is_away(house: Doctor, postgres: PostgresServer) -> None:
    away = postgres.url.set(database="nobody_made_this").render_as_string(hide_password=False)
    status, text = house.finds(1, database_url=away)["database"]
    assert (status, "DAOZHANG_DATABASE_URL" in text) == ("error", True)


def test_a_broken_key_and_a_broken_knowledge_base(house: Doctor, tmp_path: Path) -> None:
    house.folder.mkdir()
    (house.folder / "secret.key").write_text("no key\n")
    own = tmp_path / "own"
    (own / "causes").mkdir(parents=True)
    (own / "causes/bad.yaml").write_text("title: {zh: 坏的}\n")
    found = house.finds(1, knowledge_dir=own)
    assert found["secret key"][0] == "error"
    assert found["knowledge"][0] == "error"
    assert "causes/bad.yaml" in found["knowledge"][1]


def test_a_running_service_is_not_disturbed(api: TelegramApi, tmp_path: Path) -> None:
    with TelegramService(tmp_path, api, "polling") as service:
        doctor = Doctor(service.data_dir, {"telegram_token": api.token, "telegram_api_url": api.url})
        api.wait_for(lambda: api.calls("getUpdates"))
        before = len(api.calls("getUpdates")), len(api.calls("deleteWebhook"))
        found = doctor.finds()
        assert found["service"][0] == "ok"
        assert found["database"] == ("ok", "SQLite, with all its tables")
        assert found["updates"] == ("ok", "updates are fetched (long polling)")
        assert (len(api.calls("getUpdates")), len(api.calls("deleteWebhook"))) == before
        user = api.user()
        user.send("/help")
        service.hear(user, 1)
        assert service.terminate().code == 0
        assert "error" not in service.log()


def ask(api: TelegramApi, group: int | None = None, hook: str = "") -> dict[str, tuple[str, str]]:
    """Ask Telegram alone: check -> (status, text)."""
    settings = TelegramSettings(
        token=api.token, api_url=api.url, webhook_url=hook, webhook_secret=SECRET if hook else ""
    )
    found = asyncio.run(ask_telegram(settings, group, datetime.now(UTC)))
    return {one.check: (one.status, one.text) for one in found}


def test_the_way_that_updates_come(doctor: Doctor, api: TelegramApi) -> None:
    status, text = doctor.finds(1, telegram_webhook_url=HOOK, telegram_webhook_secret=SECRET)["updates"]
    assert (status, "nowhere" in text) == ("error", True)
    api.fail_next("getWebhookInfo", webhook(HOOK))
    assert ask(api, hook=HOOK)["updates"] == ("ok", f"updates come to {HOOK}")
    api.fail_next("getWebhookInfo", webhook(OTHER))
    status, text = ask(api)["updates"]
    assert (status, f"a webhook is set ({OTHER})" in text) == ("error", True)
    api.fail_next("getWebhookInfo", webhook(OTHER))
    status, text = ask(api, hook=HOOK)["updates"]
    assert (status, OTHER in text, HOOK in text) == ("error", True, True)


def test_a_webhook_that_fails_and_updates_that_wait(api: TelegramApi) -> None:
    failed = {"last_error_message": "SSL error {certificate verify failed}"}
    at = int(time.time())
    api.fail_next("getWebhookInfo", webhook(HOOK, last_error_date=at, pending_update_count=7, **failed))
    found = ask(api, hook=HOOK)
    assert found["webhook"][0] == "warning"
    assert "certificate verify failed" in found["webhook"][1]
    assert found["waiting"] == ("ok", "7 updates wait at Telegram")
    long_ago = {"last_error_date": at - 7200, "pending_update_count": 400}
    api.fail_next("getWebhookInfo", webhook(HOOK, **long_ago, **failed))
    found = ask(api, hook=HOOK)
    assert "webhook" not in found, "that has passed"
    assert found["waiting"][0] == "warning"


def test_the_agents_group(doctor: Doctor, api: TelegramApi) -> None:
    good, was_in = api.group(rights=[MANAGE, PIN, DELETE]), api.group()
    was_in.set_bot("left")
    cases: list[tuple[Group, str, str]] = [
        (good, "ok", "topics are on"),
        (api.group(rights=[MANAGE, PIN]), "warning", "may not delete messages"),
        (api.group(rights=[DELETE, PIN]), "error", "may not manage topics;"),
        (api.group(rights=[]), "error", "may not manage topics nor pin messages"),
        (api.group(bot="member"), "error", "privacy mode hides"),
        (was_in, "error", "the bot is not in"),
        (api.group(bot="left"), "error", "is not known to the bot"),
        (api.group(forum=False), "error", "has no topics"),
    ]
    for group, status, said in cases:
        found = ask(api, group.id)["agents' group"]
        assert (found[0], said in found[1]) == (status, True), found
    api.fail_next("getChat", migrated(-1001234567890))
    found = doctor.finds(1, telegram_agent_group=good.id)["agents' group"]
    assert "set DAOZHANG_TELEGRAM_AGENT_GROUP=-1001234567890" in found[1]


def test_privacy_mode_matters_to_a_bot_without_rights_only(api: TelegramApi) -> None:
    group = api.group(bot="member")
    api.set_privacy(on=False)
    try:
        found = ask(api, group.id)["agents' group"]
    finally:
        api.set_privacy(on=True)
    assert "is no administrator" in found[1]
    assert "privacy" not in found[1]


@pytest.mark.parametrize("fault", ["401", "502 html", "truncated json", "reset after body"])
def test_a_telegram_that_does_not_serve(doctor: Doctor, api: TelegramApi, fault: str) -> None:
    api.fail_next("getMe", fault)
    said = doctor.run("--json", exit_code=1)
    assert api.token not in said
    assert api.token.split(":")[1] not in said
    found = {one["check"]: one for one in json.loads(said)["checks"]}
    assert found["telegram"]["status"] == "error"
    expected = "DAOZHANG_TELEGRAM_TOKEN" if fault == "401" else "DAOZHANG_TELEGRAM_API_URL"
    assert expected in found["telegram"]["text"]
    assert "updates" not in found


def test_a_telegram_that_is_away(doctor: Doctor, api: TelegramApi) -> None:
    with api.outage("refuse"):
        status, text = doctor.finds(1)["telegram"]
    assert (status, "127.0.0.1 cannot be used (ConnectError)" in text) == ("error", True)


def webhook(url: str, **more: Any) -> Fault:
    """Answer getWebhookInfo as Telegram would of a webhook somewhere in the world."""
    info = {"url": url, "has_custom_certificate": False, "pending_update_count": 0} | more
    return Fault("answer", body=json.dumps({"ok": True, "result": info}))
