"""The whole way, in two browsers: a merchant's message becomes an answer, a ticket, and an agent's reply."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

import knowledge
from knowledge.calendar import ONE_DAY, SHANGHAI, UnknownCalendarError, load_calendar
from tests.people import DESKTOP, Agent, Merchant, mark, marked, profile
from tests.service import Service

pytestmark = pytest.mark.browser

NEW_PASSWORD = "卖菜的老王今天收了三笔"


@dataclass(frozen=True, slots=True)
class Words:
    """What is said and shown in one language."""

    locale: str
    #: Of day and time, as strftime makes them.
    complaint: str
    due: str
    #: What he sees in the app, and taps when asked.
    status: str
    mode: str
    reason: str
    person: str
    in_queue: str
    in_work: str
    passed_on: str
    #: What the two write to each other.
    first_reply: str
    thanks_for_it: str
    urging: str
    second_reply: str
    note: str
    next_complaint: str


CHINESE = Words(
    locale="zh-CN",
    complaint="%-m月%-d日%H:%M刷了1280，还没到账",
    due="%-m月%-d日",
    status="待结算",
    mode="T+1（下一个工作日）",
    reason="下一个工作日",
    person="找人工",
    in_queue="等待处理",
    in_work="处理中",
    passed_on="已转告",
    first_reply="您好，我是清算的小林，正在查这一笔。",
    thanks_for_it="终于有人了",
    urging="麻烦快一点，等着进货",
    second_reply="查到了，明天会到。",
    note="商户很急，先查退票",
    next_complaint="又有一笔2600没到账",
)
ENGLISH = Words(
    locale="en-GB",
    complaint="I made a sale of 1280 on %-d %b at %H:%M and it has not arrived",
    due="%a %-d %b",
    status="Waiting",
    mode="T+1 (next working day)",
    reason="next working day",
    person="Talk to a person",
    in_queue="in the queue",
    in_work="in work",
    passed_on="Passed on",
    first_reply="Hello, this is Lin. I am looking into this sale.",
    thanks_for_it="at last somebody answers",
    urging="please be quick, I have to pay my supplier",
    second_reply="Found it; it will be there tomorrow.",
    note="In a hurry, look for a return first",
    next_complaint="another sale of 2600 has not arrived",
)


def due_day(sale: datetime) -> date:
    """Work out when a T+1 sale arrives; skips where the files do not have that year's holidays yet."""
    calendar = load_calendar(Path(knowledge.__file__).parent)
    batch = sale.date() + ONE_DAY if sale.hour >= 23 else sale.date()
    try:
        return calendar.next_settlement_day(batch)
    except UnknownCalendarError:
        pytest.skip("the day after today is not in knowledge/holidays yet")


@pytest.mark.parametrize("words", [CHINESE, ENGLISH], ids=["zh", "en"])
def test_from_a_message_to_an_answer_a_ticket_and_a_reply(
    browser: Browser, service: Service, words: Words
) -> None:
    sale = datetime.now(SHANGHAI) - timedelta(minutes=5)
    due = due_day(sale)
    with (
        profile(browser, locale=words.locale) as phone,
        profile(browser, DESKTOP, locale=words.locale) as desktop,
    ):
        agent = Agent(desktop.new_page())
        agent.first_login(service.url, service.admin_password(), NEW_PASSWORD)
        expect(agent.page.locator(".empty-title")).to_be_visible()
        mark(agent.page)

        merchant = Merchant(phone.new_page()).open(service.url)
        mark(merchant.page)
        number = get_answer_and_ticket(merchant, words, sale, due)

        expect(agent.page.get_by_role("link", name=number)).to_be_visible()
        assert marked(agent.page)
        agent.take(number)
        expect(merchant.page.locator("#ticket-status")).to_have_text(words.in_work)
        mark(agent.page)
        talk_with_each_other(merchant, agent, words)
        resolve(merchant, agent, words)
        assert marked(merchant.page)


def get_answer_and_ticket(merchant: Merchant, words: Words, sale: datetime, due: date) -> str:
    """Complain, correct what was understood, be told the day and why, ask for a person: gives the number."""
    merchant.say(sale.strftime(words.complaint))
    merchant.tag("¥1,280").click()
    merchant.wait()
    merchant.say("1820")
    expect(merchant.tag("¥1,820")).to_be_visible()
    expect(merchant.tag("¥1,280")).to_have_count(0)
    merchant.finish({words.status, words.mode})
    assert due.strftime(words.due) in merchant.last
    if sale.hour < 23:
        assert words.reason in merchant.last
    strip = merchant.page.locator(".entry").last.locator("svg.strip")
    expect(strip).to_be_visible()
    expect(strip.locator(".strip-due")).to_have_count(1)
    expect(merchant.page.locator("#ticket")).to_be_hidden()

    merchant.page.get_by_role("button", name=words.person).click()
    merchant.wait()
    number = merchant.page.locator("#ticket-number").inner_text().split()[-1]
    assert number.startswith("DZ-")
    assert number in merchant.last
    expect(merchant.page.locator("#ticket-status")).to_have_text(words.in_queue)
    return number


def talk_with_each_other(merchant: Merchant, agent: Agent, words: Words) -> None:
    """Reply, answer, note: everybody sees at once what is meant for him."""
    expect(agent.lines("merchant").filter(has_text="1820")).to_be_visible()
    agent.reply(words.first_reply)
    expect(merchant.lines("agent")).to_have_text(words.first_reply)
    mark(agent.page)
    merchant.say(words.thanks_for_it)
    assert words.passed_on in merchant.last
    expect(agent.lines("merchant").last).to_have_text(words.thanks_for_it)
    assert marked(agent.page)
    said = merchant.lines("bot").count()
    merchant.say(words.urging)
    assert merchant.lines("bot").count() == said
    expect(merchant.tag("¥1,820")).to_be_disabled()
    agent.note(words.note)
    agent.reply(words.second_reply)
    expect(merchant.lines("agent").last).to_have_text(words.second_reply)
    assert words.note not in merchant.page.content()
    assert words.note not in merchant.page.request.get(f"{merchant.page.url}chat/api/messages").text()


def resolve(merchant: Merchant, agent: Agent, words: Words) -> None:
    """Resolve; the bot is back, and asks about the next case."""
    agent.resolve("bank_posting_delay")
    expect(agent.page.locator(".true-cause")).to_be_visible()
    expect(merchant.page.locator("#ticket")).to_be_hidden()
    expect(merchant.tag("¥1,820")).to_be_enabled()
    merchant.say(words.next_complaint)
    expect(merchant.tag("¥2,600")).to_be_visible()
    expect(merchant.chips.first).to_be_visible()
