"""The agents' group on Telegram: a topic a ticket, what agents do there, and what goes wrong with it."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.bot.telegram_service import TelegramService
from tests.telegram_api.control import RunningServer, TelegramApi
from tests.telegram_api.faults import refusal
from tests.telegram_api.people import Group, Shown, Tap, User
from tests.telegram_api.talking import result

JPEG = b"\xff\xd8\xff\xe0" + bytes(3000)
PDF = b"%PDF-1.7\n" + bytes(500)
FIRST = "昨天上午10点刷了3500没到账"


class Office:
    """A service with an agents' group, and two agents in it who are linked with their accounts."""

    def __init__(self, bot: TelegramService, group: Group, lei: User, mei: User) -> None:
        self.bot = bot
        self.api = bot.api
        self.group = group
        self.lei, self.mei = lei, mei

    def merchant_with_ticket(self, name: str = "王芳") -> tuple[User, int]:
        """Give a merchant who asked for a person, and the topic of his ticket, brought up to date."""
        user = self.api.user(name)
        user.send(FIRST)
        self.bot.hear(user, 1)
        user.send("人工")
        told = self.bot.hear(user, 2).text
        number = next(iter(re.findall(r"DZ-\d{6}", told)))
        topic = self.topic(number)
        self.api.wait_for(
            lambda: any("到目前为止的对话" in one.text for one in self.api.sent(self.group, topic))
        )
        self.settle(topic)
        return user, topic

    def topic(self, number: str) -> int:
        """Wait for the topic of a ticket."""

        def found() -> list[int]:
            return [topic for topic, shown in self.group.topics().items() if number in shown["name"]]

        return self.api.wait_for(found)[0]

    def card(self, topic: int) -> Shown:
        """Give the card of a topic as it looks now."""
        return next(one for one in self.api.sent(self.group, topic) if one.labels)

    def settle(self, topic: int) -> None:
        """Wait until the topic shows all there is."""
        statement = (
            "SELECT 1 FROM topic p JOIN ticket t ON t.id = p.ticket_id WHERE p.thread_id = :topic"
            " AND NOT p.stirred AND p.doing = '' AND p.shown_at = t.updated_at AND"
            " (t.status = 'resolved' OR p.message_id >= (SELECT max(m.id) FROM message m"
            " WHERE m.conversation_id = t.conversation_id AND coalesce(m.key, '') NOT LIKE 'agent:topic:%'))"
        )
        self.api.wait_for(lambda: self.bot.rows(statement, topic=topic))

    def tap(self, agent: User, topic: int, label: str) -> str:
        """Press a button of the card; gives what the bot answered to it."""
        self.api.wait_for(lambda: label in self.card(topic).labels)
        tap = agent.tap(self.card(topic), label)
        return answer(self.api, tap)

    def pictures(self, chat: User | Group, topic: int | None = None) -> list[bytes]:
        """Give the pictures that the bot sent into a chat."""
        shown = [one.raw["photo"][-1] for one in self.api.sent(chat, topic) if "photo" in one.raw]
        paths = [result(self.api, "getFile", file_id=one["file_id"])["file_path"] for one in shown]
        files = f"{self.api.url}/file/bot{self.api.token}"
        return [httpx.get(f"{files}/{path}", trust_env=False).content for path in paths]

    def stored(self, content: bytes) -> dict[str, Any]:
        """Upload something as a person does; gives what a message says of it."""
        found: dict[str, Any] = self.lei._upload(content, "documents", "a.pdf", "application/pdf")
        return found

    def web(self, *texts: str) -> str:
        """Write on the page; gives the conversation's token."""
        token: str | None = None
        for text in texts:
            body = {"conversation": token, "client_id": str(uuid4()), "text": text}
            answer = httpx.post(f"{self.bot.url}/chat/api/messages", json=body, trust_env=False)
            token = answer.json()["conversation"]
        return str(token)

    def talk(self, token: str) -> list[dict[str, Any]]:
        """Read a talk of the page."""
        found: list[dict[str, Any]] = self.get(f"{self.bot.url}/chat/api/messages", token).json()["messages"]
        return found

    def get(self, address: str, token: str) -> httpx.Response:
        """Fetch something of a conversation of the page."""
        return httpx.get(address, params={"conversation": token}, trust_env=False)

    def lines(self, topic: int) -> list[str]:
        """Give what the bot wrote in a topic, without the card."""
        return [one.text for one in self.api.sent(self.group, topic) if not one.labels]


def answer(api: TelegramApi, tap: Tap) -> str:
    found = api.wait_for(lambda: tap.answer)
    return str(found["text"]) if found else ""


def linked(bot: TelegramService, api: TelegramApi, name: str, account: str) -> User:
    """Give somebody who linked his Telegram with a new account."""
    about = {"display_name": name, "password": "correct horse battery"}
    bot.administer("user add", name=account, **about)
    user = api.user(name)
    code = re.findall(r"/link \w+", bot.administer("user link", name=account))[0]
    user.send(code)
    assert f"您在工单群里就是 {name}" in bot.hear(user, 1).text
    return user


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    server = RunningServer()
    try:
        api = TelegramApi(server)
        group = api.group("工单")
        folder = tmp_path_factory.mktemp("office")
        settings = {"telegram_agent_group": str(group.id)}
        with TelegramService(folder, api, "polling", **settings).hurried() as bot:
            lei, mei = linked(bot, api, "李雷", "lei"), linked(bot, api, "韩梅", "mei")
            group.add(lei, mei)
            yield Office(bot, group, lei, mei)
    finally:
        server.close()


def test_a_ticket_is_a_topic_with_a_pinned_card(office: Office) -> None:
    _, topic = office.merchant_with_ticket()
    card = office.card(topic)
    assert card.id in office.api.pinned(office.group)
    for word in ("DZ-", "清算", "首次处理", "¥3,500", "还缺材料", "下一步", "在工作台打开"):
        assert word in card.text
    assert card.labels == ["接手", "要材料", "转为等待", "归入故障", "办结"]
    [history] = office.lines(topic)
    assert FIRST in history


def test_what_is_said_goes_both_ways(office: Office) -> None:
    user, topic = office.merchant_with_ticket()
    before = len(office.api.sent(user))
    office.lei.send("您好,请问结算卡是哪家银行?", office.group, topic)
    assert office.bot.hear(user, before + 1).text == "您好,请问结算卡是哪家银行?"
    office.api.wait_for(lambda: "李雷 处理" in office.card(topic).text)
    user.send("工商银行")
    office.api.wait_for(lambda: any("工商银行" in line for line in office.lines(topic)))
    assert "您好,请问结算卡是哪家银行?" not in " ".join(office.lines(topic)), "he sees what he wrote himself"


def test_markup_in_words_is_shown_as_it_was_written(office: Office) -> None:
    user, topic = office.merchant_with_ticket()
    user.send("<b>3 < 5 & 'x'</b> <a href='http://x'>点</a>")
    office.api.wait_for(lambda: any("<b>3 < 5 & 'x'</b> <a href=" in line for line in office.lines(topic)))


def test_a_note_stays_among_the_agents(office: Office) -> None:
    user, topic = office.merchant_with_ticket()
    before = len(office.api.sent(user))
    office.lei.send("// 像是冻结,先问清算", office.group, topic)
    statement = "SELECT data FROM ticket_event WHERE kind = 'noted' AND ticket_id = :ticket"
    [noted] = office.api.wait_for(
        lambda: office.bot.rows(statement, ticket=int(office.card(topic).text[3:9]))
    )
    assert "像是冻结,先问清算" in noted.data
    office.lei.send("问好了,今天能处理", office.group, topic)
    assert office.bot.hear(user, before + 1).text == "问好了,今天能处理"
    assert len(office.api.sent(user)) == before + 1


def test_two_agents_take_a_ticket_at_once(office: Office) -> None:
    _, topic = office.merchant_with_ticket()
    card = office.card(topic)
    with office.api.held():
        taps = [office.lei.tap(card, "接手"), office.mei.tap(card, "接手")]
    said = sorted(answer(office.api, tap) for tap in taps)
    assert said[0] == "好的"
    assert "在同事手里" in said[1]
    office.api.wait_for(lambda: re.search("(李雷|韩梅) 处理", office.card(topic).text))
    claimed = "SELECT 1 FROM ticket_event WHERE kind = 'claimed' AND ticket_id = :ticket"
    number = int(card.text[3:9])
    assert len(office.bot.rows(claimed, ticket=number)) == 1


def test_only_who_is_linked_may_act(office: Office) -> None:
    user, topic = office.merchant_with_ticket()
    stranger = office.api.user("路人")
    office.group.add(stranger)
    before = len(office.api.sent(user))
    stranger.send("我来帮您", office.group, topic)
    office.api.wait_for(lambda: any("没有发给商户" in line for line in office.lines(topic)))
    assert "还没有关联" in answer(office.api, stranger.tap(office.card(topic), "接手"))
    assert len(office.api.sent(user)) == before
    assert "接手" in office.card(topic).labels


def test_a_disabled_account_may_no_longer_act(office: Office) -> None:
    user, topic = office.merchant_with_ticket()
    tom = linked(office.bot, office.api, "汤姆", f"tom{topic}")
    office.group.add(tom)
    office.bot.administer("user disable", name=f"tom{topic}")
    tom.send("您好", office.group, topic)
    office.api.wait_for(lambda: any("没有发给商户" in line for line in office.lines(topic)))
    assert "您好" not in [one.text for one in office.api.sent(user)]


def test_a_code_is_good_once(office: Office) -> None:
    code = re.findall(r"/link \w+", office.bot.command("user", "link", "mei"))[0]
    office.mei.send(code)
    count = len(office.api.sent(office.mei))
    office.api.wait_for(lambda: len(office.api.sent(office.mei)) > count - 1)
    thief = office.api.user("别人")
    thief.send(code)
    assert "不对" in office.bot.hear(thief, 1).text
    assert not office.bot.rows("SELECT 1 FROM message WHERE text LIKE '%/link%'"), "codes are no talk"


def test_the_case_of_another_is_not_answered(office: Office) -> None:
    user, topic = office.merchant_with_ticket()
    assert office.tap(office.lei, topic, "接手") == "好的"
    before = len(office.api.sent(user))
    office.mei.send("我也来说两句", office.group, topic)
    office.api.wait_for(lambda: any("在同事手里" in line for line in office.lines(topic)))
    assert len(office.api.sent(user)) == before


def test_asking_for_evidence(office: Office) -> None:
    user, topic = office.merchant_with_ticket()
    before = len(office.api.sent(user))
    assert office.tap(office.lei, topic, "要材料") == ""
    office.api.wait_for(lambda: "返回" in office.card(topic).labels)
    wanted = next(label for label in office.card(topic).labels if label != "返回")
    assert wanted in office.tap(office.lei, topic, wanted)
    assert office.bot.hear(user, before + 1).text.startswith("还需要您补充一项：")


def test_waiting_and_going_on(office: Office) -> None:
    user, topic = office.merchant_with_ticket()
    assert office.tap(office.lei, topic, "转为等待") == "好的"
    office.api.wait_for(lambda: "继续处理" in office.card(topic).labels)
    user.send("还有什么要我做的吗")
    office.api.wait_for(lambda: "转为等待" in office.card(topic).labels)
    assert "处理中" in office.card(topic).text


def test_a_ticket_under_an_incident(office: Office) -> None:
    _, topic = office.merchant_with_ticket()
    notice = {"zh": "工行系统维护", "en": "ICBC is down"}
    office.bot.administer("incident open", notice=notice, scope={"settle_bank": "ICBC"})
    assert office.tap(office.lei, topic, "归入故障") == ""
    office.api.wait_for(lambda: any("工行系统维护" in label for label in office.card(topic).labels))
    label = next(label for label in office.card(topic).labels if "工行系统维护" in label)
    assert office.tap(office.lei, topic, label) == "好的"
    office.api.wait_for(lambda: "归入故障 1：工行系统维护" in office.card(topic).text)
    office.bot.administer("incident close", number=1)


def test_resolving_closes_the_topic_and_tells_the_merchant(office: Office) -> None:
    user, topic = office.merchant_with_ticket()
    before = len(office.api.sent(user))
    assert office.tap(office.lei, topic, "办结") == ""
    office.tap(office.lei, topic, "全部原因")
    assert "查错了卡" in office.tap(office.lei, topic, "查错了卡")
    office.api.wait_for(lambda: office.group.topics()[topic]["closed"])
    assert "真实原因：查错了卡" in office.card(topic).text
    assert office.card(topic).labels == ["重新打开"]
    assert "DZ-" in office.bot.hear(user, before + 1).text
    assert office.tap(office.mei, topic, "重新打开") == "好的"
    office.api.wait_for(lambda: not office.group.topics()[topic]["closed"])
    office.api.wait_for(lambda: "韩梅 处理" in office.card(topic).text)


def test_an_edited_reply_is_corrected(office: Office) -> None:
    user, topic = office.merchant_with_ticket()
    before = len(office.api.sent(user))
    sent = office.lei.send("预计周四到账", office.group, topic)
    office.bot.hear(user, before + 1)
    office.lei.edit(sent.message, "预计周五到账")
    assert office.bot.hear(user, before + 2).text == "更正：预计周五到账"
    user_line = user.send("我刷了两笔")
    office.api.wait_for(lambda: any("我刷了两笔" in line for line in office.lines(topic)))
    user.edit(user_line.message, "我刷了三笔")
    office.api.wait_for(lambda: any("我刷了三笔" in line for line in office.lines(topic)))


def test_files_go_both_ways(office: Office) -> None:
    user, topic = office.merchant_with_ticket()
    user.photo(JPEG, "小票")
    office.api.wait_for(lambda: office.pictures(office.group, topic) == [JPEG])
    before = len(office.api.sent(user))
    office.lei.photo(JPEG + b"2", "看这里", office.group, topic=topic)
    shown = office.bot.hear(user, before + 1)
    assert (shown.text, office.pictures(user)) == ("看这里", [JPEG + b"2"])
    office.lei.document(PDF, "说明.pdf", "application/pdf", chat=office.group, topic=topic)
    office.bot.hear(user, before + 2)
    office.lei.document(
        b"MZ" + bytes(100), "a.exe", "application/octet-stream", chat=office.group, topic=topic
    )
    office.api.wait_for(lambda: "没有送到" in office.card(topic).text)
    assert len(office.api.sent(user)) == before + 2


def test_a_reply_whose_file_is_too_large_is_not_sent_at_all(office: Office) -> None:
    user, topic = office.merchant_with_ticket()
    before = len(office.api.sent(user))
    large = {**office.stored(PDF), "file_size": 21 * 2**20}
    content = {"document": {**large, "file_name": "a.pdf"}, "caption": "内部口径"}
    office.lei.send_content(content, office.group, topic)
    office.api.wait_for(lambda: any("文件太大" in line for line in office.lines(topic)))
    office.lei.send_content({"location": {"latitude": 1.0, "longitude": 2.0}}, office.group, topic)
    office.api.wait_for(lambda: any("这类消息转不了" in line for line in office.lines(topic)))
    assert len(office.api.sent(user)) == before
    assert "接手" in office.card(topic).labels, "nor is the ticket taken by that"


def test_notes_of_every_kind_stay_among_the_agents(office: Office) -> None:
    user, topic = office.merchant_with_ticket()
    before = len(office.api.sent(user))
    office.lei.send("／／像是套现", office.group, topic)
    for number, caption in enumerate(("// 后台截图", "", "")):
        office.lei.photo(JPEG + bytes([number]), caption, office.group, topic=topic, media_group_id="77")
    office.api.wait_for(lambda: any("备注只留文字" in line for line in office.lines(topic)))
    office.lei.send("查到了", office.group, topic)
    assert office.bot.hear(user, before + 1).text == "查到了"
    statement = "SELECT data FROM ticket_event WHERE kind = 'noted' AND ticket_id = :ticket"
    noted = office.bot.rows(statement, ticket=int(office.card(topic).text[3:9]))
    assert [word for word in ("像是套现", "后台截图") if word in str(noted)] == ["像是套现", "后台截图"]


def test_a_topic_that_was_given_up_is_still_heard(office: Office) -> None:
    user, topic = office.merchant_with_ticket()
    number = office.card(topic).text.split(" ")[0]
    office.api.fail_next("sendMessage", refusal(400, "Bad Request: message thread not found"), office.group)
    user.send("在吗")
    office.api.wait_for(
        lambda: len([1 for one in office.group.topics().values() if number in one["name"]]) == 2
    )
    before = len(office.api.sent(user))
    office.lei.send("钱明天到", office.group, topic)
    assert office.bot.hear(user, before + 1).text == "钱明天到"


def test_one_topic_that_fails_does_not_hold_up_the_others(office: Office) -> None:
    user, topic = office.merchant_with_ticket()
    office.api.fail_next("sendPhoto", "reset after delivery", office.group, times=2)
    user.photo(JPEG)
    other, second = office.merchant_with_ticket("李四")
    other.send("我这笔呢")
    office.api.wait_for(lambda: any("我这笔呢" in line for line in office.lines(second)))
    office.api.wait_for(lambda: len(office.pictures(office.group, topic)) == 2)
    office.settle(topic)
    assert len(office.pictures(office.group, topic)) == 2, "not shown a third time"


def test_codes_never_reach_the_transcript(office: Office) -> None:
    code = re.findall(r"/link (\w+)", office.bot.administer("user link", name="mei"))[0]
    stranger = office.api.user("试试")
    for number, said in enumerate((f"/link: {code[:-1]}。", "/link", "ABCDE23456"), 1):
        stranger.send(said)
        assert "不对" in office.bot.hear(stranger, number).text
    assert office.bot.rows("SELECT 1 FROM message WHERE text LIKE '%link%' OR text LIKE '%ABCDE%'") == []


def test_a_file_reaches_a_merchant_on_the_page(office: Office) -> None:
    token = office.web(FIRST, "人工")
    number = office.bot.rows("SELECT max(id) AS id FROM ticket")[0].id
    topic = office.topic(f"DZ-{number:06d}")
    office.settle(topic)
    office.lei.photo(JPEG, "", office.group, topic=topic)
    said = office.api.wait_for(lambda: [one for one in office.talk(token) if one["from"] == "agent"])[0]
    [file] = said["files"]
    address = f"{office.bot.url}{file['url']}"
    office.api.wait_for(lambda: office.get(address, token).is_success)
    fetched = office.get(address, token)
    assert (fetched.content, fetched.headers["content-type"]) == (JPEG, "image/jpeg")
    assert office.get(address, "x" * 43).status_code == 404
    assert office.get(f"{office.bot.url}/chat/api/files/nothing", token).status_code == 404


def test_a_deleted_topic_comes_back(office: Office) -> None:
    user, topic = office.merchant_with_ticket()
    number = office.card(topic).text.split(" ")[0]
    office.group.delete_topic(topic)
    user.send("有人在吗")
    again = office.topic(number)
    office.api.wait_for(lambda: any("有人在吗" in line for line in office.lines(again)))
    office.lei.send("在的", office.group, again)
    office.api.wait_for(lambda: "在的" in [one.text for one in office.api.sent(user)])


def test_a_topic_that_somebody_closed_is_opened_again(office: Office) -> None:
    user, topic = office.merchant_with_ticket()
    office.group.close_topic(topic, by=office.lei)
    office.api.wait_for(lambda: not office.group.topics()[topic]["closed"])
    user.send("在吗")
    office.api.wait_for(lambda: any("在吗" in line for line in office.lines(topic)))


def test_a_deleted_card_is_sent_anew(office: Office) -> None:
    _, topic = office.merchant_with_ticket()
    office.api.delete_message(office.card(topic))
    office.lei.send("我看一下", office.group, topic)
    office.api.wait_for(lambda: any(one.labels for one in office.api.sent(office.group, topic)))
    assert "李雷 处理" in office.card(topic).text


def test_updates_that_come_again_are_done_once(office: Office) -> None:
    user, topic = office.merchant_with_ticket()
    before = len(office.api.sent(user))
    note = office.lei.send("// 记一下", office.group, topic)
    said = office.lei.send("请稍等", office.group, topic)
    office.bot.hear(user, before + 1)
    for update in (note.update, said.update, note.update, said.update):
        office.api.deliver_again(update)
    tap = office.lei.tap(office.card(topic), "转为等待")
    office.api.deliver_again(tap.update)
    office.api.wait_for(lambda: "继续处理" in office.card(topic).labels)
    office.bot.settle()
    assert [one.text for one in office.api.sent(user)].count("请稍等") == 1
    number = int(office.card(topic).text[3:9])
    events = office.bot.rows("SELECT kind FROM ticket_event WHERE ticket_id = :n", n=number)
    assert [row.kind for row in events].count("noted") == 1
    assert [row.kind for row in events].count("waiting") == 1


def test_the_general_topic_and_the_bots_own_words_are_no_replies(office: Office) -> None:
    user, topic = office.merchant_with_ticket()
    before = len(office.api.sent(user))
    office.lei.send("大家早", office.group)
    office.lei.send("/status", office.group, topic)
    office.api.wait_for(lambda: any("以 // 开头的是内部备注" in line for line in office.lines(topic)))
    assert len(office.api.sent(user)) == before


Start = Callable[..., TelegramService]


def ask_for_a_person(bot: TelegramService, user: User) -> None:
    user.send(FIRST)
    bot.hear(user, 1)
    user.send("人工")
    bot.hear(user, 2)


def test_the_group_by_webhook(start_bot: Start, telegram_api: TelegramApi) -> None:
    group = telegram_api.group("工单")
    bot = start_bot("webhook", telegram_agent_group=str(group.id))
    lei = linked(bot, telegram_api, "李雷", "lei")
    group.add(lei)
    office = Office(bot, group, lei, lei)
    user, topic = office.merchant_with_ticket()
    assert office.tap(lei, topic, "接手") == "好的"
    before = len(telegram_api.sent(user))
    lei.send("您好", group, topic)
    assert bot.hear(user, before + 1).text == "您好"


def test_a_group_that_may_be_written_to_little(start_bot: Start, telegram_api: TelegramApi) -> None:
    """Telegram takes twenty calls a minute: the rest waits here, and nothing is refused."""
    group = telegram_api.group("工单")
    telegram_api.limit(per_chat=False, overall=False, per_group=True)
    bot = start_bot("polling", telegram_agent_group=str(group.id))
    for number in range(7):
        ask_for_a_person(bot, telegram_api.user(f"商户{number}"))
    telegram_api.wait_for(lambda: len(telegram_api.calls("sendMessage", group)) >= 11)
    bot.settle()
    calls = telegram_api.calls(None, group)
    assert len(calls) < 30
    assert [call for call in calls if call.status == 429] == []


@pytest.mark.parametrize("when", ["sendMessage", "createForumTopic"])
def test_kill_in_the_middle_of_a_step(start_bot: Start, telegram_api: TelegramApi, when: str) -> None:
    group = telegram_api.group("工单")
    bot = start_bot("polling", telegram_agent_group=str(group.id))
    lei = linked(bot, telegram_api, "李雷", "lei")
    group.add(lei)
    office = Office(bot, group, lei, lei)
    user, topic = office.merchant_with_ticket()
    telegram_api.fail_next(when, "read timeout after delivery", chat=group)
    other = telegram_api.user("另一位")
    if when == "createForumTopic":
        ask_for_a_person(bot, other)
    else:
        user.send("补充一句")
    telegram_api.wait_for(lambda: bot.rows("SELECT 1 FROM topic WHERE doing != ''"))
    bot.restart()
    telegram_api.wait_for(lambda: not bot.rows("SELECT 1 FROM topic WHERE doing != '' OR stirred"))
    if when == "createForumTopic":
        telegram_api.wait_for(lambda: len(group.topics()) >= 2)
        assert bot.tickets(user) == bot.tickets(other) == 1
    else:
        telegram_api.wait_for(lambda: any("补充一句" in line for line in office.lines(topic)))
        shown = [line for line in office.lines(topic) if "补充一句" in line]
        assert len(shown) <= 2
        assert all("可能重复" in line for line in shown[1:])
