"""What the desk is given by whoever wires the service."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from knowledge.model import Cause, FactSpec, Language, Text
from triage.store import Store
from triage.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskDeps:
    """The desk's surroundings."""

    store: Store
    vault: Vault
    clock: Callable[[], datetime]
    #: Hides card numbers and the like; every text that an agent types goes through it before it is stored.
    redact: Callable[[str], str]
    causes: Mapping[str, Cause]
    facts: Mapping[str, FactSpec]
    #: Puts a fact's JSON value into words: key, value, language, now.
    describe: Callable[[str, Any, Language, datetime], str]
    #: Draws the strip of days of a ticket's facts as safe SVG markup; "" when there is none to draw.
    draw_strip: Callable[[Mapping[str, Any], Language, datetime], str]
    #: Send cookies over HTTPS only.
    secure_cookies: bool
    #: Warnings for everybody at the desk: a calendar about to end, an edit that is refused.
    notices: Callable[[Language], Sequence[str]]
    #: Channel whose group of agents tickets are shown in too; None = there is no such group.
    group_channel: str | None = None
    #: Why a priority was raised, in words (triage.routing.Router.reasons).
    reasons: Mapping[str, Text] = field(default_factory=dict)
