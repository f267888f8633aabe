"""`daozhang kb`: the laboratory of the people who maintain the knowledge base."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import Progress

from bot.app import now as clock
from bot.commands import kb_pages as pages
from bot.expertise import LiveExpertise
from bot.settings import read_settings
from knowledge.calendar import SHANGHAI
from knowledge.lab.check import check
from knowledge.lab.explain import FactsError, explain, parse_facts
from knowledge.lab.show import show_cause, show_fact
from knowledge.lab.simulate import Simulator
from knowledge.loader import PACKAGED, KnowledgeBase, load_knowledge

kb = typer.Typer(help="The knowledge base.", no_args_is_help=True)
OwnOption = Annotated[
    Path | None,
    typer.Option(
        "--own",
        help="The operator's folder that is laid over it; DAOZHANG_KNOWLEDGE_DIR without it.",
        exists=True,
        file_okay=False,
    ),
]
FolderOption = Annotated[Path, typer.Option("--folder", help="The knowledge folder.")]
NowOption = Annotated[
    str | None, typer.Option("--now", help="The moment, ISO 8601; without a zone it is Shanghai time.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object instead of a page.")]


@kb.command("check")
def kb_check(
    folder: Annotated[Path, typer.Argument(help="The knowledge folder.")] = PACKAGED,
    own: OwnOption = None,
    start: NowOption = None,
) -> None:
    """Look for mistakes and design faults; all of them at once, with how to fix each."""
    settings = read_settings()
    own = own or settings.knowledge_dir
    live = LiveExpertise(settings.service_opens, settings.service_closes, own, folder)
    knowledge = live.current.knowledge
    findings = check(knowledge, _moment(start))
    errors = sum(finding.kind == "error" for finding in findings)
    for finding in findings:
        typer.echo(finding)
    typer.echo(
        f"{len(knowledge.causes)} causes, {len(knowledge.facts)} facts: "
        f"{errors or 'no'} mistakes, {len(findings) - errors or 'no'} warnings."
    )
    if errors:
        raise typer.Exit(1)


@kb.command("show")
def kb_show(
    name: Annotated[str, typer.Argument(help="A cause or a fact; without it, the list of both.")] = "",
    folder: FolderOption = PACKAGED,
    own: OwnOption = None,
) -> None:
    """Show one cause or one fact on a page."""
    knowledge = _load(folder, own)
    console = Console()
    if name in knowledge.causes:
        pages.print_cause(console, show_cause(name, knowledge), knowledge)
    elif name in knowledge.facts:
        pages.print_fact(console, show_fact(name, knowledge), knowledge)
    elif name:
        raise typer.BadParameter(f"there is no cause and no fact {name}; `kb show` lists them.")
    else:
        pages.print_list(console, knowledge)


@kb.command("explain")
def kb_explain(
    facts: Annotated[list[str], typer.Argument(help="Such as settlement_mode=t1 paid_at=2026-09-30T12:00.")],
    *,
    start: NowOption = None,
    as_json: JsonOption = False,
    folder: FolderOption = PACKAGED,
    own: OwnOption = None,
) -> None:
    """Take facts and show the whole reasoning: what follows, what is believed and why, what is asked."""
    knowledge = _load(folder, own)
    try:
        given = parse_facts(facts, knowledge)
    except FactsError as error:
        raise typer.BadParameter(str(error)) from error
    explanation = explain(given, knowledge, _moment(start))
    if as_json:
        typer.echo(json.dumps(explanation.to_json(), ensure_ascii=False))
    else:
        pages.print_explanation(Console(), explanation, knowledge)


@kb.command("simulate")
def kb_simulate(  # noqa: PLR0913 - one argument an option
    count: Annotated[int, typer.Argument(help="How many merchants.", min=1)] = 2000,
    *,
    seed: Annotated[int, typer.Option(help="Same seed, same merchants.")] = 1,
    wrong: Annotated[float, typer.Option(help="Share of wrong answers.", min=0, max=1)] = 0.1,
    dont_know: Annotated[float, typer.Option(help='Share of "don\'t know".', min=0, max=1)] = 0.15,
    mistakes: Annotated[
        Literal["guess", "any"],
        typer.Option(help="A mistaken answer: a guess at what is usual, or any other value."),
    ] = "guess",
    directory: Annotated[
        float, typer.Option(help="Share of merchants whom a directory knows.", min=0, max=1)
    ] = 0.0,
    as_json: JsonOption = False,
    folder: FolderOption = PACKAGED,
    own: OwnOption = None,
) -> None:
    """Draw merchants from the knowledge base, serve them, and see how good it is."""
    simulator = Simulator(_load(folder, own), seed, wrong, dont_know, mistakes, directory)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("merchants", total=count)
        simulation = simulator.run(count, lambda: progress.advance(task))
    if as_json:
        typer.echo(json.dumps(asdict(simulation), ensure_ascii=False))
    else:
        pages.print_simulation(Console(), simulation)


def _load(folder: Path, own: Path | None) -> KnowledgeBase:
    return load_knowledge(folder, own or read_settings().knowledge_dir)


def _moment(text: str | None) -> datetime:
    if text is None:
        return clock()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} is no moment; write it like 2026-10-09T10:30") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
