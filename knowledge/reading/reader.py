"""The reader: what one message says."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from knowledge.articles import Article
from knowledge.model import UNKNOWN, FactSpec, Interval, Reading, Remarks, Value
from knowledge.reading.answers import AnswerReader
from knowledge.reading.facts import is_bare, is_known, read_facts, read_moment, terminal_day
from knowledge.reading.intents import Guess, IntentReader
from knowledge.reading.language import language_of
from knowledge.reading.mentions import MentionReader
from knowledge.reading.remarks import ASKS_HOW, COURTESY, RemarkReader
from knowledge.reading.slots import Slots, read_slots
from knowledge.reading.vocabulary.lexicon import Lexicon
from knowledge.reading.vocabulary.normalise import Normaliser
from knowledge.reading.when.dates import DayReader
from knowledge.reading.when.elapsed import day_since
from knowledge.reading.when.events import EventReader
from knowledge.reading.when.moments import sale_moment

#: An answer this short is no more than an answer, whatever else its words could mean.
SHORT_ANSWER = 10
#: Intents that even a short answer may carry.
ALWAYS_HEARD = frozenset({"human_agent", "complaint_fraud"})
#: What a question of his own only asks about, and does not state.
_ASKED_ABOUT = frozenset({"complaint", "settlement_mode", "instant_expected", "notice", "payout_status"})
#: Questions about money that is not his payout.
_OTHER_MONEY = frozenset({"settle_card_test", "cardholder_charged", "others_affected"})
_HIS_MONEY = re.compile(r"钱|款|谢|刚|终于|money|payout|payment|thank")
#: These say that it is the only one; "this sale" alone may be said back from the question.
_ONLY = re.compile(r"[只就光单]|其中|唯独|\b(?:only|just)\b")
#: Beside good news, these say that it is not all of it.
_LACKS = re.compile(
    r"[少差错扣没未只才缺]|不[对够足符全]|\b(?:short|less|missing|only|wrong|minus|not|but|part|fee)\b|n't"
)
#: What tells which sale the good news is about.
_NAMES_A_SALE = frozenset({"amount", "paid_at"})
#: Thanks and greetings ask nothing, but whether anybody is there.
_ASKS = re.compile(r"^(?!.*(?:在[吗么]|有人|\b(?:there|here)\b)).*[?？吗么]\W*$")
#: Mostly "a little"; where the moment is asked for or corrected, one o'clock.
_A_LITTLE = re.compile(r"(?:^|(?<=[是在 ]))一点$")
#: A bare number and no more than a particle: "3500啊", "3500的".
_BARE_NUMBER = re.compile(r"^(\d+(?:\.\d+)?)[啊呀的吧哦嘛!]+$")
#: Longer messages are cut: nobody types that much about one sale.
LONGEST = 2000


class Reader:
    """Reads messages with the words of a lexicon. Built once; reading changes nothing."""

    def __init__(
        self,
        lexicon: Lexicon,
        facts: Mapping[str, FactSpec],
        articles: Mapping[str, Article] | None = None,
    ) -> None:
        """Take the words, the facts that may be read, and the articles whose questions are known."""
        self._facts = facts
        self._normaliser = Normaliser(lexicon.typos, lexicon.pinyin)
        self._intents = IntentReader(lexicon, self._normaliser)
        self._mentions = MentionReader(lexicon, facts, self._normaliser)
        self._days = DayReader(lexicon.holidays, lexicon.new_years)
        self._events = EventReader(lexicon, self._normaliser)
        self._answers = AnswerReader(lexicon, facts, self._normaliser, self._events)
        self._remarks = RemarkReader(lexicon, articles or {}, self._normaliser)

    def read(
        self,
        text: str,
        now: datetime,
        expecting: FactSpec | None = None,
        about: datetime | Interval | None = None,
    ) -> Reading:
        """Read a redacted message; expecting: the fact just asked; about: what is known of its moment."""
        normal = _BARE_NUMBER.sub(r"\1", self._normaliser.normalise(text[:LONGEST]))
        at_hand = expecting is not None or about is not None
        remarks = self._remarks.read(normal, at_hand=at_hand)
        if remarks.article and not remarks.warns:
            question, beside = self._remarks.split(normal, remarks.article)
            if beside:
                # His question takes nothing away from what stands beside it.
                in_question, told = (self.read(part, now, expecting, about) for part in (question, beside))
                remarks = replace(told.remarks, article=remarks.article)
                return replace(told, text=text, facts={**in_question.facts, **told.facts}, remarks=remarks)
        guess = self._guess(normal, remarks)
        if remarks.corrects or (expecting is not None and expecting.key == "paid_at"):
            normal = _A_LITTLE.sub("1点", normal)
        about = None if remarks.another else about  # the moment of another sale is not known
        asks_money = remarks.corrects or (expecting is not None and expecting.kind == "money")
        slots = read_slots(normal, now, self._days, self._mentions, asks_money=asks_money)
        slots = slots.behind(remarks.goes_on)
        if not slots.says_something:
            remarks = replace(remarks, corrects=False, goes_on=0)
        if at_hand and not remarks.greets and is_bare(slots, self._events):
            guess = replace(guess, sure=False)  # whatever it looks like: a day or a time of the case at hand
        facts = self._stated(normal, slots, guess, expecting)
        if remarks.waits and not at_hand:
            facts.setdefault("complaint", "not_arrived")
        asked = remarks.corrects or (expecting is not None and expecting.key == "paid_at")
        # What begins the correction is no event, and places stay the same.
        heard = normal[remarks.goes_on :].rjust(len(normal))
        moment = read_moment(heard, slots, guess, now, self._events, asked=asked, about=about)
        facts |= {} if moment is None else {"paid_at": moment}
        facts = terminal_day(normal, slots, now, self._events) | facts
        facts = {key: value for key, value in facts.items() if is_known(self._facts, key, value)}
        answer = None if remarks.article else self._answer(heard, expecting, slots, guess, now, facts, about)
        if remarks.later and expecting is not None and expecting.key == "arrived" and answer != "no":
            answer = UNKNOWN
        if expecting is not None and answer is not None:
            facts = _beside(normal, facts, expecting, answer)
        facts = _less_what_is_not_said(normal, facts, remarks)
        if remarks.arrived and _is_about_his_money(normal, expecting, answer):
            facts, answer = {"arrived": "yes"} | {k: v for k, v in facts.items() if k in _NAMES_A_SALE}, None
        short = remarks.corrects or (answer is not None and len(normal) <= SHORT_ANSWER)
        return Reading(
            text=text,
            language=language_of(normal),
            intent=guess.intent,
            confidence=guess.confidence,
            sure=guess.sure and (not short or guess.intent in ALWAYS_HEARD),
            runner_up=guess.runner_up,
            slots=slots.as_text(),
            facts=facts,
            answer=answer,
            remarks=remarks,
        )

    def choose(self, text: str, options: Mapping[str, str]) -> str | None:
        """Read a redacted message as one of these options, value -> label; None when it is none of them."""
        return self._answers.choose(self._normaliser.normalise(text[:LONGEST]), options)

    def _guess(self, text: str, remarks: Remarks) -> Guess:
        """Guess the intent that is not said outright; a question is not sure to be small talk."""
        if remarks.intent:
            return Guess(remarks.intent, 1.0, sure=True, runner_up=None)
        guess = self._intents.guess(text)
        asks = guess.intent == COURTESY and not remarks.greets and _ASKS.search(text)
        return replace(guess, sure=False) if asks else guess

    def _stated(self, text: str, slots: Slots, guess: Guess, expecting: FactSpec | None) -> dict[str, Value]:
        """Give the facts that a text states, but for the days in it."""
        statements, doubts = self._mentions.statements(text)
        facts = read_facts(text, slots, statements, guess, expecting)
        if doubts and expecting is None and _may_be_about_money(text, guess):
            facts.setdefault("complaint", "not_arrived")
        return facts

    def _answer(
        self,
        text: str,
        expecting: FactSpec | None,
        slots: Slots,
        guess: Guess,
        now: datetime,
        facts: Mapping[str, Value],
        about: datetime | Interval | None,
    ) -> Value | None:
        if expecting is None or expecting.key not in self._facts:
            return None
        moment = None
        if expecting.kind == "moment":
            moment = sale_moment(text, slots.days, slots.times, now, self._events, asked=True, about=about)
            if about is None and not (slots.days or slots.times):
                moment = moment or day_since(slots.elapsed, now)
        return self._answers.read(
            text.lstrip(), expecting, slots, guess, moment, now, facts.get(expecting.key)
        )


def _may_be_about_money(text: str, guess: Guess) -> bool:
    """Tell whether a doubt ("I fear the card is wrong") may mean that his money has not come."""
    return not guess.sure or (guess.intent == "change_account" and not ASKS_HOW.search(text))


def _is_about_his_money(text: str, expecting: FactSpec | None, answer: Value | None) -> bool:
    """Tell whether "it has come" is news, and no answer to a question about something else."""
    if expecting is None or expecting.key == "arrived" or answer is None:
        return expecting is None or expecting.key != "arrived"
    return expecting.key not in _OTHER_MONEY and _HIS_MONEY.search(text) is not None


def _less_what_is_not_said(text: str, facts: dict[str, Value], remarks: Remarks) -> dict[str, Value]:
    """Drop what a question of his own only asks about, and a complaint that nothing in the words bears out.

    A correction has none of its own, and who only names another sale, or its number, misses no part of it.
    """
    dropped = set(_ASKED_ABOUT) if remarks.article else set()
    if remarks.warns:
        dropped.discard("complaint")
    if remarks.corrects or (
        (remarks.another or "reference_no" in facts)
        and facts.get("complaint") == "short"
        and not _LACKS.search(text)
    ):
        dropped.add("complaint")
    return {key: value for key, value in facts.items() if key not in dropped}


def _beside(text: str, facts: dict[str, Value], expecting: FactSpec, answer: Value) -> dict[str, Value]:
    """Drop what the answer was mistaken for: the value under the name of a like fact, its "this sale"."""
    like = {
        "money": ("amount", "received_amount", "pending_balance"),
        "text": ("card_last4", "settle_card_last4"),
    }
    rivals = like.get(expecting.kind, ())
    facts = {
        key: value
        for key, value in facts.items()
        if not (key in rivals and key != expecting.key and value == answer)
    }
    if (expecting.key, answer) == ("arrived", "yes") and not _LACKS.search(text):
        facts.pop("complaint", None)  # it came, and nothing is said to be missing
    if expecting.key == "arrived":
        facts.pop("txn_result", None)  # what went through is the payout
    if (expecting.key, answer) == ("bounced_before", "corrected"):
        facts.pop("settle_info_correct", None)  # what was wrong is wrong no more
    if expecting.key != "scope" and facts.get("scope") == "one_sale" and not _ONLY.search(text):
        del facts["scope"]
    return facts
