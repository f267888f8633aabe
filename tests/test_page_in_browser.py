"""The merchant's page in a real browser, before the real service: nothing is lost, doubled, hidden or run."""

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, Route, expect

from knowledge.calendar import SHANGHAI
from tests.attached import JPEG
from tests.looks import faults_of_layout, pale_texts
from tests.people import DESKTOP, Agent, Merchant, mark, marked, profile
from tests.service import Service

pytestmark = pytest.mark.browser

COMPLAINT = "刷了3500没到账"
ATTACK = "<img src=x onerror=alert(1)><script>alert(2)</script>{{ 7 * 7 }}"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all tests of this module; each talks in a conversation of its own."""
    with Service(tmp_path_factory.mktemp("service")) as started:
        yield started


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    with profile(browser) as context:
        yield context


@pytest.fixture
def merchant(phone: BrowserContext, running: Service) -> Merchant:
    return Merchant(phone.new_page()).open(running.url)


def stored(merchant: Merchant, author: str = "merchant") -> list[str]:
    """What the service keeps of the talk."""
    talk = merchant.page.evaluate("fetch('/chat/api/messages').then((answer) => answer.json())")
    return [line["text"] for line in talk["messages"] if line["from"] == author]


def texts(merchant: Merchant) -> list[str]:
    """Every line of the talk as it is shown."""
    return merchant.page.locator(".entry .words").all_inner_texts()


def personal_link(merchant: Merchant) -> str:
    """Ask for the link to go on elsewhere."""
    merchant.page.locator("#link-open").click()
    expect(merchant.page.locator("#link-text")).to_have_value(re.compile("http"))
    link = merchant.page.locator("#link-text").input_value()
    merchant.page.locator("#link-close").click()
    return link


# ---- Nothing is lost -------------------------------------------------------------------------------


def test_the_browser_is_closed_and_opened_again(browser: Browser, running: Service) -> None:
    with profile(browser) as before:
        merchant = Merchant(before.new_page()).open(running.url)
        merchant.say(COMPLAINT)
        shown, chips = texts(merchant), merchant.chips.all_inner_texts()
        kept = before.storage_state()
    with profile(browser, storage_state=kept) as after:
        again = Merchant(after.new_page()).open(running.url)
        assert texts(again) == shown
        assert again.chips.all_inner_texts() == chips
        expect(again.tag("¥3,500")).to_be_visible()


def test_a_picture_is_attached_from_the_page(merchant: Merchant, running: Service) -> None:
    page = merchant.page
    # From the first listener on the browser hands its file chooser over; that takes it a moment.
    page.on("filechooser", lambda _: None)
    button = page.get_by_role("button", name="发图片")
    box = button.bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 44
    button.focus()
    with page.expect_file_chooser() as opened:
        page.keyboard.press("Enter")
    elsewhere: list[str] = []
    page.on("request", lambda request: elsewhere.append(request.url))
    opened.value.set_files(FilePayload(name="slip.jpg", mimeType="image/jpeg", buffer=JPEG))
    expect(merchant.lines("merchant").last).to_have_text("［图片］")
    expect(page.locator(".entry[data-state=sent] .row.merchant")).to_have_count(1)
    expect(merchant.lines("bot").last).to_contain_text("遮住卡号")
    assert stored(merchant) == ["［图片］"]
    assert all(url.startswith(running.url) for url in elsewhere)
    assert faults_of_layout(page) == []


def test_a_picture_that_cannot_be_kept_says_why(merchant: Merchant) -> None:
    page = merchant.page
    for name, content in (("page.png", b"<svg/>"), ("large.jpg", JPEG + bytes(10 * 2**20))):
        page.locator("#photo").set_input_files(FilePayload(name=name, mimeType="image/png", buffer=content))
    expect(page.locator(".entry[data-state=failed] .retry")).to_contain_text("没法保存")
    expect(page.locator("#notice")).to_contain_text("10MB")
    assert stored(merchant) == []


def test_the_personal_link_goes_on_elsewhere(browser: Browser, merchant: Merchant) -> None:
    merchant.say(COMPLAINT)
    shown = texts(merchant)
    mark(merchant.page)
    with profile(browser, DESKTOP) as other:
        elsewhere = Merchant(other.new_page()).open(personal_link(merchant))
        assert "/chat/" not in elsewhere.page.url
        assert texts(elsewhere) == shown
        elsewhere.say("是微信收的")
        expect(merchant.lines("merchant").last).to_have_text("是微信收的")
        expect(merchant.page.locator(".entry")).to_have_count(elsewhere.page.locator(".entry").count())
        expect(merchant.tag("微信")).to_be_visible()
    assert marked(merchant.page)


def test_a_link_asks_who_has_a_talk_of_his_own(
    browser: Browser, merchant: Merchant, running: Service
) -> None:
    merchant.say(COMPLAINT)
    shown = texts(merchant)
    with profile(browser) as other:
        elsewhere = Merchant(other.new_page()).open(running.url)
        elsewhere.page.goto(personal_link(merchant))
        assert faults_of_layout(elsewhere.page) == []
        elsewhere.page.get_by_role("link").click()
        expect(elsewhere.page.locator("#composer")).to_be_visible()
        assert texts(elsewhere) == []
        elsewhere.page.goto(personal_link(merchant))
        elsewhere.page.get_by_role("button").click()
        expect(elsewhere.lines("merchant").first).to_have_text(COMPLAINT)
        assert texts(elsewhere) == shown


def test_a_stranger_sees_nothing_of_it(browser: Browser, merchant: Merchant, running: Service) -> None:
    merchant.say(COMPLAINT)
    with profile(browser) as other:
        assert texts(Merchant(other.new_page()).open(running.url)) == []


def test_the_service_dies_and_comes_back_while_somebody_writes(
    browser: Browser, merchant: Merchant, running: Service
) -> None:
    merchant.say(COMPLAINT)
    link = personal_link(merchant)
    mark(merchant.page)
    running.kill()
    for text in ("是昨天下午刷的", "用微信付的"):
        merchant.page.locator("#input").fill(text)
        merchant.page.keyboard.press("Enter")
    expect(merchant.page.locator(".entry[data-state=sending]")).to_have_count(2)
    running.start()
    expect(merchant.page.locator(".entry[data-state=sent] .row.merchant")).to_have_count(3, timeout=30_000)
    assert stored(merchant) == [COMPLAINT, "是昨天下午刷的", "用微信付的"]
    assert merchant.lines("merchant").all_inner_texts() == stored(merchant)
    with profile(browser) as other:
        Merchant(other.new_page()).open(link).say("人工")
    expect(merchant.lines("merchant").last).to_have_text("人工", timeout=30_000)
    expect(merchant.page.locator("#ticket-number")).to_contain_text("DZ-")
    expect(merchant.page.locator("#notice")).to_be_hidden()
    assert marked(merchant.page)


def test_an_answer_that_is_lost_on_the_way_is_fetched_again(merchant: Merchant) -> None:
    lost: list[int] = []

    def lose_first(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort()

    merchant.page.route("**/chat/api/messages", lose_first)
    merchant.say(COMPLAINT)
    assert lost == [200]
    assert stored(merchant) == [COMPLAINT]
    assert merchant.lines("merchant").all_inner_texts() == [COMPLAINT]
    assert merchant.lines("bot").all_inner_texts() == stored(merchant, "bot")


def test_a_message_waits_for_the_net(phone: BrowserContext, merchant: Merchant) -> None:
    phone.set_offline(offline=True)
    expect(merchant.page.locator("#notice")).to_contain_text("网络断开了")
    merchant.page.locator("#input").fill(COMPLAINT)
    merchant.page.keyboard.press("Enter")
    expect(merchant.page.locator(".entry[data-state=sending]")).to_have_count(1)
    phone.set_offline(offline=False)
    merchant.wait()
    assert stored(merchant) == [COMPLAINT]


def test_what_was_on_its_way_does_not_bring_the_net_back(phone: BrowserContext, merchant: Merchant) -> None:
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    merchant.page.route("**/chat/api/stream*", hold)
    merchant.page.reload()
    notice = merchant.page.locator("#notice")
    with merchant.page.expect_request("**/chat/api/stream*"):
        merchant.page.wait_for_function("() => !document.querySelector('[aria-busy=true]')")
    phone.set_offline(offline=True)
    expect(notice).to_contain_text("网络断开了")
    merchant.page.evaluate(
        """() => { window.shown = []; new MutationObserver(() => shown.push(notice.textContent))
        .observe(notice, {childList: true, attributes: true}) }"""
    )
    waiting[0].fulfill(content_type="text/event-stream", body="retry: 100000\n\n")
    merchant.page.wait_for_function("() => shown.length > 0")
    assert "网络断开了" in merchant.page.evaluate("() => shown[0]")
    phone.set_offline(offline=False)


# ---- Nothing is doubled ----------------------------------------------------------------------------


def test_a_double_click_sends_once(merchant: Merchant) -> None:
    merchant.page.locator("#input").fill(COMPLAINT)
    merchant.page.locator("#send").dblclick()
    merchant.wait()
    chip = merchant.chips.filter(has_text="不清楚")
    chip.dblclick()
    merchant.wait()
    assert stored(merchant) == [COMPLAINT, "不清楚"]
    assert merchant.lines("merchant").all_inner_texts() == [COMPLAINT, "不清楚"]
    merchant.page.locator("#human").dblclick()
    merchant.wait()
    assert stored(merchant) == [COMPLAINT, "不清楚", "人工"]


def test_a_chip_that_has_just_appeared_is_not_hit(merchant: Merchant) -> None:
    merchant.page.evaluate(
        """() => {
          window.hit = [];
          const look = () => {
            for (const chip of document.querySelectorAll(".answers .chip")) {
              const box = chip.getBoundingClientRect();
              const under = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
              window.hit.push(Boolean(under?.closest(".chip")));
            }
          };
          const watcher = new MutationObserver((changes) => {
            const added = changes.flatMap((change) => [...change.addedNodes]);
            if (added.some((node) => node.matches?.(".answers"))) look();
          });
          watcher.observe(document.getElementById("log"), { childList: true, subtree: true });
        }"""
    )
    merchant.say(COMPLAINT)
    hit = merchant.page.evaluate("window.hit")
    assert len(hit) == merchant.chips.count()
    assert not any(hit)
    merchant.tap("不清楚")
    assert stored(merchant)[-1] == "不清楚"


def test_two_messages_in_the_same_second_arrive_in_order(merchant: Merchant) -> None:
    for text in (COMPLAINT, "是微信收的", "快一点"):
        merchant.page.locator("#input").fill(text)
        merchant.page.keyboard.press("Enter")
    merchant.wait()
    assert stored(merchant) == [COMPLAINT, "是微信收的", "快一点"]
    assert merchant.lines("merchant").all_inner_texts() == stored(merchant)
    assert merchant.lines("bot").all_inner_texts() == stored(merchant, "bot")


def test_a_tap_on_an_old_button_changes_nothing_by_itself(browser: Browser, merchant: Merchant) -> None:
    merchant.say(COMPLAINT)
    with profile(browser) as other:
        elsewhere = Merchant(other.new_page()).open(personal_link(merchant))
        elsewhere.page.route("**/chat/api/stream*", lambda route: route.abort())
        elsewhere.page.reload()
        elsewhere.wait()
        merchant.tap("待结算")
        elsewhere.tap("结算中")
    expect(merchant.lines("bot").last).to_contain_text("待结算")
    expect(merchant.tag("待结算")).to_be_visible()


# ---- Everybody can use it --------------------------------------------------------------------------


def focus(page: Page, text: str) -> None:
    """Go back with Shift+Tab to the control with this text or id; each stop on the way must be visible."""
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        stop = page.evaluate(
            """() => {
              const stop = document.activeElement;
              const { outlineStyle, outlineWidth } = getComputedStyle(stop);
              const outlined = outlineStyle !== "none" && outlineWidth !== "0px";
              return { names: [stop.id, stop.textContent.trim()], shown: outlined || stop === document.body };
            }"""
        )
        assert stop["shown"], stop
        if text in stop["names"]:
            return
    pytest.fail(f"{text} cannot be reached")


def test_a_talk_without_the_mouse(browser: Browser, running: Service) -> None:
    with profile(browser, DESKTOP) as context:
        page = context.new_page()
        merchant = Merchant(page).open(running.url)
        expect(page.locator("#input")).to_be_focused()
        page.keyboard.type(datetime.now(SHANGHAI).strftime("%-m月%-d日%H:%M刷了1280，还没到账"))
        page.keyboard.press("Enter")
        merchant.wait()
        for _ in range(8):
            labels = merchant.chips.all_inner_texts()
            known = [label for label in labels if label in {"待结算", "T+1（下一个工作日）"}]
            if not labels:
                break
            focus(page, (known or ["不清楚"])[0])
            page.keyboard.press("Enter")
            merchant.wait()
            expect(page.locator("#input")).to_be_focused()
        expect(page.locator("svg.strip")).to_be_visible()
        focus(page, "human")
        page.keyboard.press("Enter")
        merchant.wait()
        expect(page.locator("#ticket")).to_be_visible()
        focus(page, "link-open")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        expect(page.locator("#link-copy")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(page.locator("#link-open")).to_be_focused()


def test_a_screen_reader_is_told_what_is_what(merchant: Merchant) -> None:
    page = merchant.page
    merchant.say(COMPLAINT)
    log = page.get_by_role("log", name="对话")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(log.locator(".row.merchant .label")).to_have_text("我")
    expect(log.locator(".entry .row.bot .label")).to_have_text("助手")
    expect(page.get_by_role("textbox", name="输入消息")).to_be_visible()
    expect(page.get_by_role("button", name="发送")).to_be_visible()
    expect(page.get_by_role("group", name="快捷回复").get_by_role("button")).to_have_count(
        merchant.chips.count()
    )
    expect(page.get_by_role("region", name="我了解到").get_by_role("button")).not_to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("到账助手")
    unnamed = (
        "[...document.querySelectorAll('button, a')].filter((each) => each.checkVisibility() && "
        "!(each.ariaLabel || each.innerText.trim())).map((each) => each.outerHTML)"
    )
    assert page.evaluate(unnamed) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_fits_every_screen(browser: Browser, running: Service, language: str) -> None:
    sale = datetime.now(SHANGHAI)
    chinese = language == "zh"
    with profile(browser, locale="zh-CN" if chinese else "en-GB") as context:
        merchant = Merchant(context.new_page()).open(running.url)
        check_looks(merchant.page)
        complaint = (
            "%-m月%-d日%H:%M刷了1280，还没到账" if chinese else "a sale of 1280 on %-d %b at %H:%M is missing"
        )
        merchant.say(sale.strftime(complaint))
        check_looks(merchant.page)
        merchant.finish({"待结算", "T+1（下一个工作日）", "Waiting", "T+1 (next working day)"})
        merchant.say("https://example.com/" + "x" * 300)
        merchant.page.locator("#human").click()
        merchant.wait()
        check_looks(merchant.page)
        merchant.page.set_viewport_size({"width": 320, "height": 640})
        merchant.page.locator("#known-more").click()
        check_looks(merchant.page)
        merchant.page.locator("#link-open").click()
        expect(merchant.page.get_by_role("dialog")).to_be_visible()
        assert merchant.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (".tool { min-height: 40px; height: 40px }", "language is only 44 by 40"),
        (".hint { margin-bottom: -20px }", "hint lies on bubble"),
        (".composer { width: 130vw }", "HTML scrolls sideways"),
        (".hint { color: #999 }", "hint has a contrast of 2.57"),
    ],
)
def test_what_does_not_fit_would_be_seen(merchant: Merchant, rule: str, fault: str) -> None:
    assert faults_of_layout(merchant.page) + pale_texts(merchant.page) == []
    merchant.page.evaluate(
        "(rule) => document.styleSheets[0].insertRule(rule, document.styleSheets[0].cssRules.length)", rule
    )
    assert fault in faults_of_layout(merchant.page) + pale_texts(merchant.page)


def check_looks(page: Page) -> None:
    """Look at the page at each size, and by day and night; it is seen at its end."""
    for width, height in ((1280, 800), (768, 1024), (390, 844), (360, 740), (320, 568)):
        page.set_viewport_size({"width": width, "height": height})
        assert faults_of_layout(page) == [], width
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        assert pale_texts(page) == [], scheme


# ---- Nothing is run --------------------------------------------------------------------------------


def test_what_is_written_is_only_text(browser: Browser, merchant: Merchant, running: Service) -> None:
    merchant.say(ATTACK)
    merchant.page.locator("#human").click()
    merchant.wait()
    assert merchant.lines("merchant").first.inner_text() == ATTACK
    number = merchant.page.locator("#ticket-number").inner_text().split()[-1]
    with profile(browser, DESKTOP) as context:
        agent = Agent(context.new_page())
        agent.first_login(running.url, running.admin_password(), "三天没到账的人有三个")
        expect(agent.page.locator("#queue")).to_contain_text("onerror=alert(1)")
        agent.take(number)
        assert agent.lines("merchant").first.inner_text() == ATTACK
        agent.reply(ATTACK)
        agent.note(ATTACK)
    expect(merchant.lines("agent")).to_have_text(ATTACK)
    merchant.page.reload()
    merchant.wait()
    assert merchant.lines("merchant").first.inner_text() == ATTACK
    assert merchant.page.locator("#log img").count() == 0
