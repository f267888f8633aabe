"""The settings, and .env.example, which describes them to people."""

import re
from datetime import time
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr, ValidationError

from bot.settings import Settings
from triage.vault import new_key

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / ".env.example"


def example() -> dict[str, str]:
    """Give the lines of .env.example: name without prefix, small letters -> value."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    found = [
        re.fullmatch(r"DAOZHANG_([A-Z_]+)=(.*)", line) for line in lines if line and not line.startswith("#")
    ]
    assert all(found), "every line is a comment or DAOZHANG_NAME=value"
    return {match[1].lower(): match[2] for match in found if match}


def as_written(value: object) -> str:
    """Write a setting's default as a person writes it into .env."""
    match value:
        case SecretStr():
            return value.get_secret_value()
        case time():
            return value.isoformat("minutes")
        case bool():
            return str(value).lower()
        case None:
            return ""
    return str(value)


def test_the_example_names_every_setting_with_its_default() -> None:
    defaults = {name: as_written(field.default) for name, field in Settings.model_fields.items()}
    assert example() == defaults


def test_every_setting_is_explained() -> None:
    """Above each line, or above the group that it stands in, is a comment."""
    before = ""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        assert not line.startswith("DAOZHANG_") or before.startswith(("#", "DAOZHANG_"))
        before = line


def test_a_copy_of_the_example_changes_nothing() -> None:
    assert Settings(_env_file=EXAMPLE) == Settings()


CHANGED = {
    "host": "0.0.0.0",
    "port": "8123",
    "public_url": "https://pay.example.com/",
    "data_dir": "/srv/daozhang",
    "knowledge_dir": "/usr",
    "directory_url": "https://directory.example.com",
    "directory_token": "a token",
    "database_url": "postgresql+psycopg://daozhang:secret@db/daozhang",
    "secret_key": "k" * 43 + "=",
    "telegram_token": "123456:AAbb_cc-dd",
    "telegram_webhook_url": "https://pay.example.com/telegram",
    "telegram_webhook_secret": "s3cret-_",
    "telegram_api_url": "http://127.0.0.1:8081",
    "telegram_agent_group": "-1001234567890",
    "telegram_agent_language": "en",
    "attachment_days": "7",
    "secure_cookies": "true",
    "service_opens": "08:30",
    "service_closes": "20:00",
    "log_level": "debug",
}


def test_every_setting_can_be_changed_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CHANGED.keys() == Settings.model_fields.keys()
    for name, value in CHANGED.items():
        monkeypatch.setenv(f"DAOZHANG_{name.upper()}", value)
    settings = Settings()
    assert {name: as_written(getattr(settings, name)) for name in CHANGED} == CHANGED
    assert settings.database == CHANGED["database_url"]
    assert settings.address == "https://pay.example.com"


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("DAOZHANG_PORT=8001\nDAOZHANG_HOST=0.0.0.0\nUNKNOWN=1\n")
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    monkeypatch.setenv("DAOZHANG_PORT", "8002")
    assert (Settings().port, Settings().host) == (8002, "0.0.0.0")


def test_without_any_setting_it_is_sqlite_on_port_8000() -> None:
    settings = Settings()
    assert settings.database == f"sqlite:///{Path('var').absolute() / 'daozhang.db'}"
    assert settings.address == "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("port", "eight", "valid integer"),
        ("port", "65536", "less than or equal to 65535"),
        ("database_url", "mysql://host/name", "postgresql+psycopg://"),
        ("secret_key", "short", "daozhang key"),
        ("knowledge_dir", "/nowhere/at/all", "is no folder"),
        ("telegram_token", "my token", "@BotFather"),
        ("telegram_webhook_url", "pay.example.com/telegram", "https://"),
        ("telegram_webhook_secret", "with a space", "letters, digits"),
        ("telegram_api_url", "api.example.com", "https://"),
        ("telegram_agent_group", "-4012345", "begins with -100"),
        ("secure_cookies", "perhaps", "valid boolean"),
        ("service_opens", "9 o'clock", "time"),
        ("log_level", "loud", "'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_a_bad_value_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(f"DAOZHANG_{name.upper()}", value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    [error] = refused.value.errors()
    assert error["loc"] == (name,)
    assert complaint in error["msg"]


def test_a_webhook_without_a_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAOZHANG_TELEGRAM_TOKEN", "123456:AAbb")
    monkeypatch.setenv("DAOZHANG_TELEGRAM_WEBHOOK_URL", "https://pay.example.com/telegram")
    with pytest.raises(ValidationError, match="needs DAOZHANG_TELEGRAM_WEBHOOK_SECRET"):
        Settings()


def test_a_webhook_without_a_bot_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAOZHANG_TELEGRAM_WEBHOOK_SECRET", "s3cret")
    monkeypatch.setenv("DAOZHANG_TELEGRAM_WEBHOOK_URL", "https://pay.example.com/telegram")
    with pytest.raises(ValidationError, match="needs DAOZHANG_TELEGRAM_TOKEN"):
        Settings()


def test_a_group_of_agents_without_a_bot_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAOZHANG_TELEGRAM_AGENT_GROUP", "-1001234567890")
    with pytest.raises(ValidationError, match="needs DAOZHANG_TELEGRAM_TOKEN"):
        Settings()


def test_the_container_takes_every_setting_of_the_file_but_where_it_runs() -> None:
    service = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["service"]
    assert service["env_file"] == [{"path": ".env", "required": False}]
    own = {"host": "0.0.0.0", "port": "8000", "data_dir": "/data"}
    given = {name.removeprefix("DAOZHANG_").lower(): value for name, value in service["environment"].items()}
    assert given.keys() == {*own, "database_url", "public_url"}
    assert given == given | own


def test_secrets_do_not_show() -> None:
    key = new_key()
    settings = Settings(
        secret_key=SecretStr(key), database_url=SecretStr("postgresql+psycopg://u:hidden@h/d")
    )
    assert key not in repr(settings)
    assert "hidden" not in repr(settings)
