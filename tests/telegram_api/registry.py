"""The methods of the Bot API that are emulated, by name."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.telegram_api.parameters import Parameters

if TYPE_CHECKING:
    from tests.telegram_api.bot_api import BotApi

Run = Callable[["BotApi", Parameters], Any | Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Method:
    """One method; `counted` ones stand under the limits on how much a bot may send."""

    name: str
    run: Run
    counted: bool


#: By the name in lower case, as Telegram compares it.
METHODS: dict[str, Method] = {}


def method(name: str, *, counted: bool = False) -> Callable[[Run], Run]:
    """Enter a function as a method of the Bot API."""

    def enter(run: Run) -> Run:
        METHODS[name.lower()] = Method(name, run, counted)
        return run

    return enter
