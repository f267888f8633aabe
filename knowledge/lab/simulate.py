"""Merchants drawn from the knowledge base and served as the bot serves them: how good it is."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, log2
from random import Random
from statistics import fmean, median

from knowledge.engine import Engine
from knowledge.inquiry import (
    MOST_QUESTIONS,
    believed,
    closed_facts,
    forbids_advice,
    hold,
    keeps_what_he_said,
    may_advise,
)
from knowledge.lab.bound import Bound
from knowledge.lab.merchants import Drawing, Merchant
from knowledge.lab.mistakes import Kind, Mistakes
from knowledge.loader import KnowledgeBase
from knowledge.model import UNKNOWN, Diagnosis, Fact, Facts

#: The order in which a person with a list asks, whoever the merchant is.
QUESTIONNAIRE = (
    *("brand", "txn_result", "cardholder_charged", "txn_type", "paid_at", "amount", "pay_method"),
    *("settlement_mode", "payout_status", "settle_card_checked", "received", "account_class"),
    *("settle_card_state", "settle_info_correct", "card_changed", "bounced_before", "registered_as"),
    *("account_kind", "notice", "papers_expired", "scope", "void_found", "slip_merchant_matches"),
    *("amount_entered_correct", "activated", "pending_balance", "d0_switch", "onboarded_days"),
    *("settle_card_test", "others_affected", "payer_is_licensed", "agent_reachable"),
)
#: So many of the commonest confusions are listed.
WORST = 12

Ask = Callable[[Diagnosis, Facts, Sequence[str]], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """How one merchant fared."""

    cause: str
    #: Causes, likeliest first, when the questions ended.
    ranking: tuple[str, ...]
    questions: tuple[str, ...]
    #: So many of his answers were wrong.
    wrong: int
    #: Bits of uncertainty over the causes at the start and at the end.
    uncertain_before: float
    uncertain_after: float
    #: The bot answered by itself; and did so though something known forbids it.
    advised: bool
    advised_wrongly: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How a way of asking fared with all merchants."""

    merchants: int
    first: float
    first_three: float
    questions_mean: float
    questions_median: float
    questions_p95: int
    questions_most: int
    bits_per_question: float
    #: The share of all answers that were wrong: a guess is right by luck as well.
    wrong_answers: float
    advised: float
    #: Advised while something known forbids it: must be 0.
    advised_wrongly: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """The outcome of a simulation."""

    version: str
    seed: int
    wrong: float
    dont_know: float
    mistakes: Kind
    #: The share of merchants whom a directory knows.
    directory: float
    #: What one would have to learn to name the cause from the priors alone, in bits.
    prior_bits: float
    #: Right cause first, had every question been asked and mistakes been reckoned with.
    attainable: float
    engine: Figures
    questionnaire: Figures
    #: True cause -> believed cause -> merchants, by the engine.
    confusion: dict[str, dict[str, int]]
    #: (true cause, believed cause, merchants), commonest first.
    worst: tuple[tuple[str, str, int], ...]
    #: Fact -> how often it was asked.
    asked: dict[str, int]


class Simulator:
    """Serves merchants."""

    def __init__(
        self,
        knowledge: KnowledgeBase,
        seed: int,
        wrong: float,
        dont_know: float,
        mistakes: Kind = "guess",
        directory: float = 0.0,
    ) -> None:
        self._knowledge = knowledge
        self._engine = Engine(knowledge.causes, knowledge.facts, knowledge.version)
        self._seed = seed
        self._mistakes = Mistakes(knowledge, wrong, dont_know, mistakes)
        self._drawing = Drawing(knowledge, Random(seed), directory)  # noqa: S311 - draws, no secrets
        self._bound = Bound(knowledge, self._mistakes)
        self._wrong = wrong
        self._dont_know = dont_know
        self._directory = directory

    def run(self, count: int, advance: Callable[[], None]) -> Simulation:
        """Draw and serve so many merchants; advance is called after each."""
        by_engine, by_list, attained = [], [], 0
        for _ in range(count):
            merchant = self._drawing.merchant()
            by_engine.append(self.serve(merchant, engine_asks))
            by_list.append(self.serve(merchant, questionnaire_asks))
            attained += self._bound.leader(merchant, self._all_answers(merchant)) == merchant.cause
            advance()
        confusion: dict[str, Counter[str]] = {cause: Counter() for cause in self._knowledge.causes}
        for served in by_engine:
            confusion[served.cause][served.ranking[0]] += 1
        return Simulation(
            version=self._knowledge.version,
            seed=self._seed,
            wrong=self._wrong,
            dont_know=self._dont_know,
            mistakes=self._mistakes.kind,
            directory=self._directory,
            prior_bits=_uncertainty([share for _, share in self._engine.diagnose({}).causes]),
            attainable=attained / count,
            engine=_figures(by_engine),
            questionnaire=_figures(by_list),
            confusion={true: dict(row.most_common()) for true, row in confusion.items()},
            worst=tuple(_worst(confusion)),
            asked=dict(Counter(fact for served in by_engine for fact in served.questions).most_common()),
        )

    def serve(self, merchant: Merchant, ask: Ask) -> Served:
        """Ask a merchant until there is nothing to ask; answers go wrong as often as agreed."""
        facts = dict(merchant.opening)
        asked: list[str] = []
        given_up: set[str] = set()
        uncertain_before, wrong = None, 0
        while True:
            known, diagnosis = self._think(facts, merchant.now, closed_facts(asked, given_up))
            uncertain = _uncertainty([share for _, share in diagnosis.causes])
            uncertain_before = uncertain if uncertain_before is None else uncertain_before
            question = ask(diagnosis, facts, asked)
            if question is None:
                break
            answer = self._answer(merchant, question, asked.count(question))
            asked.append(question)
            wrong += answer.value not in (UNKNOWN, merchant.truth[question])
            if keeps_what_he_said(facts.get(question), answer.value):
                given_up.add(question)
            else:
                facts[question] = answer
        advised = may_advise(believed(diagnosis, self._knowledge.causes), known)
        return Served(
            cause=merchant.cause,
            ranking=tuple(cause for cause, _ in diagnosis.causes),
            questions=tuple(asked),
            wrong=wrong,
            uncertain_before=uncertain_before,
            uncertain_after=uncertain,
            advised=advised,
            advised_wrongly=advised and forbids_advice(known),
        )

    def _think(self, facts: Facts, now: datetime, closed: frozenset[str]) -> tuple[Facts, Diagnosis]:
        held = hold(facts, self._knowledge, now, closed)
        return held.known, self._engine.diagnose(held.known, closed=closed, narrowing=held.narrowing)

    def _all_answers(self, merchant: Merchant) -> Facts:
        asked = [
            spec.key for spec in self._knowledge.facts.values() if spec.ask and spec.key in merchant.truth
        ]
        return {key: self._answer_at_last(merchant, key) for key in asked}

    def _answer_at_last(self, merchant: Merchant, question: str) -> Fact:
        """Answer, if need be after a hint where to look."""
        answer = self._answer(merchant, question, 0)
        again = answer.value == UNKNOWN and self._knowledge.facts[question].hint
        return self._answer(merchant, question, 1) if again else answer

    def _answer(self, merchant: Merchant, question: str, time: int) -> Fact:
        """Answer a question, for the first (0) or second time: the same whoever asks, and after what."""
        random = Random(f"{merchant.luck} {question} {time}")  # noqa: S311 - draws, no secrets
        truth = merchant.truth[question]
        if random.random() < self._mistakes.at_a_loss(question) or truth == UNKNOWN:
            return Fact(UNKNOWN, "merchant")
        if random.random() < self._mistakes.wrong(question):
            answers = self._mistakes.answers(question, truth)
            return Fact(random.choices(list(answers), list(answers.values()))[0], "merchant")
        return Fact(truth, "merchant")


def engine_asks(diagnosis: Diagnosis, _facts: Facts, asked: Sequence[str]) -> str | None:
    """Ask as the bot does."""
    return diagnosis.question if len(asked) < MOST_QUESTIONS else None


def questionnaire_asks(diagnosis: Diagnosis, facts: Facts, asked: Sequence[str]) -> str | None:
    """Ask the next question of the list, until the engine would ask no more."""
    if diagnosis.question is None:
        return None
    return next((key for key in QUESTIONNAIRE if key not in facts and key not in asked), None)


def _uncertainty(shares: Sequence[float]) -> float:
    """Compute the entropy of beliefs, in bits."""
    return -sum(share * log2(share) for share in shares if share)


def _figures(served: Sequence[Served]) -> Figures:
    counts = sorted(len(one.questions) for one in served)
    learnt = sum(one.uncertain_before - one.uncertain_after for one in served)
    return Figures(
        merchants=len(served),
        first=fmean(one.ranking[0] == one.cause for one in served),
        first_three=fmean(one.cause in one.ranking[:3] for one in served),
        questions_mean=fmean(counts),
        questions_median=median(counts),
        questions_p95=counts[ceil(0.95 * len(counts)) - 1],
        questions_most=counts[-1],
        bits_per_question=learnt / max(1, sum(counts)),
        wrong_answers=sum(one.wrong for one in served) / max(1, sum(counts)),
        advised=fmean(one.advised for one in served),
        advised_wrongly=sum(one.advised_wrongly for one in served),
    )


def _worst(confusion: dict[str, Counter[str]]) -> Iterator[tuple[str, str, int]]:
    pairs = [
        (true, believed, count)
        for true, row in confusion.items()
        for believed, count in row.items()
        if believed != true
    ]
    yield from sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))[:WORST]
