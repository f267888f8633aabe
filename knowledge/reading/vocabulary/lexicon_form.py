"""The shape of lexicon.yaml and of phrases/<intent>.yaml, as pydantic models."""

from typing import Literal

from knowledge.schema import Form

Words = list[str | int]


class SignForm(Form):
    """A pattern that speaks for an intent, or against it when its weight is negative."""

    say: str
    weight: float


class PhrasesForm(Form):
    """One file of phrases/: sentences, some with (alternatives|…), and patterns with their weights."""

    phrases: list[str]
    signs: list[SignForm]


class EventsForm(Form):
    """Words of the sale, of the terminal's first day, of other events, and words that only look like them."""

    sale: Words
    terminal: Words
    other: Words
    neither: Words


class LexiconForm(Form):
    """The file lexicon.yaml."""

    typos: dict[str, str]
    pinyin: dict[str, str]
    traps: Words
    banks: dict[str, Words]
    modes: dict[str, Words]
    channels: dict[str, Words]
    brands: dict[str, Words]
    facts: dict[str, dict[str, Words]]
    answers: dict[str, dict[str, Words]]
    no_answers: dict[str, Words]
    yes: Words
    no: Words
    unknown: Words
    yes_means: dict[str, str]
    no_means: dict[str, str]
    events: EventsForm
    fillers: list[str]
    holiday_names: dict[str, list[str]]
    parts: dict[str, str]
    concepts: dict[str, Words]
    languages: dict[Literal["zh", "en"], list[str]]
    arrived: list[str]
    pleasantries: list[str]
    greets: list[str]
    asks_where: list[str]
    takes_back: list[str]
    cancels: list[str]
    gives_up: list[str]
    later: list[str]
    corrections: list[str]
    corrected: list[str]
    all_arrived: list[str]
    another: list[str]
    unsolved: list[str]
    waits: list[str]
    changed_card: list[str]
    no_person: list[str]
    one_of_two: list[str]
    unchanged: list[str]
    outright: dict[str, list[str]]
    anger: Words
