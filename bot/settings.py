"""The settings: the only reader of the environment."""

import re
from datetime import time
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from triage.vault import Vault, VaultError

#: As @BotFather writes them, and as Telegram takes them.
TELEGRAM_TOKEN, TELEGRAM_SECRET = r"[0-9]+:[A-Za-z0-9_-]+", r"[A-Za-z0-9_-]{1,256}"
DATABASES = ("sqlite:///", "postgresql+psycopg://")


class SettingsError(Exception):
    """Settings that are wrong; the message names every one of them."""


class Settings(BaseSettings):
    """DAOZHANG_<NAME> from the environment, then .env; described in .env.example."""

    model_config = SettingsConfigDict(
        env_prefix="DAOZHANG_", env_file=".env", env_ignore_empty=True, extra="ignore"
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    public_url: str = ""
    data_dir: Path = Path("var")
    knowledge_dir: Path | None = None
    directory_url: str = ""
    directory_token: SecretStr = SecretStr("")
    database_url: SecretStr = SecretStr("")
    secret_key: SecretStr = SecretStr("")
    telegram_token: SecretStr = SecretStr("")
    telegram_webhook_url: str = ""
    telegram_webhook_secret: SecretStr = SecretStr("")
    telegram_api_url: str = ""
    telegram_agent_group: int | None = None
    telegram_agent_language: Literal["zh", "en"] = "zh"
    attachment_days: int = Field(default=30, ge=1, le=3650)
    secure_cookies: bool = False
    service_opens: time = time(9)
    service_closes: time = time(18)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not value.get_secret_value().startswith(DATABASES):
            message = f"begin it with {' or '.join(DATABASES)}"
            raise ValueError(message)
        return value

    @field_validator("secret_key")
    @classmethod
    def _usable_key(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            try:
                Vault(value.get_secret_value())
            except VaultError as error:
                raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.service_opens >= self.service_closes:
            message = "DAOZHANG_SERVICE_OPENS must be earlier than DAOZHANG_SERVICE_CLOSES"
            raise ValueError(message)
        return self

    @field_validator("telegram_token")
    @classmethod
    def _token_of_a_bot(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not re.fullmatch(TELEGRAM_TOKEN, value.get_secret_value()):
            message = "write it as @BotFather gave it: digits, a colon, letters"
            raise ValueError(message)
        return value

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _secret_of_a_webhook(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not re.fullmatch(TELEGRAM_SECRET, value.get_secret_value()):
            message = "use 1 to 256 letters, digits, _ and - (Telegram takes no others)"
            raise ValueError(message)
        return value

    @field_validator("telegram_webhook_url", "telegram_api_url")
    @classmethod
    def _address_of_telegram(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            message = "begin it with https:// (or http:// for a Bot API server of your own)"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _webhook_is_guarded(self) -> Self:
        if self.telegram_webhook_url and not self.telegram_webhook_secret.get_secret_value():
            message = (
                "DAOZHANG_TELEGRAM_WEBHOOK_URL needs DAOZHANG_TELEGRAM_WEBHOOK_SECRET: without it anybody "
                "could send updates; take 32 random letters and digits"
            )
            raise ValueError(message)
        if self.telegram_webhook_url and not self.telegram_token.get_secret_value():
            message = "DAOZHANG_TELEGRAM_WEBHOOK_URL needs DAOZHANG_TELEGRAM_TOKEN"
            raise ValueError(message)
        return self

    @field_validator("telegram_agent_group")
    @classmethod
    def _number_of_a_supergroup(cls, value: int | None) -> int | None:
        if value is not None and not str(value).startswith("-100"):
            message = "write the number of a supergroup, which begins with -100 (docs/telegram.md)"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _group_has_a_bot(self) -> Self:
        if self.telegram_agent_group is not None and not self.telegram_token.get_secret_value():
            message = "DAOZHANG_TELEGRAM_AGENT_GROUP needs DAOZHANG_TELEGRAM_TOKEN"
            raise ValueError(message)
        return self

    @field_validator("knowledge_dir")
    @classmethod
    def _existing_folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            message = f"{value} is no folder; make it, or leave the setting empty"
            raise ValueError(message)
        return value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.absolute()

    @property
    def database(self) -> str:
        """URL of the database in use."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.data_dir / 'daozhang.db'}"

    @property
    def address(self) -> str:
        """The address that people use, without a slash at the end."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"


def read_settings() -> Settings:
    """Read the settings; raises SettingsError."""
    try:
        return Settings()
    except ValidationError as problem:
        message = "the settings are wrong (see .env.example)\n  " + "\n  ".join(mistakes(problem))
        raise SettingsError(message) from None


def mistakes(problem: ValidationError) -> list[str]:
    """Say what is wrong with which setting."""
    return [f"DAOZHANG_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in problem.errors()]
