"""Where the merchants' directory comes from: a CSV file that is imported, or the operator's HTTP service."""

import csv
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import structlog

from knowledge.inquiry import TOLD_BY_DIRECTORY
from knowledge.model import FactSpec
from triage.directory import DirectoryError, Entry

COLUMNS = ("merchant_no", "settle_card_last4", "onboarded_on", *TOLD_BY_DIRECTORY)
TIMEOUT_SECONDS = 3.0
#: What was found is believed for so long, and so is that nothing was.
REMEMBERED = timedelta(minutes=5)
MOST_REMEMBERED = 10_000
_log = structlog.get_logger()


class ImportMistakesError(Exception):
    """A directory file with mistakes; nothing of it was taken. The message lists all of them by line."""


class HttpDirectory:
    """Asks `GET <url>/merchants/<merchant_no>`; 200 with an entry as JSON, 404 when there is none."""

    in_use = True

    def __init__(
        self,
        url: str,
        token: str,
        clock: Callable[[], datetime],
        facts: Mapping[str, FactSpec],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.Client(
            base_url=url, headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False, transport=transport
        )
        self._clock = clock
        self._facts = facts
        self._remembered: dict[str, tuple[datetime, Entry | None]] = {}

    def find(self, merchant_no: str) -> Entry | None:
        """Find a merchant; raises DirectoryError when the service does not answer as it should."""
        now = self._clock()
        known = self._remembered.get(merchant_no)
        if known and now - known[0] < REMEMBERED:
            return known[1]
        entry = self._ask(merchant_no)
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[merchant_no] = (now, entry)
        return entry

    def _ask(self, merchant_no: str) -> Entry | None:
        try:
            response = self._client.get(f"/merchants/{quote(merchant_no, safe='')}")
            if response.status_code == httpx.codes.NOT_FOUND:
                return None
            response.raise_for_status()
            return _entry(self._checked(response.json()))
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"the merchants' directory did not answer as it should ({type(error).__name__})"
            raise DirectoryError(message) from None

    def _checked(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        """Leave out what is no value of its fact; the log names the facts, and nothing of the merchant."""
        wrong = _wrong_facts(raw, self._facts)
        if wrong:
            _log.warning("the directory says what its facts do not know; left out", facts=list(wrong))
        return {key: value for key, value in raw.items() if key not in wrong}


def read_csv(path: Path, facts: Mapping[str, FactSpec]) -> list[Entry]:
    """Read a directory file (UTF-8, a header line with the names of COLUMNS).

    Raises ImportMistakesError with every mistake, by line.
    """
    mistakes: list[str] = []
    entries: dict[str, Entry] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = {"merchant_no", "settle_card_last4"} - set(rows.fieldnames or ())
            if missing:
                raise ImportMistakesError(f"line 1: the header lacks {', '.join(sorted(missing))}")
            for row in rows:
                wrong = _mistakes(row, facts)
                if str(row["merchant_no"]).strip() in entries:
                    wrong.append("this merchant number stands twice")
                mistakes += [f"line {rows.line_num}: {problem}" for problem in wrong]
                if not wrong:
                    entry = _entry(row)
                    entries[entry.merchant_no] = entry
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ImportMistakesError(f"{path}: cannot be read ({error})") from None
    if mistakes:
        raise ImportMistakesError("nothing was imported:\n" + "\n".join(mistakes))
    return list(entries.values())


def _mistakes(row: Mapping[str, Any], facts: Mapping[str, FactSpec]) -> list[str]:
    """Find what is wrong with a row."""
    wrong = [
        f"{column} must match {facts[column].pattern}"
        for column in ("merchant_no", "settle_card_last4")
        if not re.fullmatch(facts[column].pattern or "", (row[column] or "").strip())
    ]
    for column, value in _wrong_facts(row, facts).items():
        wrong.append(f"{column} has no value {value}; it knows {', '.join(facts[column].values)}")
    try:
        _day(row.get("onboarded_on"))
    except ValueError:
        wrong.append("onboarded_on must be a day like 2026-03-31")
    return wrong


def _told(raw: Mapping[str, Any]) -> dict[str, str]:
    """Give the facts that a row tells; anything else in it is left alone."""
    told = {column: str(raw.get(column) or "").strip() for column in TOLD_BY_DIRECTORY}
    return {column: value for column, value in told.items() if value}


def _wrong_facts(raw: Mapping[str, Any], facts: Mapping[str, FactSpec]) -> dict[str, str]:
    """Give those that a row tells wrongly, with what it tells."""
    return {column: value for column, value in _told(raw).items() if value not in facts[column].values}


def _entry(raw: Mapping[str, Any]) -> Entry:
    return Entry(
        merchant_no=str(raw["merchant_no"]).strip(),
        settle_card_last4=str(raw["settle_card_last4"]).strip(),
        facts=_told(raw),
        onboarded_on=_day(raw.get("onboarded_on")),
    )


def _day(raw: Any) -> date | None:
    return date.fromisoformat(str(raw).strip()) if raw and str(raw).strip() else None
