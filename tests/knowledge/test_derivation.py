from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.acquirers import load_acquirers
from knowledge.calendar import SHANGHAI, load_calendar
from knowledge.derivation import work_out
from knowledge.loader import PACKAGED
from knowledge.model import Fact, Interval, Value
from knowledge.settlement import MODES

ACQUIRERS = load_acquirers(PACKAGED)
CALENDAR = load_calendar(PACKAGED)
D0_INPUTS = ("pay_method", "amount", "onboarded_days", "d0_switch")
GOOD: dict[str, Value] = {
    "pay_method": "credit_card",
    "amount": 3500_00,
    "onboarded_days": 400,
    "d0_switch": "on",
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def between(start: str, end: str) -> Interval:
    return Interval(at(start), at(end))


class Case:
    """What follows from some facts at a moment; `final` are those that he cannot tell."""

    def __init__(self, now: str, facts: dict[str, Value], final: tuple[str, ...] = ()) -> None:
        known = {key: Fact(value, "merchant") for key, value in facts.items()}
        timing = work_out(known, ACQUIRERS, CALENDAR, at(now), final=frozenset(final))
        assert {fact.source for fact in timing.facts.values()} <= {"derived"}
        self.derived = {key: fact.value for key, fact in timing.facts.items()}
        self.narrowing, self.deadline = timing.narrowing, timing.deadline
        assert ("due_at" in self.derived) == (self.deadline is not None)


def test_the_dated_example_of_the_national_day() -> None:
    case = Case("2026-10-04 12:00", {"paid_at": at("2026-09-30 12:00"), "settlement_mode": "t1"})
    assert case.derived == {
        "due_at": at("2026-10-08 14:00"),
        "due_state": "not_due",
        "not_due_reason": "holiday",
        "base_due_at": at("2026-10-08 14:00"),
        "base_due_state": "not_due",
    }
    assert case.narrowing == ()
    assert case.deadline == at("2026-10-09 00:00")


def test_the_dated_example_of_the_spring_festival() -> None:
    case = Case("2026-02-14 09:00", {"paid_at": at("2026-02-13 23:30"), "settlement_mode": "t1"})
    assert case.derived["due_at"] == at("2026-02-24 14:00")
    assert case.derived["not_due_reason"] == "cutoff"


@pytest.mark.parametrize(
    ("now", "state"),
    [
        ("2026-11-23 23:59", "not_due"),
        ("2026-11-24 00:00", "due_today"),
        ("2026-11-24 14:01", "due_today"),
        ("2026-11-24 16:00", "due_today"),
        ("2026-11-24 16:01", "overdue"),
    ],
)
def test_the_state_turns_at_midnight_and_after_the_grace(now: str, state: str) -> None:
    case = Case(now, {"paid_at": at("2026-11-23 12:00"), "settlement_mode": "t1"})
    assert case.derived["due_state"] == case.derived["base_due_state"] == state
    assert ("not_due_reason" in case.derived) == (state != "overdue")


def test_the_brand_decides_the_profile() -> None:
    facts: dict[str, Value] = {**GOOD, "paid_at": at("2026-11-23 03:00"), "settlement_mode": "d0"}
    assert Case("2026-11-23 04:00", facts).derived["d0_blocker"] == "window"
    assert Case("2026-11-23 04:00", facts | {"brand": "拉卡拉"}).derived["d0_blocker"] == "none"
    assert Case("2026-11-23 04:00", facts | {"brand": "没听过的"}).derived["d0_blocker"] == "window"


class TestPaidAtMissing:
    def test_the_time_is_asked_and_the_mode_with_it(self) -> None:
        case = Case("2026-11-23 12:00", {})
        assert case.derived == {}
        assert case.narrowing == ("paid_at", "settlement_mode")

    @pytest.mark.parametrize("mode", ["t1", "unknown"])
    def test_the_mode_is_not_asked_twice(self, mode: str) -> None:
        assert Case("2026-11-23 12:00", {"settlement_mode": mode}).narrowing == ("paid_at",)

    def test_without_a_chance_to_learn_the_time_nothing_else_is_asked(self) -> None:
        assert Case("2026-11-23 12:00", {"paid_at": "unknown"}).narrowing == ()
        assert Case("2026-11-23 12:00", {}, final=("paid_at",)).narrowing == ()


def test_a_sale_in_the_future_tells_nothing() -> None:
    facts: dict[str, Value] = {"paid_at": at("2026-11-23 12:10"), "settlement_mode": "t1"}
    assert Case("2026-11-23 12:00", facts).derived == {}
    assert Case("2026-11-23 12:07", facts).derived["due_at"] == at("2026-11-24 14:00")
    tomorrow: dict[str, Value] = {
        "paid_at": between("2026-11-24 00:00", "2026-11-25 00:00"),
        "settlement_mode": "t1",
    }
    assert Case("2026-11-23 12:00", tomorrow).derived == {}


class TestModeUnknown:
    def test_it_is_asked_while_the_modes_disagree(self) -> None:
        case = Case("2026-10-04 12:00", {"paid_at": at("2026-09-30 12:00")})
        assert case.derived == {}
        assert case.narrowing == ("settlement_mode",)

    @pytest.mark.parametrize("final", [(), ("settlement_mode",)])
    def test_the_latest_holds_when_he_cannot_tell(self, final: tuple[str, ...]) -> None:
        facts: dict[str, Value] = {"paid_at": at("2026-09-30 12:00")}
        if not final:
            facts["settlement_mode"] = "unknown"
        case = Case("2026-10-04 12:00", facts, final)
        assert case.derived["due_at"] == at("2026-10-08 14:00")
        assert case.derived["not_due_reason"] == "holiday"
        assert case.narrowing == ()
        assert "d0_blocker" not in case.derived

    def test_of_modes_that_give_the_same_day_the_one_that_he_counts_on_gives_the_reason(self) -> None:
        facts: dict[str, Value] = {
            "paid_at": at("2026-11-23 10:00"),
            "settlement_mode": "unknown",
            "pay_method": "debit_card",
        }
        for expected, reason in (("yes", "card_type"), ("no", "cycle")):
            case = Case("2026-11-23 15:00", {**facts, "instant_expected": expected}, tuple(D0_INPUTS))
            assert case.derived["due_at"] == at("2026-11-24 14:00")
            assert case.derived["not_due_reason"] == reason
        # On a Sunday T0 would not be instant whatever the card.
        facts["paid_at"] = at("2026-11-22 10:00")
        sunday = Case("2026-11-22 15:00", {**facts, "instant_expected": "yes"}, tuple(D0_INPUTS))
        assert sunday.derived["not_due_reason"] == "card_type"

    def test_it_is_not_asked_when_every_mode_is_overdue(self) -> None:
        case = Case("2026-10-09 00:01", {"paid_at": at("2026-09-30 12:00")})
        assert case.derived["due_state"] == "overdue"
        assert case.derived["due_at"] == at("2026-10-08 14:00")
        assert case.narrowing == ()

    def test_a_state_on_which_all_agree_holds_while_the_day_is_asked(self) -> None:
        # Outside the D0 hours on a Friday: D1 on Sunday, all others on Monday; none of them today.
        case = Case("2026-11-20 23:45", {"paid_at": at("2026-11-20 23:30")})
        assert case.derived == {"due_state": "not_due"}
        assert case.narrowing == ("settlement_mode",)

    def test_it_is_not_asked_when_all_modes_settle_alike(self) -> None:
        case = Case("2026-11-23 09:00", {"paid_at": at("2026-11-23 06:00")})
        assert case.derived["due_at"] == at("2026-11-24 14:00")
        assert case.narrowing == ()

    def test_the_instant_modes_count_only_where_they_are_possible(self) -> None:
        facts: dict[str, Value] = {"paid_at": at("2026-11-23 12:00")}
        assert Case("2026-11-23 15:00", facts).narrowing == ("settlement_mode",)
        assert Case("2026-11-23 15:00", facts | {"pay_method": "debit_card"}).narrowing == ()
        assert Case("2026-11-23 15:00", facts | {"d0_switch": "off"}).narrowing == ()


class TestInstantPayout:
    PAID: dict[str, Value] = {"paid_at": at("2026-11-23 10:00"), "settlement_mode": "d0"}  # noqa: RUF012

    def test_what_could_block_it_is_asked_in_order(self) -> None:
        case = Case("2026-11-23 15:00", self.PAID)
        assert case.narrowing == D0_INPUTS
        assert case.derived == {
            "d0_blocker": "unknown",
            "base_due_at": at("2026-11-24 14:00"),
            "base_due_state": "not_due",
        }

    @pytest.mark.parametrize("missing", D0_INPUTS)
    def test_only_what_is_missing_is_asked(self, missing: str) -> None:
        known = {key: value for key, value in GOOD.items() if key != missing}
        assert Case("2026-11-23 15:00", self.PAID | known).narrowing == (missing,)

    def test_overdue_after_two_hours_when_nothing_blocks(self) -> None:
        assert Case("2026-11-23 12:00", self.PAID | GOOD).derived["due_state"] == "due_today"
        late = Case("2026-11-23 12:01", self.PAID | GOOD)
        assert late.derived["due_state"] == "overdue"
        assert late.derived["base_due_state"] == "not_due"
        assert late.derived["d0_blocker"] == "none"
        assert late.deadline == at("2026-11-23 12:00")

    def test_a_known_blocker_settles_it_without_more_questions(self) -> None:
        case = Case("2026-11-23 15:00", self.PAID | {"pay_method": "debit_card"})
        assert case.narrowing == ()
        assert case.derived["d0_blocker"] == case.derived["not_due_reason"] == "card_type"
        assert case.derived["due_at"] == case.derived["base_due_at"] == at("2026-11-24 14:00")

    def test_an_input_that_he_cannot_tell_leaves_the_base_cycle_and_the_others_are_still_asked(self) -> None:
        unsure = self.PAID | {"onboarded_days": "unknown"}
        case = Case("2026-11-23 15:00", unsure)
        assert case.narrowing == ("pay_method", "amount", "d0_switch")
        assert case.derived["due_state"] == "not_due"
        assert "due_at" not in case.derived
        off = Case("2026-11-23 15:00", unsure | {"d0_switch": "off"})
        assert off.narrowing == ()
        assert off.derived["not_due_reason"] == "switch"
        case = Case("2026-11-23 15:00", GOOD | unsure)
        assert case.narrowing == ()
        assert case.derived["d0_blocker"] == "unknown"
        assert case.derived["due_at"] == at("2026-11-24 14:00")
        assert case.derived["not_due_reason"] == "cycle"

    def test_nothing_is_asked_once_the_base_cycle_is_overdue_too(self) -> None:
        case = Case("2026-11-24 16:01", self.PAID)
        assert case.narrowing == ()
        assert case.derived["due_state"] == "overdue"

    def test_t1_and_d1_never_ask_for_them(self) -> None:
        for mode in ("t1", "d1"):
            facts: dict[str, Value] = {"settlement_mode": mode}
            case = Case("2026-11-23 15:00", self.PAID | facts)
            assert case.narrowing == ()
            assert "d0_blocker" not in case.derived

    def test_inputs_of_the_wrong_kind_are_as_good_as_unknown(self) -> None:
        case = Case("2026-11-23 15:00", self.PAID | GOOD | {"amount": "a lot"})
        assert case.derived["d0_blocker"] == "unknown"


class TestStretchOfTime:
    EVENING = between("2026-11-22 18:00", "2026-11-23 00:00")

    def test_it_is_enough_when_every_minute_is_due_on_the_same_day(self) -> None:
        facts: dict[str, Value] = {
            "paid_at": between("2026-11-21 00:00", "2026-11-22 23:00"),
            "settlement_mode": "t1",
        }
        case = Case("2026-11-22 23:30", facts)
        assert case.derived["due_at"] == at("2026-11-23 14:00")
        assert case.narrowing == ()

    def test_the_end_is_not_part_of_it(self) -> None:
        until_cutoff: dict[str, Value] = {
            "paid_at": between("2026-11-23 18:00", "2026-11-23 23:00"),
            "settlement_mode": "t1",
        }
        assert Case("2026-11-23 23:30", until_cutoff).derived["due_at"] == at("2026-11-24 14:00")

    def test_the_minute_is_asked_when_the_cut_off_lies_within(self) -> None:
        case = Case("2026-11-23 15:00", {"paid_at": self.EVENING, "settlement_mode": "t1"})
        assert case.narrowing == ("paid_at",)
        assert case.derived == {"due_state": "not_due"}  # today or tomorrow, but not late by any of them

    def test_a_morning_is_within_the_instant_hours_though_it_begins_before_them(self) -> None:
        morning = between("2026-11-23 06:00", "2026-11-23 12:00")
        facts: dict[str, Value] = {**GOOD, "paid_at": morning, "settlement_mode": "d0"}
        case = Case("2026-11-23 15:00", facts | {"pay_method": "debit_card"})
        assert case.derived["due_at"] == at("2026-11-24 14:00")
        assert case.derived["not_due_reason"] == "card_type"
        early = between("2026-11-23 00:00", "2026-11-23 08:00")
        case = Case("2026-11-23 15:00", facts | {"pay_method": "debit_card", "paid_at": early})
        assert case.derived["not_due_reason"] == "window"

    def test_of_an_overdue_day_most_minutes_decide(self) -> None:
        facts: dict[str, Value] = {
            "paid_at": between("2026-11-23 00:00", "2026-11-24 00:00"),
            "settlement_mode": "t1",
        }
        for final in ((), ("paid_at",)):
            case = Case("2026-11-27 12:00", facts, final)
            assert case.derived["due_at"] == at("2026-11-24 14:00")
            assert case.narrowing == ()

    def test_instant_payout_on_the_day_of_the_base_cycle_is_told_from_it(self) -> None:
        facts: dict[str, Value] = {"paid_at": at("2026-11-23 22:50"), "settlement_mode": "d0"}
        assert Case("2026-11-23 23:00", facts).narrowing == D0_INPUTS
        assert Case("2026-11-23 23:00", facts | GOOD).derived["due_at"] == at("2026-11-24 00:50")

    def test_a_cut_off_inside_is_found_even_when_both_ends_agree(self) -> None:
        # Both ends are due on Monday; what a D0 merchant sold between them came at once.
        facts: dict[str, Value] = {
            "paid_at": between("2026-11-20 06:00", "2026-11-20 23:45"),
            "settlement_mode": "d0",
        }
        case = Case("2026-11-21 06:00", facts | GOOD)
        assert case.narrowing == ("paid_at",)
        assert "due_at" not in case.derived

    def test_the_latest_minute_holds_when_he_cannot_tell(self) -> None:
        facts: dict[str, Value] = {"paid_at": self.EVENING, "settlement_mode": "t1"}
        case = Case("2026-11-23 15:00", facts, final=("paid_at",))
        assert case.derived["due_at"] == at("2026-11-24 14:00")
        assert case.derived["not_due_reason"] == "cutoff"
        assert case.narrowing == ()

    def test_both_the_minute_and_the_mode_may_matter(self) -> None:
        assert Case("2026-11-23 15:00", {"paid_at": self.EVENING}).narrowing == ("paid_at", "settlement_mode")

    def test_only_the_mode_matters_once_the_minute_is_beyond_him(self) -> None:
        case = Case(
            "2026-11-21 15:00", {"paid_at": between("2026-11-20 18:00", "2026-11-21 00:00")}, ("paid_at",)
        )
        assert case.narrowing == ("settlement_mode",)

    def test_he_can_tell_neither(self) -> None:
        case = Case("2026-11-23 15:00", {"paid_at": self.EVENING}, ("paid_at", "settlement_mode"))
        assert case.derived["due_at"] == at("2026-11-24 14:00")
        assert case.narrowing == ()

    def test_the_minute_does_not_matter_when_only_the_mode_that_he_cannot_tell_depends_on_it(self) -> None:
        facts: dict[str, Value] = {
            "paid_at": between("2026-11-23 09:00", "2026-11-23 12:00"),
            "settlement_mode": "unknown",
        }
        case = Case("2026-11-23 13:00", facts)
        assert case.derived["due_at"] == at("2026-11-24 14:00")
        assert case.narrowing == ()

    def test_the_rest_of_today_has_not_been(self) -> None:
        today: dict[str, Value] = {
            "paid_at": between("2026-11-23 00:00", "2026-11-24 00:00"),
            "settlement_mode": "t1",
        }
        assert Case("2026-11-23 15:00", today).derived["due_at"] == at("2026-11-24 14:00")
        assert Case("2026-11-23 23:30", today).narrowing == ("paid_at",)

    def test_several_overdue_days_need_no_minute(self) -> None:
        case = Case("2026-11-27 12:00", {"paid_at": between("2026-11-16 00:00", "2026-11-23 00:00")})
        assert case.derived["due_state"] == "overdue"
        assert case.narrowing == ()

    def test_an_empty_stretch_is_its_start(self) -> None:
        facts: dict[str, Value] = {
            "paid_at": between("2026-11-23 12:00", "2026-11-23 12:00"),
            "settlement_mode": "t1",
        }
        assert Case("2026-11-23 15:00", facts).derived["due_at"] == at("2026-11-24 14:00")


class TestOutsideTheCalendar:
    def test_it_says_so_and_guesses_nothing(self) -> None:
        case = Case("2026-12-31 15:00", {"paid_at": at("2026-12-31 12:00"), "settlement_mode": "t1"})
        assert case.derived == {"due_state": "unknown_calendar", "base_due_state": "unknown_calendar"}
        assert case.narrowing == ()

    def test_d1_is_still_told(self) -> None:
        case = Case("2026-12-31 15:00", {"paid_at": at("2026-12-31 12:00"), "settlement_mode": "d1"})
        assert case.derived["due_at"] == at("2027-01-01 14:00")

    def test_instant_payout_is_still_told(self) -> None:
        facts: dict[str, Value] = {"paid_at": at("2026-12-31 12:00"), "settlement_mode": "d0"}
        assert Case("2026-12-31 13:00", facts).narrowing == D0_INPUTS
        told = Case("2026-12-31 13:00", facts | GOOD).derived
        assert (told["due_at"], told["base_due_state"]) == (at("2026-12-31 14:00"), "unknown_calendar")
        assert "base_due_at" not in told

    def test_t0_is_told_on_the_last_day_and_not_after_it(self) -> None:
        facts: dict[str, Value] = {"paid_at": at("2026-12-31 12:00"), "settlement_mode": "t0"}
        assert Case("2026-12-31 13:00", facts).narrowing == D0_INPUTS
        assert Case("2026-12-31 13:00", {**facts, **GOOD}).derived["due_at"] == at("2026-12-31 14:00")
        beyond: dict[str, Value] = {"paid_at": at("2027-01-04 12:00"), "settlement_mode": "t0"}
        assert Case("2027-01-04 13:00", {**beyond, **GOOD}).derived == {
            "due_state": "unknown_calendar",
            "base_due_state": "unknown_calendar",
        }

    def test_the_mode_is_asked_and_counts_as_latest_when_unknown(self) -> None:
        facts: dict[str, Value] = {"paid_at": at("2026-12-31 12:00")}
        assert Case("2026-12-31 15:00", facts).narrowing == ("settlement_mode",)
        unsure = Case("2026-12-31 15:00", facts | {"settlement_mode": "unknown"})
        assert unsure.derived["due_state"] == "unknown_calendar"


@given(
    paid_at=st.datetimes(datetime(2026, 1, 5), datetime(2026, 12, 20), timezones=st.just(SHANGHAI)),  # noqa: DTZ001
    length=st.integers(1, 2000),
    waited=st.integers(1, 12000),
    mode=st.sampled_from([None, *MODES]),
    inputs=st.sets(st.sampled_from(D0_INPUTS)),
)
def test_what_is_told_of_a_stretch_of_time_holds_for_each_of_its_minutes(
    paid_at: datetime, length: int, waited: int, mode: str | None, inputs: set[str]
) -> None:
    now = (paid_at + timedelta(minutes=length + waited)).isoformat()[:16]
    stretch = Interval(paid_at, paid_at + timedelta(minutes=length))
    facts: dict[str, Value] = {key: GOOD[key] for key in inputs} | {"paid_at": stretch}
    if mode:
        facts["settlement_mode"] = mode
    rough = Case(now, facts)
    for offset in (0, length // 2, length - 1):
        exact = {"settlement_mode": "t1"} | facts | GOOD | {"paid_at": paid_at + timedelta(minutes=offset)}
        told = Case(now, exact)
        assert told.narrowing == ()
        assert "due_at" in told.derived
        if not rough.narrowing:
            assert rough.derived["due_state"] == told.derived["due_state"]
