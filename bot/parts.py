"""The parts that every way in needs, put together: the database, the expertise, the turn."""

from dataclasses import dataclass

from bot.expertise import LiveExpertise
from bot.outages import Outages
from bot.talk.conversation import Conversation
from bot.talk.wording import Wording
from bot.turn import Turns
from knowledge.loader import KnowledgeBase
from triage.directory import Directory, StoredDirectory
from triage.store import Store
from triage.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts, ready to use; what rests on the knowledge base is its newest version."""

    store: Store
    vault: Vault
    live: LiveExpertise
    turns: Turns
    #: The directory in the database, also while another one is asked.
    imported: StoredDirectory

    @property
    def knowledge(self) -> KnowledgeBase:
        """The knowledge base."""
        return self.live.current.knowledge

    @property
    def wording(self) -> Wording:
        """How things are said."""
        return self.live.current.wording

    @property
    def conversation(self) -> Conversation:
        """What decides."""
        return self.live.current.conversation

    @property
    def outages(self) -> Outages:
        """What declares an outage."""
        return self.live.current.outages


def put_together(
    store: Store, vault: Vault, live: LiveExpertise, directory: Directory | None = None
) -> Parts:
    """Connect the parts; directory: what to ask instead of the one that is imported."""
    imported = StoredDirectory(store)
    imported.refresh()
    turns = Turns(store, live, vault, directory or imported)
    return Parts(store=store, vault=vault, live=live, turns=turns, imported=imported)
