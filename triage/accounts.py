"""Accounts of the people at the desk: passwords, logging in, sessions."""

import hashlib
import re
import secrets
import threading
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Connection, delete, func, insert, select, update

from triage.model import Account, DeskSession, LoginFailure, table
from triage.store import Store, Transaction

#: A session ends after this long without a page being asked for …
IDLE = timedelta(minutes=30)
#: … and after this long whatever happens.
ABSOLUTE = timedelta(hours=12)
#: Wrong passwords that one name may have in a stretch of time before further tries are refused unchecked.
THROTTLE = ((10, timedelta(minutes=15)), (20, timedelta(hours=1)))
SHORTEST = 10
LONGEST = 128
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")

#: Passwords of ten and more characters that stand high in every list of leaked ones.
_COMMON = """
0123456789 1234567890 12345678910 123456789a a123456789 0987654321 9876543210 1q2w3e4r5t
1qaz2wsx3edc abc1234567 abcd123456 admin12345 administrator changeme123 football123 iloveyou123
letmein123 passw0rd123 password01 password12 password123 password1234 q1w2e3r4t5 qwerty12345
qwerty123456 qwertyuiop qazwsxedcrfv woaini1314 woaini520 welcome123 zxcvbnm123 asdfghjkl1
5201314520 1122334455 1357924680 2468013579 147258369a daozhang123 daozhang888
"""
COMMON = frozenset(_COMMON.split())

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
#: Hash of a random password nobody knows: an unknown name takes the same work as a known one.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$u/X7QuNAYUXivTaVujzd9A$V3o64JFLJMS2MMY5J8vXJbl1jI4Tav2PtYqoYMXYpcI"
#: Each check takes 19 MiB and a processor: a flood of logins must not take all of them …
_CHECKING = threading.BoundedSemaphore(4)
#: … nor all the threads that serve requests.
_WAITING = threading.BoundedSemaphore(16)


class AccountError(Exception):
    """Something about an account is not possible; `key` names the text that says why (desk/texts.yaml)."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A living login: who it is, and the token that his forms carry."""

    id: str
    account_id: int
    name: str
    display_name: str
    csrf_token: str
    must_change_password: bool
    created_at: datetime
    seen_at: datetime


def add(tx: Transaction, name: str, display_name: str, password: str, now: datetime) -> int:
    """Make an account; give its id.

    Raises AccountError: name_form, name_taken, or what is wrong with the password.
    """
    name = tidy(name)
    if not NAME.fullmatch(name):
        raise AccountError("name_form")
    if _row(tx.connection, name):
        raise AccountError("name_taken")
    values = {
        "name": name,
        "display_name": display_name.strip() or name,
        "password_hash": _hash(name, password),
        "must_change_password": False,
        "created_at": now,
    }
    return tx.add(table(Account), values)


def ensure_first_admin(tx: Transaction, now: datetime, password: str) -> bool:
    """Make the account `admin` if there is none at all; its password must be changed at the first login."""
    if tx.execute(select(func.count()).select_from(table(Account))).scalar_one():
        return False
    add(tx, "admin", "Admin", password, now)
    _change(tx, "admin", must_change_password=True)
    return True


def set_password(
    tx: Transaction, name: str, password: str, now: datetime, *, must_change: bool = False
) -> None:
    """Give an account another password; its sessions end and its wrong tries are forgotten.

    Raises AccountError: no_such_account, or what is wrong with the password.
    """
    name = tidy(name)
    hashed = _hash(name, password)
    _change(tx, name, password_hash=hashed, must_change_password=must_change)
    _forget_failures(tx, name, now)


def disable(tx: Transaction, name: str, now: datetime) -> None:
    """Close an account; its sessions end. Raises AccountError: no_such_account."""
    _change(tx, tidy(name), disabled_at=now)


def id_of(tx: Transaction, name: str) -> int:
    """Find an open account by its name. Raises AccountError: no_such_account."""
    row = _row(tx.connection, tidy(name))
    if row is None or row["disabled_at"] is not None:
        raise AccountError("no_such_account")
    return int(row["id"])


def log_in(store: Store, name: str, password: str, now: datetime, *, device: str = "") -> str:
    """Check name and password, start a session and give its token (32 random bytes, URL-safe).

    `device` names a browser that logged in to this account before (empty = unknown): its wrong tries are
    counted apart, so that a stranger's guessing does not lock the person out.
    Raises AccountError: too_many_tries, too_busy, wrong_login.
    """
    name = tidy(name)
    counted = f"{name}#{device}"[:64] if device else name[:64]
    # The try is noted before the check and taken back after a right one: many at once cannot pass the limit.
    store.write(lambda tx: _note_try(tx, counted, now))
    account = store.read(lambda connection: _row(connection, name))
    usable = account is not None and account["disabled_at"] is None
    right = _verify(account["password_hash"] if account and usable else _NOBODY, password)
    if not account or not usable or not right:
        raise AccountError("wrong_login")
    token = secrets.token_urlsafe(32)

    def start(tx: Transaction) -> None:
        current = _row(tx.connection, name)
        if not current or current["disabled_at"] or current["password_hash"] != account["password_hash"]:
            raise AccountError("wrong_login")
        tx.execute(delete(table(LoginFailure)).where(table(LoginFailure).c.name == counted))
        _start_session(tx, account["id"], token, now)

    store.write(start)
    return token


def change_password(store: Store, session: Session, old: str, new: str, now: datetime) -> str:
    """Change one's own password: all sessions end, and the token of a new one is given.

    Raises AccountError: wrong_password, too_many_tries, too_busy, same_password, or what the new one lacks.
    """
    check_password(session.name, new)
    if old == new:
        raise AccountError("same_password")
    store.write(lambda tx: _note_try(tx, session.name, now))
    account = store.read(lambda connection: _row(connection, session.name))
    if account is None or not _verify(account["password_hash"], old):
        raise AccountError("wrong_password")
    hashed = _HASHER.hash(new)
    token = secrets.token_urlsafe(32)

    def change(tx: Transaction) -> None:
        _change(tx, session.name, password_hash=hashed, must_change_password=False)
        _forget_failures(tx, session.name, now)
        _start_session(tx, session.account_id, token, now)

    store.write(change)
    return token


def log_out(tx: Transaction, session: Session) -> None:
    """End one session."""
    tx.execute(delete(table(DeskSession)).where(table(DeskSession).c.id == session.id))


def find_session(connection: Connection, token: str, now: datetime) -> Session | None:
    """Find the living session of a cookie's token; None when it ended, or its account was disabled."""
    login, account = table(DeskSession), table(Account)
    query = (
        select(login, account.c.name, account.c.display_name, account.c.must_change_password)
        .join(account, account.c.id == login.c.account_id)
        .where(login.c.id == _digest(token), account.c.disabled_at.is_(None))
        .where(login.c.seen_at > now - IDLE, login.c.created_at > now - ABSOLUTE)
    )
    row = connection.execute(query).mappings().one_or_none()
    return Session(**row) if row else None


def keep_alive(tx: Transaction, session: Session, now: datetime) -> None:
    """Note that the person is at work."""
    login = table(DeskSession)
    tx.execute(update(login).where(login.c.id == session.id, login.c.seen_at < now).values(seen_at=now))


def check_password(name: str, password: str) -> None:
    """Hold a new password against the rules.

    Raises AccountError: password_short, password_long, password_name, password_common.
    """
    plain = password.casefold()
    if len(password) < SHORTEST:
        raise AccountError("password_short")
    if len(password) > LONGEST:
        raise AccountError("password_long")
    if plain == name.casefold():
        raise AccountError("password_name")
    if plain in COMMON or len(set(plain)) < 4:
        raise AccountError("password_common")


def tidy(name: str) -> str:
    """Write a login name as it is kept: without surrounding blanks, lower case, plain width."""
    return unicodedata.normalize("NFKC", name).replace("\0", "").strip().lower()


def _hash(name: str, password: str) -> str:
    check_password(name, password)
    return _HASHER.hash(password)


def _verify(hashed: str, password: str) -> bool:
    if not _WAITING.acquire(blocking=False):
        raise AccountError("too_busy")
    try:
        with _CHECKING:
            return _HASHER.verify(hashed, password[: LONGEST + 1])
    except VerificationError:
        return False
    finally:
        _WAITING.release()


def _row(connection: Connection, name: str) -> Mapping[str, Any] | None:
    account = table(Account)
    found = connection.execute(select(account).where(account.c.name == name)).mappings().one_or_none()
    return dict(found) if found else None


def _change(tx: Transaction, name: str, **values: object) -> None:
    """Change an account and end its sessions."""
    row = _row(tx.connection, name)
    if row is None:
        raise AccountError("no_such_account")
    account, login = table(Account), table(DeskSession)
    tx.execute(update(account).where(account.c.id == row["id"]).values(**values))
    tx.execute(delete(login).where(login.c.account_id == row["id"]))


def _start_session(tx: Transaction, account_id: int, token: str, now: datetime) -> None:
    login = table(DeskSession)
    tx.execute(delete(login).where(login.c.created_at < now - ABSOLUTE))
    values = {
        "id": _digest(token),
        "account_id": account_id,
        "csrf_token": secrets.token_urlsafe(32),
        "created_at": now,
        "seen_at": now,
    }
    tx.execute(insert(login), values)


def _note_try(tx: Transaction, counted: str, now: datetime) -> None:
    failure = table(LoginFailure)
    tx.execute(delete(failure).where(failure.c.at < now - timedelta(hours=1)))
    for limit, stretch in THROTTLE:
        query = select(func.count()).where(failure.c.name == counted, failure.c.at > now - stretch)
        if tx.execute(query).scalar_one() >= limit:
            raise AccountError("too_many_tries")
    tx.add(failure, {"name": counted, "at": now})


def _forget_failures(tx: Transaction, name: str, now: datetime) -> None:
    """Forget the wrong tries of a name from every device."""
    failure = table(LoginFailure)
    mine = (failure.c.name == name[:64]) | failure.c.name.startswith(f"{name}#", autoescape=True)
    tx.execute(delete(failure).where(mine, failure.c.at <= now))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
