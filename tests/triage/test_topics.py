"""Of which tickets a group of agents must see more."""

import pytest

from tests.triage.house import House, open_house
from triage import topics
from triage.custody import change, locked
from triage.replies import Reply, send_reply
from triage.store import Store, Transaction

GROUP = "-1001"


@pytest.fixture
def house(store: Store) -> House:
    return open_house(store)


def behind(house: House, *resting: int) -> list[int]:
    return list(house.store.read(lambda connection: topics.behind(connection, GROUP, resting, 20)))


def show_all(house: House, ticket_id: int) -> None:
    """Note that the topic of a ticket shows all there is."""

    def work(tx: Transaction) -> None:
        topics.topic_of(tx, ticket_id, GROUP)
        row = locked(tx, ticket_id)._mapping
        newest = topics.newest_message(tx.connection, row)
        shown = {"message_id": newest, "shown_at": row["updated_at"], "stirred": False}
        topics.note(tx, ticket_id, GROUP, thread_id=ticket_id + 100, **shown)

    house.store.write(work)


def test_a_ticket_is_behind_until_all_is_shown(house: House) -> None:
    house.file()
    assert behind(house) == [1]
    assert behind(house, 1) == []
    show_all(house, 1)
    assert behind(house) == []
    house.merchant_writes("DZ-000001", "在吗")
    assert behind(house) == [1]
    show_all(house, 1)
    house.store.write(lambda tx: topics.stir(tx, 1, GROUP, menu="resolve"))
    assert behind(house) == [1]


def test_what_was_written_in_a_topic_does_not_leave_it_behind(house: House) -> None:
    house.file()
    show_all(house, 1)
    reply = Reply(text="您好", seen=2**31 - 1, key="topic:-1001:5")
    house.store.write(lambda tx: send_reply(tx, 1, 1, reply, house.now))
    house.store.write(
        lambda tx: topics.note(
            tx, 1, GROUP, shown_at=locked(tx, 1).updated_at
        )  # its card was brought up to date
    )
    assert behind(house) == []


def test_more_lines_than_one_look_takes_are_shown_from_the_oldest(house: House) -> None:
    house.file()
    show_all(house, 1)
    for number in range(topics.MOST_NEWS + 5):
        house.merchant_writes("DZ-000001", f"第{number}句")
    ticket = house.ticket("DZ-000001")

    def news(connection: object) -> list[str]:
        topic = topics.topic_in(connection, 1, GROUP)  # type: ignore[arg-type]
        return [one.text for one in topics.news_for(connection, topic, ticket)]  # type: ignore[arg-type]

    assert house.store.read(news)[:2] == ["第0句", "第1句"]


def test_a_ticket_resolved_before_the_group_saw_it_is_left_out(house: House) -> None:
    house.file()
    house.store.write(lambda tx: change(tx, locked(tx, 1), house.now, status="resolved"))
    assert behind(house) == []


def test_who_writes_in_a_lost_topic_means_its_ticket(house: House) -> None:
    house.file()
    show_all(house, 1)

    def lose(tx: Transaction) -> None:
        topics.lose(tx, topics.topic_of(tx, 1, GROUP))

    house.store.write(lose)
    found = house.store.read(lambda connection: topics.ticket_in(connection, GROUP, 101))
    assert found
    assert found.id == 1
    assert behind(house) == [1]
    assert house.store.read(lambda connection: topics.ticket_in(connection, "-1002", 101)) is None


def test_notices_are_given_in_order(house: House) -> None:
    house.file()

    def tell(tx: Transaction) -> None:
        for number in (5, 6):
            topics.tell(tx, 1, GROUP, "没有发给商户", number)

    house.store.write(tell)
    house.store.write(lambda tx: topics.note(tx, 1, GROUP, told=True))
    topic = house.store.read(lambda connection: topics.topic_in(connection, 1, GROUP))
    assert topic
    assert topic.notices == [{"text": "没有发给商户", "reply_to": 6}]
