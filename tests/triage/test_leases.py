"""A lease is one holder's until it runs out or is given back, on both databases."""

from datetime import UTC, datetime, timedelta

from triage.leases import release_lease, take_lease
from triage.store import Store

NOON = datetime(2026, 10, 9, 4, 0, tzinfo=UTC)


def take(store: Store, holder: str, seconds: float, name: str = "poll") -> bool:
    at = NOON + timedelta(seconds=seconds)
    return store.write(lambda tx: take_lease(tx, name, holder, at, at + timedelta(seconds=15)))


def test_one_holder_at_a_time(store: Store) -> None:
    assert take(store, "one", 0)
    assert not take(store, "two", 1)
    assert take(store, "two", 1, "something else")
    assert take(store, "one", 10), "renewed"
    assert not take(store, "two", 24.9)


def test_a_lease_that_ran_out_is_anybodys(store: Store) -> None:
    assert take(store, "one", 0)
    assert take(store, "two", 15)
    assert not take(store, "one", 16), "he came back too late"


def test_a_lease_that_was_given_back_is_free_at_once(store: Store) -> None:
    assert take(store, "one", 0)
    store.write(lambda tx: release_lease(tx, "poll", "two"))
    assert not take(store, "two", 1), "only the holder gives it back"
    store.write(lambda tx: release_lease(tx, "poll", "one"))
    assert take(store, "two", 1)
