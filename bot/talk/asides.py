"""What the bot answers beside the case: small talk, questions of the merchant's own, a change of language."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.talk.decision import Decision
from bot.talk.questions import Questions
from bot.talk.sales import promised_sales
from bot.talk.wording import Wording
from knowledge.articles import Article
from knowledge.model import UNKNOWN, Fact, Language, Reading, Value


class Asides:
    """Answers what is not about the case, and goes on where the talk was."""

    def __init__(self, articles: Mapping[str, Article], wording: Wording, questions: Questions) -> None:
        self._articles = articles
        self._wording = wording
        self._questions = questions

    def once(self, decision: Decision, key: str) -> None:
        """Say something that need not be said twice in a talk."""
        talk = decision.talk
        if key not in talk.told:
            decision.talk = replace(talk, told=talk.told | {key})
            decision.say(self._wording.say(key, talk.language))

    def answer(self, decision: Decision, reading: Reading, said: Mapping[str, Fact], now: datetime) -> bool:
        """Answer a question or a wish of his own; False when the message is none."""
        if reading.remarks.wants:
            self.speak(decision, reading.remarks.wants)
        elif reading.remarks.asks_where and self._questions.tell_where(decision):
            pass  # told
        elif reading.remarks.later and not said and reading.answer is None and decision.talk.pending:
            self._questions.repeat(decision, self._wording.say("look_later", decision.talk.language))
        elif reading.remarks.waits and not said and decision.talk.pending:
            self._questions.repeat(decision, self._wording.say("long_wait", decision.talk.language))
        elif reading.remarks.one_of_two and self._ask_which_came(decision, now):
            pass  # asked
        elif reading.remarks.article and not said:
            self.explain(decision, reading.remarks.article, now)
        else:
            return False
        return True

    def _ask_which_came(self, decision: Decision, now: datetime) -> bool:
        """Ask which of the promised sales has come; False when no two are promised."""
        talk = decision.talk
        promised = promised_sales(talk)
        sales = [self._wording.sale(one.facts, talk.language, now) for one in promised]
        if len(sales) > 1:
            decision.say(self._wording.say("which_came", talk.language, sales=" / ".join(sales)))
        return len(sales) > 1

    def explain(self, decision: Decision, article: str, now: datetime) -> None:
        """Answer a question of his own, and lead to his case where one is behind it.

        Who wants to be told of what is promised already hears so.
        """
        talk = decision.talk
        promised = talk.wake is not None and talk.wake.kind == "arrived"
        if article == "tell_me" and (promised or talk.outcome in ("ticket", "incident")):
            text = self._wording.say("promised" if promised else "promised_ticket", talk.language)
        else:
            text = self._articles[article].text.to(talk.language)
        if self._articles[article].about_a_case:
            self._lead_on(decision, text, now)
        else:
            self._questions.repeat(decision, text)

    def warn(self, decision: Decision, article: str | None) -> None:
        """Tell an article that must be told beside the facts of the same message."""
        if article and self._articles[article].warns:
            decision.say(self._articles[article].text.to(decision.talk.language))

    def speak(self, decision: Decision, language: Language) -> None:
        """Go on in the language that he asks for."""
        talk = decision.talk
        decision.talk = replace(talk, language=language, language_chosen=True)
        self._questions.repeat(decision, self._wording.say("language_changed", language))

    def small_talk(self, decision: Decision, intent: str, now: datetime) -> None:
        """Answer a greeting, thanks, or what is none of the bot's business, and lead to the case."""
        talk = decision.talk
        if intent == "out_of_scope":
            key = "out_of_scope"
        else:
            key = "thanks" if talk.outcome else "ack" if talk.pending else "hello"
        self._lead_on(decision, self._wording.say(key, talk.language), now)

    def _lead_on(self, decision: Decision, text: str, now: datetime) -> None:
        """Say something and go on where the talk was; where it was nowhere, ask what is wrong."""
        talk = decision.talk
        told = any(fact.source != "system" for fact in talk.facts.values())
        if talk.pending or talk.outcome or told:
            self._questions.repeat(decision, text)
        else:
            self._questions.ask(decision, "complaint", "diagnose", now, lead=f"{text}\n")

    def already_noted(self, decision: Decision, known: Mapping[str, Value], now: datetime) -> bool:
        """Tell who says again what is known that it is noted; False when he said nothing of the kind."""
        language = decision.talk.language
        told = self._wording.tell(known, language, now)
        if told:
            self._questions.repeat(decision, self._wording.say("heard_again", language, facts=told))
        return bool(told)

    def tell_of_refund(self, decision: Decision) -> bool:
        """Tell once, amid the case of a payout, what a refund does; False when that is his case."""
        talk = decision.talk
        waits = talk.outcome == "advised" or (talk.pending is not None and talk.pending.fact != "complaint")
        complaint = talk.facts.get("complaint")
        if not waits or complaint is None or complaint.value == "refund" or "refund_article" in talk.told:
            return False
        decision.talk = replace(talk, told=talk.told | {"refund_article"})
        self._questions.repeat(decision, self._wording.say("refund_article", talk.language))
        return True

    def change_of_account(self, decision: Decision, now: datetime, *, changed: bool) -> None:
        """Say where the settlement card is changed; who has changed it is asked how that stands."""
        talk = decision.talk
        text = self._wording.say("change_article", talk.language)
        if changed and "card_changed" not in talk.facts:
            decision.talk = talk.knows(card_changed=Fact(UNKNOWN, "merchant"))
            self._questions.ask(decision, "card_changed", "diagnose", now, lead=f"{text}\n")
            return
        if talk.pending is None:
            text += self._wording.say("change_missing", talk.language)
        self._questions.repeat(decision, text)

    def heard_anger(self, decision: Decision) -> None:
        """Note anger or an accusation: it raises the priority, and is met with one calm sentence."""
        talk = decision.talk
        again = {"insists"} if "complaint" in talk.signals else set()
        decision.talk = replace(talk, signals=talk.signals | {"complaint"} | again, told=talk.told | {"calm"})
        if "calm" not in talk.told:
            decision.say(self._wording.say("calm", talk.language))
