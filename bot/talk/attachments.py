"""What people send that is no text: a kind word, and a picture counts as the evidence that was asked for."""

from dataclasses import replace

from bot.messages import Attachment, Incoming
from bot.talk.decision import Decision, Situation
from bot.talk.questions import Questions
from bot.talk.state import Pending
from bot.talk.wording import Wording

#: Evidence that a picture of the slip or of the app's list shows.
IN_THE_PICTURE = frozenset(
    {"merchant_no", "terminal_no", "reference_no", "voucher_no", "batch_no", "auth_code", "card_last4"}
    | {"paid_at", "amount", "txn_code", "pay_method"}
)


class Attachments:
    """Answers what is no text."""

    def __init__(self, wording: Wording, questions: Questions) -> None:
        self._wording = wording
        self._questions = questions

    def note(self, decision: Decision, attachment: Attachment) -> None:
        """Put into the transcript what came, before its caption."""
        name = self._wording.say(f"sent_{attachment}", decision.talk.language)
        decision.heard = f"{name} {decision.heard}" if decision.heard else name

    def answers(self, pending: Pending | None) -> bool:
        """Say whether a file answers the open question: one for evidence that stands on the slip."""
        return pending is not None and pending.purpose == "evidence" and pending.fact in IN_THE_PICTURE

    def take_as_evidence(self, decision: Decision) -> str:
        """Take a file as the evidence, and ask for nothing more that stands on the slip; gives the thanks."""
        talk = decision.talk
        decision.talk = replace(talk, closed=talk.closed | IN_THE_PICTURE)
        thanks = self._wording.say("attachment_evidence", talk.language)
        return f"{thanks}\n"

    def receive(self, decision: Decision, situation: Situation, incoming: Incoming) -> None:
        """Say what becomes of it, and go on with the open question; with a caption only what is new."""
        language = decision.talk.language
        key = f"attachment_{incoming.attachment}"
        names = {}
        if situation.refused:
            key = f"attachment_refused_{situation.refused}"
        elif situation.ticket and incoming.file:
            key, names = f"{key}_ticket", {"number": situation.ticket.number}
        text = self._wording.say(key, language, **names)
        talk = decision.talk
        if incoming.text is None:
            self._questions.repeat(decision, text)
        elif situation.refused or key not in talk.told:
            decision.talk = replace(talk, told=talk.told | {key})
            decision.say(text)
