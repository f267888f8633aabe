"""Loading the knowledge base from its folder, with every mistake reported at once."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from jinja2 import Environment, TemplateSyntaxError, meta

from knowledge.acquirers import Acquirers, load_acquirers
from knowledge.articles import Article, load_articles
from knowledge.calendar import SettlementCalendar, load_calendar
from knowledge.model import UNKNOWN, Cause, FactSpec, Text, TicketRule
from knowledge.reading.vocabulary.lexicon import Lexicon, load_lexicon
from knowledge.schema import HOW_OFTEN, CauseForm, FactForm, HowOften, TextForm
from knowledge.yaml_source import (
    Document,
    KnowledgeError,
    Mistake,
    layered_files,
    read_document,
    read_layers,
)

#: The folder that ships with the package.
PACKAGED = Path(__file__).parent
#: What an operator's own folder may hold: folders of files, and files of entries.
OWN_FOLDERS = ("causes", "holidays")
OWN_FILES = ("questions.yaml", "acquirers.yaml", "articles.yaml")
#: Names that advice may use where the bot waits for the deadline: bot.talk.conclusions fills them.
DUE_NAMES = frozenset({"due_at", "due_reason", "due_standing"})

Part = TypeVar("Part")
_TEMPLATES = Environment(autoescape=False)  # noqa: S701 - only parsed here; channels escape what they show


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeBase:
    """Everything that is known, checked and ready to use."""

    facts: Mapping[str, FactSpec]
    causes: Mapping[str, Cause]
    acquirers: Acquirers
    calendar: SettlementCalendar
    lexicon: Lexicon
    #: Short answers to questions beside the case, by name.
    articles: Mapping[str, Article]
    #: Content hash; every diagnosis carries it.
    version: str


def load_knowledge(folder: Path = PACKAGED, own: Path | None = None) -> KnowledgeBase:
    """Load a knowledge folder; raises KnowledgeError with all mistakes of all files.

    own: a folder of the operator, of the same form: its causes and years replace or add files, its entries
    of questions.yaml, acquirers.yaml and articles.yaml replace or add entries. Nothing else may be in it.
    """
    mistakes = _unused(own) if own else []
    acquirers = _collect(lambda: load_acquirers(folder, own), mistakes)
    calendar = _collect(lambda: load_calendar(folder, own), mistakes)
    lexicon = _collect(lambda: load_lexicon(folder, own), mistakes)
    articles = _collect(lambda: load_articles(folder, own), mistakes)
    document = read_layers(folder, own, "questions.yaml")
    facts = _facts(document)
    mistakes += document.mistakes
    causes: dict[str, Cause] = {}
    files = layered_files(folder, own, "causes")
    for name, path in files:
        # Without all the facts, what a cause says of them cannot be judged.
        cause_document = read_document(path, name)
        cause = _cause(path.stem, cause_document, None if document.mistakes else facts)
        if cause:
            causes[cause.id] = cause
        mistakes += cause_document.mistakes
    if UNKNOWN not in [path.stem for _, path in files]:
        fix = "keep causes/unknown.yaml: it stands for what no other cause explains."
        mistakes.append(Mistake("causes/unknown.yaml", 1, "the file is missing.", fix))
    if mistakes or acquirers is None or calendar is None or lexicon is None or articles is None:
        raise KnowledgeError(mistakes)
    brands = {brand.id: Text(brand.names.zh, brand.names.en) for brand in acquirers.brands.values()}
    facts["brand"] = replace(facts["brand"], values=brands)
    return KnowledgeBase(
        facts=facts,
        causes=causes,
        acquirers=acquirers,
        calendar=calendar,
        lexicon=lexicon,
        articles=articles,
        version=_version(folder, own),
    )


def _collect(load: Callable[[], Part], mistakes: list[Mistake]) -> Part | None:
    try:
        return load()
    except KnowledgeError as error:
        mistakes += error.mistakes
        return None


def _facts(document: Document) -> dict[str, FactSpec]:
    facts: dict[str, FactSpec] = {}
    for key in document.data:
        part = document.part(key)
        form = part.parse(FactForm)
        if form is None:
            continue
        _check_values(form, part)
        if form.hint and not form.ask:
            part.complain(("hint",), f"{key} is never asked.", "write `ask` as well, or leave `hint` out.")
        alike: dict[str, HowOften] = dict.fromkeys(form.values, "often")
        facts[key] = FactSpec(
            key=key,
            kind=form.kind,
            title=_text(form.title),
            ask=_text(form.ask) if form.ask else None,
            hint=_text(form.hint) if form.hint else None,
            values={value: _text(label) for value, label in form.values.items()},
            usual=_share({value: HOW_OFTEN[word] for value, word in (form.usual or alike).items()}),
            effort=form.effort,
            pattern=form.pattern,
            derived_from=tuple(form.derived_from),
        )
    for key, spec in facts.items():
        for source in spec.derived_from:
            if source not in facts:
                document.complain((key, "derived_from"), f"{source} is no fact.", "name facts of this file.")
    return facts


def _check_values(form: FactForm, document: Document) -> None:
    for value in form.usual:
        if value not in form.values:
            document.complain(("usual", value), f"{value} is none of the values.", "correct its spelling.")


def _share(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {value: weight / total for value, weight in weights.items()}


def _text(form: TextForm) -> Text:
    return Text(form.zh, form.en)


def _cause(name: str, document: Document, facts: Mapping[str, FactSpec] | None) -> Cause | None:
    form = document.parse(CauseForm) if not document.mistakes else None
    if form is None or facts is None:
        return None
    _check_cause(form, document, facts)
    if document.mistakes:
        return None
    return Cause(
        id=name,
        title=_text(form.title),
        weight=HOW_OFTEN[form.how_common],
        needs={fact: tuple(values) for fact, values in form.needs.items()},
        signs={
            fact: _distribution({v: HOW_OFTEN[word] for v, word in words.items()}, facts[fact].usual)
            for fact, words in form.signs.items()
        },
        settled_by={fact: tuple(values) for fact, values in form.settled_by.items()},
        handled_by=form.handled_by,
        advice=_text(form.advice),
        next_step=_text(form.next_step),
        typical_time=_text(form.typical_time),
        follow_up=form.follow_up,
        stops_all=form.stops_all,
        ticket=TicketRule(
            queue=form.ticket.queue, priority=form.ticket.priority, evidence=tuple(form.ticket.evidence)
        ),
    )


def _distribution(said: Mapping[str, float], usual: Mapping[str, float]) -> dict[str, float]:
    """Spread what the author said over all values: the unsaid ones share the rest as they usually do."""
    unsaid = {value: share for value, share in usual.items() if value not in said}
    rest = max(1.0 - sum(said.values()), 0.02 if unsaid else 0.0)
    total = sum(unsaid.values())
    return _share({v: said[v] if v in said else rest * usual[v] / total for v in usual})


def _check_cause(form: CauseForm, document: Document, facts: Mapping[str, FactSpec]) -> None:
    """Find the mistakes that only the facts can show."""
    used = {("needs", fact): list(values) for fact, values in form.needs.items()}
    used |= {("settled_by", fact): list(values) for fact, values in form.settled_by.items()}
    used |= {("signs", fact): list(words) for fact, words in form.signs.items()}
    for (part, fact), values in used.items():
        if fact not in facts:
            document.complain((part, fact), f"{fact} is no fact.", "use a fact of questions.yaml.")
            continue
        for value in values:
            if value not in facts[fact].values:
                known = ", ".join(facts[fact].values) or "none: it cannot be a sign"
                place = (part, fact, value) if part == "signs" else (part, fact)
                document.complain(place, f"{fact} has no value {value}.", f"its values are {known}.")
            elif value not in facts[fact].usual:
                fix = f"say in questions.yaml how common it is (`usual` of {fact})."
                document.complain((part, fact), f"{fact} {value} is never seen.", fix)
    for fact in form.ticket.evidence:
        if fact not in facts:
            document.complain(("ticket", "evidence"), f"{fact} is no fact.", "use a fact of questions.yaml.")
    for language, source in (("zh", form.advice.zh), ("en", form.advice.en)):
        _check_template(source, _promised(form), ("advice", language), document)


def _promised(form: CauseForm) -> frozenset[str]:
    """Name what is surely known when the advice is given; before a person looks into a case nothing is."""
    if form.handled_by == "queue":
        return frozenset()
    return frozenset(form.needs) | (DUE_NAMES if form.follow_up == "deadline" else frozenset())


def _check_template(source: str, allowed: frozenset[str], place: tuple[str, ...], document: Document) -> None:
    try:
        names = meta.find_undeclared_variables(_TEMPLATES.parse(source))
    except TemplateSyntaxError as error:
        document.complain(place, f"the text is no template ({error.message}).", "close every {{ … }}.")
        return
    for name in sorted(names - allowed):
        fix = (
            "with `handled_by: bot` use facts that `needs` names, and with `follow_up: deadline` "
            f"{', '.join(sorted(DUE_NAMES))}; with `handled_by: queue` use none."
        )
        document.complain(place, f"{name} may be unknown when this is said.", fix)


def _unused(own: Path) -> list[Mistake]:
    """Find the files of the operator's folder that nothing reads."""
    read = {own / name for name in OWN_FILES}
    read |= {path for part in OWN_FOLDERS for _, path in layered_files(own, None, part)}
    counts = ", ".join([*(f"{part}/*.yaml" for part in OWN_FOLDERS), *OWN_FILES])
    fix = f"correct its name or move it away: here count {counts}."
    return [
        Mistake(str(path), 1, "nothing reads this file.", fix) for path in data_files(own) if path not in read
    ]


def data_files(folder: Path) -> list[Path]:
    """List the files that make a knowledge folder what it is: all but the code, and what an editor hides."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in (".yaml", ".yml", ".json")
        and path.is_file()
        and not _is_hidden(path.relative_to(folder))
    )


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _version(folder: Path, own: Path | None) -> str:
    digest = hashlib.sha256()
    for layer in (folder, own) if own else (folder,):
        for path in data_files(layer):
            digest.update(path.relative_to(layer).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
