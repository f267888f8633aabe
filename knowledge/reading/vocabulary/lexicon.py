"""The reader's words: lexicon.yaml, statements.yaml, phrases/<intent>.yaml and holidays/<year>.yaml."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from knowledge.model import Language
from knowledge.reading.vocabulary.alternatives import is_closed, spelt_out
from knowledge.reading.vocabulary.lexicon_form import LexiconForm, PhrasesForm
from knowledge.reading.vocabulary.needles import split
from knowledge.reading.vocabulary.statements import Statements, load_statements
from knowledge.reading.weights import Weights, read_weights
from knowledge.reading.when.holiday_dates import Holiday
from knowledge.reading.when.lunar_dates import LunarNewYear
from knowledge.yaml_source import Document, KnowledgeError, Mistake, Place, layered_files, read_document

#: The 13 intents; each has its file in phrases/.
INTENTS = (
    "payout_not_arrived",
    "amount_mismatch",
    "refund_question",
    "charged_but_failed",
    "change_account",
    "arrival_time",
    "system_outage",
    "risk_hold",
    "human_agent",
    "ticket_status",
    "complaint_fraud",
    "greeting_thanks",
    "out_of_scope",
)
#: A word with alternatives stands for so many at most.
MOST_SPELT_OUT = 500
#: Value -> words.
Vocabulary = Mapping[str, tuple[str, ...]]
_PART = re.compile(r"<([a-z_]+)>")
#: Kept, so that a changed folder is loaded in less time.
_compiled = cache(re.compile)


@dataclass(frozen=True, slots=True)
class Sign:
    """Patterns of which one is to match, and how much that speaks for its intent."""

    patterns: tuple[re.Pattern[str], ...]
    weight: float


@dataclass(frozen=True, slots=True)
class IntentWords:
    """What people say when they mean one intent; a phrase with (alternatives|…) stands for several."""

    phrases: tuple[str, ...]
    signs: tuple[Sign, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """Every word that the reader knows."""

    typos: Mapping[str, str]
    pinyin: Mapping[str, str]
    #: Strings that look like a known word and are none.
    traps: tuple[str, ...]
    banks: Vocabulary
    modes: Vocabulary
    channels: Vocabulary
    brands: Vocabulary
    #: Fact -> value -> words that say so anywhere.
    facts: Mapping[str, Vocabulary]
    statements: Statements
    #: Fact -> value -> words that say so in answer to its question.
    answers: Mapping[str, Vocabulary]
    #: Fact, or "any" -> words that hold one of its answers and are none; the same for a bare yes or no.
    no_answers: Vocabulary
    yes: tuple[str, ...]
    no: tuple[str, ...]
    unknown: tuple[str, ...]
    #: Fact -> the value that a yes stands for, where it is not called yes; the same for a no.
    yes_means: Mapping[str, str]
    no_means: Mapping[str, str]
    #: "sale", "terminal", "other" or "neither" -> words that tell whose moment stands beside them.
    events: Vocabulary
    #: What stands beside a day or a time and adds nothing to it.
    fillers: tuple[str, ...]
    holidays: tuple[Holiday, ...]
    new_years: tuple[LunarNewYear, ...]
    #: Concept -> words of any language that stand for it.
    concepts: Vocabulary
    #: Language -> ways to ask for it; phrases with (alternatives|…).
    languages: Mapping[Language, tuple[str, ...]]
    #: Name of a remark (REMARKS) -> the phrases that make it; lexicon.yaml says where each must stand.
    remarks: Mapping[str, tuple[str, ...]]
    #: Intent -> messages that mean it whatever was learnt, clause by clause.
    outright: Vocabulary
    #: Words of anger and accusation.
    anger: tuple[str, ...]
    intents: Mapping[str, IntentWords]
    #: What was learnt from the phrases; older than they are until `daozhang understand --learn` has run.
    weights: Weights


#: The lists of lexicon.yaml that hold phrases with (alternatives|…) for what is said beside the case.
REMARKS = (
    *("arrived", "pleasantries", "all_arrived", "one_of_two", "takes_back", "unsolved", "unchanged"),
    *("corrections", "corrected", "another", "changed_card", "cancels", "no_person"),
    *("greets", "asks_where", "gives_up", "later", "waits"),
)


def load_lexicon(folder: Path, own: Path | None = None) -> Lexicon:
    """Load the words of a knowledge folder; raises KnowledgeError with the mistakes of all its files.

    own: a folder of the operator, whose years of holidays replace or add files.
    """
    mistakes: list[Mistake] = []
    document = _read(folder / "lexicon.yaml", "lexicon.yaml", mistakes)
    form = document.parse(LexiconForm) if document else None
    if document and form is None:
        mistakes += document.mistakes
    if document and form:
        _check_phrases(document, form)
        mistakes += document.mistakes
    parts = form.parts if form else {}
    intents: dict[str, IntentWords] = {}
    for intent in INTENTS:
        phrases = _read(folder / f"phrases/{intent}.yaml", f"phrases/{intent}.yaml", mistakes)
        if phrases is not None and form is not None:
            intents[intent] = _intent(phrases, parts)
            mistakes += phrases.mistakes
    weights = _weights(folder / "weights.json", mistakes)
    statements: Statements = {}
    try:
        statements = load_statements(folder / "statements.yaml")
    except KnowledgeError as error:
        mistakes += error.mistakes
    if mistakes or form is None or weights is None:
        raise KnowledgeError(mistakes)
    years = [read_document(path).data for _, path in layered_files(folder, own, "holidays")]
    return Lexicon(
        typos=form.typos,
        pinyin=form.pinyin,
        traps=_words(form.traps),
        banks=_vocabulary(form.banks),
        modes=_vocabulary(form.modes),
        channels=_vocabulary(form.channels),
        brands=_vocabulary(form.brands),
        facts={fact: _vocabulary(values) for fact, values in form.facts.items()},
        statements=statements,
        answers={fact: _vocabulary(values) for fact, values in form.answers.items()},
        no_answers=_vocabulary(form.no_answers),
        yes=_words(form.yes),
        no=_words(form.no),
        unknown=_words(form.unknown),
        yes_means=form.yes_means,
        no_means=form.no_means,
        events={kind: _spelt_out(words) for kind, words in form.events},
        fillers=_spelt_out([*form.fillers]),
        holidays=_holidays(years, form.holiday_names),
        new_years=_new_years(years),
        concepts=_vocabulary(form.concepts),
        languages={language: tuple(phrases) for language, phrases in form.languages.items()},
        remarks={name: tuple(getattr(form, name)) for name in REMARKS},
        outright={intent: tuple(phrases) for intent, phrases in form.outright.items()},
        anger=_words(form.anger),
        intents=intents,
        weights=weights,
    )


def _read(path: Path, name: str, mistakes: list[Mistake]) -> Document | None:
    if not path.exists():
        mistakes.append(Mistake(name, 1, "the file is missing.", "put it back: the reader needs it."))
        return None
    document = read_document(path, name)
    if document.mistakes:
        mistakes += document.mistakes
        return None
    return document


def _weights(path: Path, mistakes: list[Mistake]) -> Weights | None:
    try:
        weights = read_weights(path)
    except (OSError, ValueError):
        weights = None
    if weights is None or weights.intents != INTENTS:
        fix = "run `daozhang understand --learn`, which writes it."
        mistakes.append(Mistake(path.name, 1, "the file is missing or damaged.", fix))
        return None
    return weights


def _intent(document: Document, parts: Mapping[str, str]) -> IntentWords:
    form = document.parse(PhrasesForm)
    if form is None:
        return IntentWords((), ())
    _check_brackets(document, ("phrases",), form.phrases)
    signs = []
    for index, sign in enumerate(form.signs):
        patterns = _compile(document, ("signs", index, "say"), sign.say, parts)
        if patterns:
            signs.append(Sign(patterns, sign.weight))
    return IntentWords(tuple(form.phrases), tuple(signs))


def _check_phrases(document: Document, form: LexiconForm) -> None:
    for language, phrases in form.languages.items():
        _check_brackets(document, ("languages", language), phrases)
    for intent, phrases in form.outright.items():
        if intent not in INTENTS:
            fix = f"name one of {', '.join(INTENTS)}."
            document.complain(("outright", intent), f"there is no intent {intent}.", fix)
        _check_brackets(document, ("outright", intent), phrases)
    for part in (*REMARKS, "fillers"):
        _check_brackets(document, (part,), getattr(form, part))
    for place, words in _word_lists(form):
        _check_brackets(document, place, list(words))
        _check_size(document, place, words)


def _word_lists(form: LexiconForm) -> Iterator[tuple[Place, tuple[str, ...]]]:
    """Go through the lists of words whose alternatives are spelt out."""
    for part in ("banks", "modes", "channels", "brands", "concepts"):
        for value, words in getattr(form, part).items():
            yield (part, value), _words(words)
    for part in ("facts", "answers"):
        for fact, values in getattr(form, part).items():
            for value, words in values.items():
                yield (part, fact, value), _words(words)
    for fact, words in form.no_answers.items():
        yield ("no_answers", fact), _words(words)
    for kind, words in form.events:
        yield ("events", kind), _words(words)


def _check_brackets(document: Document, place: Place, phrases: list[str]) -> None:
    for index, phrase in enumerate(phrases):
        if not is_closed(phrase):
            document.complain((*place, index), f"a bracket in {phrase} is open.", "write it as (this|that).")


def _check_size(document: Document, place: Place, words: tuple[str, ...]) -> None:
    """Find words that stand for too many: each of them is normalised whenever the words are taken up."""
    for index, word in enumerate(words):
        count = len(spelt_out(word))
        if count > MOST_SPELT_OUT:
            fix = f"write fewer alternatives: {MOST_SPELT_OUT} at most."
            document.complain((*place, index), f"{word} stands for {count} words.", fix)


def _compile(
    document: Document, place: Place, say: str, parts: Mapping[str, str]
) -> tuple[re.Pattern[str], ...]:
    """Put the groups of words in and compile; mistakes are noted."""
    for name in _PART.findall(say):
        if name not in parts:
            document.complain(
                place, f"<{name}> is no group of words.", "name one of `parts` in lexicon.yaml."
            )
            return ()
    try:
        return tuple(map(_compiled, split(_PART.sub(lambda found: f"(?:{parts[found[1]]})", say))))
    except re.error as error:
        document.complain(place, f"the pattern is not valid ({error}).", "close every bracket.")
        return ()


def _words(words: list[str | int]) -> tuple[str, ...]:
    return tuple(str(word) for word in words)


def _spelt_out(words: list[str | int]) -> tuple[str, ...]:
    return tuple(one for word in _words(words) for one in spelt_out(word))


def _vocabulary(values: Mapping[str, list[str | int]]) -> Vocabulary:
    return {value: _spelt_out(words) for value, words in values.items()}


def _holidays(years: Iterable[dict[str, Any]], names: Mapping[str, list[str]]) -> tuple[Holiday, ...]:
    """Take the names and rest days of the years; their mistakes are the calendar's to report."""
    holidays: list[Holiday] = []
    for year in years:
        rest = year.get("rest")
        for entry in rest if isinstance(rest, list) else []:
            try:
                name, first, last = str(entry["name"]["zh"]), entry["from"], entry["to"]
            except (KeyError, TypeError):
                continue
            if isinstance(first, date) and isinstance(last, date):
                called = dict.fromkeys((name, *names.get(name, ())))
                holidays.append(Holiday(tuple(called), first, last))
    return tuple(holidays)


def _new_years(years: Iterable[dict[str, Any]]) -> tuple[LunarNewYear, ...]:
    """Take the first days of the lunar years; their mistakes are the calendar's to report."""
    given = [year.get("lunar_new_year") for year in years]
    return tuple(
        LunarNewYear(one["day"], one["month_before"])
        for one in given
        if isinstance(one, dict) and isinstance(one.get("day"), date) and one.get("month_before") in (29, 30)
    )
