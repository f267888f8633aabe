"""The console channel: talks over lines of JSON, and one talk for a person in the terminal."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy import Connection, Row, select

from bot.messages import Incoming
from bot.parts import Parts
from knowledge.calendar import SHANGHAI
from knowledge.model import JsonValue, Language, from_json, is_value_of, to_json
from triage.media import LARGEST, File, uploaded
from triage.model import Ticket, table, ticket_number
from triage.store import StoreError
from triage.talks import Line, find_conversation

_TICKET = table(Ticket)
#: So many of the likeliest causes are shown.
MOST_CAUSES = 5
#: Nothing is said of earlier moments.
EARLIEST = datetime(2000, 1, 1, tzinfo=SHANGHAI)
_log = structlog.get_logger()


class LineForm(BaseModel):
    """One input line of `daozhang chat --json`."""

    model_config = ConfigDict(extra="forbid")

    chat: str = Field(min_length=1, max_length=200)
    text: str | None = Field(default=None, max_length=4000)
    choice: str | None = Field(default=None, min_length=1, max_length=80)
    photo: str | None = None
    at: Annotated[AwareDatetime, Field(strict=True, ge=EARLIEST)] | None = None
    system: dict[str, JsonValue] = {}

    @model_validator(mode="after")
    def _not_two(self) -> "LineForm":
        if sum(part is not None for part in (self.text, self.choice, self.photo)) > 1:
            message = "give one of text, choice and photo"
            raise ValueError(message)
        return self


class LineError(Exception):
    """An input line that cannot be served, with words that say why."""


class ConsoleChats:
    """Any number of talks in one process, each with a clock of its own."""

    def __init__(self, parts: Parts, clock: Callable[[], datetime], language: Language | None = None) -> None:
        self._parts = parts
        self._clock = clock
        self._language = language
        #: Chat -> its moment, once it has said one.
        self._moments: dict[str, datetime] = {}

    def serve(self, lines: Iterable[str]) -> Iterator[str]:
        """Answer lines of JSON, each with one line."""
        for line in lines:
            if line.strip():
                yield json.dumps(self.answer(line), ensure_ascii=False)

    def answer(self, line: str) -> dict[str, Any]:
        """Answer one line; a bad one gets {"error"}."""
        try:
            return self._answer(self._parse(line))
        except (LineError, StoreError) as error:
            return {"error": str(error)}
        except Exception:  # noqa: BLE001 - the next line must be served whatever this one did
            _log.exception("a line could not be answered")
            return {"error": "this line could not be answered; the log says why"}

    def say(
        self, chat: str, *, text: str | None = None, choice: str | None = None, photo: str | None = None
    ) -> dict[str, Any]:
        """Say something in a talk; gives what `--json` would print.

        photo: path of a picture; raises LineError when it cannot be read.
        """
        return self._answer(LineForm(chat=chat, text=text, choice=choice, photo=photo))

    def _parse(self, line: str) -> LineForm:
        try:
            return LineForm.model_validate_json(line)
        except ValidationError as error:
            detail = error.errors()[0]
            place = ".".join(str(part) for part in detail["loc"])
            message = f"{place}: {detail['msg']}" if place else detail["msg"]
            raise LineError(message) from None

    def _answer(self, form: LineForm) -> dict[str, Any]:
        system = {key: self._checked(key, raw) for key, raw in form.system.items()}
        key = str(uuid4())
        file = None if form.photo is None else _file(key, Path(form.photo))
        now = self._tick(form)
        said = self._fall_due(form.chat, now)
        if form.text is not None or form.choice is not None or file or system:
            incoming = Incoming(
                channel="console",
                sender=form.chat,
                key=key,
                text=form.text,
                choice=form.choice,
                system=system or None,
                attachment=file.kind if file else None,
                file=file,
                language=self._language,
            )
            answer = self._parts.turns.take(incoming, now)
            if answer is None:
                message = "this message could not be answered; the log says why"
                raise LineError(message)
            said += answer.replies
        return self._show(form.chat, said, now)

    def _checked(self, key: str, raw: JsonValue) -> JsonValue:
        """Check what a lookup would say of a fact; gives it as the talk keeps it."""
        spec = self._parts.knowledge.facts.get(key)
        if spec is None:
            message = f"system: {key} is no fact; docs/knowledge-base.md lists them"
            raise LineError(message)
        try:
            value = from_json(spec.kind, raw)
            if isinstance(value, datetime) and value.tzinfo is None:
                value = value.replace(tzinfo=SHANGHAI)
        except (ValueError, KeyError, TypeError):
            value = ""
        if not is_value_of(spec, value):
            message = f"system: {raw!r} is no value of {key}"
            raise LineError(message)
        return to_json(value)

    def _tick(self, form: LineForm) -> datetime:
        """Set the talk's clock; it may not go back."""
        now = self._moments.get(form.chat) or self._clock()
        if form.at is None:
            return now
        row = self._find(form.chat)
        if row is not None and form.chat not in self._moments:
            now = row.updated_at.astimezone(SHANGHAI)
        if (row is not None or form.chat in self._moments) and form.at < now:
            message = f"at: {form.at.isoformat()} is before {now.isoformat()}; time may not go back in a chat"
            raise LineError(message)
        self._moments[form.chat] = form.at
        return form.at

    def _fall_due(self, chat: str, now: datetime) -> list[Line]:
        """Let everything happen that fell due since, each at its own moment."""
        said: list[Line] = []
        while (row := self._find(chat)) and row.wake_at and row.wake_at <= now:
            said += self._parts.turns.wake_one(row.id, row.wake_at)
        return said

    def _find(self, chat: str) -> Row[Any] | None:
        return self._parts.store.read(lambda connection: find_conversation(connection, "console", chat))

    def _show(self, chat: str, said: list[Line], now: datetime) -> dict[str, Any]:
        row = self._find(chat)
        messages = [{"text": line.text, "ask": line.ask} for line in said]
        if row is None:
            nothing: dict[str, Any] = {
                "facts": {},
                "causes": [],
                "outcome": None,
                "due_at": None,
                "ticket": None,
            }
            return {"chat": chat, "messages": messages, **nothing}
        talk, case = self._parts.turns.look(row.id, now)
        has_ticket = talk.outcome in ("ticket", "incident")
        return {
            "chat": chat,
            "messages": messages,
            "facts": {
                key: {"value": to_json(fact.value), "source": fact.source} for key, fact in case.known.items()
            },
            "causes": [[cause, round(share, 4)] for cause, share in case.diagnosis.causes[:MOST_CAUSES]],
            "outcome": talk.outcome,
            "due_at": _local(case.due_at),
            "ticket": self._parts.store.read(lambda c: _ticket(c, row.id)) if has_ticket else None,
        }


def _file(key: str, path: Path) -> File:
    """Read what is sent as a photo."""
    try:
        with path.open("rb") as stream:
            # One byte more than is kept says as much as a gigabyte.
            content = stream.read(max(LARGEST.values()) + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "this is no path"
        message = f"photo: {path} cannot be read ({reason})"
        raise LineError(message) from None
    return uploaded(key, content)


def _ticket(connection: Connection, conversation_id: int) -> dict[str, Any] | None:
    """Show the newest ticket of a talk."""
    mine = select(_TICKET).where(_TICKET.c.conversation_id == conversation_id)
    row = connection.execute(mine.order_by(_TICKET.c.id.desc())).first()
    if row is None:
        return None
    return {
        "number": ticket_number(row.id),
        "cause": row.cause,
        "queue": row.queue,
        "priority": row.priority,
        "due_at": _local(row.due_at),
        "facts": row.facts,
        "why": row.diagnosis["why"],
        "incident": row.incident_id,
    }


def _local(when: datetime | None) -> str | None:
    return when.astimezone(SHANGHAI).isoformat() if when else None
