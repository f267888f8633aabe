"""Linking an account with a person of a platform: the desk's page, the codes, and what is taken once."""

import re
from datetime import timedelta

import pytest

from tests.triage.house import House, hidden, open_house
from triage import accounts, links
from triage.store import Store


@pytest.fixture
def house(store: Store) -> House:
    return open_house(store)


def code_from_the_desk(house: House, name: str) -> str:
    """Get a code as a person does: by a button of his account's page."""
    visitor = house.log_in(name)
    form = hidden(visitor.page("/desk/password"), "/desk/link")
    answer = visitor.client.post("/desk/link", data=form)
    assert answer.status_code == 200
    return str(re.findall(r"/link ([A-Z0-9]+)", answer.text)[0])


def code_for(house: House, account_id: int) -> str:
    """Get a code as the command line does."""
    return house.store.write(lambda tx: links.make_code(tx, account_id, house.now))


def redeem(house: House, code: str, external_id: str = "77") -> links.Person | None:
    return house.store.write(
        lambda tx: links.redeem(tx, code, "telegram", external_id, "Lin on Telegram", house.now)
    )


def person(house: House, external_id: str = "77") -> links.Person | None:
    return house.store.read(lambda connection: links.person_of(connection, "telegram", external_id))


def test_a_code_links_once_and_can_be_cut_again(house: House) -> None:
    code = code_from_the_desk(house, "lin")
    assert redeem(house, f" {code.lower()} ") == links.Person(account_id=1, name="林晓")
    assert redeem(house, code, "78") is None
    assert person(house) == links.Person(account_id=1, name="林晓")
    visitor = house.log_in("lin")
    page = visitor.page("/desk/password")
    assert "Lin on Telegram" in page
    visitor.client.post("/desk/unlink", data=hidden(page, "/desk/unlink"))
    assert person(house) is None
    assert "取关联码" in visitor.page("/desk/password")


def test_a_late_or_older_code_is_void(house: House) -> None:
    first, second = code_from_the_desk(house, "lin"), code_from_the_desk(house, "lin")
    assert redeem(house, first) is None
    house.now += links.GOOD_FOR
    assert redeem(house, second) is None


def test_the_newest_link_holds(house: House) -> None:
    redeem(house, code_for(house, 1), "77")
    redeem(house, code_for(house, 1), "78")
    assert person(house, "77") is None
    redeem(house, code_for(house, 2), "78")
    assert person(house, "78") == links.Person(account_id=2, name="赵敏")


def test_a_disabled_account_is_nobody(house: House) -> None:
    redeem(house, code_for(house, 1))
    code = code_for(house, 1)
    house.store.write(lambda tx: accounts.disable(tx, "lin", house.now))
    assert person(house) is None
    assert redeem(house, code) is None


def test_an_update_is_taken_once_for_as_long_as_it_may_come_again(house: House) -> None:
    def take(key: str) -> bool:
        return house.store.write(lambda tx: links.take_once(tx, key, house.now))

    assert [take("a"), take("a"), take("b")] == [True, False, True]
    house.now += links.REMEMBERED + timedelta(seconds=1)
    assert take("a")
