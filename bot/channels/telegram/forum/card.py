"""The card of a ticket: cause and why, evidence, due time, and buttons for the next steps."""

import hashlib
import html
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.channels.telegram.sending import units
from triage.desk.casework import Bar, Casework, FactLine
from triage.desk.ticket import TicketCase
from triage.desk.words import Words
from triage.incidents import IncidentView
from triage.model import TicketStatus

#: Telegram takes 4,096 UTF-16 units; what is added to make bold and links of it does not count.
LONGEST_CARD = 3800
#: Reasons and facts that a card shows; the desk has them all.
MOST_REASONS, MOST_FACTS = 5, 12
LONGEST_NAME, LONGEST_LABEL = 120, 40
#: Taps carry it first, so that they are known from merchants' taps.
PREFIX = "t"
Rows = list[list[tuple[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the group sees of a ticket at a glance."""

    #: The topic's name.
    name: str
    #: HTML.
    text: str
    keyboard: InlineKeyboardMarkup

    @property
    def digest(self) -> str:
        """Tell one card from another."""
        shown = json.dumps([self.text, self.keyboard.to_dict()], sort_keys=True)
        return hashlib.sha256(shown.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class CardMaker:
    """Makes the card of one ticket at one moment."""

    words: Words
    ticket: TicketCase
    case: Casework
    incidents: Sequence[IncidentView]
    #: Replies that did not arrive.
    undelivered: int
    #: Address of the ticket at the desk.
    address: str

    def make(self, menu: str) -> Card:
        """Make it, with this menu open below it."""
        return Card(name=self._name(), text=self._text(), keyboard=self._keyboard(menu))

    def _name(self) -> str:
        priority = self.ticket.row["priority"]
        urgency = f"[{self.words.name('priority', priority)}] " if priority in ("urgent", "high") else ""
        return f"{urgency}{self.ticket.number} {self.case.title}"[:LONGEST_NAME]

    # The text

    def _text(self) -> str:
        say = self.words.say
        link = f'<a href="{html.escape(self.address)}">{_plain(say("forum_link"))}</a>'
        last = f"\n\n<i>{_plain(say('forum_hint'))}</i>\n{link}"
        text = self._head()
        for block in (self._next_step(), self._evidence(), self._why(), self._known(), self._others()):
            if block and units(text + block + last) < LONGEST_CARD:
                text += f"\n\n{block}"
        return text + last

    def _head(self) -> str:
        row, say, name = self.ticket.row, self.words.say, self.words.name
        leader = self.case.leader
        likely = f" · {say('likely_percent', n=leader.percent)}" if leader and leader.is_named else ""
        lines = [f"<b>{_plain(f'{self.ticket.number} {self.case.title}{likely}')}</b>"]
        status = name("status", row["status"])
        if self.ticket.assignee:
            status += f" · {say('forum_taken_by', name=self.ticket.assignee)}"
        about = [name("priority", row["priority"]), name("queue", row["queue"]), status]
        lines.append(_plain(" · ".join(about)))
        if self.case.reasons:
            lines.append(_plain(f"{say('priority_why')}: {' · '.join(self.case.reasons)}"))
        if row["status"] == TicketStatus.NEW:
            lines.append(f"<b>{_plain(say('forum_due', due=self.words.exact(row['due_at'])))}</b>")
        if row["true_cause"]:
            true_cause = self.case.titles.get(row["true_cause"], row["true_cause"])
            lines.append(_plain(say("forum_true_cause", cause=true_cause)))
        if self.ticket.incident:
            notice = self.ticket.incident["notice"].get(self.words.language, "")
            told = say("forum_incident", id=self.ticket.incident["id"], notice=notice)
            lines.append(_plain(told))
        if self.undelivered:
            lines.append(f"<b>{_plain(say('forum_undelivered', n=self.undelivered))}</b>")
        return "\n".join(lines)

    def _next_step(self) -> str:
        step = self.case.next_step
        return f"<b>{_plain(self.words.say('forum_next'))}</b>\n{_plain(step)}" if step else ""

    def _evidence(self) -> str:
        known = [line for line in self.case.evidence if line.value is not None]
        lines = [self._fact(line) for line in known]
        lacking = [line.title for line in self.case.evidence if line.value is None]
        if lacking:
            lines.append(_plain(self.words.say("forum_missing", facts=self._listed(lacking))))
        return self._block("forum_evidence", lines)

    def _why(self) -> str:
        bars = self.case.leader.bars if self.case.leader else ()
        return self._block("forum_why", [self._reason(bar) for bar in bars[:MOST_REASONS]])

    def _known(self) -> str:
        return self._block("forum_known", [self._fact(line) for line in self.case.facts[:MOST_FACTS]])

    def _others(self) -> str:
        others = [f"{other.title} {other.percent}%" for other in self.case.others[:3]]
        return _plain(self.words.say("forum_others", causes=self._listed(others))) if others else ""

    def _fact(self, line: FactLine) -> str:
        told = {"title": line.title, "value": line.value, "source": line.source}
        return _plain(self.words.say("forum_fact", **told))

    def _reason(self, bar: Bar) -> str:
        told = {"title": bar.title, "value": bar.value, "source": bar.source}
        return _plain(f"{'▲' if bar.weight > 0 else '▼'} {self.words.say('forum_fact', **told)}")

    def _block(self, title: str, lines: Sequence[str]) -> str:
        return f"<b>{_plain(self.words.say(title))}</b>\n" + "\n".join(lines) if lines else ""

    def _listed(self, what: Iterable[str]) -> str:
        return ("、" if self.words.language == "zh" else ", ").join(what)

    # The buttons

    def _keyboard(self, menu: str) -> InlineKeyboardMarkup:
        rows = self._menu(menu) if menu else self._steps()
        if menu:
            rows.append([("forum_back", "menu.")])
        say = self.words.say
        number = self.ticket.row["id"]
        return InlineKeyboardMarkup(
            [
                [
                    InlineKeyboardButton(
                        (say(label) if label.startswith("forum_") else label)[:LONGEST_LABEL],
                        callback_data=f"{PREFIX}.{number}.{step}",
                    )
                    for label, step in row
                ]
                for row in rows
            ]
        )

    def _steps(self) -> Rows:
        row = self.ticket.row
        if row["status"] == TicketStatus.RESOLVED:
            return [[("forum_reopen", "reopen")]]
        waits = row["status"] == TicketStatus.WAITING
        rows: Rows = [] if row["assignee_id"] else [[("forum_claim", "claim")]]
        rows.append(
            [
                ("forum_menu_evidence", "menu.evidence"),
                ("forum_resume", "resume") if waits else ("forum_wait", "wait"),
            ]
        )
        rows.append([("forum_menu_incident", "menu.incident"), ("forum_menu_resolve", "menu.resolve")])
        return rows

    def _menu(self, menu: str) -> Rows:
        if menu == "evidence":
            return [[(line.title, f"ask.{line.key}")] for line in self.case.evidence if line.value is None]
        if menu == "incident":
            language = self.words.language
            rows: Rows = [
                [(f"{one.id} {one.notice[language]}", f"incident.{one.id}")] for one in self.incidents
            ]
            return [*rows, [("forum_no_incident", "incident.0")]] if self.ticket.incident else rows
        if menu == "resolve":
            suspects = [*([self.case.leader] if self.case.leader else []), *self.case.others]
            rows = [[(f"{one.title} {one.percent}%", f"resolve.{one.id}")] for one in suspects[:6]]
            return [*rows, [("forum_menu_all", "menu.all")]]
        titles = list(self.case.titles.items())
        return [
            [(title, f"resolve.{key}") for key, title in titles[i : i + 2]] for i in range(0, len(titles), 2)
        ]


def _plain(text: str) -> str:
    return html.escape(text, quote=False)
