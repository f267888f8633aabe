"""Who gets into the desk, for how long, and which requests are refused."""

import json
from datetime import timedelta
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx import Client
from sqlalchemy import select

from tests.triage.house import CAUSES, FACTS, PASSWORD, Door, House, Visitor, describe, hidden, open_house
from triage import accounts
from triage.desk import DeskDeps, build_desk
from triage.desk.entry import show_nothing
from triage.model import DeskSession, Message, Ticket, TicketEvent, table
from triage.store import Store


@pytest.fixture
def house(store: Store) -> House:
    return open_house(store)


@pytest.fixture
def lin(house: House) -> Visitor:
    return house.log_in("lin")


# Coming and going


def test_nobody_sees_anything_without_logging_in(house: House) -> None:
    number = house.file()
    answer = house.visit().get(f"/desk/tickets/{number}")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/desk/login?next=/desk/tickets/{number}",
    )
    assert house.visit().get("/desk").headers["location"] == "/desk/login?next=/desk"
    assert house.visit().get("/desk/stream").status_code == 401


def test_logging_in_leads_to_the_page_that_was_asked_for(house: House) -> None:
    number = house.file()
    visitor = house.visit()
    form = hidden(visitor.page(f"/desk/login?next=/desk/tickets/{number}"), "/desk/login")
    answer = visitor.client.post("/desk/login", data=form | {"name": "lin", "password": PASSWORD})
    assert answer.headers["location"] == f"/desk/tickets/{number}"


@pytest.mark.parametrize("goal", ["//evil.example", "https://evil.example", "/desk/tickets/DZ-000001/../x"])
def test_logging_in_never_leads_to_another_site(house: House, goal: str) -> None:
    visitor = house.visit()
    form = hidden(visitor.page("/desk/login"), "/desk/login") | {"next": goal}
    answer = visitor.client.post("/desk/login", data=form | {"name": "lin", "password": PASSWORD})
    assert answer.headers["location"] == "/desk"


def test_a_wrong_password_is_said_and_the_name_kept(house: House) -> None:
    answer = house.visit().log_in("lin", "wrong")
    assert answer.status_code == 401
    assert "账号或密码不对" in answer.text
    assert 'value="lin"' in answer.text


def test_too_many_wrong_passwords_are_refused(house: House) -> None:
    visitor = house.visit()
    statuses = [visitor.log_in("lin", "wrong").status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    assert visitor.log_in("lin").status_code == 429


def test_a_browser_that_logged_in_before_still_gets_in(house: House, lin: Visitor) -> None:
    lin.client.post("/desk/logout", data={"csrf": lin.token()})
    stranger = house.visit()
    for _ in range(11):
        stranger.log_in("lin", "wrong")
    assert stranger.log_in("lin").status_code == 429
    assert lin.log_in("lin").status_code == 303


def test_a_planted_session_cookie_is_worth_nothing(house: House) -> None:
    visitor = house.visit()
    visitor.client.cookies.set("desk_session", "planted")
    visitor.log_in()
    kept = [cookie.value for cookie in visitor.client.cookies.jar if cookie.name == "desk_session"]
    assert any(value != "planted" for value in kept)
    other = house.visit()
    other.client.cookies.set("desk_session", "planted")
    assert other.get("/desk").status_code == 303


def test_the_session_cookie_is_for_the_browser_alone(house: House) -> None:
    cookies = house.visit().log_in().headers.get_list("set-cookie")
    session = next(cookie for cookie in cookies if cookie.startswith("desk_session="))
    assert "HttpOnly" in session
    assert "SameSite=lax" in session


def test_logging_out_ends_the_session(lin: Visitor) -> None:
    token = lin.client.cookies["desk_session"]
    assert lin.client.post("/desk/logout", data={"csrf": lin.token()}).status_code == 303
    lin.client.cookies.set("desk_session", token)
    assert lin.get("/desk").status_code == 303


def test_a_session_ends_after_half_an_hour_without_a_person(house: House, lin: Visitor) -> None:
    for _ in range(3):
        house.now += timedelta(minutes=29)
        assert lin.get("/desk").status_code == 200
    for _ in range(2):
        house.now += timedelta(minutes=16)
        lin.get("/desk", x_desk_refresh="1")
    assert lin.get("/desk").status_code == 303


def test_a_session_ends_after_twelve_hours_of_work(house: House, lin: Visitor) -> None:
    statuses = []
    for _ in range(24 * 2):
        house.now += timedelta(minutes=15)
        statuses.append(lin.get("/desk").status_code)
    assert statuses == [200] * 47 + [303]


def test_a_disabled_person_is_out_at_once(house: House, lin: Visitor) -> None:
    number = house.file()
    form = hidden(lin.page(f"/desk/tickets/{number}"), f"/desk/tickets/{number}/claim")
    house.store.write(lambda tx: accounts.disable(tx, "lin", house.now))
    assert lin.send(number, "claim", form).headers["location"].startswith("/desk/login")
    assert house.ticket(number)["status"] == "new"


def test_a_first_password_must_be_changed_before_anything_else(house: House) -> None:
    house.store.write(lambda tx: accounts.set_password(tx, "lin", PASSWORD, house.now, must_change=True))
    visitor = house.log_in("lin")
    assert visitor.get("/desk").headers["location"] == "/desk/password"
    assert visitor.get("/desk/stream").status_code == 401
    form = hidden(visitor.page("/desk/password"), "/desk/password")
    new = {"old": PASSWORD, "new": "another good one", "again": "another good one"}
    before = visitor.client.cookies["desk_session"]
    assert visitor.client.post("/desk/password", data=form | new).headers["location"] == "/desk"
    assert visitor.client.cookies["desk_session"] != before
    assert visitor.get("/desk").status_code == 200


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"old": "wrong", "new": "another good one", "again": "another good one"}, "现在的密码不对"),
        ({"old": PASSWORD, "new": "another good one", "again": "another bad one"}, "不一样"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "太短"),
    ],
)
def test_a_new_password_is_checked(lin: Visitor, typed: dict[str, str], said: str) -> None:
    form = hidden(lin.page("/desk/password"), "/desk/password")
    answer = lin.client.post("/desk/password", data=form | typed)
    assert answer.status_code == 422
    assert said in answer.text


# Forged requests and headers


def routes(house: House, method: str) -> list[str]:
    """Walk the desk's routes: the addresses that take a method, with a ticket's number filled in."""
    router = next(r for r in (getattr(route, "original_router", None) for route in house.app.routes) if r)
    found = [cast("APIRoute", route) for route in router.routes if route.endpoint is not show_nothing]
    paths = [route.path for route in found if method in (route.methods or ())]
    fill = {"{number}": "DZ-000001", "{name}": "desk.css"}
    for gap, value in fill.items():
        paths = [path.replace(gap, value) for path in paths]
    return paths


def snapshot(house: House) -> list[Any]:
    tables = [table(model) for model in (Ticket, TicketEvent, Message, DeskSession)]
    return house.store.read(
        lambda connection: [row for one in tables for row in map(tuple, connection.execute(select(one)))]
    )


FOREIGN: list[dict[str, str]] = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site", "origin": "http://other.desk.example"},
]


def test_every_form_needs_the_token_of_this_login(house: House, lin: Visitor) -> None:
    house.file()
    others = house.log_in("zhao").token()
    good = lin.token()
    typed = {"text": "hello", "cause": "unknown", "to": "queue:risk", "key": "k", "seen": "9"}
    typed |= {"old": PASSWORD, "new": "another good one", "again": "another good one", "name": "lin"}
    paths = routes(house, "POST")
    assert len(paths) == 17
    before = snapshot(house)
    for path in paths:
        for form in ({}, {"csrf": ""}, {"csrf": "wrong"}, {"csrf": others}):
            assert lin.client.post(path, data=typed | form).status_code == 403, (path, form)
        for headers in FOREIGN:
            answer = lin.client.post(path, data=typed | {"csrf": good}, headers=headers)
            assert answer.status_code == 403, (path, headers)
        body = json.dumps(typed | {"csrf": good})
        answer = lin.client.post(path, content=body, headers={"content-type": "text/plain"})
        assert answer.status_code == 403, path
    assert snapshot(house) == before


def test_reading_changes_nothing(house: House, lin: Visitor) -> None:
    house.file()
    before = snapshot(house)
    for path in routes(house, "GET"):
        if not path.endswith("/stream"):
            lin.get(f"{path}?_method=POST&text=x&cause=unknown&csrf={lin.token()}")
    for path in routes(house, "POST"):
        lin.get(path)
        assert lin.client.request("PUT", path).status_code == 405
    assert snapshot(house) == before


def test_every_answer_carries_the_headers(house: House, lin: Visitor) -> None:
    number = house.file()
    answers = [lin.get(path) for path in routes(house, "GET") if not path.endswith("/stream")]
    answers += [lin.client.post(path) for path in routes(house, "POST")]
    answers += [
        house.visit().get(path) for path in (*routes(house, "GET"), "/desk/nothing", "/desk/tickets/x")
    ]
    answers += [
        lin.client.request("DELETE", "/desk"),
        lin.send(number, "reply", {"seen": "not a number"}),
        lin.take(number, "claim"),
        lin.send(number, "note", {"text": "x" * 1_000_000}),
    ]
    assert {answer.status_code for answer in answers} >= {200, 303, 401, 403, 404, 405, 413, 422}
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["referrer-policy"] == "same-origin"


def test_a_failure_is_a_page_with_headers_and_no_details(house: House, lin: Visitor) -> None:
    house.file(diagnosis={"causes": "not a list of pairs"})
    answer = lin.get("/desk/tickets/DZ-000001")
    assert answer.status_code == 500
    assert "出错了" in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_cookies_behind_https_are_held_to_the_host(house: House) -> None:
    deps = DeskDeps(
        store=house.store,
        vault=house.vault,
        clock=lambda: house.now,
        redact=str,
        causes=CAUSES,
        facts=FACTS,
        describe=describe,
        draw_strip=lambda *_: "",
        secure_cookies=True,
        notices=lambda _: (),
    )
    app = FastAPI()
    app.include_router(build_desk(deps))
    client = Client(transport=Door(app), base_url="https://desk.example")
    form = hidden(client.get("/desk/login").text, "/desk/login")
    answer = client.post("/desk/login", data=form | {"name": "lin", "password": PASSWORD})
    assert answer.status_code == 303
    for cookie in answer.headers.get_list("set-cookie"):
        assert cookie.startswith("__Host-")
        assert "Secure" in cookie
        assert "Path=/" in cookie
    assert client.get("/desk").headers["strict-transport-security"].startswith("max-age=")
