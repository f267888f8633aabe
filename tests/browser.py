"""A real Chromium. Playwright's synchronous interface: tests with it are plain functions, never `async`.

While Playwright runs, its event loop holds the thread; so the browser lives for one module of tests,
and a module that uses it has no asynchronous tests.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Request, sync_playwright

HOW_TO_GET_ONE = (
    "no Chromium found; install it with: sudo apt-get install -y chromium fonts-noto-cjk "
    "(elsewhere: .venv/bin/playwright install chromium)"
)
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
#: A small phone, the narrowest that the pages are made for.
PHONE = {"width": 360, "height": 740}


def find_chromium(playwright: Playwright) -> str | None:
    """Find a Chromium: the system's, else the one that Playwright was told to fetch."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    own = playwright.chromium.executable_path
    return next((path for path in found if path), own if Path(own).exists() else None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give a running browser; without one the test is skipped, in CI it fails."""
    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(HOW_TO_GET_ONE)
        # Playwright leaves Chromium's sandbox off, which root and most containers could not use.
        running = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield running
        running.close()


def watch(context: BrowserContext) -> list[str]:
    """Collect what no page of ours may do: ask another machine for something, or fail in its script."""
    wrong: list[str] = []

    def look(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.hostname not in {
            "127.0.0.1",
            "localhost",
        }:
            wrong.append(f"a request to {request.url}")

    context.on("request", look)
    context.on("weberror", lambda error: wrong.append(f"an error in a script: {error.error}"))
    return wrong


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Give a fresh profile on a phone set to Chinese; at the end nothing may have gone wrong in it."""
    fresh = browser.new_context(viewport=PHONE, locale="zh-CN", timezone_id="Asia/Shanghai", has_touch=True)  # type: ignore[arg-type]
    wrong = watch(fresh)
    try:
        yield fresh
    finally:
        fresh.close()
    assert wrong == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Give an empty page in that profile."""
    return context.new_page()
