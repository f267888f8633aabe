"""Asking: a question with its options, what was understood played back in it, and the answer to a tap."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.messages import Ask, AskKind, Choice
from bot.talk.decision import Decision
from bot.talk.state import CORRECT, Pending, Purpose
from bot.talk.wording import Wording
from knowledge.model import UNKNOWN, FactSpec, Interval, Reading, Value, to_json

#: What questions for a fact are for.
FOR_A_FACT: frozenset[Purpose] = frozenset({"diagnose", "evidence", "correct"})
#: Questions whose answer is one of their options, and no fact.
CHOOSING: frozenset[Purpose] = frozenset({"which", "change", "meant"})
#: Intents that say something about money that should have come.
ABOUT_MONEY = frozenset(
    {"payout_not_arrived", "amount_mismatch", "charged_but_failed", "arrival_time", "risk_hold"}
    | {"system_outage", "complaint_fraud", "refund_question"}
)
#: From this confidence on a guess that is not sure is worth asking about.
WORTH_ASKING = 0.3
#: Intents that are worth asking about.
ASKED_ABOUT = (ABOUT_MONEY - {"complaint_fraud"}) | {"change_account", "human_agent", "ticket_status"}
#: More options than these are left to free text.
MOST_OPTIONS = 8


class Questions:
    """Puts questions to the merchant."""

    def __init__(self, facts: Mapping[str, FactSpec], wording: Wording) -> None:
        self._facts = facts
        self._wording = wording

    def ask(
        self,
        decision: Decision,
        fact: str,
        purpose: Purpose,
        now: datetime,
        *,
        read: Mapping[str, Value] | None = None,
        lead: str = "",
    ) -> None:
        """Ask for a fact; `read` is what was just understood and is played back before the question."""
        talk = decision.talk
        values = [*list(self._facts[fact].values)[:MOST_OPTIONS], UNKNOWN]
        noted = self._wording.tell(read, talk.language, now) if read else ""
        if noted:
            values.append(CORRECT)
            lead = self._wording.say("noted", talk.language, facts=noted) + lead
        pending = Pending(step=talk.step + 1, fact=fact, purpose=purpose, values=tuple(values))
        self._put(decision, pending, lead + self._question(fact, decision))

    def offer_change(self, decision: Decision, fact: str, value: str, now: datetime) -> None:
        """Offer to change an earlier answer, after a tap on an old button."""
        talk = decision.talk
        old = talk.facts.get(fact)
        text = self._wording.say(
            "stale_offer",
            talk.language,
            old=self._wording.value(fact, old.value if old else UNKNOWN, talk.language, now),
            new=self._wording.value(fact, value, talk.language, now),
        )
        pending = Pending(
            step=talk.step + 1, fact=fact, purpose="change", values=("yes", "no"), offer={fact: value}
        )
        self._put(decision, pending, text)

    def tapped_old(self, decision: Decision, choice: str, fact: str, value: str, now: datetime) -> bool:
        """Answer a tap on an older message's button, changing nothing; False when it means nothing now."""
        talk = decision.talk
        spec = self._facts.get(fact)
        of_another_sale = fact == "arrived" and choice.partition(".")[0] != str(talk.arrival)
        if spec is None or value not in spec.values or of_another_sale:
            return False
        decision.heard = self._wording.value(fact, value, talk.language, now)
        known = talk.facts.get(fact)
        if known and known.value == value:
            self.repeat(decision, self._wording.say("already", talk.language, value=decision.heard))
        else:
            self.offer_change(decision, fact, value, now)
        return True

    def ask_which(self, decision: Decision) -> None:
        """Ask which of the understood facts is wrong."""
        told = [key for key, fact in decision.talk.facts.items() if fact.source in ("reader", "merchant")]
        pending = Pending(step=decision.talk.step + 1, fact=CORRECT, purpose="which", values=(*told, UNKNOWN))
        self._put(decision, pending, self._wording.say("which_wrong", decision.talk.language))

    def ask_meant(self, decision: Decision, reading: Reading) -> bool:
        """Ask which of two intents he means; False where neither is worth asking about."""
        intents = (reading.intent, reading.runner_up or "")
        if reading.confidence < WORTH_ASKING or not ASKED_ABOUT.issuperset(intents):
            return False
        language = decision.talk.language
        first, second = (self._wording.say(f"intent_{intent}", language) for intent in intents)
        pending = Pending(
            step=decision.talk.step + 1, fact="meant", purpose="meant", values=(*intents, UNKNOWN)
        )
        self._put(decision, pending, self._wording.say("meant_ask", language, first=first, second=second))
        return True

    def ask_arrived(self, decision: Decision, text: str) -> None:
        """Ask whether the money has come."""
        step = decision.talk.arrival or decision.talk.step + 1
        decision.talk = replace(decision.talk, arrival=step)
        pending = Pending(step=step, fact="arrived", purpose="arrived", values=("yes", "no", UNKNOWN))
        self._put(decision, pending, text)

    def repeat(self, decision: Decision, text: str) -> None:
        """Say something, and put the open question again below it."""
        pending = decision.talk.pending
        if pending is None:
            decision.say(text)
            return
        if pending.purpose in FOR_A_FACT:
            text += ("" if text.endswith(" ") else "\n") + self._question(pending.fact, decision)
        decision.say(text, ask=self._form(pending, decision))

    def tell_where(self, decision: Decision) -> bool:
        """Put the open question once more with the hint where to look; False if none for a fact is open."""
        talk = decision.talk
        pending = talk.pending
        if pending is None or pending.purpose not in FOR_A_FACT:
            return False
        hint = self._facts[pending.fact].hint
        known = talk.facts.get(pending.fact)
        if known and isinstance(known.value, Interval):
            decision.say(self._wording.say("minute_hint", talk.language), ask=self._form(pending, decision))
        elif hint:
            decision.say(hint.to(talk.language), ask=self._form(pending, decision))
        else:
            skip = self.label(pending, UNKNOWN, decision)
            self.repeat(decision, self._wording.say("no_hint", talk.language, skip=skip))
        decision.talk = replace(talk, hinted=talk.hinted | {pending.fact})
        return True

    def _put(self, decision: Decision, pending: Pending, text: str) -> None:
        decision.talk = replace(decision.talk, pending=pending, step=max(decision.talk.step, pending.step))
        decision.say(text, ask=self._form(pending, decision))

    def _question(self, fact: str, decision: Decision) -> str:
        language = decision.talk.language
        spec = self._facts[fact]
        known = decision.talk.facts.get(fact)
        if known and isinstance(known.value, Interval):
            return self._wording.say("which_minute", language)
        if known and known.value == UNKNOWN and spec.hint:
            return spec.hint.to(language)
        return (spec.ask or spec.title).to(language)

    def _form(self, pending: Pending, decision: Decision) -> Ask:
        kind: AskKind = "choice"
        if pending.offer:
            kind = "confirm"
        elif pending.fact in self._facts and self._facts[pending.fact].kind != "choice":
            kind = "text"
        return Ask(
            fact=pending.fact,
            kind=kind,
            options=tuple(
                Choice(f"{pending.step}.{index}", self.label(pending, value, decision), value)
                for index, value in enumerate(pending.values)
            ),
            value={key: to_json(value) for key, value in pending.offer.items()} or None,
        )

    def labels(self, pending: Pending, decision: Decision) -> dict[str, str]:
        """Give the options of a question, value -> words."""
        return {value: self.label(pending, value, decision) for value in pending.values}

    def label(self, pending: Pending, value: str, decision: Decision) -> str:
        """Give the words on an option."""
        language = decision.talk.language
        if value == CORRECT:
            return self._wording.say("correct_option", language)
        if pending.purpose == "meant":
            return self._wording.say("neither_option" if value == UNKNOWN else f"intent_{value}", language)
        if value == UNKNOWN:
            return self._wording.say(
                "skip_option" if pending.purpose == "evidence" else "unknown_option", language
            )
        if pending.purpose == "change":
            return self._wording.say(f"{value}_option", language)
        if pending.purpose == "which":
            return self._facts[value].title.to(language)
        return self._facts[pending.fact].values[value].to(language)


def option_of(pending: Pending | None, choice: str) -> str | None:
    """Find the value behind an option id of the open question; None when it belongs to no open question."""
    if pending is None:
        return None
    step, _, index = choice.partition(".")
    if step != str(pending.step) or not index.isascii() or not index.isdigit():
        return None
    return pending.values[int(index)] if int(index) < len(pending.values) else None
