"""A desk to test: a database of its own, two people, a clock that the test moves, and browsers."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI
from httpx import ASGITransport, BaseTransport, Client, Request, Response
from sqlalchemy import select

from knowledge.model import Cause, FactSpec, Text, TicketRule
from triage import accounts, tickets
from triage.desk import DeskDeps, build_desk
from triage.model import Conversation, Message, Ticket, TicketEvent, table
from triage.routing import Routing
from triage.store import Store, Transaction
from triage.vault import Vault, new_key

MORNING = datetime(2026, 10, 9, 2, 0, tzinfo=UTC)
PASSWORD = "三个苹果一杯豆浆真好吃"


def cause(key: str, zh: str, en: str, queue: str) -> Cause:
    return Cause(
        id=key,
        title=Text(zh, en),
        weight=1.0,
        needs={},
        signs={},
        handled_by="queue",
        advice=Text("请稍等。", "Please wait."),
        next_step=Text("查划款记录。", "Check the payout."),
        typical_time=Text("1个工作日", "1 working day"),
        follow_up="none",
        ticket=TicketRule(queue=queue, priority="high", evidence=("merchant_no", "amount")),
    )


CAUSES = {
    "risk_hold": cause("risk_hold", "风控延迟结算", "Held by a risk review", "risk"),
    "t1_not_due": cause("t1_not_due", "结算周期未到", "Not due yet", "settlement"),
    "unknown": cause("unknown", "原因未明", "Not known yet", "settlement"),
}
FACTS = {
    "merchant_no": FactSpec(key="merchant_no", kind="text", title=Text("商户号", "Merchant number")),
    "amount": FactSpec(key="amount", kind="money", title=Text("金额", "Amount")),
    "notice": FactSpec(
        key="notice",
        kind="choice",
        title=Text("收到的通知", "Notices"),
        values={"risk": Text("风控通知", "Risk review")},
    ),
    "due_state": FactSpec(key="due_state", kind="choice", title=Text("到账时间", "Due state")),
}
DIAGNOSIS: Mapping[str, Any] = {
    "causes": [["risk_hold", 0.91], ["unknown", 0.06]],
    "why": [
        {"cause": "risk_hold", "fact": "notice", "value": "risk", "source": "merchant", "weight": 9.1},
        {"cause": "risk_hold", "fact": "amount", "value": 350000, "source": "reader", "weight": -1.8},
    ],
    "ruled_out": [{"cause": "t1_not_due", "fact": "due_state", "value": "overdue"}],
    "asked": ["notice"],
    "version": "abcdef0123456789",
}


def describe(key: str, value: Any, language: str, _: datetime) -> str:
    spec = FACTS[key]
    if spec.kind == "money":
        return f"¥{value / 100:,.0f}"
    return spec.values[value].to("en" if language == "en" else "zh") if value in spec.values else str(value)


@dataclass
class House:
    """A desk on a database of its own, with a clock that the test moves."""

    store: Store
    vault: Vault
    now: datetime = MORNING
    app: FastAPI = field(default_factory=FastAPI)

    def __post_init__(self) -> None:
        deps = DeskDeps(
            store=self.store,
            vault=self.vault,
            clock=lambda: self.now,
            redact=lambda text: re.sub(r"[0-9]{16}", "[卡号]", text),
            causes=CAUSES,
            facts=FACTS,
            describe=describe,
            draw_strip=lambda facts, *_: '<svg class="strip"></svg>' if facts else "",
            secure_cookies=False,
            group_channel="telegram",
            notices=lambda language: ["日历快到期了" if language == "zh" else "The calendar is about to end"],
            reasons={"large_amount": Text("金额较大", "Large amount")},
        )
        self.app.include_router(build_desk(deps))

    def visit(self) -> "Visitor":
        return Visitor(self)

    def log_in(self, name: str = "lin") -> "Visitor":
        visitor = self.visit()
        answer = visitor.log_in(name)
        assert answer.status_code == 303
        return visitor

    def file(self, text: str = "昨天刷的3500没到账", **draft: Any) -> str:
        """File a ticket of a new merchant; gives its number."""

        def work(tx: Any) -> str:
            people = tx.execute(select(table(Conversation))).all()
            stamp = {"created_at": self.now, "updated_at": self.now}
            sender = {"channel": "web", "sender": f"m{len(people)}", "talk": {}}
            conversation = tx.add(table(Conversation), sender | stamp)
            tx.add(
                table(Message),
                {"conversation_id": conversation, "author": "merchant", "text": text, "at": self.now},
            )
            values: dict[str, Any] = {
                "conversation_id": conversation,
                "language": "zh",
                "cause": "risk_hold",
                "routing": Routing("risk", "high", ("large_amount",), self.now + timedelta(hours=2)),
                "facts": {
                    "amount": {"value": 350000, "source": "reader"},
                    "notice": {"value": "risk", "source": "merchant"},
                },
                "diagnosis": DIAGNOSIS,
                "missing": ("merchant_no",),
            }
            return tickets.file_ticket(tx, tickets.TicketDraft(**(values | draft)), self.now).number

        return self.store.write(work)

    def merchant_writes(self, number: str, text: str) -> None:
        values = {"conversation_id": self.ticket(number)["conversation_id"], "author": "merchant"}
        self.store.write(lambda tx: tx.add(table(Message), values | {"text": text, "at": self.now}))

    def ticket(self, number: str) -> Mapping[Any, Any]:
        query = select(table(Ticket)).where(table(Ticket).c.id == int(number[3:]))
        return dict(self.store.read(lambda connection: connection.execute(query).mappings().one()))

    def events(self, number: str) -> list[Any]:
        c = table(TicketEvent).c
        query = select(c.kind, c.account_id, c.data).where(c.ticket_id == int(number[3:])).order_by(c.id)
        return list(self.store.read(lambda connection: connection.execute(query).all()))

    def replies(self) -> list[str]:
        query = select(table(Message).c.text).where(table(Message).c.author == "agent")
        return list(self.store.read(lambda connection: connection.execute(query).scalars()))


class Door(BaseTransport):
    """Hands a browser's requests to the application, each in a loop of its own."""

    def __init__(self, app: FastAPI) -> None:
        self._application = ASGITransport(app)

    def handle_request(self, request: Request) -> Response:
        async def ask() -> Response:
            answer = await self._application.handle_async_request(request)
            return Response(answer.status_code, headers=answer.headers, content=await answer.aread())

        return asyncio.run(ask())


class Visitor:
    """A browser."""

    def __init__(self, house: House) -> None:
        self.client = Client(transport=Door(house.app), base_url="http://desk.example")

    def get(self, path: str, **headers: str) -> Response:
        return self.client.get(path, headers={key.replace("_", "-"): value for key, value in headers.items()})

    def page(self, path: str, **headers: str) -> str:
        answer = self.get(path, **headers)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def log_in(self, name: str = "lin", password: str = PASSWORD) -> Response:
        form = hidden(self.page("/desk/login"), "/desk/login")
        return self.client.post("/desk/login", data=form | {"name": name, "password": password})

    def take(self, number: str, step: str, **typed: str) -> Response:
        """Send one of the forms of a ticket's page as the page has it."""
        form = hidden(self.page(f"/desk/tickets/{number}"), f"/desk/tickets/{number}/{step}")
        return self.send(number, step, form | typed)

    def send(self, number: str, step: str, form: Mapping[str, str]) -> Response:
        return self.client.post(f"/desk/tickets/{number}/{step}", data=dict(form))

    def token(self) -> str:
        return hidden(self.page("/desk"), "/desk/logout")["csrf"]


def hidden(page: str, action: str) -> dict[str, str]:
    """Read the hidden fields of the form that is sent to an address."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}(?:\?[^"]*)?".*?</form>', page, re.DOTALL)
    assert form is not None, f"no form for {action}"
    return dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form.group()))


def open_house(store: Store) -> House:
    """Open a desk with two people, lin (1) and zhao (2)."""

    def hire(tx: Transaction) -> None:
        accounts.add(tx, "lin", "林晓", PASSWORD, MORNING)
        accounts.add(tx, "zhao", "赵敏", PASSWORD, MORNING)

    store.write(hire)
    return House(store, Vault(new_key()))
