"""The browser of the tests really is one, reads Chinese, and reaches nobody else."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import watch

pytestmark = pytest.mark.browser


class Greeting(BaseHTTPRequestHandler):
    """Answers everything with one small page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(
            "<title>到账</title><p onclick='this.textContent = \"已到账\"'>钱到了吗？</p>".encode()
        )

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Greeting) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_a_page_is_shown_and_its_script_runs(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_text("钱到了吗？").click()
    assert page.title() == "到账"
    assert page.locator("p").inner_text() == "已到账"


def test_what_no_page_may_do_is_noticed(browser: Browser, address: str) -> None:
    context = browser.new_context()
    wrong = watch(context)
    page = context.new_page()
    page.goto(address)
    page.evaluate("fetch('https://fonts.example.com/a.css').catch(() => {})")
    page.evaluate("setTimeout(() => { throw new Error('broken') })")
    page.wait_for_timeout(50)
    page.evaluate("1")
    context.close()
    assert [line.split(":")[0] for line in wrong] == ["a request to https", "an error in a script"]
