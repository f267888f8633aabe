"""A ticket's page, and the steps that an agent takes on it."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from triage import agents, replies
from triage.accounts import Session
from triage.desk.board import board, view_of
from triage.desk.casework import casework
from triage.desk.gate import CurrentDesk, SignedIn, check_origin, same_token
from triage.desk.pages import QUEUES, Desk
from triage.desk.queue import SHORT_LIST
from triage.desk.ticket import find_ticket
from triage.incidents import open_incidents
from triage.store import Transaction
from triage.tickets import TicketError
from triage.vault import VaultError

#: The longest reply or note, in characters.
LONGEST = 4000
#: Nine digits fit every integer column.
_NUMBER = re.compile(r"DZ-([0-9]{6,9})")
#: Status of a refused step; any other key is a form that was filled in wrongly.
_STATUS = {
    "stale_reply": 409,
    "not_yours": 409,
    "resolved_already": 409,
    "another_open": 409,
    "delivery_settled": 409,
    "csrf": 403,
}
Kind = Literal["reply", "note", "wait", "hand-over", "incident", "resolve", ""]


class StepForm(BaseModel):
    """What the forms of a ticket's page send; each of them a part of this."""

    csrf: str = ""
    text: str = ""
    #: Newest message on the agent's page.
    seen: int = Field(default=0, ge=0, lt=2**31)
    #: The page's id for this reply.
    key: str = Field(default="", max_length=64)
    #: Number of a declared outage; 0 = none.
    incident: int = Field(default=0, ge=0, lt=2**31)
    #: "account:<id>" or "queue:<name>".
    to: str = ""
    cause: str = ""
    #: The message whose delivery is decided on, and how.
    message: int = Field(default=0, ge=0, lt=2**31)
    how: replies.Decision = "again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was typed into one of the forms and could not be taken yet."""

    kind: Kind = ""
    text: str = ""
    key: str = ""
    to: str = ""
    cause: str = ""


def ticket_id_of(number: str) -> int:
    """Read a ticket's number; raises HTTPException 404 for anything else."""
    match = _NUMBER.fullmatch(number)
    if match is None:
        raise HTTPException(404)
    return int(match.group(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step on a ticket, as its form asks for it."""

    request: Request
    desk: Desk
    session: Session
    ticket_id: int
    number: str
    form: StepForm
    now: datetime

    @property
    def text(self) -> str:
        """What was typed, fit to be stored."""
        return self.desk.deps.redact(self.form.text.replace("\r\n", "\n").replace("\0", ""))

    def take(self, work: Callable[[Transaction], object], kind: Kind = "") -> Response:
        """Take the step and go back to the ticket; if it is refused, show why, with what was typed kept."""
        error = self.refusal()
        if not error:
            try:
                self.desk.deps.store.write(work)
            except TicketError as refused:
                error = refused.key
        if error:
            return self.refuse(error, kind)
        view = view_of(self.request).address()
        return RedirectResponse(f"/desk/tickets/{self.number}?{view}#done", 303)

    def refusal(self) -> str:
        """Say why the form itself cannot be taken; "" if it can. Raises ForgedError for another site's."""
        check_origin(self.request)
        if not same_token(self.form.csrf, self.session.csrf_token):
            return "csrf"
        return "too_long" if len(self.form.text) > LONGEST else ""

    def refuse(self, error: str, kind: Kind = "") -> Response:
        """Show the ticket with an error and what was typed."""
        if error == "gone":
            raise HTTPException(404)
        form = self.form
        draft = Draft(kind=kind, text=form.text, key=form.key, to=form.to, cause=form.cause)
        status = _STATUS.get(error, 422)
        return _page(
            self.request, self.desk, self.session, self.ticket_id, status=status, error=error, draft=draft
        )


def _step(
    request: Request, desk: CurrentDesk, session: SignedIn, number: str, form: Annotated[StepForm, Form()]
) -> Step:
    return Step(
        request=request,
        desk=desk,
        session=session,
        ticket_id=ticket_id_of(number),
        number=number,
        form=form,
        now=desk.deps.clock(),
    )


TicketStep = Annotated[Step, Depends(_step)]


def show_ticket(request: Request, desk: CurrentDesk, session: SignedIn, number: str) -> Response:
    """Show a ticket: the queue, the case, the talk."""
    return _page(request, desk, session, ticket_id_of(number))


def claim(step: TicketStep) -> Response:
    """Take a ticket that nobody has."""
    return step.take(lambda tx: agents.claim(tx, step.ticket_id, step.session.account_id, step.now))


def hand_over(step: TicketStep) -> Response:
    """Give a ticket to a person or a queue."""
    where, _, name = step.form.to.partition(":")
    to_queue = name if where == "queue" and name in QUEUES else None
    to_account = int(name) if where == "account" and re.fullmatch("[0-9]{1,9}", name) else None
    if to_queue is None and to_account is None:
        return step.refuse(step.refusal() or "no_such_person", "hand-over")
    return step.take(
        lambda tx: agents.hand_over(
            tx,
            step.ticket_id,
            step.session.account_id,
            step.now,
            to_account=to_account,
            to_queue=to_queue,
            text=step.text,
        ),
        "hand-over",
    )


def reply(step: TicketStep) -> Response:
    """Answer the merchant."""
    key = step.form.key or secrets.token_hex(8)
    answer = replies.Reply(text=step.text, seen=step.form.seen, key=key)
    return step.take(
        lambda tx: replies.send_reply(tx, step.ticket_id, step.session.account_id, answer, step.now), "reply"
    )


def decide_delivery(step: TicketStep) -> Response:
    """Send a reply once more, say that it arrived, or leave it undelivered."""
    form = step.form
    return step.take(
        lambda tx: replies.decide_delivery(
            tx, step.ticket_id, step.session.account_id, form.message, form.how, step.now
        )
    )


def note(step: TicketStep) -> Response:
    """Write an internal note."""
    return step.take(
        lambda tx: agents.note(tx, step.ticket_id, step.session.account_id, step.text, step.now), "note"
    )


def wait(step: TicketStep) -> Response:
    """Mark a ticket as waiting."""
    return step.take(
        lambda tx: agents.wait(tx, step.ticket_id, step.session.account_id, step.now, text=step.text), "wait"
    )


def move(step: TicketStep) -> Response:
    """Put a ticket under a declared outage, or take it out from under one."""
    incident = step.form.incident or None
    return step.take(
        lambda tx: agents.join_incident(
            tx, step.ticket_id, step.session.account_id, step.now, incident_id=incident
        ),
        "incident",
    )


def resume(step: TicketStep) -> Response:
    """Go on with a ticket that waited."""
    return step.take(lambda tx: agents.resume(tx, step.ticket_id, step.session.account_id, step.now))


def resolve(step: TicketStep) -> Response:
    """Close a ticket with the cause that it really was."""
    return step.take(
        lambda tx: agents.resolve(
            tx,
            step.ticket_id,
            step.session.account_id,
            step.now,
            true_cause=step.form.cause,
            causes=step.desk.deps.causes.keys(),
            text=step.text,
        ),
        "resolve",
    )


def reopen(step: TicketStep) -> Response:
    """Take a resolved ticket up again."""
    return step.take(lambda tx: agents.reopen(tx, step.ticket_id, step.session.account_id, step.now))


def show_contact(step: TicketStep) -> Response:
    """Show the merchant's phone number, once; who looked is an event."""
    error = step.refusal()
    if error:
        return step.refuse(error)
    deps, me = step.desk.deps, step.session.account_id
    try:
        phone = deps.store.write(
            lambda tx: agents.reveal_contact(tx, step.ticket_id, me, step.now, deps.vault)
        )
    except TicketError as refused:
        return step.refuse(refused.key)
    except VaultError:
        return step.refuse("contact_locked")
    return _page(step.request, step.desk, step.session, step.ticket_id, phone=phone)


def _page(
    request: Request, desk: Desk, session: Session, ticket_id: int, *, status: int = 200, **shown: Any
) -> Response:
    """Show a ticket's page; `shown` may hold an error, a draft and the phone number."""
    view = view_of(request)
    ticket = desk.deps.store.read(lambda connection: find_ticket(connection, ticket_id))
    if ticket is None:
        raise HTTPException(404)
    incidents = desk.deps.store.read(open_incidents)
    rows, numbers = desk.deps.store.read(lambda connection: board(connection, view, session, SHORT_LIST))
    words = desk.words(request)
    context = {
        "error": "",
        "draft": Draft(),
        "phone": "",
        "w": words,
        "ticket": ticket,
        "case": casework(desk.deps, words, ticket),
        "view": view,
        "rows": rows,
        "counts": numbers,
        "full": len(rows) == SHORT_LIST,
        "causes": desk.deps.causes,
        "incidents": incidents,
        "key": secrets.token_hex(8),
    }
    return desk.render(request, "ticket.html", status=status, session=session, **(context | shown))
