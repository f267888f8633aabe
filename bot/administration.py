"""What administrators do from the command line: accounts and outages."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.directory import ImportMistakesError, read_csv
from bot.outages import OutageError
from bot.parts import Parts
from knowledge.calendar import SHANGHAI
from triage import accounts
from triage.accounts import AccountError
from triage.directory import replace_directory
from triage.incidents import IncidentError, open_incidents
from triage.links import make_code
from triage.store import Transaction

#: What is wrong with an account, and how to mend it.
ACCOUNT_ERRORS = {
    "name_form": "a name has 1 to 32 small letters, digits, dots and dashes; the first is no dot or dash",
    "name_taken": "there is an account of that name already; `daozhang user passwd` changes its password",
    "no_such_account": "there is no account of that name",
    "password_short": f"the password needs at least {accounts.SHORTEST} characters",
    "password_long": f"the password may have at most {accounts.LONGEST} characters",
    "password_common": "that password stands in every list of leaked ones; choose another",
    "password_name": "the password must not contain the name",
}


class AdministrationError(Exception):
    """A command that cannot be carried out; the message says why and what to do."""


class Administration:
    """Carries out commands, each in one transaction; the same in the service and without it."""

    def __init__(self, parts: Parts, clock: Callable[[], datetime]) -> None:
        self._parts = parts
        self._clock = clock

    def run(self, command: str, values: Mapping[str, Any]) -> str:
        """Carry out a command by its name; gives the line to print. Raises AdministrationError."""
        steps: dict[str, Callable[[Transaction, Mapping[str, Any]], str]] = {
            "user add": self._add_user,
            "user passwd": self._set_password,
            "user disable": self._disable_user,
            "user link": self._link_user,
            "incident open": self._open_incident,
            "incident close": self._close_incident,
            "incident list": self._list_incidents,
            "merchants import": self._import_merchants,
        }
        try:
            return self._parts.store.write(lambda transaction: steps[command](transaction, values))
        except AccountError as error:
            raise AdministrationError(ACCOUNT_ERRORS.get(error.key, error.key)) from None
        except (OutageError, IncidentError, ImportMistakesError) as error:
            raise AdministrationError(str(error)) from None

    def _add_user(self, transaction: Transaction, values: Mapping[str, Any]) -> str:
        name, shown = str(values["name"]), str(values["display_name"])
        accounts.add(transaction, name, shown, str(values["password"]), self._clock())
        return f"{name} may log in at the desk."

    def _set_password(self, transaction: Transaction, values: Mapping[str, Any]) -> str:
        name = str(values["name"])
        accounts.set_password(transaction, name, str(values["password"]), self._clock(), must_change=True)
        return f"{name} must log in anew with this password, and choose another one then."

    def _disable_user(self, transaction: Transaction, values: Mapping[str, Any]) -> str:
        name = str(values["name"])
        accounts.disable(transaction, name, self._clock())
        return f"{name} can no longer log in; all sessions are ended."

    def _link_user(self, transaction: Transaction, values: Mapping[str, Any]) -> str:
        account_id = accounts.id_of(transaction, str(values["name"]))
        code = make_code(transaction, account_id, self._clock())
        return f"{values['name']} sends this to the bot within 15 minutes, in a private chat: /link {code}"

    def _open_incident(self, transaction: Transaction, values: Mapping[str, Any]) -> str:
        notice, scope = values["notice"], values["scope"]
        number = self._parts.outages.open(transaction, notice, scope, self._clock())
        whom = ", ".join(f"{key} {value}" for key, value in scope.items()) or "everybody"
        return f"Incident {number} is open; it concerns {whom}."

    def _close_incident(self, transaction: Transaction, values: Mapping[str, Any]) -> str:
        told = self._parts.outages.close(transaction, int(values["number"]), self._clock())
        return f"Incident {values['number']} is over; {told} merchants were told."

    def _import_merchants(self, transaction: Transaction, values: Mapping[str, Any]) -> str:
        entries = read_csv(Path(values["path"]), self._parts.knowledge.facts)
        replace_directory(transaction, entries)
        return f"{len(entries)} merchants are in the directory now."

    def _list_incidents(self, transaction: Transaction, _: Mapping[str, Any]) -> str:
        lines = [
            f"{incident.id}  since {incident.opened_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}  "
            f"{dict(incident.scope) or 'everybody'}  {incident.notice['zh']}"
            for incident in open_incidents(transaction.connection)
        ]
        return "\n".join(lines) or "No incident is open."
