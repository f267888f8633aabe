"""What a message answers to the question that was just asked."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from rapidfuzz import fuzz

from knowledge.model import UNKNOWN, FactSpec, Value
from knowledge.reading.clauses import clause_end, clause_start
from knowledge.reading.complaints import COMPLAINTS
from knowledge.reading.facts import MODES
from knowledge.reading.intents import Guess
from knowledge.reading.mentions import (
    SAID_BY_ASKING,
    asks_what,
    asks_whether,
    is_denied,
    is_guessed,
    is_negated,
)
from knowledge.reading.numerals import chinese_number
from knowledge.reading.open_answers import open_answer
from knowledge.reading.slots import Slots
from knowledge.reading.vocabulary.alternatives import as_pattern
from knowledge.reading.vocabulary.lexicon import Lexicon, Vocabulary
from knowledge.reading.vocabulary.normalise import Normaliser
from knowledge.reading.vocabulary.words import Hit, WordFinder
from knowledge.reading.when.events import EventReader

#: How alike a typed answer and an option's label must be, 0 to 100.
ALIKE = 78
#: The meaning of words that are no answer.
_NO_ANSWER = ""
#: Kinds of names that answer questions about these facts.
_NAMES = {"brand": "brand", "settle_bank": "bank", "settlement_mode": "mode", "pay_method": "channel"}
#: A message that tells its own story answers these all the same; others only by what it states.
_ABOUT_ARRIVAL = frozenset({"complaint", "received", "scope", "arrived"})
_ORDINAL = re.compile(
    r"(?:选|选择|第|option |the )?(\d|[一二三四五六七八九]|[a-h]|first|second|third|last)"
    r"(?:个|项|种|条| one)?[.。、)]?"
)
_ENGLISH_ORDINALS = {"first": 0, "second": 1, "third": 2, "last": -1}
_EDGE = " ,.;:!?~，。；：！？、…\"'“”()（）-\t\n"
#: In the clause of good news, these make it another sale's, somebody else's word, or a time to come.
_OTHERS_NEWS = re.compile(
    r"\d|[笔单]|[刷收付扫]的|说|显示|什么时候|会|等|再|告诉|通知|短信|提醒|\b(?:one|sale|payment|other|says?|said|when|will)\b"
)
_LABEL_BREAK = re.compile(r"[/,，()（）]")
#: What people put in front of an answer that changes nothing.
_HEDGE = re.compile(
    r"^(?:(?:好像|好象|应该|可能|大概|貌似|目前|暂时|现在|我这边|我这|我看|我|它|都|这个|那个|额|呃|啊"
    r"|maybe|i think|probably|it is|it's|well)[\s,，]*)+(?=.)"
)
#: Behind a weak yes, a question of his own: 好吧怎么换卡.
_WEAK_YES = re.compile(r"[好行嗯哦]|可以|ok")
_ASKS_BEHIND = re.compile(r"怎么(?!了|回事|办)|怎样|如何|哪里|哪儿|多久|什么时候|\b(?:how|where|when)\b")
#: Particles after a short answer that change nothing.
_AFTER = re.compile(r"[的了啊呀吧呢哦噢嘛哈,，.。!！、;； ~…]|$|\b")
#: A name, and no sentence: none of the characters that sentences are made of.
_BRAND = re.compile(
    r"(?:用的?|是)*((?:(?![不没是吗呢么怎什为了钱卡到有的我你他这那在都还个点等下查看请理催帮问好谢对行说])[\u4e00-\u9fff])"
    r"{2,6}|[a-z]{3,12})"
    r"(?:的|牌子?|pos机?|机器|刷卡机)*"
)
_BANK = re.compile(r"(?:是)?[\u4e00-\u9fff]{2,8}(?:银行|农商|信用社|村镇)(?:的|卡)*|[a-z ]{3,20} bank")


class AnswerReader:
    """Reads answers; one word finder per fact, built once."""

    def __init__(
        self, lexicon: Lexicon, facts: Mapping[str, FactSpec], normaliser: Normaliser, events: EventReader
    ) -> None:
        self._lexicon = lexicon
        self._normaliser = normaliser
        self._events = events
        self._unknown = {normaliser.normalise_word(word): UNKNOWN for word in lexicon.unknown}
        no_answers = {
            key: tuple(map(normaliser.normalise_word, words)) for key, words in lexicon.no_answers.items()
        }
        self._no_answers = {
            key: sorted((*no_answers.get("any", ()), *no_answers.get(key, ())), key=len, reverse=True)
            for key in facts
        }
        self._words = {key: self._finder(spec, lexicon.facts, lexicon.answers) for key, spec in facts.items()}
        self._no_idea = WordFinder(self._unknown.items())
        self._labels = {key: self._labels_of(spec) for key, spec in facts.items()}
        self._yes = sorted(map(normaliser.normalise_word, lexicon.yes), key=len, reverse=True)
        self._no = sorted(map(normaliser.normalise_word, lexicon.no), key=len, reverse=True)
        self._plain_no = tuple(word for word in self._no if len(word) > 1)
        self._gives_up = tuple(map(as_pattern, lexicon.remarks["gives_up"]))

    def _finder(self, spec: FactSpec, *sources: Mapping[str, Vocabulary]) -> WordFinder[str]:
        words: dict[str, str] = {}
        for source in sources:
            for value, several in source.get(spec.key, {}).items():
                if value in spec.values:
                    words |= {self._normaliser.normalise_word(word): value for word in several}
        words |= dict.fromkeys(self._no_answers[spec.key], _NO_ANSWER)
        return WordFinder((self._unknown | words).items())

    def _labels_of(self, spec: FactSpec) -> list[tuple[str, str]]:
        """Give what may be typed for an option: its label in both languages, and the parts of it."""
        labels: list[tuple[str, str]] = []
        for value, text in spec.values.items():
            for label in (text.zh, text.en):
                whole = self._normaliser.normalise_word(label)
                labels.append((whole, value))
                parts = (part.strip() for part in _LABEL_BREAK.split(whole))
                labels += [(part, value) for part in parts if len(part) > 1 and part != whole]
        return labels

    def read(
        self,
        text: str,
        spec: FactSpec,
        slots: Slots,
        guess: Guess,
        moment: Value | None,
        now: datetime,
        stated: Value | None,
    ) -> Value | None:
        """Give the value that a normalised text answers; UNKNOWN for "don't know"; None for no answer.

        `stated` is what the text says of the fact whatever was asked.
        """
        plain = _HEDGE.sub("", text.strip(_EDGE))
        if not plain:
            return None
        gives_up = any(pattern.fullmatch(plain) for pattern in self._gives_up)
        if spec.values or spec.kind == "choice":
            if spec.key == "arrived" and self._is_guess(text, spec):
                return UNKNOWN
            chosen = self._choice(plain, spec, slots, guess, stated)
            return UNKNOWN if chosen is None and gives_up and spec.key != "complaint" else chosen
        of_sale = self._events.speaks_of_sale(plain)
        value = open_answer(plain, spec, slots, moment, now, tells=_tells(guess, slots), of_sale=of_sale)
        has_none = any(hit.meaning != _NO_ANSWER for hit in self._words[spec.key].find(plain))
        has_none = has_none or gives_up or plain.startswith(self._plain_no)
        return UNKNOWN if value is None and has_none else value

    def choose(self, text: str, options: Mapping[str, str]) -> str | None:
        """Give the value of the option that a text names: by its label, its place, or a yes or no."""
        plain = _HEDGE.sub("", text.strip(_EDGE))
        if not plain:
            return None
        labels = {self._normaliser.normalise_word(label): value for value, label in options.items()}
        if plain in labels:
            return labels[plain]
        place = _place(plain, len(options))
        if place is not None:
            return list(options)[place]
        yes, no = self._starts_with(plain, self._yes), self._starts_with(plain, self._no)
        meant = "yes" if yes > no else "no" if no else None
        if meant in options:
            return meant
        return next((value for label, value in labels.items() if label in plain or plain in label), None)

    def _choice(
        self, text: str, spec: FactSpec, slots: Slots, guess: Guess, stated: Value | None
    ) -> Value | None:
        for label, value in self._labels[spec.key]:
            if text == label:
                return value
        ordinal = _ordinal(text, spec)
        if ordinal:
            return ordinal
        named = _named(spec, slots)
        if named:
            return named
        if _tells(guess, slots) and spec.key not in _ABOUT_ARRIVAL:
            said = stated or self._said(text, self._no_idea, spec)
        else:
            said = self._said(text, self._words[spec.key], spec)
            if said is None or (said == UNKNOWN and spec.key not in _ABOUT_ARRIVAL):
                said = stated or said
        if said:
            return said
        short = self._yes_or_no(text, spec)
        if short:
            return short
        if spec.key == "complaint" and guess.sure and guess.intent in COMPLAINTS:
            return COMPLAINTS[guess.intent]
        return self._like_a_label(text, spec) or _name_not_listed(text, spec, guess)

    def _said(self, text: str, words: WordFinder[str], spec: FactSpec) -> str | None:
        """Choose among the words found: the longest, the later of two; "don't know" if it comes first."""
        hits = [
            hit
            for hit in words.find(text)
            if hit.meaning == UNKNOWN or (hit.meaning != _NO_ANSWER and not _is_asked(text, *hit[:2], spec))
        ]
        if not hits:
            return None
        known = [hit for hit in hits if hit.meaning != UNKNOWN]
        if not known or hits[0].meaning == UNKNOWN:
            return UNKNOWN
        both = len({hit.meaning for hit in known}) > 1 or self._starts_with(text, self._no)
        if spec.key == "arrived" and both:
            return "yes" if _came_after_all(text, known[-1]) else "no"
        best = max(known, key=lambda hit: (hit.end - hit.start, hit.start))
        if not is_negated(text, best.start):
            return best.meaning
        others = [value for value in spec.values if value != best.meaning]
        return others[0] if len(others) == 1 else None

    def _is_guess(self, text: str, spec: FactSpec) -> bool:
        """Tell whether all that he says of the money is a question or a guess."""
        hits = self._words[spec.key].find(text)
        return bool(hits) and all(
            hit.meaning == "yes" and is_guessed(text, hit.start, hit.end) for hit in hits
        )

    def _yes_or_no(self, text: str, spec: FactSpec) -> str | None:
        """Read a yes or a no that begins the text, or is all of it."""
        yes, no = self._starts_with(text, self._yes), self._starts_with(text, self._no)
        if max(yes, no) <= self._starts_with(text, self._no_answers[spec.key]):
            return None
        if _WEAK_YES.match(text) and _ASKS_BEHIND.search(text, yes):
            return None
        meant = "yes" if yes > no else "no"
        means = self._lexicon.yes_means if meant == "yes" else self._lexicon.no_means
        value = means.get(spec.key, meant)
        return value if value in spec.values else None

    @staticmethod
    def _starts_with(text: str, words: Sequence[str]) -> int:
        """Give the length of the longest word that begins the text, as a whole word; 0 for none."""
        for word in words:
            if text.startswith(word) and _AFTER.match(text, len(word)):
                return len(word)
        return 0

    def _like_a_label(self, text: str, spec: FactSpec) -> str | None:
        best, score = "", 0.0
        for label, value in self._labels[spec.key]:
            place = text.find(label) if len(label) > 1 else -1
            alike = 100.0 if place >= 0 else fuzz.ratio(text, label)
            away = place >= 0 and (
                is_negated(text, place) or _is_asked(text, place, place + len(label), spec)
            )
            if alike > score and not away:
                best, score = value, alike
        return best if score >= ALIKE else None


def _came_after_all(text: str, last: Hit[str]) -> bool:
    """Tell whether words that it has not come and that it has end with the latter, and as news of his own."""
    clause = text[clause_start(text, last.start) : clause_end(text, last.end)]
    of_another = _OTHERS_NEWS.search(clause)
    return last.meaning == "yes" and not is_negated(text, last.start) and not of_another


def _is_asked(text: str, start: int, end: int, spec: FactSpec) -> bool:
    """Tell whether words are denied or only asked about; what the app shows he may ask the meaning of."""
    if is_denied(text, end):
        return True
    if spec.key in SAID_BY_ASKING:
        return False
    return asks_whether(text, start, end) or (spec.key == "account_class" and asks_what(text, start, end))


def _tells(guess: Guess, slots: Slots) -> bool:
    """Tell whether a message is a story of its own rather than an answer."""
    sale = any(amount.role != "test" for amount in slots.amounts)
    return guess.sure and (sale or bool(slots.days))


def _name_not_listed(text: str, spec: FactSpec, guess: Guess) -> str | None:
    """Take a brand that the list does not have as it is; a bank that it does not have tells nothing."""
    if guess.sure:
        return None
    if spec.key == "brand":
        found = _BRAND.fullmatch(text)
        return found[1] if found else None
    return UNKNOWN if spec.key == "settle_bank" and _BANK.fullmatch(text) else None


def _ordinal(text: str, spec: FactSpec) -> str | None:
    place = _place(text, len(spec.values))
    return None if place is None else tuple(spec.values)[place]


def _place(text: str, options: int) -> int | None:
    """Read "the second", 2, B or 第二个 as a place among so many options."""
    found = _ORDINAL.fullmatch(text)
    if found is None:
        return None
    written = found[1]
    if written in _ENGLISH_ORDINALS:
        place = _ENGLISH_ORDINALS[written]
    elif written.isdigit():
        place = int(written) - 1
    elif written.isascii():
        place = ord(written) - ord("a")
    else:
        place = (chinese_number(written) or 0) - 1
    return place if -1 <= place < options and written != "0" else None


def _named(spec: FactSpec, slots: Slots) -> str | None:
    kind = _NAMES.get(spec.key)
    if kind is None:
        return None
    values = [mention.value for mention in slots.named(kind) if not mention.negated]
    if spec.key == "settlement_mode":
        values = [MODES[value] for value in values]
    elif spec.key == "pay_method":
        values = ["unionpay_qr" if value == "unionpay" else value for value in values]
    different = [value for value in dict.fromkeys(values) if value in spec.values]
    return different[0] if len(different) == 1 else None
