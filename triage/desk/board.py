"""The queue's page: which tickets wait, for whom, and until when."""

from fastapi import Request, Response
from sqlalchemy import Connection

from triage.accounts import Session
from triage.desk.gate import CurrentDesk, SignedIn
from triage.desk.pages import QUEUES
from triage.desk.queue import LONG_LIST, Counts, QueueRow, View, counts, queue_rows

KINDS = ("open", "mine", "resolved")


def show_board(request: Request, desk: CurrentDesk, session: SignedIn) -> Response:
    """Show a list of tickets: ?view=open|mine|resolved, view=queue&queue=…, or view=incident&incident=…."""
    view = view_of(request)
    rows, numbers = desk.deps.store.read(lambda connection: board(connection, view, session, LONG_LIST))
    causes = desk.deps.causes
    return desk.render(
        request,
        "queue.html",
        session=session,
        view=view,
        rows=rows,
        counts=numbers,
        causes=causes,
        full=len(rows) == LONG_LIST,
    )


def view_of(request: Request) -> View:
    """Read which list an address means; anything odd means the open tickets."""
    asked = request.query_params
    kind, queue, incident = asked.get("view", ""), asked.get("queue", ""), asked.get("incident", "")
    if kind == "queue" and queue in QUEUES:
        return View(queue=queue)
    if kind == "incident" and incident.isascii() and incident.isdigit() and len(incident) < 10:
        return View(kind="incident", incident=int(incident))
    return View(kind=kind if kind in KINDS else "open")


def board(connection: Connection, view: View, session: Session, limit: int) -> tuple[list[QueueRow], Counts]:
    """Read a list and the numbers beside all lists."""
    me = session.account_id
    return queue_rows(connection, view, me, limit), counts(connection, me)
