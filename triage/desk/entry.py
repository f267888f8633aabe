"""Coming and going: the login form, logging out, changing one's password, static files."""

import secrets
from typing import Annotated

from fastapi import Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from triage.accounts import AccountError, Session, change_password, log_in, log_out, tidy
from triage.desk.gate import (
    CurrentDesk,
    SignedIn,
    check_origin,
    check_token,
    cookie_name,
    known_device,
    put_cookie,
    remember_device,
    safe_next,
    same_token,
    session_of,
)
from triage.desk.pages import MEDIA_TYPES, Desk
from triage.links import linked_as, make_code, unlink


class LoginForm(BaseModel):
    """What the login form sends."""

    csrf: str = ""
    name: str = ""
    password: str = ""
    next: str = ""


class PasswordForm(BaseModel):
    """What the form for a new password sends."""

    csrf: str = ""
    old: str = ""
    new: str = ""
    again: str = ""


class TokenForm(BaseModel):
    """A form that only says yes."""

    csrf: str = ""


def show_login(request: Request, desk: CurrentDesk) -> Response:
    """Show the login form; who is logged in goes on to the queue."""
    goal = safe_next(request.query_params.get("next", ""))
    if session_of(request, desk):
        return RedirectResponse(goal, 303)
    return _login_page(request, desk, LoginForm(next=goal))


def send_login(request: Request, desk: CurrentDesk, form: Annotated[LoginForm, Form()]) -> Response:
    """Log in, under a new session id."""
    check_origin(request)
    if not same_token(form.csrf, request.cookies.get(cookie_name(desk, "form"), "")):
        return _login_page(request, desk, form, error="form_expired", status=403)
    name = tidy(form.name)
    device = known_device(desk, request, name)
    try:
        token = log_in(desk.deps.store, name, form.password, desk.deps.clock(), device=device)
    except AccountError as error:
        status = {"too_many_tries": 429, "too_busy": 503}.get(error.key, 401)
        return _login_page(request, desk, form, error=error.key, status=status)
    response = RedirectResponse(safe_next(form.next), 303)
    put_cookie(desk, response, "session", token)
    response.delete_cookie(cookie_name(desk, "form"), secure=desk.deps.secure_cookies, httponly=True)
    remember_device(desk, response, name)
    return response


def _login_page(
    request: Request, desk: Desk, form: LoginForm, *, error: str = "", status: int = 200
) -> Response:
    """Show the form with a token that its cookie carries too."""
    token = request.cookies.get(cookie_name(desk, "form")) or secrets.token_urlsafe(32)
    response = desk.render(request, "login.html", status=status, form=form, token=token, error=error)
    put_cookie(desk, response, "form", token)
    return response


def send_logout(
    request: Request, desk: CurrentDesk, session: SignedIn, form: Annotated[TokenForm, Form()]
) -> Response:
    """Log out."""
    check_origin(request)
    check_token(session, form.csrf)
    desk.deps.store.write(lambda tx: log_out(tx, session))
    response = RedirectResponse("/desk/login", 303)
    response.delete_cookie(cookie_name(desk, "session"), secure=desk.deps.secure_cookies, httponly=True)
    return response


def show_password(request: Request, desk: CurrentDesk, session: SignedIn) -> Response:
    """Show one's account: the form for a new password, and one's name in the agents' group."""
    return _account_page(request, desk, session)


def send_password(
    request: Request, desk: CurrentDesk, session: SignedIn, form: Annotated[PasswordForm, Form()]
) -> Response:
    """Change one's own password; all sessions end but a new one for this browser."""
    check_origin(request)
    check_token(session, form.csrf)
    if form.new != form.again:
        return _account_page(request, desk, session, status=422, error="passwords_differ")
    try:
        token = change_password(desk.deps.store, session, form.old, form.new, desk.deps.clock())
    except AccountError as error:
        return _account_page(request, desk, session, status=422, error=error.key)
    response = RedirectResponse("/desk", 303)
    put_cookie(desk, response, "session", token)
    return response


def send_link(
    request: Request, desk: CurrentDesk, session: SignedIn, form: Annotated[TokenForm, Form()]
) -> Response:
    """Show a one-time code by which one links one's name in the agents' group."""
    check_origin(request)
    check_token(session, form.csrf)
    if desk.deps.group_channel is None:
        raise HTTPException(404)
    code = desk.deps.store.write(lambda tx: make_code(tx, session.account_id, desk.deps.clock()))
    return _account_page(request, desk, session, code=code)


def send_unlink(
    request: Request, desk: CurrentDesk, session: SignedIn, form: Annotated[TokenForm, Form()]
) -> Response:
    """Cut the link with one's name in the agents' group."""
    check_origin(request)
    check_token(session, form.csrf)
    channel = desk.deps.group_channel
    if channel is None:
        raise HTTPException(404)
    desk.deps.store.write(lambda tx: unlink(tx, channel, session.account_id))
    return RedirectResponse("/desk/password", 303)


def _account_page(
    request: Request, desk: Desk, session: Session, *, status: int = 200, error: str = "", code: str = ""
) -> Response:
    channel = desk.deps.group_channel
    linked = channel and desk.deps.store.read(lambda tx: linked_as(tx, channel, session.account_id))
    return desk.render(
        request,
        "password.html",
        status=status,
        session=session,
        error=error,
        channel=channel,
        linked=linked,
        code=code,
    )


def show_static(desk: CurrentDesk, name: str) -> Response:
    """Give one of the static files."""
    if name not in desk.static:
        raise HTTPException(404)
    return Response(desk.static[name], media_type=MEDIA_TYPES[name])


def show_nothing(request: Request) -> Response:
    """Say kindly that there is no such page, or that it takes no such request."""
    if request.method == "GET":
        raise HTTPException(404)
    raise HTTPException(405)
