"""One emulated Bot API: carries out calls in order, with the faults and limits that are switched on."""

import inspect
import time
from copy import deepcopy
from dataclasses import dataclass, fields
from typing import Any

from tests.telegram_api.errors import ApiError
from tests.telegram_api.faults import Fault, Faults
from tests.telegram_api.limits import Limits
from tests.telegram_api.parameters import Parameters
from tests.telegram_api.registry import METHODS, Method
from tests.telegram_api.webhook import Webhook
from tests.telegram_api.world import World


@dataclass(slots=True)
class Call:
    """One call as it was logged."""

    method: str
    #: When it came: `time.monotonic()`, which all processes of a machine share.
    at: float
    parameters: dict[str, Any]
    chat_id: int | None = None
    #: HTTP status of the answer; None while it is under way, and where the fault left none.
    status: int | None = None
    #: Telegram's word for the refusal.
    description: str | None = None
    #: What it did, if it was carried out.
    result: Any = None
    #: The fault that was planned for it: what it did and when.
    fault: str | None = None

    def json(self) -> dict[str, Any]:
        """Give it as JSON; a log may be long, so nothing is copied."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What goes back: status and JSON, or a fault that says how it does not."""

    status: int
    body: dict[str, Any]
    fault: Fault | None = None


class BotApi:
    """The state of one bot and its calls; everything runs in one event loop."""

    def __init__(self, token: str, bot_name: str) -> None:
        self.world = World(token, bot_name)
        self.webhook = Webhook(self.world)
        self.faults = Faults()
        self.limits = Limits(self.world.clock)
        self.calls: list[Call] = []

    def find(self, token: str, name: str) -> Method:
        """Find a method; raises ApiError 401 for a wrong token, 404 for a method that is not known."""
        number, colon, _ = token.partition(":")
        if not colon or not number.isdecimal():
            raise ApiError(401, "Unauthorized: invalid token specified")
        if token != self.world.token:
            raise ApiError(401, "Unauthorized")
        if name.lower() not in METHODS:
            raise ApiError(404, "Not Found: method not found")
        return METHODS[name.lower()]

    def log(self, method: str, parameters: dict[str, Any]) -> Call:
        """Enter a call into the log."""
        call = Call(method, time.monotonic(), parameters)
        self.calls.append(call)
        return call

    async def carry_out(self, method: Method, given: Parameters) -> Outcome:
        """Do a call that was read; its outcome may carry a fault."""
        call = self.log(method.name, given.for_log())
        chat = given.text("chat_id") or ""
        call.chat_id = int(chat) if chat.lstrip("-").isdecimal() else None
        fault = self.faults.before_call(method.name, call.chat_id)
        if fault:
            call.fault = f"{fault.what} {fault.when}"
            if fault.closes_chat:
                self.limits.close(call.chat_id or 0, fault.closes_chat)
        if fault and fault.when == "before":
            outcome = Outcome(fault.status, fault.refusal or {}, fault)
            call.description = outcome.body.get("description")
        else:
            outcome = await self._answer(method, given, call, fault)
        if fault is None or fault.what == "answer":
            call.status = outcome.status
        return outcome

    async def _answer(self, method: Method, given: Parameters, call: Call, fault: Fault | None) -> Outcome:
        try:
            if method.counted:
                self.limits.check(call.chat_id or 0)
            result = method.run(self, given)
            if inspect.isawaitable(result):
                result = await result
        except ApiError as refusal:
            call.description = refusal.description
            return Outcome(refusal.code, refusal.body, fault)
        if method.name != "getUpdates":
            call.result = deepcopy(result)
        return Outcome(200, {"ok": True, "result": result}, fault)
