"""A merchant and an agent who each sit before a real browser."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.browser import watch

#: A phone as most merchants have one.
HANDSET = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
#: The browser says so when the service is away or refuses a file; some tests are about how a page copes.
UNREACHABLE = re.compile(r"Failed to load resource: net::ERR_|net::ERR_CONNECTION_REFUSED|a status of 415")


@contextmanager
def profile(browser: Browser, size: dict[str, int] = HANDSET, **options: Any) -> Iterator[BrowserContext]:
    """Give a fresh profile; at the end nothing may have gone wrong in it, nor asked for another machine.

    A window no wider than a tablet is one that is touched.
    """
    settings = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai", "has_touch": size["width"] < 700} | options
    context = browser.new_context(viewport=size, **settings)  # type: ignore[arg-type]
    wrong = watch(context)

    def listen(line: ConsoleMessage) -> None:
        if line.type in {"error", "warning"} and not UNREACHABLE.search(line.text):
            wrong.append(f"on the console: {line.text}")

    context.on("console", listen)
    context.on("dialog", lambda dialog: wrong.append(f"a dialog: {dialog.message}"))
    try:
        yield context
    finally:
        context.close()
    assert wrong == []


@dataclass(frozen=True, slots=True)
class Merchant:
    """Somebody at the chat page."""

    page: Page

    def open(self, address: str) -> "Merchant":
        """Open the chat, and wait until it has loaded the talk."""
        self.page.goto(address)
        self.wait()
        return self

    def wait(self) -> None:
        """Wait until the talk is loaded and everything written has arrived."""
        expect(self.page.locator("#log")).to_have_attribute("aria-busy", "false")
        expect(self.page.locator(".entry[data-state=sending]")).to_have_count(0)

    def say(self, text: str) -> None:
        """Type a text, send it, and wait for the answer."""
        self.page.locator("#input").fill(text)
        self.page.keyboard.press("Enter")
        self.wait()

    def tap(self, label: str) -> None:
        """Tap a quick reply under the last question, and wait for the answer."""
        self.chips.get_by_text(label, exact=True).click()
        self.wait()

    def finish(self, knows: Collection[str]) -> list[str]:
        """Answer by tapping what he knows, else the last but for "correct this"; gives the labels tapped."""
        tapped: list[str] = []
        while labels := self.chips.all_inner_texts():
            assert len(tapped) < 12, tapped
            unsure = self.page.locator(".answers .chip.quiet").first.inner_text()
            tapped.append(next((label for label in labels if label in knows), unsure))
            self.tap(tapped[-1])
        return tapped

    @property
    def chips(self) -> Locator:
        """The quick replies."""
        return self.page.locator(".answers .chip")

    def lines(self, author: str) -> Locator:
        """The words of "merchant", "bot" or "agent", without the greeting of an empty page."""
        return self.page.locator(f".entry .row.{author} .words")

    @property
    def last(self) -> str:
        """The bot's last words."""
        return self.lines("bot").last.inner_text()

    def tag(self, value: str) -> Locator:
        """A tag of what was understood."""
        return self.page.locator("#known .tag", has_text=value)


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody at the desk."""

    page: Page

    def first_login(self, address: str, password: str, new_password: str) -> None:
        """Log in as admin with the password of the first start, and choose another, as must be."""
        self.log_in(address, password)
        self.page.wait_for_url("**/desk/password")
        for name, value in (("old", password), ("new", new_password), ("again", new_password)):
            self.page.locator(f"[name={name}]:visible").fill(value)
        self.page.locator("main button").click()
        self.page.wait_for_url("**/desk")

    def log_in(self, address: str, password: str, name: str = "admin") -> None:
        """Send the login form."""
        self.page.goto(f"{address}/desk")
        self.page.locator("[name=name]").fill(name)
        self.page.locator("[name=password]").fill(password)
        self.page.locator("main button").click()

    def take(self, number: str) -> None:
        """Open a ticket of the list, and take it."""
        self.page.get_by_role("link", name=number).click()
        self.page.locator("[data-key=c]").click()
        expect(self.page.locator(".chip.claimed")).to_be_visible()

    def reply(self, text: str) -> None:
        """Answer the merchant."""
        self.page.locator("form[action*='/reply'] textarea").fill(text)
        self.page.locator("form[action*='/reply'] button").click()
        expect(self.lines("agent").last).to_have_text(text)

    def note(self, text: str) -> None:
        """Write an internal note."""
        self.page.locator("#note summary").click()
        self.page.locator("#note textarea").fill(text)
        self.page.locator("#note button").click()
        expect(self.lines("note").last).to_have_text(text)

    def resolve(self, cause: str) -> None:
        """Resolve the ticket with what it really was."""
        self.page.locator("#resolve summary").click()
        self.page.locator("#resolve [name=cause]").select_option(cause)
        self.page.locator("#resolve form button").click()
        expect(self.page.locator(".chip.resolved")).to_be_visible()

    def lines(self, author: str) -> Locator:
        """The words of "merchant", "bot", "agent" or "note" in the ticket's talk."""
        return self.page.locator(f"#log .said.{author} .words")


def mark(page: Page) -> None:
    """Leave a mark that a reload would wipe out."""
    page.evaluate("window.mark = true")


def marked(page: Page) -> bool:
    """Say whether the page is still the one that was marked."""
    return bool(page.evaluate("window.mark === true"))
