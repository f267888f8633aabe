"""`daozhang doctor`: what is well, what is not, and what to do."""

import asyncio
import json
from dataclasses import asdict

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from bot.app import now, telegram_settings
from bot.channels.telegram.checkup import ask_telegram
from bot.doctor import Finding, error, look_around, ok
from bot.logs import set_up_logs
from bot.settings import Settings, mistakes

_SIGNS = {"ok": "[green]✓[/green]", "warning": "[yellow]![/yellow]", "error": "[red]✗[/red]"}


def doctor(*, as_json: bool) -> None:
    """Check everything, print it, and end with 1 if something does not work."""
    set_up_logs("error")
    findings = examine()
    if as_json:
        well = all(finding.status != "error" for finding in findings)
        checks = [asdict(finding) for finding in findings]
        typer.echo(json.dumps({"ok": well, "checks": checks}, ensure_ascii=False))
    else:
        _print(findings)
    if any(finding.status == "error" for finding in findings):
        raise typer.Exit(1)


def examine() -> list[Finding]:
    """Check the settings, the house and Telegram; with wrong settings nothing else can be looked at."""
    try:
        settings = Settings()
    except ValidationError as problem:
        return [error("settings", f"{mistake} (see .env.example)") for mistake in mistakes(problem)]
    at = now()
    findings = [ok("settings", "can be read"), *look_around(settings, at)]
    reached = telegram_settings(settings)
    if reached is None:
        return [
            *findings,
            ok("telegram", "is off; DAOZHANG_TELEGRAM_TOKEN switches it on (docs/telegram.md)"),
        ]
    return [*findings, *asyncio.run(ask_telegram(reached, settings.telegram_agent_group, at))]


def _print(findings: list[Finding]) -> None:
    page = Table.grid(padding=(0, 2))
    for finding in findings:
        page.add_row(_SIGNS[finding.status], f"[bold]{finding.check}[/bold]", finding.text)
    Console().print(page)
