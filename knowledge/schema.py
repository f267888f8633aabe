"""The shape of questions.yaml and of the files in causes/, as pydantic models."""

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from knowledge.model import Queue

#: The words for how common something is, with the numbers behind them.
HOW_OFTEN = {"always": 0.97, "usually": 0.8, "often": 0.6, "sometimes": 0.3, "rarely": 0.1, "never": 0.03}
HowOften = Literal["always", "usually", "often", "sometimes", "rarely", "never"]


class Form(BaseModel):
    """A mapping that takes the listed keys only."""

    model_config = ConfigDict(extra="forbid")


class TextForm(Form):
    """A text in both languages."""

    zh: str
    en: str


class FactForm(Form):
    """One entry of questions.yaml."""

    title: TextForm
    kind: Literal["choice", "money", "moment", "days", "text"] = "choice"
    ask: TextForm | None = None
    hint: TextForm | None = None
    values: dict[str, TextForm] = {}
    usual: dict[str, HowOften] = {}
    effort: float = Field(default=1.0, gt=0)
    pattern: str | None = None
    derived_from: list[str] = []

    @field_validator("pattern")
    @classmethod
    def _is_a_pattern(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            message = f"no regular expression ({error})"
            raise ValueError(message) from None
        return value


class TicketForm(Form):
    """The `ticket` part of a cause."""

    queue: Queue
    priority: Literal["urgent", "high", "normal", "low"]
    evidence: list[str] = []


class CauseForm(Form):
    """One file of causes/."""

    title: TextForm
    how_common: HowOften
    needs: dict[str, list[str]] = {}
    signs: dict[str, dict[str, HowOften]] = {}
    settled_by: dict[str, list[str]] = {}
    handled_by: Literal["bot", "queue"]
    advice: TextForm
    next_step: TextForm
    typical_time: TextForm
    follow_up: Literal["none", "deadline", "next_service_day"] = "none"
    stops_all: bool = False
    ticket: TicketForm
