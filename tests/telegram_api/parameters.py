"""What a call brings: JSON, urlencoded or multipart, in the body or the query, read by type."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from starlette.datastructures import UploadFile
from starlette.requests import Request

from tests.telegram_api.errors import ApiError, bad_request

#: Bytes of a body that Telegram's own servers take.
LARGEST_BODY = 50 * 1024 * 1024 + 100_000


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came in a multipart body."""

    name: str
    content: bytes
    mime_type: str


@dataclass(frozen=True, slots=True)
class Parameters:
    """The named values of one call; each reader gives None for what is missing or empty."""

    values: Mapping[str, Any]
    uploads: Mapping[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """Give a string; numbers and booleans in JSON are taken as their text."""
        value = self.values.get(name)
        if value is None or isinstance(value, (dict, list)):
            return None
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str) -> int | None:
        """Give a whole number, from a number or its digits."""
        value = self.text(name)
        if not value or not value.strip():
            return None
        try:
            return int(value)
        except ValueError:
            raise bad_request(f"invalid {name.replace('_', ' ')} specified") from None

    def flag(self, name: str) -> bool:
        """Say whether it is true, "true", 1 or "1"."""
        return (self.text(name) or "").strip().lower() in {"true", "1", "yes", "t"}

    def structure(self, name: str) -> Any:
        """Give an object or a list, from JSON or from a string with JSON in it."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value.strip():
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None

    def strings(self, name: str) -> list[str] | None:
        """Give a list of strings."""
        value = self.structure(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise bad_request(f"can't parse {name}: Expected an Array of String")
        return cast("list[str]", value)

    def for_log(self) -> dict[str, Any]:
        """Give plain values: what was JSON in a string is opened, an upload is its name."""
        opened = {name: self._opened(value) for name, value in self.values.items()}
        return opened | {name: f"<{upload.name}>" for name, upload in self.uploads.items()}

    @staticmethod
    def _opened(value: Any) -> Any:
        if isinstance(value, str) and value[:1] in {"{", "["}:
            try:
                return json.loads(value)
            except ValueError:
                return value
        return value


async def read_parameters(request: Request) -> Parameters:
    """Read query and body; raises ApiError for a body that is too large or cannot be read."""
    values: dict[str, Any] = dict(request.query_params)
    body = await request.body()
    if len(body) > LARGEST_BODY:
        raise ApiError(413, "Request Entity Too Large")
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/json" and body:
        try:
            given = json.loads(body)
        except ValueError:
            raise bad_request("can't parse JSON object") from None
        if not isinstance(given, dict):
            raise bad_request("expected an object")
        return Parameters(values | given)
    if kind not in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        return Parameters(values)
    uploads: dict[str, Upload] = {}
    async with request.form() as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                mime_type = value.content_type or "application/octet-stream"
                uploads[name] = Upload(value.filename or name, await value.read(), mime_type)
            else:
                values[name] = value
    return Parameters(values, uploads)
