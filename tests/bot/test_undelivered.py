"""What did not reach a merchant, or nobody knows: the desk says so, and lets a person decide."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bot.desk_browser import DeskBrowser
from tests.bot.telegram_service import TelegramService
from tests.telegram_api.control import RunningServer, TelegramApi
from tests.telegram_api.people import User
from tests.triage.house import hidden


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TelegramService]:
    """One service for all tests of the module: each has its own merchant."""
    server = RunningServer()
    try:
        folder: Path = tmp_path_factory.mktemp("undelivered")
        with TelegramService(folder, TelegramApi(server), "polling") as service:
            yield service
    finally:
        server.close()


@pytest.fixture(scope="module")
def desk(bot: TelegramService) -> Iterator[DeskBrowser]:
    with DeskBrowser(bot) as browser:
        yield browser


class Case:
    """A merchant with a ticket that the administrator works on."""

    def __init__(self, bot: TelegramService, desk: DeskBrowser) -> None:
        self.bot, self.desk = bot, desk
        self.user: User = bot.api.user("王芳")
        self.user.send("人工")
        said = bot.hear(self.user, 1).text
        found = re.search(r"DZ-\d+", said)
        assert found, said
        self.number = found.group()
        self.url = f"/desk/tickets/{self.number}"
        bot.settle()

    def reply(self, text: str) -> None:
        self.desk.send(f"{self.url}/reply", self.url, text=text)
        self.bot.settle()

    def decide(self, how: str) -> str:
        """Press one of the buttons of a delivery; gives the page that follows."""
        answer = self.desk.send(f"{self.url}/delivery", self.url, how=how)
        assert answer.status_code == 200
        self.bot.settle()
        return self.page()

    def page(self) -> str:
        return self.desk.page(self.url)

    def alarm(self, path: str = "/desk") -> str:
        """Give the notice about undelivered replies, with its links to tickets."""
        found = re.search(r'<li class="alarm">.*?</li>', self.desk.page(path), re.DOTALL)
        return found.group() if found else ""

    @property
    def delivery(self) -> Any:
        return self.bot.deliveries(self.user)[-1]

    def shown(self, text: str) -> int:
        return [message.text for message in self.bot.api.sent(self.user)].count(text)

    def events(self) -> list[str]:
        query = "SELECT kind FROM ticket_event WHERE ticket_id = :id ORDER BY id"
        return [row.kind for row in self.bot.rows(query, id=int(self.number[3:]))]


@pytest.fixture
def case(bot: TelegramService, desk: DeskBrowser) -> Case:
    return Case(bot, desk)


def test_an_uncertain_reply_is_said_to_be_so_and_sent_again_when_a_person_wants(
    bot: TelegramService, case: Case
) -> None:
    bot.api.fail_next("sendMessage", "reset after body", chat=case.user)
    case.reply("您好,在查了。")
    assert (case.delivery.status, case.shown("您好,在查了。")) == ("uncertain", 0)
    assert "不确定是否送达" in case.page()
    assert case.number in case.alarm()
    after = case.decide("again")
    assert (case.delivery.status, case.shown("您好,在查了。")) == ("sent", 1)
    assert "不确定是否送达" not in after
    assert case.number not in case.alarm()
    assert case.events()[-1] == "sent_again"


def test_an_uncertain_reply_that_arrived_is_not_sent_twice(bot: TelegramService, case: Case) -> None:
    bot.api.fail_next("sendMessage", "reset after delivery", chat=case.user)
    case.reply("已经补划。")
    assert case.delivery.status == "uncertain"
    after = case.decide("arrived")
    assert (case.delivery.status, case.shown("已经补划。")) == ("sent", 1)
    assert "不确定是否送达" not in after
    assert "确认已送达" in after, "the step stands in the history"
    assert case.events()[-1] == "arrival_confirmed"


def test_a_reply_to_one_who_blocked_the_bot(case: Case) -> None:
    case.user.block()
    case.reply("请回电。")
    assert (case.delivery.status, case.delivery.error) == ("failed", "blocked")
    assert "未送达：对方已屏蔽机器人" in case.page()
    assert "Not delivered: the merchant has blocked the bot" in case.desk.page(f"{case.url}?lang=en")
    case.desk.page(f"{case.url}?lang=zh")
    assert case.number in case.alarm(case.url)
    case.user.unblock()
    case.decide("again")
    assert (case.delivery.status, case.shown("请回电。")) == ("sent", 1)


def test_a_reply_that_is_left_as_it_is_raises_no_alarm_any_more(bot: TelegramService, case: Case) -> None:
    bot.api.fail_next("sendMessage", "400", chat=case.user)
    case.reply("打电话告诉您了。")
    assert "未送达：对方平台不接受" in case.page()
    after = case.decide("left")
    assert "未送达：对方平台不接受" in after, "it stays said"
    assert "/delivery" not in after
    assert case.number not in case.alarm()
    assert case.events()[-1] == "left_undelivered"


def test_what_is_on_its_way_is_said_and_cannot_be_decided_on(bot: TelegramService, case: Case) -> None:
    bot.api.close_chat(case.user, 2)
    case.desk.send(f"{case.url}/reply", case.url, text="马上回复您。")
    assert "还在发送" in case.page()
    assert "/delivery" not in case.page()
    [message] = bot.rows("SELECT id FROM message WHERE text = '马上回复您。'")
    token = re.search(r'name="csrf" value="([^"]*)"', case.page())
    assert token
    form = {"csrf": token.group(1), "message": str(message.id), "how": "again"}
    answer = case.desk.client.post(f"{case.url}/delivery", data=form)
    assert (answer.status_code, "这条回复正在发送，或者已经处理过" in answer.text) == (409, True)
    bot.settle()
    assert case.shown("马上回复您。") == 1
    assert "还在发送" not in case.page()


def test_two_who_press_at_once_send_it_once(bot: TelegramService, case: Case) -> None:
    bot.api.fail_next("sendMessage", "reset after body", chat=case.user)
    case.reply("核对好了。")
    form = re.search(r'name="message" value="(\d+)"', case.page())
    token = re.search(r'name="csrf" value="([^"]*)"', case.page())
    assert form
    assert token
    data = {"csrf": token.group(1), "message": form.group(1), "how": "again"}
    statuses = {case.desk.client.post(f"{case.url}/delivery", data=data).status_code for _ in range(3)}
    assert statuses == {200, 409}
    bot.settle()
    assert case.shown("核对好了。") == 1
    assert case.events().count("sent_again") == 1


def test_another_merchants_message_is_not_touched(
    bot: TelegramService, desk: DeskBrowser, case: Case
) -> None:
    other = Case(bot, desk)
    bot.api.fail_next("sendMessage", "reset after body", chat=other.user)
    other.reply("别家的回复。")
    [message] = bot.rows("SELECT id FROM message WHERE text = '别家的回复。'")
    token = re.search(r'name="csrf" value="([^"]*)"', case.page())
    assert token
    form = {"csrf": token.group(1), "message": str(message.id), "how": "again"}
    assert desk.client.post(f"{case.url}/delivery", data=form).status_code == 409
    assert other.delivery.status == "uncertain"
    other.decide("arrived")


def leftovers(bot: TelegramService) -> list[Any]:
    return bot.rows("SELECT id, tries, next_try_at FROM set_aside ORDER BY id")


def decide_on_leftover(desk: DeskBrowser, row: int, how: str) -> str:
    form = {"csrf": hidden(desk.page("/desk/set-aside"), "/desk/set-aside")["csrf"], "row": str(row)}
    answer = desk.client.post("/desk/set-aside", data=form | {"how": how})
    assert answer.status_code == 200
    return answer.text


def test_messages_that_failed_can_be_seen_tried_again_and_put_away(
    bot: TelegramService, desk: DeskBrowser
) -> None:
    user = bot.api.user("赵六")
    payload = {"channel": "telegram", "sender": str(user.id), "key": "tg:7", "text": "卡 **** 1234 没到账"}
    user.start()
    bot.hear(user, 1)
    bot.api.inject({"message": {"from": "nowhere"}})
    bot.api.wait_for(lambda: leftovers(bot))
    bot.leave(payload, error="RuntimeError", tries=5)
    assert "有 2 条商户消息多次处理失败" in desk.page("/desk")
    page = desk.page("/desk/set-aside")
    assert "RuntimeError，试过 5 次" in page
    assert "卡 **** 1234 没到账" in page
    assert "平台发来的内容读不出来" in page
    assert page.count('value="again"') == 1, "what cannot be read cannot be tried"
    unreadable, failed = leftovers(bot)

    decide_on_leftover(desk, unreadable.id, "again")
    assert leftovers(bot)[0].next_try_at is None
    decide_on_leftover(desk, failed.id, "again")
    bot.api.wait_for(lambda: len(leftovers(bot)) == 1)
    bot.hear(user, 2)
    assert bot.heard(user)[-1] == "卡 **** 1234 没到账"

    page = decide_on_leftover(desk, unreadable.id, "away")
    assert "没有处理失败的消息" in page
    assert "多次处理失败" not in page
    assert leftovers(bot) == []
