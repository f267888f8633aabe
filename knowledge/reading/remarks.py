"""What a message says beside the case: a question of its own, a wish, a correction, anger, good news."""

import re
from collections.abc import Iterable, Mapping

from knowledge.articles import Article
from knowledge.model import Language, Remarks
from knowledge.reading.clauses import BREAKS
from knowledge.reading.vocabulary.alternatives import as_pattern
from knowledge.reading.vocabulary.lexicon import Lexicon
from knowledge.reading.vocabulary.needles import NeedleIndex
from knowledge.reading.vocabulary.normalise import Normaliser
from knowledge.reading.vocabulary.words import WordFinder

#: A longer message is a story that happens to hold such words.
LONGEST_WISH = 30
#: The intent of thanks and of all that is only kind.
COURTESY = "greeting_thanks"
_PUNCTUATION = re.compile(r"[\s,.;:!~，。；：！、…]+")
#: Between clauses; in Chinese a gap parts them as well, a "?" never does.
_BETWEEN = re.compile(r"[,.;:!~，。；：！、…]+|(?<![a-z'])\s+(?![a-z'])")
#: It asks how something is done.
ASKS_HOW = re.compile(r"怎么|怎样|咋|如何|能不能|哪里|[?？]|\b(?:how|where|can)\b")
_END = re.compile(r"[\s,.;:!~，。；：！、…]+$")


class RemarkReader:
    """Finds remarks; its patterns are built once."""

    def __init__(self, lexicon: Lexicon, articles: Mapping[str, Article], normaliser: Normaliser) -> None:
        """Take the words of the lexicon, and the articles whose questions are known."""
        self._asks = NeedleIndex((article.asks, name) for name, article in articles.items())
        self._articles = articles
        self._warns = frozenset(name for name, article in articles.items() if article.warns)
        self._wants = [
            (language, as_pattern(phrase))
            for language, phrases in lexicon.languages.items()
            for phrase in phrases
        ]
        self._phrases = {name: list(map(as_pattern, phrases)) for name, phrases in lexicon.remarks.items()}
        self._outright = {
            intent: [as_pattern(phrase) for phrase in phrases] for intent, phrases in lexicon.outright.items()
        }
        self._angry = WordFinder((normaliser.normalise_word(word), word) for word in lexicon.anger)

    def read(self, text: str, *, at_hand: bool) -> Remarks:
        """Read a normalised text; at_hand: there is a question or a sale of which he may say more."""
        short = len(text) <= 2 * LONGEST_WISH if text.isascii() else len(text) <= LONGEST_WISH
        article = self._article(text, short=short)
        goes_on = self._correction(text)
        corrected = at_hand and self._holds("corrected", text)
        return Remarks(
            article=article,
            warns=article in self._warns,
            wants=self._language(text) if short else None,
            arrived=short and self._says_arrived(text),
            cancels=short and self._is_all("cancels", text),
            takes_back=self._holds("takes_back", text),
            greets=short and self._is_all("greets", text.replace("?", " ")),
            asks_where=short and self._is_all("asks_where", text.replace("?", " ")),
            angry=bool(self._angry.find(text)),
            all_arrived=self._holds("all_arrived", text),
            another=self._holds("another", text),
            changed_card=not ASKS_HOW.search(text) and self._holds("changed_card", text),
            no_person=short and self._is_all("no_person", text),
            one_of_two=short and self._is_all("one_of_two", text),
            unchanged=short and self._is_all("unchanged", text),
            intent=self._intent(text) if short else None,
            unsolved=short and self._is_all("unsolved", text),
            later=short and self._ends_with("later", text),
            waits=short and self._is_all("waits", text),
            corrects=goes_on > 0 or corrected,
            goes_on=goes_on,
        )

    def _is_all(self, remark: str, text: str) -> bool:
        return _is_all(self._phrases[remark], text)

    def _holds(self, remark: str, text: str) -> bool:
        return any(pattern.search(text) for pattern in self._phrases[remark])

    def _ends_with(self, remark: str, text: str) -> bool:
        """Tell whether the whole message is one of the phrases, or its last clause."""
        clauses = [clause for clause in _BETWEEN.split(text) if clause.strip()]
        return self._is_all(remark, text) or (bool(clauses) and self._is_all(remark, clauses[-1]))

    def _says_arrived(self, text: str) -> bool:
        """Tell whether all it says is that the money has come, but for thanks and the like beside."""
        if self._is_all("arrived", text):
            return True
        clauses = [clause for clause in _BETWEEN.split(text) if clause.strip()]
        news = [clause for clause in clauses if not self._is_all("pleasantries", clause)]
        return bool(news) and all(self._is_all("arrived", clause) for clause in news)

    def _intent(self, text: str) -> str | None:
        """Give the intent that every clause says outright; thanks beside another one count for nothing."""
        clauses = [clause for clause in _BETWEEN.split(text.replace("?", ";")) if clause.strip()]
        said = {self._clause_intent(clause) for clause in clauses}
        said = said - {COURTESY} or said
        return said.pop() if len(said) == 1 else None

    def _clause_intent(self, clause: str) -> str | None:
        return next((one for one, patterns in self._outright.items() if _is_all(patterns, clause)), None)

    def _article(self, text: str, *, short: bool) -> str | None:
        asked = self._asks.matching(text)
        return next((name for name in asked if short or name in self._warns), None)

    def split(self, text: str, article: str) -> tuple[str, str]:
        """Split a normalised text into the clause that asks for an article, and what is said beside it."""
        found = next(filter(None, (pattern.search(text) for pattern in self._articles[article].asks)))
        breaks = BREAKS if text.isascii() else f"{BREAKS} "
        start = max(text.rfind(mark, 0, found.start()) for mark in breaks) + 1
        end = min((at for mark in breaks if (at := text.find(mark, found.end())) >= 0), default=len(text))
        return text[start:end], (text[:start] + text[end:]).strip(f"{breaks} ")

    def _language(self, text: str) -> Language | None:
        whole = _END.sub("", text)
        return next((language for language, pattern in self._wants if pattern.fullmatch(whole)), None)

    def _correction(self, text: str) -> int:
        found = (pattern.match(text) for pattern in self._phrases["corrections"])
        return max((match.end() for match in found if match), default=0)


def _is_all(patterns: Iterable[re.Pattern[str]], text: str) -> bool:
    """Tell whether the whole message is one of the phrases, whatever its punctuation; a "?" is none."""
    whole = _PUNCTUATION.sub(" " if text.isascii() else "", text).strip()
    return any(pattern.fullmatch(whole) for pattern in patterns)
