"""What can go wrong with a call, and when it does."""

import random
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way for a call to go wrong.

    `when`: before the body was read, before the call is carried out, or after it was (the message is there).
    `what`: "reset" the connection, keep "silence" until the client goes, or "answer" with status and body.
    """

    what: Literal["reset", "silence", "answer"]
    when: Literal["before body", "before", "after"] = "before"
    status: int = 200
    #: The text of the answer; None: the first half of the true one.
    body: str | None = None
    media_type: str = "application/json"
    #: Telegram's refusal, if it is one.
    refusal: Json | None = None
    #: Seconds for which the chat is closed from then on, as `TelegramApi.close_chat` does.
    closes_chat: float = 0

    def json(self) -> Json:
        """Give it as JSON."""
        return asdict(self)


def refusal(code: int, description: str, **parameters: Any) -> Fault:
    """Refuse as Telegram does; the description with its prefix."""
    body: Json = {"ok": False, "error_code": code, "description": description}
    return Fault("answer", status=code, refusal=body | ({"parameters": parameters} if parameters else {}))


def too_many(retry_after: int, *, kept: bool = False) -> Fault:
    """Answer 429 with so many seconds; `kept`: whoever calls for that chat before gets 429 again."""
    answer = refusal(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)
    return replace(answer, closes_chat=retry_after if kept else 0)


def migrated(new_chat_id: int) -> Fault:
    """Answer that the group has become a supergroup."""
    text = "Bad Request: group chat was upgraded to a supergroup chat"
    return refusal(400, text, migrate_to_chat_id=new_chat_id)


BAD_GATEWAY_PAGE = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body>\r\n</html>\r\n"
)
#: The faults of a single call, by name. A connection that is refused or hangs: `TelegramApi.outage`.
FAULTS: dict[str, Fault] = {
    "reset before body": Fault("reset", "before body"),
    "reset after body": Fault("reset", "before"),
    "reset after delivery": Fault("reset", "after"),
    "read timeout": Fault("silence", "before"),
    "read timeout after delivery": Fault("silence", "after"),
    "502 html": Fault("answer", status=502, body=BAD_GATEWAY_PAGE, media_type="text/html"),
    "truncated json": Fault("answer", "after"),
    "400": refusal(400, "Bad Request: chat not found"),
    "401": refusal(401, "Unauthorized"),
    "403": refusal(403, "Forbidden: bot was blocked by the user"),
    "404": refusal(404, "Not Found"),
    "409": refusal(
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    ),
    "413": refusal(413, "Request Entity Too Large"),
    "429": too_many(1),
    "500": refusal(500, "Internal Server Error"),
}


@dataclass(slots=True)
class Plan:
    """When a fault happens: the next `times` calls that match, each with probability `share`."""

    method: str
    fault: Fault
    chat_id: int | None = None
    times: int | None = 1
    share: float = 1.0


@dataclass(slots=True)
class Faults:
    """All plans; the first that matches a call is used up by it."""

    plans: list[Plan] = field(default_factory=list)
    roll: random.Random = field(default_factory=lambda: random.Random(1))

    def before_body(self, method: str) -> Fault | None:
        """Give the fault of a call of which only the method is known."""
        return self._take(method, None, early=True)

    def before_call(self, method: str, chat_id: int | None) -> Fault | None:
        """Give the fault of a call that was read."""
        return self._take(method, chat_id, early=False)

    def _take(self, method: str, chat_id: int | None, *, early: bool) -> Fault | None:
        for plan in self.plans:
            if (
                plan.method.lower() in {method.lower(), "*"}
                and (plan.fault.when == "before body") == early
                and plan.chat_id in {None, chat_id}
                and self.roll.random() < plan.share
            ):
                if plan.times is not None:
                    plan.times -= 1
                    if plan.times == 0:
                        self.plans.remove(plan)
                return plan.fault
        return None
