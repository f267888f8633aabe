from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import permutations
from math import log2, log10
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.engine import GUESSED, SURE, WORTH, Engine
from knowledge.inquiry import closed_facts
from knowledge.model import UNKNOWN, Cause, Diagnosis, Fact, FactSpec, Source, Text, TicketRule, Value
from tests.packaged import packaged_base

TEXT = Text("一", "one")
Shares = Mapping[str, float]


def cause(
    name: str, weight: float, signs: Mapping[str, Shares], needs: Mapping[str, tuple[str, ...]] | None = None
) -> Cause:
    return Cause(
        id=name,
        title=TEXT,
        weight=weight,
        needs=needs or {},
        signs=signs,
        handled_by="bot",
        advice=TEXT,
        next_step=TEXT,
        typical_time=TEXT,
        follow_up="none",
        ticket=TicketRule(queue="settlement", priority="low"),
    )


def spec(
    key: str,
    usual: Shares,
    effort: float = 1.0,
    derived_from: tuple[str, ...] = (),
    hint: Text | None = None,
) -> FactSpec:
    ask = None if derived_from else TEXT
    values = dict.fromkeys(usual, TEXT)
    return FactSpec(
        key=key,
        kind="choice",
        title=TEXT,
        ask=ask,
        hint=hint,
        values=values,
        usual=usual,
        effort=effort,
        derived_from=derived_from,
    )


SPECS = {
    "light": spec("light", {"on": 0.5, "off": 0.5}),
    "sound": spec("sound", {"loud": 0.2, "soft": 0.8}, effort=2.0),
    "smell": spec("smell", {"burnt": 0.1, "none": 0.9}, effort=1.5),
}
CAUSES = {
    "fuse": cause("fuse", 0.6, {"light": {"on": 0.1, "off": 0.9}, "smell": {"burnt": 0.5, "none": 0.5}}),
    "bulb": cause("bulb", 0.3, {"light": {"on": 0.05, "off": 0.95}}),
    "ghost": cause("ghost", 0.1, {"sound": {"loud": 0.9, "soft": 0.1}}),
}
SMALL = Engine(CAUSES, SPECS, "v1")
REAL = packaged_base()
ENGINE = Engine(REAL.causes, REAL.facts, REAL.version)


def said(values: Mapping[str, Value], source: Source = "merchant") -> dict[str, Fact]:
    return {key: Fact(value, source) for key, value in values.items()}


def true_share(name: str, fact: str, value: str) -> float:
    return CAUSES[name].signs.get(fact, SPECS[fact].usual)[value]


def share(name: str, fact: str, value: str) -> float:
    """How often the answer is heard: some do not look, and say what is usual among all."""
    guessed = GUESSED * SPECS[fact].effort
    general = sum(one.weight * true_share(each, fact, value) for each, one in CAUSES.items())
    return (1 - guessed) * true_share(name, fact, value) + guessed * general


def posterior(known: Mapping[str, str]) -> dict[str, float]:
    """Bayes' rule by hand."""
    joint = {}
    for name, one in CAUSES.items():
        joint[name] = one.weight
        for fact, value in known.items():
            joint[name] *= share(name, fact, value)
    return {name: p / sum(joint.values()) for name, p in joint.items()}


def entropy(beliefs: Mapping[str, float]) -> float:
    return -sum(p * log2(p) for p in beliefs.values() if p)


def gain(known: Mapping[str, str], fact: str) -> float:
    """Compute the expected fall of the entropy over the causes: another way to the same bits."""
    before = posterior(known)
    after = 0.0
    for value in SPECS[fact].usual:
        chance = sum(before[name] * share(name, fact, value) for name in CAUSES)
        after += chance * entropy(posterior({**known, fact: value}))
    return entropy(before) - after


ANSWERS = st.fixed_dictionaries(
    {}, optional={key: st.sampled_from(sorted(one.usual)) for key, one in SPECS.items()}
)


@given(known=ANSWERS)
def test_beliefs_follow_bayes(known: dict[str, str]) -> None:
    beliefs = dict(SMALL.diagnose(said(known)).causes)
    assert beliefs == pytest.approx(posterior(known))


@given(known=ANSWERS)
def test_the_question_tells_most_per_effort(known: dict[str, str]) -> None:
    diagnosis = SMALL.diagnose(said(known))
    worth = {fact: gain(known, fact) / SPECS[fact].effort for fact in SPECS if fact not in known}
    if diagnosis.question is None:
        assert diagnosis.causes[0][1] >= SURE or all(bits <= WORTH + 1e-9 for bits in worth.values())
        assert diagnosis.expected_bits == 0
    else:
        assert worth[diagnosis.question] == pytest.approx(max(worth.values()))
        assert diagnosis.expected_bits == pytest.approx(gain(known, diagnosis.question))


def test_effort_counts() -> None:
    assert SMALL.diagnose({}).question == "smell"
    cheap = {**SPECS, "sound": spec("sound", SPECS["sound"].usual, effort=0.5)}
    assert Engine(CAUSES, cheap, "v1").diagnose({}).question == "sound"
    dear = {**SPECS, "smell": spec("smell", SPECS["smell"].usual, effort=50)}
    assert Engine(CAUSES, dear, "v1").diagnose({}).question != "smell"


def test_a_closed_question_is_not_asked_again() -> None:
    first = SMALL.diagnose({}).question
    assert first
    second = SMALL.diagnose({}, closed=frozenset({first})).question
    assert second not in (None, first)
    assert SMALL.diagnose({}, closed=frozenset(SPECS)).question is None


def test_what_he_could_not_tell_is_asked_again_where_a_hint_helps() -> None:
    hinted = {**SPECS, "smell": spec("smell", SPECS["smell"].usual, effort=0.1, hint=TEXT)}
    engine = Engine(CAUSES, hinted, "v1")
    unsure = said({"smell": UNKNOWN})
    others = frozenset({"light", "sound"})
    assert engine.diagnose(unsure, closed=others).question == "smell"
    assert engine.diagnose(unsure, closed=others | {"smell"}).question is None
    assert SMALL.diagnose(unsure, closed=others).question is None


def test_what_was_not_asked_yet_comes_before_a_second_look() -> None:
    alike = {key: spec(key, SPECS["smell"].usual, effort=0.1, hint=TEXT) for key in ("smell", "taste")}
    signs = {key: {"burnt": 0.5, "none": 0.5} for key in alike}
    causes = {"fuse": cause("fuse", 0.5, signs), "bulb": cause("bulb", 0.5, {})}
    engine = Engine(causes, alike, "v1")
    assert engine.diagnose({}).question == "smell"
    assert engine.diagnose(said({"smell": UNKNOWN})).question == "taste"
    assert engine.diagnose(said({"smell": UNKNOWN, "taste": UNKNOWN})).question == "smell"


def test_the_why_is_the_likelihood_ratio_in_decibans() -> None:
    diagnosis = SMALL.diagnose(said({"light": "off"}, "derived"))
    weights = {reason.cause: reason.weight for reason in diagnosis.why}
    others = (0.3 * 0.95 + 0.1 * 0.5) / 0.4
    assert weights["fuse"] == pytest.approx(10 * log10(0.9 / others), abs=0.05)
    assert weights["ghost"] < 0
    assert [abs(reason.weight) for reason in diagnosis.why] == sorted(
        map(abs, weights.values()), reverse=True
    )
    assert {(reason.fact, reason.value, reason.source) for reason in diagnosis.why} == {
        ("light", "off", "derived")
    }


def test_what_a_cause_never_shows_is_told_by_mistake_only() -> None:
    signs = {"dark": {"on": 0.03, "off": 0.97}, "bright": {"on": 0.97, "off": 0.03}}
    engine = Engine({key: cause(key, 0.5, {"light": shares}) for key, shares in signs.items()}, SPECS, "v1")
    told, tapped = (
        dict(engine.diagnose(said({"light": "off"}, source)).causes) for source in ("reader", "merchant")
    )
    assert 0 < told["bright"] < tapped["bright"] / 2


def test_an_answer_weighs_less_than_what_he_says_by_himself() -> None:
    read, answered = (SMALL.diagnose(said({"sound": "loud"}, source)) for source in ("reader", "merchant"))
    before = dict(SMALL.diagnose({}).causes)["ghost"]
    assert dict(read.causes)["ghost"] > dict(answered.causes)["ghost"] > before
    ruled = (SMALL.diagnose(said({"sound": "soft"}, source)) for source in ("reader", "merchant"))
    read, answered = ruled
    assert dict(read.causes)["ghost"] < dict(answered.causes)["ghost"] < before


class TestNeeds:
    SPECS: ClassVar = {
        **SPECS,
        "due_state": spec("due_state", {"not_due": 0.5, "overdue": 0.5}, derived_from=("light",)),
    }
    ENGINE = Engine({**CAUSES, "early": cause("early", 1.0, {}, {"due_state": ("not_due",)})}, SPECS, "v1")

    def test_a_known_other_value_excludes(self) -> None:
        diagnosis = self.ENGINE.diagnose(said({"due_state": "overdue"}, "derived"))
        assert "early" not in dict(diagnosis.causes)
        assert [(out.cause, out.fact, out.value) for out in diagnosis.ruled_out] == [
            ("early", "due_state", "overdue")
        ]

    def test_the_needed_value_speaks_for_it(self) -> None:
        before, after = (
            self.ENGINE.diagnose({}),
            self.ENGINE.diagnose(said({"due_state": "not_due"}, "derived")),
        )
        assert dict(after.causes)["early"] > dict(before.causes)["early"]
        assert after.ruled_out == ()

    @pytest.mark.parametrize("value", [UNKNOWN, "unknown_calendar"])
    def test_an_unknown_value_excludes_nothing(self, value: str) -> None:
        diagnosis = self.ENGINE.diagnose(said({"due_state": value}, "derived"))
        assert diagnosis.causes == self.ENGINE.diagnose({}).causes
        assert diagnosis.ruled_out == ()


class TestRealBase:
    def test_beliefs_are_a_falling_distribution(self) -> None:
        causes = ENGINE.diagnose({}).causes
        assert len(causes) == len(REAL.causes)
        assert sum(p for _, p in causes) == pytest.approx(1)
        assert [p for _, p in causes] == sorted((p for _, p in causes), reverse=True)

    @pytest.mark.parametrize(
        ("facts", "leader"),
        [
            ({"payout_status": "held", "notice": "risk"}, "risk_hold"),
            ({"settle_card_checked": "different", "payout_status": "paid_out"}, "wrong_card_checked"),
            ({"payout_status": "to_withdraw"}, "manual_withdraw"),
            (
                {"txn_result": "failed", "cardholder_charged": "yes", "complaint": "charged_but_failed"},
                "one_sided",
            ),
        ],
    )
    def test_evidence_moves_beliefs(self, facts: dict[str, str], leader: str) -> None:
        before = dict(ENGINE.diagnose({}).causes)
        diagnosis = ENGINE.diagnose(said(facts))
        assert diagnosis.leader == leader
        assert dict(diagnosis.causes)[leader] > 2 * before[leader]
        assert diagnosis.version == REAL.version

    def test_an_overdue_sale_is_none_of_the_not_due_causes(self) -> None:
        diagnosis = ENGINE.diagnose(said({"due_state": "overdue"}, "derived"))
        early = {name for name, one in REAL.causes.items() if "not_due" in one.needs.get("due_state", ())}
        assert len(early) >= 3
        assert not early & dict(diagnosis.causes).keys()
        assert early <= {out.cause for out in diagnosis.ruled_out}

    def test_not_knowing_tells_nothing(self) -> None:
        nothing = said(dict.fromkeys(REAL.facts, UNKNOWN))
        assert ENGINE.diagnose(nothing).causes == ENGINE.diagnose({}).causes
        assert ENGINE.diagnose(nothing, closed=frozenset(nothing)).question is None

    def test_numbers_and_moments_tell_nothing_by_themselves(self) -> None:
        facts = said({"amount": 350000, "paid_at": datetime(2026, 10, 1, tzinfo=UTC)})
        assert ENGINE.diagnose(facts).causes == ENGINE.diagnose({}).causes

    def test_it_is_deterministic_whatever_the_order_of_the_facts(self) -> None:
        facts = said({"complaint": "not_arrived", "payout_status": "pending", "notice": "none"})
        asked = set()
        for order in permutations(facts):
            diagnosis = ENGINE.diagnose({key: facts[key] for key in order})
            asked.add(diagnosis.question)
            assert dict(diagnosis.causes) == pytest.approx(dict(ENGINE.diagnose(facts).causes))
        assert len(asked) == 1
        assert ENGINE.diagnose(facts) == Engine(REAL.causes, REAL.facts, REAL.version).diagnose(facts)

    def test_the_why_speaks_of_the_five_likeliest(self) -> None:
        diagnosis = ENGINE.diagnose(said({"complaint": "not_arrived", "payout_status": "held"}))
        assert {reason.cause for reason in diagnosis.why} <= {name for name, _ in diagnosis.causes[:5]}
        assert {reason.fact for reason in diagnosis.why} == {"complaint", "payout_status"}


class TestTiming:
    NARROWING = ("paid_at", "settlement_mode")

    def test_the_time_is_asked_as_a_whole(self) -> None:
        questions = [one.question for one in walk({"complaint": Fact("when", "reader")}, self.NARROWING)]
        assert "paid_at" in questions

    def test_a_closed_input_is_passed_over(self) -> None:
        for one in walk(said({"complaint": "when"}), self.NARROWING, frozenset({"paid_at"})):
            assert one.question != "paid_at"

    def test_nothing_is_asked_once_sure_and_all_that_is_needed_is_known(self) -> None:
        facts = said({"due_state": "not_due", "not_due_reason": "holiday"}, "derived") | said(
            {
                "complaint": "not_arrived",
                "payout_status": "pending",
                "settlement_mode": "t1",
                "received": "none",
                "notice": "none",
            }
        )
        diagnosis = ENGINE.diagnose(facts, narrowing=("d0_switch",))
        assert diagnosis.leader == "holiday_weekend"
        assert diagnosis.question is None


def walk(
    facts: Mapping[str, Fact], narrowing: tuple[str, ...], closed: frozenset[str] = frozenset()
) -> list[Diagnosis]:
    """Answer every question with what is usual, until none is left."""
    known = dict(facts)
    steps: list[Diagnosis] = []
    while True:
        asked = [one.question for one in steps if one.question]
        diagnosis = ENGINE.diagnose(
            known,
            closed=closed_facts(asked, closed),
            narrowing=[key for key in narrowing if key not in known],
        )
        steps.append(diagnosis)
        if diagnosis.question is None:
            return steps
        assert diagnosis.question not in known or known[diagnosis.question].value == UNKNOWN
        assert diagnosis.question not in closed_facts(asked, closed)
        usual = REAL.facts[diagnosis.question].usual
        known[diagnosis.question] = Fact(max(usual, key=lambda v: usual[v]) if usual else UNKNOWN, "merchant")


@pytest.mark.parametrize("complaint", ["not_arrived", "short", "charged_but_failed", "when", "other"])
def test_what_is_derived_or_looked_up_is_never_asked(complaint: str) -> None:
    steps = walk(said({"complaint": complaint}), ("paid_at", "settlement_mode"))
    questions = [one.question for one in steps if one.question]
    assert questions
    assert len(questions) <= 20
    for question in questions:
        assert REAL.facts[question].ask
        assert not REAL.facts[question].derived_from
    assert all(one.expected_bits > 0 for one in steps[:-1])
