"""The command line `daozhang`."""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import typer
from rich.console import Console

from bot.administration import Administration, AdministrationError
from bot.app import now, open_parts
from bot.channels.console import ConsoleChats
from bot.commands.doctor import doctor as check_up
from bot.commands.kb import kb
from bot.commands.terminal import talk_in_terminal
from bot.commands.understand import answer_line, evaluate, packaged_reader, teach
from bot.control import ask_service
from bot.expertise import LiveExpertise
from bot.logs import set_up_logs
from bot.parts import put_together
from bot.serving import ServiceError, run_service
from bot.settings import SettingsError, read_settings
from knowledge.calendar import SHANGHAI
from knowledge.yaml_source import KnowledgeError
from triage.store import Store, StoreError
from triage.vault import Vault, VaultError, new_key

cli = typer.Typer(
    help="Payout-support bot and triage desk.", no_args_is_help=True, pretty_exceptions_enable=False
)
users = typer.Typer(help="The people at the desk.", no_args_is_help=True)
merchants = typer.Typer(help="The merchants' directory.", no_args_is_help=True)
outages = typer.Typer(help="Declared outages.", no_args_is_help=True)
cli.add_typer(users, name="user")
cli.add_typer(outages, name="incident")
cli.add_typer(merchants, name="merchants")
cli.add_typer(kb, name="kb")

#: The moment that the labelled sentences were written for.
AS_LABELLED = "2026-10-09T10:30:00+08:00"

LanguageOption = Annotated[Literal["zh", "en"], typer.Option(help="Language to begin in.")]
NowOption = Annotated[
    str | None, typer.Option("--now", help="The moment to start from, ISO 8601 with a zone.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Lines of JSON in and out.")]


def main() -> None:
    """Run the command line; what is wrong is said in one line."""
    try:
        cli()
    except (
        StoreError,
        KnowledgeError,
        VaultError,
        AdministrationError,
        ServiceError,
        SettingsError,
    ) as error:
        _give_up(str(error))


def _give_up(reason: str) -> NoReturn:
    sys.stderr.write(f"daozhang: {reason}\n")
    raise SystemExit(1)


@cli.command()
def serve() -> None:
    """Serve the merchants' page at / and the agents' desk at /desk."""
    settings = read_settings()
    set_up_logs(settings.log_level)
    run_service(settings)


@cli.command()
def chat(
    *,
    as_json: JsonOption = False,
    db: Annotated[str, typer.Option(help="Database URL; in memory without it.")] = "sqlite://",
    lang: LanguageOption = "zh",
    start: NowOption = None,
) -> None:
    """Talk with the bot in the terminal."""
    settings = read_settings()
    set_up_logs("error")
    clock = _clock(start)
    store = Store(db)
    try:
        store.migrate()
        vault = Vault(settings.secret_key.get_secret_value() or new_key())
        live = LiveExpertise(settings.service_opens, settings.service_closes, settings.knowledge_dir)
        parts = put_together(store, vault, live)
        chats = ConsoleChats(parts, clock, lang)
        if as_json:
            for answer in chats.serve(sys.stdin):
                sys.stdout.write(answer + "\n")
                sys.stdout.flush()
        else:
            talk_in_terminal(chats, parts.wording, lang, Console())
    finally:
        store.close()


@cli.command()
def understand(
    *,
    as_json: JsonOption = False,
    start: NowOption = None,
    files: Annotated[
        list[Path] | None, typer.Option("--eval", help="Measure the reader on a file of known sentences.")
    ] = None,
    more: Annotated[list[Path] | None, typer.Argument(help="More files for --eval.")] = None,
    teaching: Annotated[
        bool, typer.Option("--learn", help="Learn the phrases anew, after a change of them.")
    ] = False,
) -> None:
    """Read sentences, {"id", "text"} a line: what they mean and what they name."""
    if teaching:
        teach()
    elif files:
        at = _clock(start or AS_LABELLED)()
        try:
            evaluate([*files, *(more or ())], at)
        except (OSError, ValueError) as error:
            _give_up(f"--eval: {error}")
    elif as_json:
        reader, clock = packaged_reader(), _clock(start)
        for line in sys.stdin:
            if line.strip():
                answer = answer_line(reader, line, clock())
                sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
                sys.stdout.flush()
    else:
        _give_up("understand reads lines of JSON with --json, or measures with --eval FILE")


@cli.command()
def doctor(
    *, as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a page.")] = False
) -> None:
    """Check settings, database, knowledge base and Telegram, and say what to do."""
    check_up(as_json=as_json)


@cli.command()
def key() -> None:
    """Print a new secret key for DAOZHANG_SECRET_KEY."""
    sys.stdout.write(new_key() + "\n")


@users.command("add")
def user_add(
    name: str,
    display_name: Annotated[str, typer.Option("--shown-as", help="Name that colleagues see.")] = "",
) -> None:
    """Add a person; asks for the password (or reads it from standard input)."""
    values = {"name": name, "display_name": display_name or name}
    _administer("user add", values | {"password": _password()})


@users.command("passwd")
def user_passwd(name: str) -> None:
    """Change a person's password; he chooses his own at the next login."""
    _administer("user passwd", {"name": name, "password": _password()})


@users.command("disable")
def user_disable(name: str) -> None:
    """Lock a person out at once."""
    _administer("user disable", {"name": name})


@users.command("link")
def user_link(name: str) -> None:
    """Give a one-time code by which a person links his Telegram, to work in the agents' group."""
    _administer("user link", {"name": name})


@outages.command("open")
def incident_open(
    zh: Annotated[str, typer.Option(help="What merchants are told, in Chinese.")],
    en: Annotated[str, typer.Option(help="The same in English.")],
    brand: Annotated[str | None, typer.Option(help="Only this brand (id of acquirers.yaml).")] = None,
    pay_method: Annotated[str | None, typer.Option(help="Only this way of paying.")] = None,
    bank: Annotated[str | None, typer.Option(help="Only this bank of the settlement card.")] = None,
) -> None:
    """Declare an outage: it answers the merchants it concerns and collects their cases."""
    scope = {"brand": brand, "pay_method": pay_method, "settle_bank": bank}
    named = {fact: value for fact, value in scope.items() if value is not None}
    _administer("incident open", {"notice": {"zh": zh, "en": en}, "scope": named})


@outages.command("close")
def incident_close(number: int) -> None:
    """Declare an outage over; the merchants who wait under it are told."""
    _administer("incident close", {"number": number})


@outages.command("list")
def incident_list() -> None:
    """List the outages that are not over."""
    _administer("incident list", {})


@merchants.command("import")
def merchants_import(file: Path) -> None:
    """Take a CSV file as the whole directory, in place of the one before (docs/directory.md)."""
    _administer("merchants import", {"path": str(file.absolute())})


def _administer(command: str, values: dict[str, Any]) -> None:
    """Hand a command to the running service, or carry it out here when none is running."""
    settings = read_settings()
    said = ask_service(settings.data_dir, command, values)
    if said is None:
        set_up_logs("error")
        parts = open_parts(settings)
        try:
            said = Administration(parts, now).run(command, values)
        finally:
            parts.store.close()
    sys.stdout.write(said + "\n")


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _clock(start: str | None) -> Callable[[], datetime]:
    """Give the real clock, or one that stands still at the given moment."""
    if start is None:
        return lambda: now().astimezone(SHANGHAI)
    try:
        at = datetime.fromisoformat(start)
    except ValueError:
        _give_up(f"--now: {start} is no moment; write it like 2026-10-09T10:30:00+08:00")
    if at.tzinfo is None:
        _give_up(f"--now: {start} has no zone; write it like 2026-10-09T10:30:00+08:00")
    return lambda: at
