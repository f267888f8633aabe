"""The agents' desk: pages, templates, static files."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter

from triage.desk import board, entry, files, leftovers, steps, stream
from triage.desk.deps import DeskDeps
from triage.desk.gate import DeskRoute
from triage.desk.pages import Desk

__all__ = ["DeskDeps", "build_desk"]

Endpoint = Callable[..., Any]
#: The largest form that is read, in bytes: 4,000 characters of Chinese are 36,000 when sent.
LARGEST_FORM = 128 * 1024


def build_desk(deps: DeskDeps) -> APIRouter:
    """Build the desk's router (everything under /desk); raises KnowledgeError for mistakes in its texts."""
    desk = Desk.load(deps)
    route_class = type("BoundDeskRoute", (DeskRoute,), {"desk": desk})
    router = APIRouter(
        prefix="/desk", route_class=route_class, include_in_schema=False, max_body_size=LARGEST_FORM
    )
    pages: dict[str, Endpoint] = {
        "": board.show_board,
        "/login": entry.show_login,
        "/password": entry.show_password,
        "/stream": stream.stream,
        "/static/{name}": entry.show_static,
        "/tickets/{number}": steps.show_ticket,
        "/attachments/{name}": files.show_file,
        "/set-aside": leftovers.show_leftovers,
    }
    for path, endpoint in pages.items():
        router.add_api_route(path, endpoint, methods=["GET"], response_model=None)
    ticket = "/tickets/{number}"
    forms: dict[str, Endpoint] = {
        "/login": entry.send_login,
        "/logout": entry.send_logout,
        "/password": entry.send_password,
        "/link": entry.send_link,
        "/unlink": entry.send_unlink,
        "/set-aside": leftovers.decide_leftover,
        f"{ticket}/claim": steps.claim,
        f"{ticket}/hand-over": steps.hand_over,
        f"{ticket}/reply": steps.reply,
        f"{ticket}/note": steps.note,
        f"{ticket}/delivery": steps.decide_delivery,
        f"{ticket}/wait": steps.wait,
        f"{ticket}/incident": steps.move,
        f"{ticket}/resume": steps.resume,
        f"{ticket}/resolve": steps.resolve,
        f"{ticket}/reopen": steps.reopen,
        f"{ticket}/contact": steps.show_contact,
    }
    for path, endpoint in forms.items():
        router.add_api_route(path, endpoint, methods=["POST"], response_model=None)
    every = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    for path in ("", "/{rest:path}"):
        router.add_api_route(path, entry.show_nothing, methods=every, response_model=None)
    return router
