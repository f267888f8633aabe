"""The stream that tells an open page what changed, so that it can fetch it."""

import asyncio
import json
from collections.abc import AsyncIterator

from fastapi import HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection, and_, func, select

from triage.accounts import Session
from triage.bell import DESK
from triage.desk.gate import CurrentDesk, session_of
from triage.desk.pages import Desk
from triage.model import Message, Outbox, Ticket, TicketEvent, TicketStatus, table, ticket_number

#: Seconds between two looks, at the most.
CHECK = 0.8
#: Seconds without news after which a comment keeps the connection open.
HEARTBEAT = 15.0
#: How far back a stream looks for new events and messages.
LOOK_BACK = 200
_TICKET, _EVENT, _MESSAGE = table(Ticket), table(TicketEvent), table(Message)
_OUTBOX = table(Outbox)


async def stream(request: Request, desk: CurrentDesk) -> Response:
    """Tell what changes: `ready`, then `changed` with the numbers of the tickets, and `ended` with the login.

    The page fetches its data anew when the stream opens and at every change, so nothing is missed while
    the connection was down.
    """
    session = await asyncio.to_thread(session_of, request, desk)
    if session is None or session.must_change_password:
        raise HTTPException(401)
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(_tell(request, desk, session), headers=headers, media_type="text/event-stream")


async def _tell(request: Request, desk: Desk, session: Session) -> AsyncIterator[str]:
    bell = desk.deps.store.bell
    loop = asyncio.get_running_loop()
    with bell.listen(DESK) as listener:
        _, known = await asyncio.to_thread(_look, request, desk)
        told_at = loop.time()
        yield _event("ready", [])
        while not bell.closed:
            await listener.wait(CHECK)
            current, latest = await asyncio.to_thread(_look, request, desk)
            if current is None or current.id != session.id:
                yield _event("ended", [])
                return
            changed = sorted({latest[key] for key in latest.keys() - known.keys()})
            known = latest
            if changed:
                yield _event("changed", changed)
            elif loop.time() - told_at >= HEARTBEAT:
                yield ": still here\n\n"
            else:
                continue
            told_at = loop.time()


def _look(request: Request, desk: Desk) -> tuple[Session | None, dict[tuple[str, int], str]]:
    """See whether the login still holds and what is new, rung or not: other processes may write too."""
    return session_of(request, desk), desk.deps.store.read(recent)


def _event(kind: str, numbers: list[str]) -> str:
    return f"event: {kind}\ndata: {json.dumps({'tickets': numbers})}\n\n"


def recent(connection: Connection) -> dict[tuple[str, int], str]:
    """List the newest events, messages and deliveries of open tickets: (table, id) -> their ticket's number.

    Two such lists differ by what happened between them, also where rows become visible out of order.
    """
    last_event = select(func.max(_EVENT.c.id)).scalar_subquery()
    last_message = select(func.max(_MESSAGE.c.id)).scalar_subquery()
    events = select(_EVENT.c.id, _EVENT.c.ticket_id).where(_EVENT.c.id > last_event - LOOK_BACK)
    messages = (
        select(_MESSAGE.c.id, _TICKET.c.id.label("ticket_id"), _OUTBOX.c.status)
        .outerjoin(_OUTBOX, _OUTBOX.c.message_id == _MESSAGE.c.id)
        .join(
            _TICKET,
            and_(
                _TICKET.c.conversation_id == _MESSAGE.c.conversation_id,
                _TICKET.c.status != TicketStatus.RESOLVED,
            ),
        )
        .where(_MESSAGE.c.id > last_message - LOOK_BACK)
    )
    found = {("event", row.id): ticket_number(row.ticket_id) for row in connection.execute(events)}
    # A message counts anew when its delivery comes further.
    found |= {
        (f"message {row.status or ''}", row.id): ticket_number(row.ticket_id)
        for row in connection.execute(messages)
    }
    return found
