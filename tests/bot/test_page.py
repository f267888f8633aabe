"""The chat page: both languages, nothing inline, files that may be cached for ever."""

import json
import re
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bot.page import HERE, Page, load_page

#: Attributes that would run script or set style from inside the page, which its policy forbids.
INLINE = re.compile(r"on\w+|style")


class Tags(HTMLParser):
    """Collects the tags of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.loose: list[str] = []
        self._open = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {key: value or "" for key, value in attrs}))
        self._open = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._open:
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open in {"script", "style"} and data.strip():
            self.loose.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def chat() -> Page:
    return load_page()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_carries_every_text_in_its_language(chat: Page, language: str) -> None:
    body = Tags(chat.render(language, "1.2.3")).all("body")[0]
    words = json.loads(body["data-texts"])
    expected = {key: text.en if language == "en" else text.zh for key, text in chat.texts.items()}
    assert words == expected
    assert body["data-language"] == language


def test_the_languages_differ_and_each_offers_the_other(chat: Page) -> None:
    chinese, english = Tags(chat.render("zh", "1")), Tags(chat.render("en", "1"))
    assert [page.all("html")[0]["lang"] for page in (chinese, english)] == ["zh-CN", "en"]
    assert [page.all("a")[0]["href"] for page in (chinese, english)] == ["/?lang=en", "/?lang=zh"]
    assert "昨天刷的还没到账" in chat.render("zh", "1")
    assert "昨天" not in chat.render("en", "1")


def test_an_unknown_language_is_served_chinese(chat: Page) -> None:
    assert chat.render("fr", "1") == chat.render("zh", "1")


def test_every_text_is_used(chat: Page) -> None:
    source = "".join((HERE / name).read_text("utf-8") for name in ("chat.html", "switch.html", "chat.js"))
    built = {"from_bot", "from_agent", "from_merchant", "ticket_new", "ticket_claimed", "ticket_waiting"}
    built |= {"file_photo", "file_document", "file_voice"}
    named = set(re.findall(r"(?:texts|words)\.(\w+)", source)) | set(re.findall(r"example_\w+", source))
    assert set(chat.texts) == named | built


@pytest.mark.parametrize("which", ["talk", "switch"])
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(chat: Page, which: str) -> None:
    page = Tags(chat.render("zh", "1.2.3") if which == "talk" else chat.ask_to_switch("zh", "/chat/token"))
    assert page.loose == []
    for tag, attributes in page.found:
        assert not [name for name in attributes if INLINE.fullmatch(name)], tag
        for name in ("src", "href", "action"):
            assert attributes.get(name, "/").startswith("/"), tag
            assert not attributes.get(name, "/").startswith("//"), tag


def test_the_page_asks_for_its_files_by_their_content(chat: Page) -> None:
    page = Tags(chat.render("zh", "1.2.3"))
    asked = {attributes["src"] for attributes in page.all("script") + page.all("img")}
    asked |= {attributes["href"] for attributes in page.all("link")}
    hashes = {name: sha256(content).hexdigest()[:12] for name, (content, _) in chat.files.items()}
    assert asked == {f"/page/{name}?v={digest}" for name, digest in hashes.items()}


def test_each_file_has_its_media_type_and_names_no_other_address(chat: Page) -> None:
    media = {name: media for name, (_, media) in chat.files.items()}
    assert media == {
        "chat.css": "text/css; charset=utf-8",
        "chat.js": "text/javascript; charset=utf-8",
        "calls.js": "text/javascript; charset=utf-8",
        "files.js": "text/javascript; charset=utf-8",
        "strip.js": "text/javascript; charset=utf-8",
        "icon.svg": "image/svg+xml",
    }
    for content, _ in chat.files.values():
        addresses = re.findall(r"https?://[^\s\"')]+", content.decode())
        assert set(addresses) <= {"http://www.w3.org/2000/svg"}


def test_the_script_never_writes_html(chat: Page) -> None:
    for name in ("chat.js", "calls.js", "strip.js"):
        script = chat.files[name][0].decode()
        assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", script)
        assert len(script.splitlines()) <= 400


def test_every_control_has_a_name(chat: Page) -> None:
    html = chat.render("en", "1.2.3")
    page = Tags(html)
    labels = {attributes["for"] for attributes in page.all("label")}
    assert {attributes["id"] for attributes in page.all("textarea") + page.all("input")} == labels
    for button in re.findall(r"<button\b(.*?)>(.*?)</button>", html, re.DOTALL):
        filled_later = (
            'class="chip"' in button[0] or 'class="tag"' in button[0] or 'class="retry"' in button[0]
        )
        assert "aria-label" in button[0] or re.sub(r"<.*?>", "", button[1]).strip() or filled_later, button


def test_a_version_cannot_break_out_of_the_page(chat: Page) -> None:
    assert "<script>1" not in chat.render("zh", "<script>1</script>")


def test_the_parts_are_where_the_package_says(chat: Page) -> None:
    assert {path.name for path in Path(HERE).iterdir() if path.suffix in {".css", ".js", ".svg"}} == set(
        chat.files
    )
