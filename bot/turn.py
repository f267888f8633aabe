"""The turn: one message (or one moment that has come) is one transaction, acknowledged after its commit."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, bindparam, select, update

from bot.expertise import Expertise, LiveExpertise
from bot.messages import Incoming
from bot.retries import Retries
from bot.talk.case import Case
from bot.talk.decision import Decision, Situation, TicketRequest
from bot.talk.proof import Verdict
from bot.talk.standing import is_taken
from bot.talk.state import Claim, Talk, read_talk
from knowledge.calendar import SHANGHAI
from triage import attachments, model, talks, tickets
from triage.attachments import Brought
from triage.directory import Directory, DirectoryError, Entry, may_try, note_failure
from triage.incidents import open_incidents
from triage.media import Refusal
from triage.model import table
from triage.same_sale import add_keys, earlier_ticket, keep_keys
from triage.store import Store, StoreError, Transaction
from triage.talks import Line
from triage.tickets import TicketDraft, TicketView
from triage.vault import Vault

#: At most so many conversations are woken in one round.
WAKE_AT_ONCE = 50
#: A conversation that could not be woken is tried again after this time.
WAKE_AGAIN = timedelta(minutes=5)
_CONVERSATION = table(model.Conversation)
_KEEP_TALK = update(_CONVERSATION).where(_CONVERSATION.c.id == bindparam("of"))
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a message."""

    conversation_id: int
    #: How the merchant's line is kept; None when the turn failed and will be tried again.
    heard: Line | None
    replies: tuple[Line, ...]
    talk: Talk
    ticket: TicketView | None
    #: Who he says he is: to be held against the directory.
    claim: Claim | None = None


class Turns:
    """Takes messages and moments; everything that follows from one is stored together or not at all."""

    def __init__(self, store: Store, live: LiveExpertise, vault: Vault, directory: Directory) -> None:
        self._directory = directory
        self._store = store
        self._live = live
        self._vault = vault
        self._retries = Retries(store, vault)

    def take(self, incoming: Incoming, now: datetime) -> Answer | None:
        """Answer a message; None when that failed, and it is kept to be tried again.

        Blocks until the commit. Raises StoreError when the message could not even be kept, and when one that
        brings the bytes of a file failed: it is to be sent again.
        """
        incoming = incoming.cleaned()
        brought = attachments.look_at(incoming.file, self._vault) if incoming.file else None
        try:
            answer = self._store.write(
                lambda transaction: self._turn(transaction).take(incoming, now, brought)
            )
            return self._look_up(answer, now) if answer.claim else answer
        except Exception as error:
            _log.exception("turn failed", channel=incoming.channel)
            if brought and brought.sealed:
                # Whoever sent the bytes still has them, and sends them again.
                message = "a message with a file could not be taken"
                raise StoreError(message) from error
            self._retries.keep(incoming, type(error).__name__, now)
            return None

    def retry(self, now: datetime) -> int:
        """Try failed messages again whose time has come; gives how many there were."""

        def take(
            transaction: Transaction, incoming: Incoming, brought: Brought | None, sent_at: datetime
        ) -> None:
            self._turn(transaction).take(incoming, now, brought, sent_at)

        return self._retries.take_again(take, now)

    def wake(self, now: datetime) -> int:
        """Speak where the moment has come to speak without being spoken to; gives how many were woken."""
        due = select(_CONVERSATION.c.id).where(_CONVERSATION.c.wake_at <= now)
        due = due.order_by(_CONVERSATION.c.wake_at).limit(WAKE_AT_ONCE)
        rows = self._store.read(lambda connection: connection.execute(due).all())
        for row in rows:
            try:
                self.wake_one(row.id, now)
            except Exception:  # noqa: BLE001 - the others must be asked whatever is wrong with this one
                _log.exception("a talk could not be woken", conversation=row.id)
                self._put_off(row.id, now + WAKE_AGAIN)
        return len(rows)

    def wake_one(self, conversation_id: int, now: datetime) -> tuple[Line, ...]:
        """Speak in one conversation if its moment has come; gives what was said."""
        return self._store.write(lambda transaction: self._turn(transaction).wake(conversation_id, now))

    def _put_off(self, conversation_id: int, until: datetime) -> None:
        this = update(_CONVERSATION).where(_CONVERSATION.c.id == conversation_id)
        self._store.write(lambda transaction: transaction.execute(this, {"wake_at": until}))

    def look(self, conversation_id: int, now: datetime) -> tuple[Talk, Case]:
        """Show a talk as it stands, and what is held of its case now."""
        return self._store.write(lambda transaction: self._turn(transaction).look(conversation_id, now))

    def _turn(self, transaction: Transaction) -> "Turn":
        return Turn(transaction, self._live.current, self._vault, directory=self._directory.in_use)

    def _look_up(self, answer: Answer, now: datetime) -> Answer:
        """Hold a claim against the directory, outside of any transaction: that may wait for a network."""
        claim, heard = answer.claim, answer.heard
        if claim is None or heard is None:
            return answer
        entry, reachable = None, True
        try:
            entry = self._directory.find(claim.merchant_no)
        except DirectoryError as error:
            reachable = False
            _log.warning("directory not reachable", error=str(error))
        return self._store.write(
            lambda transaction: self._turn(transaction).judge(answer, claim, entry, now, reachable=reachable)
        )


class Turn:
    """One turn in its transaction, with one version of the expertise."""

    def __init__(
        self, transaction: Transaction, expertise: Expertise, vault: Vault, *, directory: bool
    ) -> None:
        self._directory = directory
        self._transaction = transaction
        self._expertise = expertise
        self._vault = vault

    def take(
        self,
        incoming: Incoming,
        now: datetime,
        brought: Brought | None = None,
        sent_at: datetime | None = None,
    ) -> Answer:
        """Hear one message and store what follows; a repeated one is answered as before.

        sent_at: when it was sent, if that is a while ago.
        """
        fresh = Talk(language=incoming.language or "zh")
        row = talks.conversation_for(
            self._transaction, incoming.channel, incoming.sender, incoming.key, fresh.to_json(), now
        )
        if brought:
            brought = attachments.within_quota(self._transaction, row.id, brought)
        repeated = self._repeated(row, incoming)
        if repeated is not None:
            if brought and (reason := attachments.add(self._transaction, row, repeated, brought, now)):
                self._refuse(row, repeated, reason, now)
            return self._repeat(row, repeated)
        situation = self._situation(row, now, tickets_too=row.has_tickets, incidents_too=row.has_incidents)
        situation = replace(situation, first=not row.has_lines, refused=brought.refused if brought else None)
        decision = self._hear(row.id, situation, incoming, sent_at)
        heard = talks.post(self._transaction, row, "merchant", decision.heard, now, key=incoming.key)
        if brought:
            attachments.add(self._transaction, row, heard.id, brought, now)
        if situation.ticket:
            tickets.merchant_wrote(self._transaction, situation.ticket, now)
            if brought and not brought.refused:
                tickets.file_came(self._transaction, situation.ticket, now)
        ticket, replies = self._settle(row, situation, decision, heard.id)
        return Answer(
            conversation_id=row.id,
            heard=heard,
            replies=replies,
            talk=decision.talk,
            ticket=ticket,
            claim=decision.claim,
        )

    def _hear(
        self, conversation_id: int, situation: Situation, incoming: Incoming, sent_at: datetime | None
    ) -> Decision:
        """Decide; what was written before the open question was asked is no answer to it."""
        hear, talk = self._expertise.conversation.hear, situation.talk
        if incoming.text is None or sent_at is None or talk.pending is None:
            return hear(situation, incoming)
        asked = talks.asked_before(self._transaction, conversation_id, sent_at)
        if asked and asked[0]["fact"] == talk.pending.fact:
            return hear(situation, incoming)
        decision = hear(replace(situation, talk=replace(talk, pending=None)), incoming)
        if decision.talk.facts == talk.facts and not decision.talk.pending and not decision.ticket:
            decision.talk = replace(decision.talk, pending=talk.pending)  # it told nothing
        return decision

    def judge(
        self, answer: Answer, claim: Claim, entry: Entry | None, now: datetime, *, reachable: bool
    ) -> Answer:
        """Judge a claim by what the directory said, and go on with the talk."""
        row = talks.lock(self._transaction, answer.conversation_id)
        situation = self._situation(row, now)
        lookup = situation.talk.lookup
        if answer.heard is None or lookup is None or lookup.until is None or lookup.claim != claim:
            return answer  # the talk has gone on without waiting
        verdict: Verdict = "unreachable"
        if reachable and not may_try(self._transaction.connection, row.id, claim.merchant_no, now):
            verdict = "too_many"
        elif reachable:
            verdict = "right" if entry and entry.settle_card_last4 == claim.settle_card_last4 else "wrong"
        if verdict == "wrong":
            note_failure(self._transaction, row.id, claim.merchant_no, now)
        decision = self._expertise.conversation.judged(
            situation, entry if verdict == "right" else None, verdict
        )
        ticket, replies = self._settle(row, situation, decision, answer.heard.id)
        return replace(
            answer, replies=(*answer.replies, *replies), talk=decision.talk, ticket=ticket, claim=None
        )

    def _repeated(self, row: Row[Any], incoming: Incoming) -> int | None:
        """Find the message that came before with the same key; the pictures of an album are one message."""
        came_before: int | None = row.repeated
        album = incoming.file.album if incoming.file and not incoming.text else None
        if came_before is None and album:
            return attachments.message_of_album(self._transaction, row.id, album)
        return came_before

    def _refuse(self, row: Row[Any], message_id: int, reason: Refusal, now: datetime) -> None:
        """Say that a later file of a message is not kept, unless a person has the case in hand."""
        if not is_taken(tickets.tickets_of(self._transaction.connection, row.id)[0]):
            text = self._expertise.wording.say(f"attachment_refused_{reason}", row.talk["language"])
            talks.post(self._transaction, row, "bot", text, now, reply_to=message_id)

    def _repeat(self, row: Row[Any], message_id: int) -> Answer:
        """Answer a message that came before with what it was answered then."""
        heard = next(
            line
            for line in talks.lines_after(self._transaction.connection, row.id, message_id - 1)
            if line.id == message_id
        )
        ticket, _ = tickets.tickets_of(self._transaction.connection, row.id)
        return Answer(
            conversation_id=row.id,
            heard=heard,
            replies=tuple(talks.replies_to(self._transaction, message_id)),
            talk=read_talk(row.talk, self._expertise.knowledge.facts),
            ticket=ticket,
        )

    def wake(self, conversation_id: int, now: datetime) -> tuple[Line, ...]:
        """Speak if the moment has come; gives what was said."""
        due = (_CONVERSATION.c.id == conversation_id) & (_CONVERSATION.c.wake_at <= now)
        row = self._transaction.execute(select(_CONVERSATION).where(due).with_for_update()).first()
        if row is None:
            return ()
        situation = self._situation(row, now)
        decision = self._expertise.conversation.wake(situation)
        return self._settle(row, situation, decision, None)[1]

    def look(self, conversation_id: int, now: datetime) -> tuple[Talk, Case]:
        """Show a talk as it stands, and what is held of its case now."""
        this = _CONVERSATION.c.id == conversation_id
        situation = self._situation(self._transaction.execute(select(_CONVERSATION).where(this)).one(), now)
        return situation.talk, self._expertise.conversation.think(situation)

    def _situation(
        self, row: Row[Any], now: datetime, *, tickets_too: bool = True, incidents_too: bool = True
    ) -> Situation:
        """Gather what is known of a conversation; what there is none of need not be looked for."""
        nothing: tuple[TicketView | None, TicketView | None] = (None, None)
        still_open, resolved = (
            tickets.tickets_of(self._transaction.connection, row.id) if tickets_too else nothing
        )
        return Situation(
            now=now.astimezone(SHANGHAI),
            talk=read_talk(row.talk, self._expertise.knowledge.facts),
            last_at=row.updated_at,
            ticket=still_open,
            resolved=resolved,
            incidents=open_incidents(self._transaction.connection) if incidents_too else (),
            reported=lambda facts: earlier_ticket(self._transaction.connection, row.id, facts),
            directory=self._directory,
            old_option=_old_options(self._transaction, row.id),
        )

    def _settle(
        self,
        row: Row[Any],
        situation: Situation,
        decision: Decision,
        reply_to: int | None,
    ) -> tuple[TicketView | None, tuple[Line, ...]]:
        """Store all that was decided."""
        now = situation.now
        ticket = situation.ticket
        replies = decision.replies
        if decision.ticket:
            ticket = self._file(decision.ticket, self._draft(row.id, decision, now), now)
            if decision.ticket.announce:
                replies = [*replies, decision.ticket.announce(ticket)]
        if decision.contact and ticket:
            tickets.keep_contact(self._transaction, ticket.id, self._vault.lock(decision.contact), now)
        lines = [
            talks.post(
                self._transaction,
                row,
                "bot",
                reply.text,
                now,
                ask=reply.ask.to_json() if reply.ask else None,
                strip=reply.strip,
                reply_to=reply_to,
            )
            for reply in replies
        ]
        talk = decision.talk
        values = {"talk": talk.to_json(), "wake_at": talk.wake_at, "updated_at": now}
        self._transaction.execute(_KEEP_TALK, {"of": row.id, **values})
        return ticket, tuple(lines)

    def _file(self, request: TicketRequest, draft: TicketDraft, now: datetime) -> TicketView:
        """File a ticket, bring the open one up to date, or note another sale on it."""
        if request.note:
            ticket = tickets.add_sale(self._transaction, draft, request.note, now)
            add_keys(self._transaction, ticket.id, request.known)
        else:
            ticket = tickets.file_ticket(self._transaction, draft, now)
            keep_keys(self._transaction, ticket.id, request.known)
        return ticket

    def _draft(self, conversation_id: int, decision: Decision, now: datetime) -> TicketDraft:
        request = decision.ticket
        if request is None:
            message = "nothing to file"
            raise ValueError(message)
        rule = self._expertise.knowledge.causes[request.cause].ticket
        if request.queue:
            rule = replace(rule, queue=request.queue)
        talk = decision.talk
        return TicketDraft(
            conversation_id=conversation_id,
            language=talk.language,
            cause=request.cause,
            routing=self._expertise.router.route(request.cause, rule, request.known, talk.signals, now),
            facts=request.facts_json(),
            diagnosis=request.diagnosis_json(talk.asked),
            missing=request.missing,
            incident_id=request.incident_id,
        )


def _old_options(transaction: Transaction, conversation_id: int) -> Callable[[str], tuple[str, str] | None]:
    def find(choice: str) -> tuple[str, str] | None:
        for ask in talks.asked_before(transaction, conversation_id):
            for option in ask["options"]:
                if option["id"] == choice:
                    return ask["fact"], option["value"]
        return None

    return find
