"""The group itself: its number, and the words that are used in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from knowledge.model import Language, Text
from knowledge.yaml_source import read_texts
from triage.desk import DeskDeps
from triage.desk.words import TEXTS, Words

FORUM_TEXTS = Path(__file__).with_name("texts.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A supergroup with topics in which agents work."""

    chat_id: int
    #: What the desk is given too: the store, the causes, how a fact is said.
    deps: DeskDeps
    #: Address of the service as people use it.
    address: str
    #: Language of cards and buttons.
    language: Language
    texts: Mapping[str, Text]

    @classmethod
    def open(cls, chat_id: int, deps: DeskDeps, address: str, language: Language) -> Self:
        """Read the texts; raises KnowledgeError for one without both languages."""
        texts = {**read_texts(TEXTS), **read_texts(FORUM_TEXTS)}
        return cls(chat_id=chat_id, deps=deps, address=address, language=language, texts=texts)

    def words(self, now: datetime, language: Language | None = None) -> Words:
        """Give the words for a moment."""
        return Words(self.texts, language or self.language, now)
