"""The merchant's chat page: its templates, style and script."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template

from knowledge.model import Language, Text
from knowledge.yaml_source import read_texts

HERE = Path(__file__).parent
#: File -> media type; these are served under /page/.
MEDIA_TYPES: Mapping[str, str] = {
    "chat.css": "text/css; charset=utf-8",
    "chat.js": "text/javascript; charset=utf-8",
    "files.js": "text/javascript; charset=utf-8",
    "calls.js": "text/javascript; charset=utf-8",
    "strip.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Page:
    """The chat page, the question before it is switched to another talk, and the files that they need."""

    #: Name under /page/ -> content, media type.
    files: Mapping[str, tuple[bytes, str]]
    texts: Mapping[str, Text]
    chat: Template
    switch: Template

    def render(self, language: str, version: str) -> str:
        """Give the page's HTML in a language ("en", else Chinese); version is the program's, shown small."""
        return self._fill(self.chat, language, version=version)

    def ask_to_switch(self, language: str, link: str) -> str:
        """Give the page that asks whether to leave the talk of this browser for that of a link (its path)."""
        return self._fill(self.switch, language, link=link)

    def _fill(self, template: Template, language: str, **values: str) -> str:
        chosen: Language = "en" if language == "en" else "zh"
        return template.render(
            language=chosen,
            texts={key: text.to(chosen) for key, text in self.texts.items()},
            address={name: self.address(name) for name in self.files},
            **values,
        )

    def address(self, name: str) -> str:
        """Give a file's address, with its content hash, so that it may be cached for ever."""
        content, _ = self.files[name]
        return f"/page/{name}?v={sha256(content).hexdigest()[:12]}"


def load_page() -> Page:
    """Read the page's files; raises KnowledgeError when a text lacks a language, OSError when one is gone."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return Page(
        files={name: ((HERE / name).read_bytes(), media) for name, media in MEDIA_TYPES.items()},
        texts=read_texts(HERE / "texts.yaml"),
        chat=environment.from_string((HERE / "chat.html").read_text(encoding="utf-8")),
        switch=environment.from_string((HERE / "switch.html").read_text(encoding="utf-8")),
    )
