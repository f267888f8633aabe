"""Rendering: the desk with its texts, templates and static files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from knowledge.model import Text
from knowledge.yaml_source import read_texts
from triage.accounts import Session
from triage.desk.alarms import alarms
from triage.desk.deps import DeskDeps
from triage.desk.words import TEXTS, Words, language_of
from triage.model import ticket_number

HERE = Path(__file__).parent
#: The static files, each with its media type.
MEDIA_TYPES: Mapping[str, str] = {
    "desk.css": "text/css; charset=utf-8",
    "desk.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
#: The queues of the house, in the order in which lists show them.
QUEUES = ("settlement", "risk", "channel", "merchant_data", "field", "complaints")


@dataclass(frozen=True, slots=True)
class Desk:
    """What every page needs."""

    deps: DeskDeps
    texts: Mapping[str, Text]
    environment: Environment
    #: Name -> content.
    static: Mapping[str, bytes]

    @classmethod
    def load(cls, deps: DeskDeps) -> Self:
        """Read texts, templates and static files; raises KnowledgeError for a text without both languages."""
        environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        static = {name: (HERE / "static" / name).read_bytes() for name in MEDIA_TYPES}
        versions = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in static.items()}
        environment.globals |= {
            "static": lambda name: f"/desk/static/{name}?v={versions[name]}",
            "number_of": ticket_number,
            "queues": QUEUES,
        }
        return cls(deps, read_texts(TEXTS), environment, static)

    def words(self, request: Request) -> Words:
        """Give the words of the page that answers a request."""
        return Words(self.texts, language_of(request), self.deps.clock())

    def render(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        session: Session | None = None,
        **context: Any,
    ) -> HTMLResponse:
        """Render a page; templates know w (words), say, session, notices, alarms and the context."""
        words = context.pop("w", None) or self.words(request)
        page = self.environment.get_template(template).render(
            w=words,
            say=words.say,
            session=session,
            notices=self.deps.notices(words.language) if session else (),
            alarms=self.deps.store.read(alarms) if session else None,
            switch=_switch(request, words),
            **context,
        )
        return HTMLResponse(page, status)

    def message(
        self, request: Request, key: str, *, status: int, session: Session | None = None
    ) -> HTMLResponse:
        """Render a page that says one thing: texts `<key>_title` and `<key>_text`."""
        return self.render(request, "message.html", status=status, session=session, key=key)


def _switch(request: Request, words: Words) -> str:
    """Give the address of this page in the other language; of the list, where this one cannot be fetched."""
    path = request.url.path if request.method == "GET" else "/desk"
    kept = {key: value for key, value in request.query_params.items() if key != "lang"}
    other = "zh" if words.language == "en" else "en"
    return f"{quote(path)}?{urlencode(kept | {'lang': other})}"
