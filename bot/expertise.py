"""The knowledge in use and what is built on it, loaded anew when somebody saves an edit."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import TypeVar

import structlog

from bot.outages import Outages
from bot.talk.conversation import Conversation
from bot.talk.wording import Wording
from knowledge.loader import PACKAGED, KnowledgeBase, data_files, load_knowledge
from knowledge.yaml_source import KnowledgeError, Mistake, read_texts
from triage import routing
from triage.service_hours import ServiceHours

TEXTS = Path(__file__).parent / "talk" / "texts.yaml"
ROUTING = routing.PACKAGED
Value = TypeVar("Value")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expertise:
    """One version of the knowledge base with everything that rests on it."""

    knowledge: KnowledgeBase
    wording: Wording
    hours: ServiceHours
    router: routing.Router
    conversation: Conversation
    outages: Outages


class LiveExpertise:
    """The newest version without a mistake."""

    def __init__(self, opens: time, closes: time, own: Path | None = None, folder: Path = PACKAGED) -> None:
        """Load it; raises KnowledgeError with every mistake of the authors.

        opens, closes: service hours. own: the operator's folder, laid over the packaged one.
        """
        self._opens = opens
        self._closes = closes
        self._folders = (folder, own)
        self._seen = self._fingerprint()
        self.current = self._load()
        #: What is wrong with the newest edit, while the last good version stays in use.
        self.mistakes: tuple[Mistake, ...] = ()

    def look_again(self) -> None:
        """Take up what was saved since; a broken edit is refused and its mistakes are kept for the desk."""
        seen = self._fingerprint()
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self.current = self._load()
        except KnowledgeError as error:
            self.mistakes = error.mistakes
            _log.warning("edit of the knowledge base refused", mistakes=[str(m) for m in self.mistakes])
        else:
            self.mistakes = ()
            _log.info("knowledge base loaded", version=self.current.knowledge.version)

    def _load(self) -> Expertise:
        knowledge = load_knowledge(*self._folders)
        wording = Wording(read_texts(TEXTS), knowledge)
        hours = ServiceHours(knowledge.calendar, self._opens, self._closes)
        return Expertise(
            knowledge=knowledge,
            wording=wording,
            hours=hours,
            router=routing.load_routing(hours, knowledge.causes, knowledge.facts, ROUTING),
            conversation=Conversation(knowledge, wording, hours),
            outages=Outages(knowledge, wording, hours),
        )

    def _fingerprint(self) -> frozenset[tuple[str, int, int]]:
        """Tell one state of the folders from another, by name, size and time of every file."""
        files = [ROUTING, *(path for folder in self._folders if folder for path in data_files(folder))]
        return frozenset((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files)


class LiveMapping(Mapping[str, Value]):
    """A mapping that is looked up anew at every use."""

    def __init__(self, look_up: Callable[[], Mapping[str, Value]]) -> None:
        self._look_up = look_up

    def __getitem__(self, key: str) -> Value:
        return self._look_up()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._look_up())

    def __len__(self) -> int:
        return len(self._look_up())
