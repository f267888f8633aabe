"""The desk in a real browser: it keeps itself up to date, keeps what is typed, and obeys the keyboard."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import PHONE, watch
from tests.triage.house import PASSWORD, House, open_house
from triage import accounts
from triage.store import Store

pytestmark = pytest.mark.browser

SCREEN = {"width": 1280, "height": 800}
REPLY = "form[action*='/reply'] textarea"


@pytest.fixture
def store(file_url: str) -> Iterator[Store]:
    """Open a file: how the pages look and feel does not hang on the kind of database."""
    with closing(Store(file_url)) as opened:
        yield opened


@pytest.fixture
def house(store: Store) -> House:
    return open_house(store)


@pytest.fixture
def address(house: House) -> Iterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(house.app, log_level="warning", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    house.store.bell.close()
    server.should_exit = True
    thread.join()


@pytest.fixture
def profile(browser: Browser) -> Iterator[Callable[[dict[str, int]], BrowserContext]]:
    """Give fresh profiles; at the end no script may have failed and no policy been broken in any."""
    opened: list[BrowserContext] = []
    wrong: list[list[str]] = []

    def fresh(size: dict[str, int]) -> BrowserContext:
        context = browser.new_context(viewport=size, locale="zh-CN")  # type: ignore[arg-type]
        wrong.append(watch(context))
        broken = wrong[-1]

        def listen(page: Page) -> None:
            page.on(
                "console",
                lambda line: broken.append(line.text) if "Content Security Policy" in line.text else None,
            )

        context.on("page", listen)
        opened.append(context)
        return context

    yield fresh
    for context in opened:
        context.close()
    assert [line for lines in wrong for line in lines] == []


@pytest.fixture
def page(profile: Callable[[dict[str, int]], BrowserContext], address: str) -> Page:
    """Give the page of somebody who has just logged in."""
    return log_in(profile(SCREEN).new_page(), address)


def log_in(page: Page, address: str) -> Page:
    page.goto(f"{address}/desk/login")
    fill_in_login(page)
    page.wait_for_url(f"{address}/desk")
    page.wait_for_load_state()
    return page


def fill_in_login(page: Page) -> None:
    page.get_by_label("账号").fill("lin")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()


def ready(page: Page) -> None:
    """Wait until the page's script listens to the keyboard."""
    expect(page.get_by_role("button", name="快捷键")).to_be_visible()


def test_new_work_is_noticed_without_reloading(house: House, page: Page) -> None:
    expect(page.get_by_text("没有待处理的工单。")).to_be_visible()
    first = house.file("早上的三笔都没到")
    expect(page.get_by_role("link", name=first)).to_be_visible()
    expect(page.locator("#live")).to_have_text("有新工单")
    expect(page).to_have_title("(1) 待处理 · 到账工作台")
    page.keyboard.press("j")
    second = house.file()
    expect(page.get_by_role("link", name=second)).to_be_visible()
    expect(page.get_by_role("link", name=first)).to_be_focused()


def test_a_second_tab_is_told_too(house: House, page: Page, address: str) -> None:
    second = page.context.new_page()
    second.goto(f"{address}/desk")
    number = house.file()
    for tab in (page, second):
        expect(tab.get_by_role("link", name=number)).to_be_visible()


def test_a_new_message_leaves_the_typed_reply_alone_but_holds_it_back(
    house: House, page: Page, address: str
) -> None:
    number = house.file()
    page.goto(f"{address}/desk/tickets/{number}")
    page.keyboard.press("c")
    expect(page.locator(".chip.claimed")).to_be_visible()
    ready(page)
    page.keyboard.press("r")
    page.keyboard.type("正在查，")
    house.merchant_writes(number, "不用查了，已经到了")
    expect(page.locator("#log")).to_contain_text("不用查了，已经到了")
    expect(page.locator("#newer")).to_be_visible()
    expect(page.locator(REPLY)).to_have_value("正在查，")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert").first).to_contain_text("还没有发出")
    expect(page.locator(REPLY)).to_have_value("正在查，")
    ready(page)
    assert house.replies() == []
    page.locator(REPLY).fill("好的，那就好。")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#log .agent")).to_contain_text("好的，那就好。")
    expect(page.locator(REPLY)).to_have_value("")
    assert house.replies() == ["好的，那就好。"]


def test_a_form_in_use_is_not_swapped_away(house: House, page: Page, address: str) -> None:
    number = house.file()
    page.goto(f"{address}/desk/tickets/{number}")
    page.keyboard.press("d")
    page.keyboard.press("Tab")
    page.keyboard.type("查到了退票")
    house.merchant_writes(number, "还在吗")
    expect(page.locator("#log")).to_contain_text("还在吗")
    expect(page.get_by_label("处理结果")).to_have_value("查到了退票")
    page.get_by_label("真实原因").select_option("t1_not_due")
    page.locator("#resolve form").get_by_role("button").click()
    expect(page.get_by_role("button", name="重新打开")).to_be_visible()
    assert house.events(number)[-1].data == {"true_cause": "t1_not_due", "text": "查到了退票"}


def test_the_end_of_the_login_is_said_and_nothing_typed_is_lost(
    house: House, page: Page, address: str
) -> None:
    number = house.file()
    page.goto(f"{address}/desk/tickets/{number}")
    page.keyboard.press("r")
    page.keyboard.type("写了一半的回复")
    house.store.write(lambda tx: accounts.set_password(tx, "lin", PASSWORD, house.now))
    expect(page.locator("#ended")).to_be_visible()
    page.get_by_role("link", name="重新登录").click()
    fill_in_login(page)
    page.wait_for_url(f"{address}/desk/tickets/{number}")
    expect(page.locator(REPLY)).to_have_value("写了一半的回复")


def test_the_queue_is_worked_from_the_keyboard(house: House, page: Page, address: str) -> None:
    numbers = [house.file() for _ in range(2)]
    page.goto(f"{address}/desk")
    for key in ("j", "j", "k", "j", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url(f"{address}/desk/tickets/{numbers[1]}*")
    ready(page)
    page.keyboard.press("n")
    page.keyboard.type("记一笔")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#log .note")).to_contain_text("记一笔")
    ready(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    page.wait_for_url(f"{address}/desk?view=open")


@pytest.mark.parametrize("size", [PHONE, {"width": 768, "height": 1024}, SCREEN], ids=lambda s: s["width"])
def test_no_page_scrolls_sideways(
    house: House,
    profile: Callable[[dict[str, int]], BrowserContext],
    address: str,
    size: dict[str, int],
) -> None:
    number = house.file("很长的一句话，" * 40 + "x" * 300)
    house.now += timedelta(minutes=5)
    page = log_in(profile(size).new_page(), address)
    for language in ("zh", "en"):
        for path in ("/desk", f"/desk/tickets/{number}", "/desk/password", "/desk/nothing"):
            page.goto(f"{address}{path}?lang={language}")
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, (path, language)


def test_the_desk_works_without_script(house: House, browser: Browser, address: str) -> None:
    number = house.file()
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = log_in(context.new_page(), address)
    page.get_by_role("link", name=number).click()
    page.locator(REPLY).fill("您好，我来处理。")
    page.get_by_role("button", name="发送").click()
    expect(page.locator("#log .agent")).to_contain_text("您好，我来处理。")
    context.close()
    assert house.replies() == ["您好，我来处理。"]
