"""From facts to beliefs over causes, the best next question, and the why of it all."""

from collections.abc import Iterator, Mapping, Sequence
from math import exp, inf, log, log2, log10
from operator import mul

from knowledge.model import (
    UNKNOWN,
    Cause,
    Diagnosis,
    Fact,
    Facts,
    FactSpec,
    Motive,
    Reason,
    RuledOut,
    Source,
)

#: The leader is believed from this probability on.
SURE = 0.9
#: So large a share of the answers is guessed, per unit of effort that looking would take.
GUESSED = 0.02
#: A value that a cause shows less often than this is put down to mistakes ("never" is 0.03).
REAL = 0.06
#: The share of what he told unasked, or what was looked up, that is not so all the same.
MISREAD = 0.02
#: From here on where the calendar bears it out: if it is wrong, the question at the deadline finds out.
SURE_BY_CALENDAR = 0.75
#: A question must be expected to tell so many bits per unit of the merchant's effort.
WORTH = 0.03
#: What he could not tell is asked again, with a hint where to look, if it would tell so many times as much as
#: what was not asked yet.
SECOND_LOOK = 5.0
#: How many times likelier a cause becomes by a fact that settles the case.
SETTLED = 1000.0
#: How he puts it, which is not yet what is so: "he was charged and it failed" may be a void.
COMPLAINT = "complaint"
#: The calendar's two facts, which are asked by way of what they are worked out from.
DUE_STATE = "due_state"
DUE_REASON = "not_due_reason"

#: One number a cause, in the order of the causes.
Column = tuple[float, ...]


class Engine:
    """Naive Bayes over the causes; what is certain (`needs`) excludes, what is usual (`signs`) speaks."""

    def __init__(self, causes: Mapping[str, Cause], facts: Mapping[str, FactSpec], version: str) -> None:
        self._causes = tuple(causes.values())
        self._facts = facts
        self._version = version
        total = sum(cause.weight for cause in self._causes)
        self._prior: Column = tuple(cause.weight / total for cause in self._causes)
        self._columns = {
            spec.key: {value: self._column(spec, value) for value in spec.usual}
            for spec in facts.values()
            if spec.usual and any(spec.key in c.signs or spec.key in c.needs for c in self._causes)
        }
        self._heard = {key: self._as_heard(facts[key], values) for key, values in self._columns.items()}
        told = {key: self._as_told(key, values) for key, values in self._columns.items()}
        self._shown: Mapping[Source, Mapping[str, Mapping[str, Column]]] = {
            "merchant": self._heard,
            "reader": told,
            "system": told,
            "derived": self._columns,
        }
        self._logs = {source: _logs(columns) for source, columns in self._shown.items()}
        self._entropies = {
            key: _entropy_by_cause(tuple(values.values())) for key, values in self._heard.items()
        }
        self._timing = tuple(self._timing_columns())
        self._timing_entropy = _entropy_by_cause(self._timing)
        self._answers = tuple(
            key
            for key in self._columns
            if (facts[key].ask or facts[key].derived_from) and key not in (DUE_STATE, DUE_REASON)
        )

    def diagnose(
        self, known: Facts, *, closed: frozenset[str] = frozenset(), narrowing: Sequence[str] = ()
    ) -> Diagnosis:
        """Weigh the causes and choose the next question.

        closed: facts that must not be asked (again). narrowing: facts that, once known, could still change
        when the money is due (knowledge.inquiry.Held).
        """
        beliefs = self._beliefs(known)
        order = sorted(range(len(beliefs)), key=lambda i: (-beliefs[i], self._causes[i].id))
        question, bits, motive = self._next(known, beliefs, order[0], closed, narrowing)
        return Diagnosis(
            causes=tuple((self._causes[i].id, beliefs[i]) for i in order if beliefs[i] > 0),
            why=self._why(known, order[:5]),
            ruled_out=self._ruled_out(known),
            question=question,
            expected_bits=bits,
            motive=motive,
            version=self._version,
        )

    def _column(self, spec: FactSpec, value: str) -> Column:
        """How often each cause shows the value; nothing outside what the cause needs."""
        column = []
        for cause in self._causes:
            shown = cause.signs.get(spec.key, spec.usual)
            allowed = cause.needs.get(spec.key)
            if allowed is None:
                column.append(shown[value])
            else:
                column.append(shown[value] / sum(shown[v] for v in allowed) if value in allowed else 0.0)
        return tuple(column)

    def _as_heard(self, spec: FactSpec, columns: dict[str, Column]) -> dict[str, Column]:
        """How often each cause's merchants answer the value: some do not look and say what is usual."""
        if not spec.ask:
            return columns
        guessed = min(GUESSED * spec.effort, 1.0)
        heard = {}
        for value, column in columns.items():
            in_general = sum(map(mul, self._prior, column))
            heard[value] = tuple((1 - guessed) * share + guessed * in_general for share in column)
        return heard

    def _as_told(self, key: str, columns: dict[str, Column]) -> dict[str, Column]:
        """How often each cause's merchants tell the value unasked, where nobody guesses or taps beside it."""
        if key == COMPLAINT:
            return columns
        kept = {v: tuple(p if p >= REAL else 0.0 for p in column) for v, column in columns.items()}
        totals = [sum(shares) or 1.0 for shares in zip(*kept.values(), strict=True)]
        told = {}
        for value, column in kept.items():
            shares = tuple(p / total for p, total in zip(column, totals, strict=True))
            in_general = sum(map(mul, self._prior, shares))
            told[value] = tuple(
                (1 - MISREAD) * p + MISREAD * in_general if possible else 0.0
                for p, possible in zip(shares, columns[value], strict=True)
            )
        return told

    def _timing_columns(self) -> list[Column]:
        """Overdue, or one of the reasons why not due yet: what knowing the due date would tell."""
        states, reasons = self._columns.get(DUE_STATE), self._columns.get(DUE_REASON)
        if not states or not reasons:
            return []
        early = [a + b for a, b in zip(states["not_due"], states["due_today"], strict=True)]
        late = tuple(1 - share for share in early)
        return [late, *(tuple(map(mul, early, column)) for column in reasons.values())]

    def _beliefs(self, known: Facts) -> list[float]:
        scores = [log(p) for p in self._prior]
        for key, fact in known.items():
            column = self._log_of(key, fact)
            if column:
                scores = [score + weight for score, weight in zip(scores, column, strict=True)]
        for index, cause in enumerate(self._causes):
            if any(key in known and known[key].value in cause.settled_by[key] for key in cause.settled_by):
                scores[index] += log(SETTLED)
        best = max(scores)
        shares = [exp(score - best) for score in scores]
        total = sum(shares)
        return [share / total for share in shares]

    def _log_of(self, key: str, fact: Fact) -> Column | None:
        values = self._logs[fact.source].get(key)
        return values.get(fact.value) if values and isinstance(fact.value, str) else None

    def _next(
        self,
        known: Facts,
        beliefs: list[float],
        leader: int,
        closed: frozenset[str],
        narrowing: Sequence[str],
    ) -> tuple[str | None, float, Motive]:
        """Choose the question that tells most per effort; None when sure, or when none is worth it."""
        needs = self._causes[leader].needs
        missing = [fact for fact in narrowing if fact not in closed]
        borne_out = all(fact in known for fact in needs)
        if borne_out and beliefs[leader] >= (SURE_BY_CALENDAR if needs else SURE):
            return None, 0.0, "borne_out" if needs else "sure"
        if beliefs[leader] >= SURE and missing:
            return missing[0], self._timing_bits(beliefs), "date"
        best, best_bits, best_score = None, 0.0, WORTH
        for asked, columns, entropies in self._offers(known, closed, missing):
            bits = _bits(beliefs, columns, entropies)
            effort = sum(self._effort(fact, known) for fact in asked)
            if bits / effort > best_score:
                best, best_bits, best_score = asked[0], bits, bits / effort
        if best is None:
            return None, 0.0, "nothing_worth"
        return best, best_bits, "needs" if beliefs[leader] >= SURE else "unsure"

    def _offers(
        self, known: Facts, closed: frozenset[str], missing: Sequence[str]
    ) -> Iterator[tuple[Sequence[str], Sequence[Column], Column]]:
        """Go through what could be found out: the facts to ask for it, its columns, their entropies."""
        for key in self._answers:
            asked = self._to_ask(key, known, closed)
            if asked:
                yield asked, tuple(self._heard[key].values()), self._entropies[key]
        if missing and DUE_REASON not in known:
            yield missing, self._timing, self._timing_entropy

    def _to_ask(self, key: str, known: Facts, closed: frozenset[str]) -> Sequence[str]:
        """Name what must be asked to learn a fact: itself, or what it follows from; empty = it cannot be."""
        missing = [fact for fact in self._facts[key].derived_from or (key,) if not _is_told(fact, known)]
        may_all = all(fact not in closed and may_ask(self._facts[fact], known) for fact in missing)
        return missing if may_all else ()

    def _effort(self, fact: str, known: Facts) -> float:
        return self._facts[fact].effort * (SECOND_LOOK if fact in known else 1.0)

    def _timing_bits(self, beliefs: list[float]) -> float:
        return _bits(beliefs, self._timing, self._timing_entropy)

    def _why(self, known: Facts, leaders: Sequence[int]) -> tuple[Reason, ...]:
        reasons = []
        for key, fact in known.items():
            values = self._shown[fact.source].get(key)
            column = values.get(fact.value) if values and isinstance(fact.value, str) else None
            if not column:
                continue
            total = sum(map(mul, self._prior, column))
            for i in leaders:
                others = (total - self._prior[i] * column[i]) / (1 - self._prior[i])
                if column[i] > 0 and others > 0:
                    weight = round(10 * log10(column[i] / others), 1)
                    reasons.append(Reason(self._causes[i].id, key, fact.value, fact.source, weight))
        return tuple(sorted(reasons, key=lambda r: (-abs(r.weight), r.cause, r.fact)))

    def _ruled_out(self, known: Facts) -> tuple[RuledOut, ...]:
        out = []
        for cause in self._causes:
            for fact in cause.needs:
                held = known.get(fact)
                column = held and self._log_of(fact, held)
                if held and column and column[self._causes.index(cause)] == -inf:
                    out.append(RuledOut(cause.id, fact, held.value))
                    break
        return tuple(out)


def may_ask(spec: FactSpec, known: Facts) -> bool:
    """Say whether to ask for a fact: it is new, or he could not tell and there is a hint where to look."""
    return spec.key not in known or (known[spec.key].value == UNKNOWN and spec.hint is not None)


def _is_told(fact: str, known: Facts) -> bool:
    return fact in known and known[fact].value != UNKNOWN


def _logs(columns: Mapping[str, Mapping[str, Column]]) -> dict[str, dict[str, Column]]:
    return {
        key: {value: tuple(log(p) if p else -inf for p in column) for value, column in values.items()}
        for key, values in columns.items()
    }


def _entropy_by_cause(columns: Sequence[Column]) -> Column:
    """Bits that a fact's value still holds once the cause is known, for each cause."""
    return tuple(-sum(p * log2(p) for p in shares if p) for shares in zip(*columns, strict=True))


def _bits(beliefs: list[float], columns: Sequence[Column], entropies: Column) -> float:
    """Compute what a fact is expected to tell about the cause, in bits: H(value) - H(value | cause)."""
    bits: float = -sum(map(mul, beliefs, entropies))
    for column in columns:
        share: float = sum(map(mul, beliefs, column))
        if share > 0:
            bits -= share * log2(share)
    return bits
