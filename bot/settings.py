"""The settings: the only reader of the environment."""

from datetime import time
from pathlib import Path
from typing import Literal

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """DAOZHANG_<NAME> from the environment, then .env; described in .env.example."""

    model_config = SettingsConfigDict(
        env_prefix="DAOZHANG_", env_file=".env", env_ignore_empty=True, extra="ignore"
    )

    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    data_dir: Path = Path("var")
    database_url: SecretStr = SecretStr("")
    secret_key: SecretStr = SecretStr("")
    secure_cookies: bool = False
    service_opens: time = time(9)
    service_closes: time = time(18)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

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
