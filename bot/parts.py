"""The parts that every way in needs: knowledge, words, routing, the talk and the turn, put together."""

from dataclasses import dataclass
from datetime import time
from pathlib import Path

from bot.conversation import Conversation
from bot.outages import Outages
from bot.turn import Turns
from bot.wording import Wording, load_texts
from knowledge.loader import PACKAGED, KnowledgeBase, load_knowledge
from triage.routing import Router, load_routing
from triage.service_hours import ServiceHours
from triage.store import Store
from triage.vault import Vault

TEXTS = Path(__file__).with_name("texts.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts, ready to use."""

    store: Store
    vault: Vault
    knowledge: KnowledgeBase
    wording: Wording
    hours: ServiceHours
    router: Router
    conversation: Conversation
    turns: Turns
    outages: Outages


def put_together(store: Store, vault: Vault, opens: time, closes: time, folder: Path = PACKAGED) -> Parts:
    """Load the knowledge and connect the parts; raises KnowledgeError with every mistake of the authors."""
    knowledge = load_knowledge(folder)
    wording = Wording(load_texts(TEXTS), knowledge)
    hours = ServiceHours(knowledge.calendar, opens, closes)
    router = load_routing(hours)
    conversation = Conversation(knowledge, wording, hours)
    return Parts(
        store=store,
        vault=vault,
        knowledge=knowledge,
        wording=wording,
        hours=hours,
        router=router,
        conversation=conversation,
        turns=Turns(store, conversation, knowledge, router, vault),
        outages=Outages(knowledge, wording, hours),
    )
