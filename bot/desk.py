"""What the desk shows of the bot and of the knowledge base, handed to it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.expertise import LiveMapping
from bot.page.strip import draw_strip
from bot.parts import Parts
from bot.settings import Settings
from bot.talk.decision import Situation
from bot.talk.due_words import due_strip
from bot.talk.state import Talk
from knowledge.calendar import SHANGHAI
from knowledge.model import Fact, Language, from_json
from knowledge.redaction import redact
from triage.desk import DeskDeps


def desk_surroundings(parts: Parts, settings: Settings, clock: Callable[[], datetime]) -> DeskDeps:
    """Give the desk what it needs of the rest."""
    facts = LiveMapping(lambda: parts.knowledge.facts)

    def describe(key: str, raw: Any, language: Language, at: datetime) -> str:
        value = from_json(facts[key].kind, raw) if key in facts else raw
        return parts.wording.value(key, value, language, at)

    def draw(known: Mapping[str, Any], language: Language, at: datetime) -> str:
        held = {
            key: Fact(from_json(facts[key].kind, fact["value"]), fact["source"])
            for key, fact in known.items()
            if key in facts
        }
        case = parts.conversation.think(Situation(now=at, talk=Talk(facts=held)))
        strip = due_strip(case, parts.knowledge, parts.wording, language, at)
        return draw_strip(strip, language) if strip else ""

    return DeskDeps(
        store=parts.store,
        vault=parts.vault,
        clock=clock,
        redact=lambda text: redact(text).text,
        causes=LiveMapping(lambda: parts.knowledge.causes),
        facts=facts,
        describe=describe,
        draw_strip=draw,
        secure_cookies=settings.secure_cookies,
        notices=lambda language: _notices(parts, language, clock()),
        group_channel="telegram" if settings.telegram_agent_group is not None else None,
        reasons=LiveMapping(lambda: parts.live.current.router.reasons),
    )


def _notices(parts: Parts, language: Language, at: datetime) -> Sequence[str]:
    """Say what a person should look after: a calendar about to end, an edit that is refused."""
    notices = []
    calendar, today = parts.knowledge.calendar, at.astimezone(SHANGHAI).date()
    if calendar.ends_soon(today):
        days = str(max(calendar.days_left(today), 0))
        notices.append(parts.wording.say("calendar_ends", language, days=days))
    notices += [parts.wording.say("edit_refused", language, mistake=str(m)) for m in parts.live.mistakes]
    return notices
