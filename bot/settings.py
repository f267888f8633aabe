"""The settings: the only reader of the environment."""

from datetime import time
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from triage.vault import Vault, VaultError

DATABASES = ("sqlite:///", "postgresql+psycopg://")


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
