from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.acquirers import Profile, load_acquirers
from knowledge.calendar import SHANGHAI, UnknownCalendarError, load_calendar
from knowledge.loader import PACKAGED
from knowledge.settlement import MODES, D0Inputs, due

ACQUIRERS = load_acquirers(PACKAGED)
CALENDAR = load_calendar(PACKAGED)
ROLLING = ACQUIRERS.profile(None)
#: The cut-off ends instant payout only; T+1 goes by the natural date.
NATURAL = replace(ROLLING, cutoff_rolls=False)
#: Nothing keeps such a sale from instant payout, but its hour.
GOOD = D0Inputs(pay_method="credit_card", amount=3500_00, onboarded_days=400, d0_switch="on")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def due_day(paid_at: str, mode: str, profile: Profile = ROLLING) -> str:
    found = due(at(paid_at), mode, profile, CALENDAR)
    assert found.due_at == datetime.combine(found.due_at.date(), profile.pay_by, SHANGHAI)
    return found.due_at.date().isoformat()


@pytest.mark.parametrize(
    ("paid_at", "t1", "d1"),
    [
        ("2026-02-13 15:00", "2026-02-14", "2026-02-14"),  # a make-up Saturday settles
        ("2026-02-13 23:30", "2026-02-24", "2026-02-15"),  # half an hour late, ten days later
        ("2026-02-14 10:00", "2026-02-24", "2026-02-15"),  # the longest wait of the year
        ("2026-04-30 20:00", "2026-05-06", "2026-05-01"),
        ("2026-05-08 12:00", "2026-05-09", "2026-05-09"),
        ("2026-05-09 12:00", "2026-05-11", "2026-05-10"),
        ("2026-09-18 12:00", "2026-09-20", "2026-09-19"),  # a make-up Sunday settles
        ("2026-09-19 23:30", "2026-09-21", "2026-09-21"),
        ("2026-09-24 12:00", "2026-09-28", "2026-09-25"),
        ("2026-09-30 12:00", "2026-10-08", "2026-10-01"),
        ("2026-01-02 12:00", "2026-01-04", "2026-01-03"),
    ],
)
def test_the_worked_examples_of_2026(paid_at: str, t1: str, d1: str) -> None:
    assert due_day(paid_at, "t1") == t1
    assert due_day(paid_at, "d1") == d1


@pytest.mark.parametrize(
    ("paid_at", "t1", "d1"),
    [
        ("2026-02-13 23:30", "2026-02-14", "2026-02-14"),
        ("2026-09-19 23:30", "2026-09-20", "2026-09-20"),
        ("2026-09-30 23:59", "2026-10-08", "2026-10-01"),
    ],
)
def test_a_cut_off_that_does_not_roll_the_batch(paid_at: str, t1: str, d1: str) -> None:
    assert due_day(paid_at, "t1", NATURAL) == t1
    assert due_day(paid_at, "d1", NATURAL) == d1


@pytest.mark.parametrize(
    ("sales", "arrival"),
    [
        # Notices of ChinaUMS, UnionPay and a bank to their merchants: what really was paid out when.
        (["2018-04-03"], "2018-04-04"),
        (["2018-04-04", "2018-04-05", "2018-04-06", "2018-04-07"], "2018-04-08"),
        (["2018-04-08"], "2018-04-09"),
        (["2018-02-09", "2018-02-10"], "2018-02-11"),
        ([f"2018-02-{day}" for day in range(14, 22)], "2018-02-22"),
        (["2018-02-23"], "2018-02-24"),
        (["2017-12-29"], "2017-12-30"),
        (["2017-12-30"], "2017-12-31"),
        (["2017-12-31", "2018-01-01"], "2018-01-02"),
        (["2018-04-27"], "2018-04-28"),
        (["2018-04-28", "2018-04-29", "2018-04-30", "2018-05-01"], "2018-05-02"),
        (["2020-04-03", "2020-04-04", "2020-04-05", "2020-04-06"], "2020-04-07"),
    ],
)
def test_real_notices_by_natural_date(sales: list[str], arrival: str) -> None:
    for sale in sales:
        assert due_day(f"{sale} 12:00", "t1", NATURAL) == arrival
        assert due_day(f"{sale} 23:59", "t1", NATURAL) == arrival


@pytest.mark.parametrize(
    ("paid_at", "arrival"),
    [
        ("2020-04-02 23:00", "2020-04-07"),
        ("2020-04-06 22:59", "2020-04-07"),
        ("2020-04-06 23:00", "2020-04-08"),
    ],
)
def test_a_real_notice_with_a_cut_off_at_23(paid_at: str, arrival: str) -> None:
    assert due_day(paid_at, "t1", ACQUIRERS.profile("yisheng")) == arrival


def test_the_zone_of_the_moment_does_not_matter() -> None:
    tokyo_after_midnight = datetime.fromisoformat("2026-10-01T00:30:00+09:00")
    utc = datetime.fromisoformat("2026-09-30T15:30:00+00:00")
    expected = due(at("2026-09-30 23:30"), "t1", ROLLING, CALENDAR)
    assert due(tokyo_after_midnight, "t1", ROLLING, CALENDAR) == expected
    assert due(utc, "t1", ROLLING, CALENDAR) == expected
    assert expected.due_at.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(
    ("paid_at", "mode", "reason"),
    [
        ("2026-11-23 12:00", "t1", "cycle"),
        ("2026-11-20 12:00", "t1", "holiday"),
        ("2026-11-21 12:00", "t1", "holiday"),  # Saturday: Sunday lies between
        ("2026-11-22 12:00", "t1", "cycle"),  # Sunday: due the very next day
        ("2026-11-23 22:59", "t1", "cycle"),
        ("2026-11-23 23:00", "t1", "cutoff"),
        ("2026-11-20 23:30", "t1", "holiday"),  # by 22:59 it would have been due on Monday as well
        ("2026-11-19 23:30", "t1", "cutoff"),  # Thursday: on Monday instead of Friday
        ("2026-02-13 23:30", "t1", "cutoff"),
        ("2026-11-20 12:00", "d1", "cycle"),
        ("2026-11-20 23:30", "d1", "cutoff"),
        ("2026-09-30 12:00", "t1", "holiday"),
    ],
)
def test_why_it_is_not_due_earlier(paid_at: str, mode: str, reason: str) -> None:
    assert due(at(paid_at), mode, ROLLING, CALENDAR).reason == reason


@pytest.mark.parametrize(
    ("paid_at", "deadline"),
    [
        ("2026-11-23 12:00", "2026-11-24 16:00"),
        ("2026-11-20 12:00", "2026-11-23 16:00"),  # two rest days
        ("2026-09-24 12:00", "2026-09-29 00:00"),  # three
        ("2026-09-30 12:00", "2026-10-09 00:00"),  # seven
        ("2026-10-08 12:00", "2026-10-09 16:00"),  # the day after the first
    ],
)
def test_after_three_rest_days_payouts_may_take_until_midnight(paid_at: str, deadline: str) -> None:
    assert due(at(paid_at), "t1", ROLLING, CALENDAR).deadline == at(deadline)


def test_d1_pays_on_rest_days_with_the_usual_grace() -> None:
    found = due(at("2026-10-04 12:00"), "d1", ROLLING, CALENDAR)
    assert (found.due_at, found.deadline) == (at("2026-10-05 14:00"), at("2026-10-05 16:00"))


def test_the_last_day_of_the_data() -> None:
    with pytest.raises(UnknownCalendarError):
        due(at("2026-12-31 12:00"), "t1", ROLLING, CALENDAR)
    assert due_day("2026-12-31 12:00", "d1") == "2027-01-01"
    with pytest.raises(UnknownCalendarError):
        due(at("2026-12-31 23:30"), "t0", ROLLING, CALENDAR, GOOD)
    found = due(at("2026-12-31 12:00"), "d0", ROLLING, CALENDAR, GOOD)
    assert (found.due_at, found.base_due_at) == (at("2026-12-31 14:00"), None)


def test_an_instant_sale_is_due_in_two_hours_without_grace() -> None:
    found = due(at("2026-11-21 12:00"), "d0", ROLLING, CALENDAR, GOOD)
    assert found.due_at == found.deadline == at("2026-11-21 14:00")
    assert found.base_due_at == at("2026-11-23 14:00")
    assert found.base_deadline == at("2026-11-23 16:00")
    assert (found.d0_blocker, found.reason) == ("none", "cycle")


def blocker(inputs: D0Inputs = GOOD, paid_at: str = "2026-11-23 12:00", profile: Profile = ROLLING) -> str:
    found = due(at(paid_at), "d0", profile, CALENDAR, inputs)
    if found.d0_blocker == "none":
        assert found.due_at == at(paid_at) + timedelta(hours=2)
    else:
        assert found.due_at == found.base_due_at == due(at(paid_at), "t1", profile, CALENDAR).due_at
    if found.d0_blocker not in ("none", "unknown"):
        assert found.reason == found.d0_blocker
    return found.d0_blocker


@pytest.mark.parametrize(
    ("hour", "expected"),
    [("06:59", "window"), ("07:00", "none"), ("22:59", "none"), ("23:00", "window")],
)
def test_the_d0_hours_have_their_first_minute_and_not_their_last(hour: str, expected: str) -> None:
    assert blocker(paid_at=f"2026-11-23 {hour}") == expected


@pytest.mark.parametrize(
    ("fen", "expected"), [(19_99, "amount"), (20_00, "none"), (50_000_00, "none"), (50_000_01, "amount")]
)
def test_both_amount_bounds_are_inside(fen: int, expected: str) -> None:
    assert blocker(replace(GOOD, amount=fen)) == expected


@pytest.mark.parametrize(("days", "expected"), [(0, "age"), (89, "age"), (90, "none")])
def test_a_terminal_has_instant_payout_from_its_ninetieth_day(days: int, expected: str) -> None:
    assert blocker(replace(GOOD, onboarded_days=days)) == expected


@pytest.mark.parametrize(("state", "expected"), [("on", "none"), ("off", "switch"), ("quota_used", "switch")])
def test_the_switch_and_the_daily_limit(state: str, expected: str) -> None:
    assert blocker(replace(GOOD, d0_switch=state)) == expected


@pytest.mark.parametrize(("method", "expected"), [("debit_card", "card_type"), ("wechat", "none")])
def test_debit_cards_have_no_instant_payout(method: str, expected: str) -> None:
    assert blocker(replace(GOOD, pay_method=method)) == expected


def test_an_acquirers_own_numbers_count() -> None:
    assert blocker(paid_at="2026-11-23 03:00", profile=ACQUIRERS.profile("lakala")) == "none"
    assert blocker(replace(GOOD, amount=99_99), profile=ACQUIRERS.profile("leshua")) == "amount"
    scanned = replace(GOOD, pay_method="wechat", amount=5000_01)
    assert blocker(scanned, profile=ACQUIRERS.profile("xingyifu")) == "amount"
    assert blocker(replace(scanned, amount=5000_00), profile=ACQUIRERS.profile("xingyifu")) == "none"
    assert (
        blocker(replace(scanned, pay_method="credit_card"), profile=ACQUIRERS.profile("xingyifu")) == "none"
    )
    takes_all = replace(ROLLING, d0_refuses=frozenset(), d0_min_age_days=0)
    assert blocker(D0Inputs(amount=20_00, d0_switch="on"), profile=takes_all) == "none"


def test_a_largest_amount_that_depends_on_how_it_was_paid() -> None:
    profile = replace(ACQUIRERS.profile("xingyifu"), d0_refuses=frozenset())
    unknown = replace(GOOD, pay_method=None, amount=6500_00)
    assert blocker(unknown, profile=profile) == "unknown"
    assert blocker(replace(unknown, amount=4000_00), profile=profile) == "none"
    assert blocker(replace(unknown, amount=60_000_00), profile=profile) == "amount"


@pytest.mark.parametrize(
    "inputs",
    [
        replace(GOOD, pay_method=None),
        replace(GOOD, amount=None),
        replace(GOOD, onboarded_days=None),
        replace(GOOD, d0_switch=None),
    ],
)
def test_a_missing_input_that_could_block_leaves_it_open(inputs: D0Inputs) -> None:
    assert blocker(inputs) == "unknown"
    assert blocker(inputs, paid_at="2026-11-23 23:30") == "window"


def test_a_known_blocker_counts_whatever_is_missing() -> None:
    assert blocker(D0Inputs(d0_switch="off")) == "switch"
    assert blocker(D0Inputs(amount=1, d0_switch="off")) == "amount"


def test_an_open_blocker_is_no_reason() -> None:
    found = due(at("2026-11-20 12:00"), "d0", ROLLING, CALENDAR)
    assert (found.d0_blocker, found.reason) == ("unknown", "holiday")


def test_t0_is_instant_on_settlement_days_only() -> None:
    working = due(at("2026-02-14 12:00"), "t0", ROLLING, CALENDAR, GOOD)  # a make-up Saturday
    assert (working.due_at, working.d0_blocker) == (at("2026-02-14 14:00"), "none")
    resting = due(at("2026-11-21 12:00"), "t0", ROLLING, CALENDAR, GOOD)
    assert resting.due_at == resting.base_due_at == at("2026-11-23 14:00")
    assert (resting.d0_blocker, resting.reason) == ("window", "holiday")


def test_t0_on_a_rest_day_is_late_for_the_rest_day_whatever_else_blocks() -> None:
    inputs = replace(GOOD, pay_method="debit_card")
    assert due(at("2026-11-21 12:00"), "t0", ROLLING, CALENDAR, inputs).reason == "holiday"
    assert due(at("2026-11-20 12:00"), "t0", ROLLING, CALENDAR, inputs).reason == "card_type"


def test_t0_after_a_cut_off_that_rolls_into_a_rest_day() -> None:
    early_cutoff = replace(ROLLING, cutoff=time(22))
    found = due(at("2026-11-20 22:30"), "t0", early_cutoff, CALENDAR, GOOD)
    assert (found.due_at, found.reason) == (at("2026-11-23 14:00"), "cutoff")
    assert due(at("2026-11-20 21:59"), "t0", early_cutoff, CALENDAR, GOOD).due_at == at("2026-11-20 23:59")


def test_the_base_cycle_is_the_profiles() -> None:
    daily = replace(ROLLING, base_cycle="d1")
    found = due(at("2026-11-20 12:00"), "d0", daily, CALENDAR, replace(GOOD, amount=1))
    assert found.due_at == at("2026-11-21 14:00")


SALES = st.datetimes(datetime(2017, 1, 4), datetime(2026, 12, 29), timezones=st.just(SHANGHAI))  # noqa: DTZ001


@given(paid_at=SALES, later=st.timedeltas(timedelta(), timedelta(hours=12)), mode=st.sampled_from(MODES))
def test_a_later_sale_is_never_due_earlier_by_its_cycle(
    paid_at: datetime, later: timedelta, mode: str
) -> None:
    first = due(paid_at, mode, ROLLING, CALENDAR, GOOD)
    second = due(paid_at + later, mode, ROLLING, CALENDAR, GOOD)
    assert first.base_due_at
    assert second.base_due_at
    assert first.base_due_at <= second.base_due_at
    assert paid_at < first.due_at <= first.deadline
    assert first.due_at <= first.base_due_at


@given(paid_at=SALES)
def test_t1_money_arrives_on_settlement_days_only(paid_at: datetime) -> None:
    day = due(paid_at, "t1", ROLLING, CALENDAR).due_at.date()
    assert CALENDAR.is_settlement_day(day)
    assert day > paid_at.date() >= date(2017, 1, 4)
