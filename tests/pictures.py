"""Takes the pictures of the READMEs: a talk on the chat page, and a ticket at the desk, on days of their own.

`scripts/pictures` runs it. The service is the real one, but for its clock, which is moved by the story.
"""

import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import uvicorn
from playwright.sync_api import Browser, sync_playwright

from bot.app import build_app, open_parts
from bot.settings import Settings
from tests.browser import HOW_TO_GET_ONE, QUIET, find_chromium
from tests.people import HANDSET, Agent, Merchant, profile
from tests.service import free_port
from triage import accounts

IMAGES = Path(__file__).parents[1] / "docs" / "images"
PASSWORD = "三个苹果一杯豆浆真好吃"
#: In the holiday: what was taken on its eve is not due before its end.
HOLIDAY = datetime.fromisoformat("2026-10-04T10:26:00+08:00")
#: A busy Tuesday morning.
MORNING = datetime.fromisoformat("2026-10-13T09:08:00+08:00")


class Case(NamedTuple):
    """What a merchant says first, and what he answers when he is asked: fact -> value or text."""

    complaint: str
    knows: Mapping[str, str]


OTHERS = (
    Case("App里显示风控审核，三万六扣着不给我", {"notice": "risk", "payout_status": "held"}),
    Case("昨天刷了5000只到了4970", {"fee_consented": "no", "amount_entered_correct": "yes"}),
    Case("客人被扣了2300，机器上显示失败", {"paid_at": "昨天下午5点40", "payout_status": "not_found"}),
    Case("上个月换了结算卡，之后就没到过账", {"card_changed": "pending", "payout_status": "pending"}),
    Case("机器刚装好，昨天收的1650没到账", {"activated": "no", "payout_status": "not_found"}),
)
THE_CASE = Case(
    "上周五下午3点15刷的8600，到今天还没到账，App里显示划款失败",
    {
        "settle_info_correct": "yes",
        "bounced_before": "no",
        "card_changed": "no",
        "settle_card_state": "frozen",
        "settle_card_test": "bounces",
        "notice": "none",
        "merchant_no": "898310154110001",
        "settle_bank": "建设银行",
    },
)


class Clock:
    """A clock that the story moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now.astimezone(UTC)

    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)


@contextmanager
def service(folder: Path, clock: Clock) -> Iterator[str]:
    """Run the service in a thread, with an agent called lin; gives its address."""
    settings = Settings(_env_file=None, data_dir=folder, port=free_port(), log_level="error")
    parts = open_parts(settings)
    parts.store.write(lambda tx: accounts.add(tx, "lin", "小林", PASSWORD, clock()))
    app = build_app(parts, settings, clock)
    server = uvicorn.Server(uvicorn.Config(app, port=settings.port, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield settings.address
    finally:
        parts.store.bell.close()
        server.should_exit = True
        thread.join()
        parts.store.close()


def tell(address: str, case: Case) -> str:
    """Tell a case through the web chat's calls, ask for a person in the end; gives the talk's token."""
    token: str | None = None
    with httpx.Client(base_url=address, trust_env=False) as client:

        def send(**what: str) -> dict[str, Any] | None:
            nonlocal token
            body = {"conversation": token, "client_id": str(uuid4()), **what}
            answer = client.post("/chat/api/messages", json=body).raise_for_status().json()
            token = answer["conversation"]
            asked = [message["ask"] for message in answer["messages"] if message["ask"]]
            return asked[-1] if asked else None

        ask = send(text=case.complaint)
        while ask:
            value = case.knows.get(ask["fact"], "unknown")
            options = {option["value"]: option["id"] for option in ask["options"]}
            ask = send(choice=options[value]) if value in options else send(text=value)
        if not client.get("/chat/api/messages", params={"conversation": token}).json()["tickets"]:
            send(text="人工")
    assert token
    return token


def picture_of_chat(browser: Browser, address: str, clock: Clock) -> None:
    """A sale before National Day, asked about in the middle of the holiday."""
    with profile(browser, HANDSET, device_scale_factor=2) as context:
        context.clock.set_fixed_time(clock.now)
        merchant = Merchant(context.new_page()).open(address)
        merchant.say("9月30号中午刷的3500，到现在还没到账")
        merchant.finish({"待结算", "T+1（下一个工作日）"})
        merchant.page.evaluate("document.activeElement.blur()")
        merchant.page.screenshot(path=IMAGES / "chat.png")


def picture_of_desk(browser: Browser, address: str, clock: Clock) -> None:
    """A payout that bounced, found and half mended; other tickets wait."""
    for case in OTHERS:
        tell(address, case)
        clock.wait(11)
    link = f"{address}/chat/{tell(address, THE_CASE)}"
    desktop = {"width": 1440, "height": 960}
    with profile(browser, desktop) as desk, profile(browser) as phone:
        agent, merchant = Agent(desk.new_page()), Merchant(phone.new_page()).open(link)
        number = merchant.page.locator("#ticket-number").inner_text().split()[-1]
        agent.log_in(address, PASSWORD, "lin")
        clock.wait(14)
        agent.take(number)
        clock.wait(3)
        agent.note("退票原因：账户状态异常，收款行建行")
        agent.reply(
            "您好，我是小林。结算卡被银行限制收款了，请带身份证去柜台解除，"
            "或者在 App 里换一张本人的一类储蓄卡。"
        )
        clock.wait(6)
        merchant.say("好，我下午就去银行")
        clock.wait(1)
        agent.page.reload()
        agent.page.screenshot(path=IMAGES / "desk.png")


def main() -> None:
    """Take both pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    clock = Clock(HOLIDAY)
    with (
        tempfile.TemporaryDirectory() as folder,
        service(Path(folder), clock) as address,
        sync_playwright() as play,
    ):
        path = find_chromium(play) or sys.exit(HOW_TO_GET_ONE)
        browser = play.chromium.launch(executable_path=path, args=QUIET)
        picture_of_chat(browser, address, clock)
        clock.now = MORNING
        picture_of_desk(browser, address, clock)
        browser.close()


if __name__ == "__main__":
    main()
