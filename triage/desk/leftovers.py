"""The page of the messages that were set aside: what they were, and trying again or putting away."""

from typing import Annotated, Literal

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from triage import set_aside
from triage.desk.gate import CurrentDesk, SignedIn, check_origin, check_token


class LeftoverForm(BaseModel):
    """What the buttons of a message send."""

    csrf: str = ""
    row: int = Field(default=0, ge=0, lt=2**31)
    how: Literal["again", "away"] = "again"


def show_leftovers(request: Request, desk: CurrentDesk, session: SignedIn) -> Response:
    """List the messages that were set aside and given up."""
    rows = desk.deps.store.read(set_aside.list_given_up)
    return desk.render(request, "set_aside.html", session=session, rows=rows)


def decide_leftover(
    request: Request, desk: CurrentDesk, session: SignedIn, form: Annotated[LeftoverForm, Form()]
) -> Response:
    """Try a message again, or put it away; one that is gone needs nothing more."""
    check_origin(request)
    check_token(session, form.csrf)
    now, who = desk.deps.clock(), session.display_name
    if form.how == "again":
        desk.deps.store.write(lambda tx: set_aside.try_again(tx, form.row, who, now))
    else:
        desk.deps.store.write(lambda tx: set_aside.put_away(tx, form.row, who))
    return RedirectResponse("/desk/set-aside", 303)
