"""The pages of `daozhang kb`, as they look in the terminal."""

from collections.abc import Iterable
from datetime import datetime

from rich.console import Console
from rich.table import Table

from bot.talk.wording import moment, money, stretch
from knowledge.lab.explain import Explanation
from knowledge.lab.show import CausePage, FactPage
from knowledge.lab.simulate import Figures, Simulation
from knowledge.loader import KnowledgeBase
from knowledge.model import Interval, Reason, Text, Value

#: So many causes are shown of a case.
LEADERS = 8
#: So many causes are named that a cause was taken for.
CONFUSED = 3


def print_list(console: Console, knowledge: KnowledgeBase) -> None:
    """Print the causes and the facts by name."""
    causes = _table("cause", "handled by", "title")
    for cause in knowledge.causes.values():
        causes.add_row(cause.id, cause.handled_by, _both(cause.title))
    facts = _table("fact", "effort", "title")
    for spec in knowledge.facts.values():
        facts.add_row(spec.key, f"{spec.effort:g}" if spec.ask else "not asked", _both(spec.title))
    console.print(causes, facts)


def print_cause(console: Console, page: CausePage, knowledge: KnowledgeBase) -> None:
    """Print one cause."""
    cause = page.cause
    ticket = cause.ticket
    queue = f"{ticket.queue}, {ticket.priority}"
    console.print(f"[bold]{cause.id}[/bold]  {_both(cause.title)}")
    lines = _lines()
    lines.add_row("how common", f"{page.prior:.1%} of the merchants who write")
    lines.add_row("handled by", "the bot" if cause.handled_by == "bot" else f"a person ({queue})")
    for fact, values in cause.needs.items():
        lines.add_row("needs", f"{fact}: {' or '.join(values)}")
    lines.add_row("advice", f"{cause.advice.zh.strip()}\n{cause.advice.en.strip()}")
    lines.add_row("agent", _both(cause.next_step))
    lines.add_row("takes", _both(cause.typical_time))
    lines.add_row("asks again", cause.follow_up)
    lines.add_row("ticket", f"{queue}; evidence: {', '.join(ticket.evidence)}")
    signs = _table("sign", "", "here", "usually", "decibans")
    for sign in page.signs:
        label = knowledge.facts[sign.fact].values[sign.value].zh
        name = f"{sign.fact} = {sign.value}"
        signs.add_row(name, label, f"{sign.share:.0%}", f"{sign.usual:.0%}", f"{sign.decibans:+.1f}")
    console.print(lines, signs)


def print_fact(console: Console, page: FactPage, knowledge: KnowledgeBase) -> None:
    """Print one fact."""
    spec = page.spec
    console.print(f"[bold]{spec.key}[/bold]  {_both(spec.title)}")
    lines = _lines()
    lines.add_row("asked", _both(spec.ask) if spec.ask else "never: read, looked up or derived")
    lines.add_row("where to look", _both(spec.hint) if spec.hint else "not said: asked only once")
    lines.add_row("kind", f"{spec.kind}, effort {spec.effort:g}")
    for name, facts in (("follows from", spec.derived_from), ("leads to", page.leads_to)):
        if facts:
            lines.add_row(name, ", ".join(facts))
    for name, causes in (("needed by", page.needed_by), ("evidence of", page.evidence_of)):
        if causes:
            lines.add_row(name, ", ".join(causes))
    values = _table("value", "", "usually")
    for value, label in spec.values.items():
        usual = spec.usual.get(value)
        values.add_row(value, _both(label), "tells nothing" if usual is None else f"{usual:.0%}")
    signs = _table("value", "cause", "share", "decibans")
    for sign in page.signs:
        title = f"{sign.cause} {knowledge.causes[sign.cause].title.zh}"
        signs.add_row(sign.value, title, f"{sign.share:.0%}", f"{sign.decibans:+.1f}")
    console.print(lines, values, signs)


def print_explanation(console: Console, explanation: Explanation, knowledge: KnowledgeBase) -> None:
    """Print the reasoning of a case."""
    diagnosis = explanation.diagnosis
    facts = _table("fact", "value", "from")
    for key, fact in {**explanation.given, **explanation.derived}.items():
        facts.add_row(key, _value(key, fact.value, explanation.now), fact.source)
    causes = _table("cause", "", "belief", "for and against, in decibans")
    for cause, share in diagnosis.causes[:LEADERS]:
        why = _why(reason for reason in diagnosis.why if reason.cause == cause)
        causes.add_row(cause, knowledge.causes[cause].title.zh, f"{share:.1%}", why)
    lines = _lines()
    out = [f"{each.cause} ({each.fact} = {each.value})" for each in diagnosis.ruled_out]
    lines.add_row("ruled out", "\n".join(out) or "nothing")
    if explanation.narrowing:
        lines.add_row("due date open", f"it still depends on {', '.join(explanation.narrowing)}")
    asked = diagnosis.question
    effort = knowledge.facts[asked].effort if asked else 0
    offer = f"{asked}: {diagnosis.expected_bits:.2f} bits, effort {effort:g}" if asked else "none"
    lines.add_row("next question", f"{offer} ({explanation.stop})")
    others = [f"{each.fact}: {each.bits:.2f} bits, effort {each.effort:g}" for each in explanation.runners_up]
    lines.add_row("runners-up", "\n".join(others) or "none")
    lines.add_row("the bot", "would answer" if explanation.advises else "would not answer by itself")
    lines.add_row("version", diagnosis.version)
    console.print(facts, causes, lines)


def print_simulation(console: Console, simulation: Simulation) -> None:
    """Print how good it is."""
    console.print(
        f"{simulation.engine.merchants} merchants, seed {simulation.seed}, "
        f"{simulation.wrong:.0%} mistaken ({simulation.mistakes}), {simulation.dont_know:.0%} don't know, "
        f"{simulation.directory:.0%} in a directory; knowledge base {simulation.version}"
    )
    figures = _table("", "engine", "questionnaire")
    rows = zip(_figures(simulation.engine), _figures(simulation.questionnaire), strict=True)
    for (name, engine), (_, questionnaire) in rows:
        figures.add_row(name, engine, questionnaire)
    prior = f"{simulation.prior_bits:.2f}"
    figures.add_row("uncertainty before any fact, bits", prior, prior)
    figures.add_row("right first, had all been asked", f"{simulation.attainable:.3f}", "")
    confusion = _table("cause", "merchants", "right", "taken for")
    for true, row in simulation.confusion.items():
        total = sum(row.values())
        others = [f"{believed} {count}" for believed, count in row.items() if believed != true]
        more = [f"and {len(others) - CONFUSED} more"] if len(others) > CONFUSED else []
        if total:
            right = f"{row.get(true, 0) / total:.0%}"
            confusion.add_row(true, str(total), right, ", ".join(others[:CONFUSED] + more))
    worst = _table("worst pairs", "taken for", "merchants")
    for true, believed, count in simulation.worst:
        worst.add_row(true, believed, str(count))
    asked = _table("asked", "times")
    for fact, count in simulation.asked.items():
        asked.add_row(fact, str(count))
    console.print(figures, confusion, worst, asked)


def _figures(figures: Figures) -> Iterable[tuple[str, str]]:
    yield "right cause first", f"{figures.first:.3f}"
    yield "right cause in the first three", f"{figures.first_three:.3f}"
    yield "questions, mean", f"{figures.questions_mean:.2f}"
    yield "questions, median", f"{figures.questions_median:g}"
    yield "questions, 95th percentile", f"{figures.questions_p95}"
    yield "questions, most", f"{figures.questions_most}"
    yield "bits learnt per question", f"{figures.bits_per_question:.2f}"
    yield "answered by the bot alone", f"{figures.advised:.3f}"
    yield "answers that were wrong", f"{figures.wrong_answers:.3f}"
    yield "advised though something known forbids it", f"{figures.advised_wrongly}"


def _why(reasons: Iterable[Reason]) -> str:
    return ", ".join(f"{reason.fact} = {reason.value} {reason.weight:+.1f}" for reason in reasons)


def _value(key: str, value: Value, now: datetime) -> str:
    if isinstance(value, datetime):
        return moment(value, "en", now)
    if isinstance(value, Interval):
        return stretch(value, "en", now)
    is_money = isinstance(value, int) and key != "onboarded_days"
    return money(value) if is_money and isinstance(value, int) else str(value)


def _both(text: Text) -> str:
    return f"{text.zh} · {text.en}"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _lines() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    return table
