"""A talk in the terminal, for people."""

from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel

from bot.channels.console import ConsoleChats, LineError
from bot.talk.wording import Wording
from knowledge.model import Language

CHAT = "terminal"
PHOTO = "/photo "


def talk_in_terminal(chats: ConsoleChats, wording: Wording, language: Language, console: Console) -> None:
    """Talk until the person ends it with Ctrl-D or Ctrl-C.

    A number taps an option, /photo PATH sends a picture.
    """
    _show(console, wording.say("hello", language), [])
    options: list[dict[str, Any]] = []
    while True:
        try:
            typed = console.input("[bold]> [/bold]").strip()
        except (EOFError, KeyboardInterrupt):
            console.print()
            return
        if not typed:
            continue
        if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(options):
            answer = chats.say(CHAT, choice=options[int(typed) - 1]["id"])
        elif typed.startswith(PHOTO):
            try:
                answer = chats.say(CHAT, photo=typed.removeprefix(PHOTO).strip())
            except LineError as error:
                console.print(str(error), style="red", markup=False)
                continue
        else:
            answer = chats.say(CHAT, text=typed)
        options = []
        for message in answer["messages"]:
            options = message["ask"]["options"] if message["ask"] else []
            _show(console, message["text"], options)


def _show(console: Console, text: str, options: list[dict[str, Any]]) -> None:
    console.print(Padding(Panel(text, expand=False, style="cyan"), (0, 0, 0, 2)))
    for number, option in enumerate(options, 1):
        console.print(f"    [dim]{number}[/dim]  {option['label']}", highlight=False)
