"""Names and statements that a text contains: banks, brands, modes, channels, and values of facts."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from knowledge.model import FactSpec
from knowledge.reading.clauses import clause_start
from knowledge.reading.vocabulary.lexicon import Lexicon, Vocabulary
from knowledge.reading.vocabulary.normalise import Normaliser
from knowledge.reading.vocabulary.statements import StatementFinder
from knowledge.reading.vocabulary.words import Hit, WordFinder

#: What a word says: its kind (bank, brand, mode, channel, or a fact's key) and the value.
Meaning = tuple[str, str]
#: In front of a word, these take its meaning away.
_NEGATED = re.compile(
    r"(?:不是|并不|不[止只]|没有?|不|未|并非|无|别|not|n't|no|never|without)\s?"
    r"(?:被|有|在|给我们?|(?:开通?|办|用|要|做)过?|指望|急着要|着急要|a|been|yet|the)?\s?$"
)
#: Somewhere before it in its clause, these make it a guess, a question or a supposition.
_GUESSED = re.compile(
    r"是不是|会不会|是否|有没有|要不要|难道|莫非|如果|要是|(?<![一二两三四五六七八九十几\d])万一|\bwhether\b"
    r"|^\s*(?:and |but |so )?(?:(?:is|was|are|were|did|does|do|could|would|has|have)"
    r" (?:it|my|the|this|that|there|you|he|she|they|i|we)\b|if\b)"
)
#: These make it a doubt: he does not know, but he fears for his money.
_DOUBTED = re.compile(
    r"怕(?:是|不是|别是)|[我就]怕|担心|该不会|不会是|别是|莫不是|说不定|八成|(?<!不)可能|也许|或许|搞不好|我(?:怀疑|猜|估计)"
    r"|\b(?:maybe|perhaps|possibly|might|worr(?:y|ied)|afraid|fear|wonder(?:ing)?|must have)\b"
)
#: Right behind it, these make it a question.
_ASKED = re.compile(r"(?:了|过|的|啦|好|成|掉)*(?:[吗么]|没有?[?？]?$)")
#: Right behind it, these make it a guess that he fears: 给冻结了吧.
_FEARED = re.compile(r"[了的过]*[是对]?吧(?!台)")
#: Right before it or behind it, these make it a guess that he asks about: 是不是风控了, 风控了是吧.
_GUESSED_RIGHT_BEFORE = re.compile(
    r"(?:是不是|会不会|是否|难道|莫非|该不会|不会)(?:是|被|给|又|都|你们|已经|在)*$"
)
_ASKED_RIGHT_BEHIND = re.compile(r"[了的]?(?:[吗么]|[是对]吧|是不是|对不对)")
#: Around it, these ask what it means: 什么叫一类卡, 一类卡是什么, "class 1? I don't know what that is".
_WHAT_BEFORE = re.compile(r"(?:什么|啥)(?:叫|是)$|\bwhat (?:is|does|are) (?:an? |the )?$")
_WHAT_BEHIND = re.compile(
    r"[卡户账]*\s?(?:[是叫指](?:个|的)?(?:什么|啥)|(?:什么|啥)意思|\bmeans? what"
    r"|[?？]\s?(?:(?:我|这个?|i)\s?)?(?:不[知懂清明了]|没听|什么|啥"
    r"|don't (?:know|understand)|do not|what|never heard))"
)
#: So does the mark itself.
_QUESTION = re.compile(r"[了的]?\s?[?？]")
#: Somewhere before it in its clause, these make it what he reckons with.
_EXPECTED = re.compile(
    r"应该|估计|大概|好像|好象|貌似|\b(?:should|probably|must|i (?:think|guess|suppose))\b"
)
#: Right behind it, these deny what was just asked: "paid out? no", "到账了？没有".
_DENIED = re.compile(r"[了的]?\s?[?？]\s?(?:no\b|not\b|没|不|哪有)")
#: What may be asked for and is so all the same: "钱没到吗" says that it did not.
SAID_BY_ASKING = frozenset({"complaint", "scope"})
#: A "not" in English may stand some words before: "none of it was paid out".
_NEGATED_EARLIER = re.compile(r"\b(?:none|not|never|nobody|no)\b(?!.*\b(?:but|and|because|so|while)\b)")
_RHETORICAL = re.compile(r"不是.{1,16}(?:[吗么嘛?？]|怎么|为什么)")


@dataclass(frozen=True, slots=True)
class Mention:
    """A value that the text mentions."""

    kind: str
    value: str
    start: int
    end: int
    negated: bool


class MentionReader:
    """Finds mentions with the lexicon's words."""

    def __init__(self, lexicon: Lexicon, facts: Mapping[str, FactSpec], normaliser: Normaliser) -> None:
        """Take the words, and the labels of brands and banks: a new one of acquirers.yaml is read at once."""
        names: dict[str, list[Meaning]] = {normaliser.normalise_word(trap): [] for trap in lexicon.traps}
        for kind, vocabulary in (
            ("bank", lexicon.banks),
            ("mode", lexicon.modes),
            ("channel", lexicon.channels),
            ("brand", lexicon.brands),
        ):
            _add(names, kind, vocabulary, normaliser)
        for kind, fact in (("brand", "brand"), ("bank", "settle_bank")):
            labels = facts[fact].values if fact in facts else {}
            _add(names, kind, {value: (text.zh, text.en) for value, text in labels.items()}, normaliser)
        self._names = WordFinder((word, tuple(meanings)) for word, meanings in names.items())
        statements: dict[str, list[Meaning]] = {}
        for fact, vocabulary in lexicon.facts.items():
            _add(statements, fact, vocabulary, normaliser)
        self._words = WordFinder((word, tuple(meanings)) for word, meanings in statements.items())
        self._clauses = StatementFinder(lexicon.statements)

    def names(self, text: str) -> list[Mention]:
        """Find banks, brands, modes and channels in a normalised text."""
        return list(_mentions(text, self._names.find(text)))

    def statements(self, text: str) -> tuple[list[Mention], bool]:
        """Find what the text says of other facts, and whether it voices a doubt; what it asks is left out."""
        found = list(_mentions(text, self._words.find(text)))
        for fact, value, places in self._clauses.find(text):
            found += [
                Mention(fact, value, *place.span(), is_negated(text, place.start())) for place in places
            ]
        said = [mention for mention in found if not _is_asked(text, mention)]
        sure = [mention for mention in said if not _is_doubted(text, mention)]
        return sure, len(sure) < len(said)


def _add(words: dict[str, list[Meaning]], kind: str, vocabulary: Vocabulary, normaliser: Normaliser) -> None:
    for value, several in vocabulary.items():
        for word in several:
            meanings = words.setdefault(normaliser.normalise_word(word), [])
            if (kind, value) not in meanings:
                meanings.append((kind, value))


def _mentions(text: str, hits: Iterable[Hit[tuple[Meaning, ...]]]) -> Iterator[Mention]:
    for hit in hits:
        for kind, value in hit.meaning:
            yield Mention(kind, value, hit.start, hit.end, is_negated(text, hit.start))


def _is_asked(text: str, mention: Mention) -> bool:
    """Tell whether something is only asked, guessed or supposed."""
    if mention.kind not in SAID_BY_ASKING and _ASKED.match(text, mention.end):
        return True
    if is_denied(text, mention.end):
        return True
    return _GUESSED.search(text[clause_start(text, mention.start) : mention.end]) is not None


def _is_doubted(text: str, mention: Mention) -> bool:
    if mention.kind not in SAID_BY_ASKING and _FEARED.match(text, mention.end):
        return True
    return _DOUBTED.search(text[clause_start(text, mention.start) : mention.end]) is not None


def asks_whether(text: str, start: int, end: int) -> bool:
    """Tell whether he only asks whether something is so."""
    before = text[max(0, start - 12) : start]
    return bool(_GUESSED_RIGHT_BEFORE.search(before) or _ASKED_RIGHT_BEHIND.match(text, end))


def asks_what(text: str, start: int, end: int) -> bool:
    """Tell whether he asks what a word means."""
    before = text[max(0, start - 20) : start]
    return bool(_WHAT_BEFORE.search(before) or _WHAT_BEHIND.match(text, end))


def is_guessed(text: str, start: int, end: int) -> bool:
    """Tell whether what stands at a place is asked, supposed or expected rather than stated."""
    before = text[clause_start(text, start) : end]
    behind = _ASKED.match(text, end) or _FEARED.match(text, end) or _QUESTION.match(text, end)
    return bool(behind or _GUESSED.search(before) or _DOUBTED.search(before) or _EXPECTED.search(before))


def is_denied(text: str, end: int) -> bool:
    """Tell whether a question ends at a place that is at once answered with a no."""
    return _DENIED.match(text, end) is not None


def is_negated(text: str, start: int) -> bool:
    """Tell whether a negation stands right before a place; "isn't it …?" is none."""
    if not _NEGATED.search(text, max(0, start - 10), start):
        latin = text[start : start + 1].isascii()
        return latin and _NEGATED_EARLIER.search(text[clause_start(text, start) : start]) is not None
    return not _RHETORICAL.search(text)
