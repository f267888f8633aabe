"""The reader: what one message says."""

from collections.abc import Mapping
from datetime import datetime

from knowledge.model import FactSpec, Reading, Value
from knowledge.reading.answers import AnswerReader
from knowledge.reading.dates import DayReader
from knowledge.reading.facts import read_facts
from knowledge.reading.intents import Guess, IntentReader
from knowledge.reading.language import language_of
from knowledge.reading.lexicon import Lexicon
from knowledge.reading.mentions import MentionReader
from knowledge.reading.moments import sale_moment
from knowledge.reading.normalise import Normaliser
from knowledge.reading.slots import Slots, read_slots

#: An answer this short is no more than an answer, whatever else its words could mean.
SHORT_ANSWER = 10
#: Intents that even a short answer may carry.
ALWAYS_HEARD = frozenset({"human_agent", "complaint_fraud"})
#: Longer messages are cut: nobody types that much about one sale.
LONGEST = 2000


class Reader:
    """Reads messages with the words of a lexicon. Built once; reading changes nothing."""

    def __init__(self, lexicon: Lexicon, facts: Mapping[str, FactSpec]) -> None:
        """Take the words and the facts that may be read."""
        self._facts = facts
        self._normaliser = Normaliser(lexicon.typos, lexicon.pinyin)
        self._intents = IntentReader(lexicon, self._normaliser)
        self._mentions = MentionReader(lexicon, facts, self._normaliser)
        self._days = DayReader(lexicon.holidays)
        self._answers = AnswerReader(lexicon, facts, self._normaliser)

    def read(self, text: str, now: datetime, expecting: FactSpec | None = None) -> Reading:
        """Read a redacted message; `expecting` is the fact that was just asked, `now` is aware."""
        normal = self._normaliser.normalise(text[:LONGEST])
        guess = self._intents.guess(normal)
        asks_money = expecting is not None and expecting.kind == "money"
        slots = read_slots(normal, now, self._days, self._mentions, asks_money=asks_money)
        statements = self._mentions.statements(normal)
        facts = read_facts(normal, slots, statements, guess, now, self._facts, expecting)
        answer = self._answer(normal, expecting, slots, guess, now)
        if expecting is not None and answer is not None:
            facts = _beside(facts, expecting, answer)
        short = answer is not None and len(normal) <= SHORT_ANSWER and guess.intent not in ALWAYS_HEARD
        return Reading(
            text=text,
            language=language_of(normal),
            intent=guess.intent,
            confidence=guess.confidence,
            sure=guess.sure and not short,
            runner_up=guess.runner_up,
            slots=slots.as_text(),
            facts=facts,
            answer=answer,
        )

    def _answer(
        self, text: str, expecting: FactSpec | None, slots: Slots, guess: Guess, now: datetime
    ) -> Value | None:
        if expecting is None or expecting.key not in self._facts:
            return None
        moment = None
        if expecting.kind == "moment":
            moment = sale_moment(text, slots.days, slots.times, now, asked=True)
        return self._answers.read(text, expecting, slots, guess, moment, now)


def _beside(facts: dict[str, Value], expecting: FactSpec, answer: Value) -> dict[str, Value]:
    """Drop what the answer was mistaken for: the same value under the name of a like fact."""
    like = {
        "money": ("amount", "received_amount", "pending_balance"),
        "text": ("card_last4", "settle_card_last4"),
    }
    rivals = like.get(expecting.kind, ())
    return {
        key: value
        for key, value in facts.items()
        if not (key in rivals and key != expecting.key and value == answer)
    }
