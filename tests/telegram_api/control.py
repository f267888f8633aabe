"""The handle that tests hold: the same whether the server runs in this process or in another one."""

import asyncio
import gc
import secrets
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx

from tests.telegram_api.actions import Actions
from tests.telegram_api.bot_api import BotApi, Call
from tests.telegram_api.faults import FAULTS, Fault
from tests.telegram_api.people import Group, Json, Shown, User
from tests.telegram_api.server import Listener, application

PATIENCE = 60  # seconds for one action, and for `wait_for`
T = TypeVar("T")


class RunningServer:
    """The emulator in a thread of its own, until `close`."""

    def __init__(self, token: str | None = None, port: int = 0, bot_name: str = "Emulated") -> None:
        # 35 characters after the colon, as in real ones.
        self.token = token or f"{7_100_000_000 + secrets.randbelow(10**8)}:{secrets.token_urlsafe(26)[:35]}"
        self._api = BotApi(self.token, bot_name)
        self._actions = Actions(self._api)
        self._listener = Listener(application(self._api, self._actions), port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="telegram-api", daemon=True)
        self._thread.start()
        self.listen("open")

    @property
    def url(self) -> str:
        """The address: what clients take for https://api.telegram.org."""
        return f"http://127.0.0.1:{self._listener.port}"

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def do(self, name: str, arguments: Json) -> Any:
        """Carry out an action in the server's loop."""
        return self._run(self._actions.do(name, arguments))

    def listen(self, how: str) -> None:
        """Open the port, close it ("refuse"), or let connections hang ("hang")."""
        work = {"open": self._listener.open, "refuse": self._listener.close, "hang": self._listener.hang}[how]
        self._run(work())

    def close(self) -> None:
        """Stop the server and its thread."""
        self._run(self._api.webhook.stop())
        self.listen("open")
        self.listen("refuse")
        self._run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()
        with warnings.catch_warnings():
            # A delivery that is cut off while it connects leaves its socket to the collector: here, and
            # not in the middle of some later test.
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


class RemoteServer:
    """An emulator in another process, through its /control path."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self.token = token

    def do(self, name: str, arguments: Json) -> Any:
        """Carry out an action over HTTP; ValueError for one that fails."""
        answer = httpx.post(
            f"{self.url}/control/{name}", json=arguments, trust_env=False, timeout=PATIENCE
        ).json()
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer["result"]

    def listen(self, how: str) -> None:
        """Only the process that holds the port can close it."""
        raise NotImplementedError(f"{how}: do it in the process of the server")


class TelegramApi:
    """Control over an emulated Telegram: people, what they see, what the bot called, and what goes wrong."""

    def __init__(self, server: RunningServer | RemoteServer) -> None:
        self.server = server
        self.url = server.url
        self.token = server.token

    @classmethod
    def connect(cls, url: str, token: str) -> "TelegramApi":
        """Control a server in another process."""
        return cls(RemoteServer(url, token))

    def do(self, action: str, /, **arguments: Any) -> Any:
        """Carry out one of the actions of `tests.telegram_api.actions.Actions`."""
        return self.server.do(action, arguments)

    # People

    def user(
        self, name: str = "Li Wei", language_code: str | None = "zh-hans", username: str | None = None
    ) -> User:
        """Give a new person, whom the bot does not know before they write."""
        made = self.do("new_user", name=name, language_code=language_code, username=username)
        return User(self, made["id"], name)

    def group(
        self,
        title: str = "Agents",
        members: tuple[User, ...] = (),
        *,
        forum: bool = True,
        basic: bool = False,
        bot: str = "administrator",
        rights: list[str] | None = None,
    ) -> Group:
        """Give a new supergroup (or basic group) with these members and the bot; "left": without it."""
        creator = self.user("Owner", None)
        made = self.do(
            "new_group", title=title, creator_id=creator.id, forum=forum and not basic, basic=basic
        )
        group = Group(self, made["id"], creator)
        group.add(*members)
        if bot != "left":
            group.set_bot(bot, rights)
        return group

    # What there is to see

    def messages(self, chat: User | Group | int, topic: int | None = None) -> list[Shown]:
        """Give all messages of a chat (or of one topic) as it shows them now, in order."""
        found = [Shown(one) for one in self.do("chat", chat_id=_id(chat))["messages"]]
        return [one for one in found if topic is None or one.topic == topic]

    def sent(self, chat: User | Group | int, topic: int | None = None) -> list[Shown]:
        """Give what the bot said in a chat (or topic) as it shows it now, service messages left out."""
        said = ("text", "caption", "photo", "document", "voice", "sticker")
        shown = self.messages(chat, topic)
        return [
            one for one in shown if one.sender_id == self.bot_id and any(part in one.raw for part in said)
        ]

    @property
    def bot_id(self) -> int:
        """The bot's user id."""
        return int(self.token.split(":")[0])

    def pinned(self, chat: User | Group | int) -> list[int]:
        """Give the ids of the pinned messages."""
        numbers: list[int] = self.do("chat", chat_id=_id(chat))["pinned"]
        return numbers

    def chat_actions(self, chat: User | Group | int) -> list[tuple[str, int | None]]:
        """Give each "typing" and its like that was shown, with its topic."""
        return [(action, topic) for action, topic in self.do("chat", chat_id=_id(chat))["actions"]]

    def calls(self, method: str | None = None, chat: User | Group | int | None = None) -> list[Call]:
        """Give the log of calls, of one method (None: all) and to one chat (None: all)."""
        chat_id = None if chat is None else _id(chat)
        return [Call(**one) for one in self.do("calls", method=method, chat_id=chat_id)]

    def commands(self, language_code: str = "", scope: str = "default") -> list[Json]:
        """Give the command menu; scope as "chat 123" where it has a chat."""
        found: list[Json] = self.do("commands", scope=scope, language_code=language_code)
        return found

    def pending(self) -> list[Json]:
        """Give the updates that the bot has not confirmed."""
        found: list[Json] = self.do("pending")
        return found

    def webhook_attempts(self) -> list[Json]:
        """Give every try to deliver by webhook: update_id, attempt, status (None: no answer)."""
        found: list[Json] = self.do("webhook_attempts")
        return found

    def wait_for(self, question: Callable[[], T], patience: float = PATIENCE) -> T:
        """Ask until the answer is true, and give it; TimeoutError with the last answer."""
        end = time.monotonic() + patience
        while not (answer := question()):
            if time.monotonic() > end:
                raise TimeoutError(f"still {answer!r} after {patience} s")
            time.sleep(0.05)
        return answer

    # Updates

    def deliver_again(self, update: Json | None) -> None:
        """Deliver an update once more, confirmed or not."""
        if update is None:
            raise ValueError("the bot never got this update")
        self.do("repeat", update_id=update["update_id"])

    def inject(self, update: Json, key: str = "injected") -> None:
        """Deliver an update as it stands, however broken; without an update_id it gets the next one."""
        self.do("inject", update=update, key=key)

    @contextmanager
    def held(self, order: Callable[[list[int]], list[int]] | None = None) -> Iterator[None]:
        """Keep updates back meanwhile, then deliver them in the order that `order` makes of their ids."""
        self.do("hold")
        try:
            yield
        finally:
            held = self.do("held")
            self.do("release", order=order(held) if order else None)

    def set_next_update_id(self, number: int) -> None:
        """Let the next update have this id, also a lower one, as after a quiet week."""
        self.do("next_update_id", number=number)

    # What goes wrong

    def fail_next(
        self,
        method: str,
        fault: Fault | str,
        chat: User | Group | int | None = None,
        times: int | None = 1,
        share: float = 1.0,
    ) -> None:
        """Let the next `times` calls of a method ("*": any, "file": downloads) to a chat fail.

        `fault` is a Fault or a name in FAULTS; `times` None: all of them; `share` (0 to 1): in how many.
        """
        planned = FAULTS[fault] if isinstance(fault, str) else fault
        chat_id = None if chat is None else _id(chat)
        self.do("plan_fault", method=method, fault=planned.json(), chat_id=chat_id, times=times, share=share)

    def clear_faults(self) -> None:
        """Let nothing fail any more."""
        self.do("clear_faults")

    @contextmanager
    def outage(self, how: str = "refuse") -> Iterator[None]:
        """Refuse connections meanwhile, or let them "hang"; those that there are, are cut."""
        self.server.listen(how)
        try:
            yield
        finally:
            self.server.listen("open")

    def limit(self, *, per_chat: bool = True, overall: bool = True, per_group: bool = True) -> None:
        """Refuse with 429 what is over Telegram's limits."""
        self.do("set_limits", per_chat=per_chat, overall=overall, per_group=per_group)

    def close_chat(self, chat: User | Group | int, seconds: float) -> None:
        """Answer 429 for a chat (0: for all), with the seconds that are left, until they have passed."""
        self.do("close_chat", chat_id=_id(chat), seconds=seconds)

    def set_clock(self, factor: float | None = None, advance: float = 0) -> None:
        """Scale Telegram's waits (0.01: a hundred times as fast), or move its date on by seconds."""
        self.do("set_clock", factor=factor, advance=advance)

    def revoke_token(self) -> str:
        """Make a new token; the old one is refused from now on."""
        new = f"{self.bot_id}:{secrets.token_urlsafe(26)[:35]}"
        self.do("set_token", token=new)
        self.token = new
        return new

    def set_privacy(self, *, on: bool) -> None:
        """Switch the bot's privacy mode (on at first), which hides what people say in groups."""
        self.do("set_privacy", on=on)

    def delete_message(self, message: Shown) -> None:
        """Delete a message as a person; the bot is not told."""
        self.do("delete_message", chat_id=message.chat_id, message_id=message.id)


def _id(chat: User | Group | int) -> int:
    return chat if isinstance(chat, int) else chat.id
