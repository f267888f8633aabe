"""Accounts: passwords, throttled logins, sessions that end when they must."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from triage import accounts
from triage.accounts import AccountError, Session
from triage.model import Account, DeskSession, LoginFailure, table
from triage.store import Store

NOW = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)
GOOD = "三个苹果一杯豆浆真好吃"


@pytest.fixture(autouse=True)
def _lin(store: Store) -> None:
    store.write(lambda tx: accounts.add(tx, "lin", "林晓", GOOD, NOW))


def session(store: Store, token: str, now: datetime = NOW) -> Session | None:
    return store.read(lambda connection: accounts.find_session(connection, token, now))


def keep_alive(store: Store, token: str, now: datetime) -> None:
    alive = session(store, token, now)
    assert alive is not None
    store.write(lambda tx: accounts.keep_alive(tx, alive, now))


def failures(store: Store) -> int:
    query = select(func.count()).select_from(table(LoginFailure))
    return int(store.read(lambda connection: connection.execute(query).scalar_one()))


def refused(store: Store, password: str, now: datetime = NOW, name: str = "lin", device: str = "") -> str:
    with pytest.raises(AccountError) as caught:
        accounts.log_in(store, name, password, now, device=device)
    return caught.value.key


def test_the_right_password_opens_a_session_whose_token_is_not_kept(store: Store) -> None:
    token = accounts.log_in(store, " LIN ", GOOD, NOW)
    found = session(store, token)
    assert found is not None
    assert (found.name, found.display_name) == ("lin", "林晓")
    assert len(token) >= 43
    kept = store.read(lambda connection: connection.execute(select(table(DeskSession))).mappings().one())
    assert token not in map(str, kept.values())
    assert accounts.log_in(store, "lin", GOOD, NOW) != token


@pytest.mark.parametrize(("name", "password"), [("lin", "wrong"), ("nobody", GOOD), ("", ""), ("l\0in", "x")])
def test_name_and_password_must_be_right(store: Store, name: str, password: str) -> None:
    assert refused(store, password, name=name) == "wrong_login"


def test_passwords_are_kept_as_argon2id_with_19_mebibytes(store: Store) -> None:
    kept = store.read(lambda connection: connection.execute(select(table(Account))).mappings().one())
    assert kept["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    parameters = kept["password_hash"].split("$")[1:4]
    assert accounts._NOBODY.split("$")[1:4] == parameters


@pytest.mark.parametrize(
    ("password", "key"),
    [
        ("short", "password_short"),
        ("x" * 129, "password_long"),
        ("Password123", "password_common"),
        ("aaaaaaaaaaaa", "password_common"),
        ("long.name.of.lin", "password_name"),
    ],
)
def test_a_bad_password_is_refused(store: Store, password: str, key: str) -> None:
    with pytest.raises(AccountError, match=key):
        store.write(
            lambda tx: accounts.add(tx, "long.name.of.lin", "Lin", password, NOW),
        )


@pytest.mark.parametrize(
    ("name", "key"),
    [("lin", "name_taken"), ("a b", "name_form")],
)
def test_an_account_needs_a_free_name(store: Store, name: str, key: str) -> None:
    with pytest.raises(AccountError, match=key):
        store.write(lambda tx: accounts.add(tx, name, "", GOOD, NOW))


def test_ten_wrong_passwords_shut_the_name_for_a_quarter_of_an_hour(store: Store) -> None:
    for _ in range(10):
        assert refused(store, "wrong password") == "wrong_login"
    assert refused(store, GOOD) == "too_many_tries"
    assert refused(store, GOOD, NOW + timedelta(minutes=14)) == "too_many_tries"
    assert session(store, accounts.log_in(store, "lin", GOOD, NOW + timedelta(minutes=16)))


def test_unknown_names_are_throttled_alike(store: Store) -> None:
    answers = [refused(store, "wrong password", name="nobody") for _ in range(11)]
    assert answers == ["wrong_login"] * 10 + ["too_many_tries"]


def test_no_more_than_twenty_checks_an_hour(store: Store) -> None:
    answers = [
        refused(store, "wrong password", NOW + timedelta(minutes=16 * block))
        for block in range(3)
        for _ in range(11)
    ]
    assert answers.count("wrong_login") == 20


def test_guessing_in_parallel_does_not_pass_the_limit(store: Store) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: refused(store, "wrong password"), range(40)))
    assert answers.count("wrong_login") == 10


def test_a_flood_of_logins_is_turned_away(store: Store) -> None:
    with ExitStack() as crowd:
        for _ in range(16):
            crowd.enter_context(accounts._WAITING)
        assert refused(store, GOOD) == "too_busy"
    assert session(store, accounts.log_in(store, "lin", GOOD, NOW))


def test_a_right_password_forgets_the_wrong_ones(store: Store) -> None:
    for _ in range(9):
        refused(store, "wrong password")
    accounts.log_in(store, "lin", GOOD, NOW)
    assert failures(store) == 0


def test_a_known_browser_gets_in_while_a_stranger_guesses(store: Store) -> None:
    for _ in range(11):
        refused(store, "wrong password")
    assert session(store, accounts.log_in(store, "lin", GOOD, NOW, device="ab12"))
    for _ in range(10):
        refused(store, "wrong password", device="ab12")
    assert refused(store, GOOD, device="ab12") == "too_many_tries"


def test_a_session_ends_after_half_an_hour_of_silence(store: Store) -> None:
    token = accounts.log_in(store, "lin", GOOD, NOW)
    assert session(store, token, NOW + timedelta(minutes=30)) is None
    keep_alive(store, token, NOW + timedelta(minutes=29))
    assert session(store, token, NOW + timedelta(minutes=58))


def test_a_session_never_lives_past_twelve_hours(store: Store) -> None:
    token = accounts.log_in(store, "lin", GOOD, NOW)
    for minutes in range(20, 12 * 60, 20):
        keep_alive(store, token, NOW + timedelta(minutes=minutes))
    assert session(store, token, NOW + timedelta(hours=12)) is None


def test_logging_out_ends_one_session_only(store: Store) -> None:
    here, there = (accounts.log_in(store, "lin", GOOD, NOW) for _ in range(2))
    mine = session(store, here)
    assert mine is not None
    store.write(lambda tx: accounts.log_out(tx, mine))
    assert session(store, here) is None
    assert session(store, there)


@pytest.mark.parametrize("change", ["disable", "password"])
def test_a_change_of_the_account_ends_every_session(store: Store, change: str) -> None:
    tokens = [accounts.log_in(store, "lin", GOOD, NOW) for _ in range(2)]
    steps = {
        "disable": lambda tx: accounts.disable(tx, "lin", NOW),
        "password": lambda tx: accounts.set_password(tx, "lin", "another good one", NOW),
    }
    store.write(steps[change])
    assert [session(store, token) for token in tokens] == [None, None]


def test_a_disabled_account_cannot_log_in(store: Store) -> None:
    store.write(lambda tx: accounts.disable(tx, "lin", NOW))
    assert refused(store, GOOD) == "wrong_login"


def test_a_reset_password_must_be_changed_and_lifts_the_throttle(store: Store) -> None:
    for _ in range(10):
        refused(store, "wrong password")
    store.write(lambda tx: accounts.set_password(tx, "lin", "another good one", NOW, must_change=True))
    found = session(store, accounts.log_in(store, "lin", "another good one", NOW))
    assert found is not None
    assert found.must_change_password


def test_changing_ones_password_keeps_only_the_new_session(store: Store) -> None:
    old, other = (accounts.log_in(store, "lin", GOOD, NOW) for _ in range(2))
    mine = session(store, old)
    assert mine is not None
    new = accounts.change_password(store, mine, GOOD, "another good one", NOW)
    assert [bool(session(store, token)) for token in (old, other, new)] == [False, False, True]
    assert refused(store, GOOD) == "wrong_login"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("wrong", "another good one", "wrong_password"),
        (GOOD, GOOD, "same_password"),
        (GOOD, "short", "password_short"),
    ],
)
def test_a_change_of_password_is_checked(store: Store, old: str, new: str, key: str) -> None:
    token = accounts.log_in(store, "lin", GOOD, NOW)
    mine = session(store, token)
    assert mine is not None
    with pytest.raises(AccountError, match=key):
        accounts.change_password(store, mine, old, new, NOW)
    assert session(store, token)


def test_the_first_admin_is_made_once(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'new.db'}")
    store.migrate()
    made = [store.write(lambda tx: accounts.ensure_first_admin(tx, NOW, GOOD)) for _ in range(2)]
    found = session(store, accounts.log_in(store, "admin", GOOD, NOW))
    store.close()
    assert made == [True, False]
    assert found is not None
    assert found.must_change_password


@pytest.mark.parametrize("step", ["disable", "password"])
def test_an_unknown_account_is_said(store: Store, step: str) -> None:
    steps = {
        "disable": lambda tx: accounts.disable(tx, "nobody", NOW),
        "password": lambda tx: accounts.set_password(tx, "nobody", GOOD, NOW),
    }
    with pytest.raises(AccountError, match="no_such_account"):
        store.write(steps[step])
