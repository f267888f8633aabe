"""The buttons below a card: each is one step on the ticket, or opens a menu of such steps."""

from datetime import datetime

from bot.channels.telegram.forum.group import Group
from bot.channels.telegram.reading import NAME
from triage import agents, links, topics
from triage.desk.ticket import find_ticket
from triage.desk.words import Words
from triage.incidents import open_incidents
from triage.links import Person
from triage.replies import Reply, send_reply
from triage.store import Transaction

MENUS = frozenset({"", "evidence", "incident", "resolve", "all"})
#: More than there are messages: who works in a topic sees each line as it comes.
EVERYTHING = 2**31 - 1


class Taps:
    """Takes one tap."""

    def __init__(self, group: Group, words: Words, now: datetime) -> None:
        self._group = group
        self._words = words
        self._now = now
        self._chat = str(group.chat_id)

    def take(self, transaction: Transaction, key: str, user_id: str, step: str) -> str:
        """Do what a button stands for ("<ticket>.<step>.<value>"); gives what to say of it.

        Raises TicketError when the ticket does not allow it: nothing of it may then be stored.
        """
        say = self._words.say
        number, _, rest = step.partition(".")
        name, _, value = rest.partition(".")
        if not number.isdecimal() or len(number) > 9:
            return say("forum_old_button")
        if not links.take_once(transaction, key, self._now):
            return say("forum_done")
        person = links.person_of(transaction.connection, NAME, user_id)
        if person is None:
            return say("forum_not_linked")
        return self._do(transaction, int(number), name, value, person)

    def _do(self, transaction: Transaction, ticket_id: int, name: str, value: str, person: Person) -> str:
        say, me, now = self._words.say, person.account_id, self._now
        if name == "menu":
            return self._open_menu(transaction, ticket_id, value)
        if name == "claim":
            agents.claim(transaction, ticket_id, me, now)
        elif name == "wait":
            agents.wait(transaction, ticket_id, me, now)
        elif name == "resume":
            agents.resume(transaction, ticket_id, me, now)
        elif name == "reopen":
            agents.reopen(transaction, ticket_id, me, now)
        elif name == "incident" and value.isdecimal() and len(value) <= 9:
            incident = int(value) or None
            agents.join_incident(transaction, ticket_id, me, now, incident_id=incident)
        elif name == "resolve":
            return self._resolve(transaction, ticket_id, value, person)
        elif name == "ask":
            return self._ask(transaction, ticket_id, value, person)
        else:
            return say("forum_old_button")
        topics.stir(transaction, ticket_id, self._chat, menu="")
        return say("forum_done")

    def _open_menu(self, transaction: Transaction, ticket_id: int, menu: str) -> str:
        say = self._words.say
        if menu not in MENUS:
            return say("forum_old_button")
        ticket = find_ticket(transaction.connection, ticket_id)
        if ticket is None:
            return say("forum_old_button")
        if menu == "evidence" and not ticket.row["missing"]:
            return say("forum_no_menu_evidence")
        if menu == "incident" and not ticket.incident and not open_incidents(transaction.connection):
            return say("forum_no_menu_incident")
        topics.stir(transaction, ticket_id, self._chat, menu=menu)
        return ""

    def _resolve(self, transaction: Transaction, ticket_id: int, cause: str, person: Person) -> str:
        causes = self._group.deps.causes
        agents.resolve(
            transaction, ticket_id, person.account_id, self._now, true_cause=cause, causes=causes.keys()
        )
        topics.stir(transaction, ticket_id, self._chat, menu="")
        return self._words.say("forum_resolved", cause=causes[cause].title.to(self._words.language))

    def _ask(self, transaction: Transaction, ticket_id: int, fact: str, person: Person) -> str:
        """Ask the merchant for a piece of evidence, in his language."""
        ticket = find_ticket(transaction.connection, ticket_id)
        spec = self._group.deps.facts.get(fact)
        if ticket is None or spec is None:
            return self._words.say("forum_old_button")
        his = self._group.words(self._now, ticket.row["language"])
        question = (spec.ask or spec.title).to(his.language)
        text = his.say("forum_please_send", question=question)
        key = f"ask:{ticket_id}:{fact}:{self._now.isoformat()}"
        reply = Reply(text=text, seen=EVERYTHING, key=key)
        send_reply(transaction, ticket_id, person.account_id, reply, self._now)
        topics.stir(transaction, ticket_id, self._chat, menu="")
        return self._words.say("forum_asked", fact=spec.title.to(self._words.language))
