from datetime import date, time, timedelta
from pathlib import Path

import pytest

from knowledge.acquirers import Acquirers, load_acquirers
from knowledge.loader import PACKAGED
from knowledge.yaml_source import KnowledgeError, Mistake


@pytest.fixture(scope="module")
def acquirers() -> Acquirers:
    return load_acquirers(PACKAGED)


def test_the_default_profile_is_the_promised_one(acquirers: Acquirers) -> None:
    profile = acquirers.profile(None)
    assert profile.base_cycle == "t1"
    assert (profile.cutoff, profile.cutoff_rolls) == (time(23), True)
    assert (profile.pay_by, profile.grace) == (time(14), timedelta(hours=2))
    assert profile.d0_window == (time(7), time(23))
    assert (profile.d0_min, profile.d0_max) == (20_00, 50_000_00)
    assert profile.d0_refuses == {"debit_card"}
    assert profile.d0_min_age_days == 90


@pytest.mark.parametrize("said", ["leshua", "乐刷", "Leshua", " LESHUA "])
def test_a_brand_is_found_by_any_of_its_names(acquirers: Acquirers, said: str) -> None:
    brand = acquirers.brand(said)
    assert brand
    assert (brand.id, brand.names.zh) == ("leshua", "乐刷")
    assert acquirers.profile(said).d0_min == 100_00
    assert acquirers.profile(said).pay_by == time(14)


@pytest.mark.parametrize("said", ["unknown", "某某支付", "helibao"])
def test_brands_without_numbers_of_their_own_have_the_default(acquirers: Acquirers, said: str) -> None:
    assert acquirers.profile(said) == acquirers.profile(None)


def test_an_unknown_brand_is_none(acquirers: Acquirers) -> None:
    assert acquirers.brand("某某支付") is None


@pytest.mark.parametrize(
    ("brand", "window"),
    [
        ("lakala", (time(0), time(23))),
        ("xingyifu", (time(7), time(23))),
        ("kuaiyishua", (time(6), time(23, 30))),
        ("yisheng", (time(7), time(22, 40))),
    ],
)
def test_the_d0_hours_of_the_acquirers(acquirers: Acquirers, brand: str, window: tuple[time, time]) -> None:
    assert acquirers.profile(brand).d0_window == window


def test_every_profile_says_where_it_comes_from(acquirers: Acquirers) -> None:
    profiles = [acquirers.profile(brand) for brand in (None, *acquirers.brands)]
    assert len(profiles) == 17
    assert all(profile.source and profile.verified_on >= date(2026, 1, 1) for profile in profiles)


FILE = """\
default:
  base_cycle: t1
  cutoff: "23:00"
  cutoff_rolls: true
  pay_by: "14:00"
  grace_hours: 2
  d0_window: ["07:00", "23:00"]
  d0_min_yuan: 20
  d0_max_yuan: 50000
  d0_refuses: [debit_card]
  d0_min_age_days: 90
  min_payout_yuan: 10
  verified_on: 2030-01-01
  source: the trade
acquirers:
  one:
    cutoff: "22:00"
    verified_on: 2030-01-02
    source: its notice
brands:
  first: {names: {zh: 一, en: First}, acquirer: one}
"""


def mistakes_in(folder: Path, text: str) -> tuple[Mistake, ...]:
    (folder / "acquirers.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_acquirers(folder)
    return caught.value.mistakes


def test_an_acquirer_says_only_what_differs(tmp_path: Path) -> None:
    (tmp_path / "acquirers.yaml").write_text(FILE, encoding="utf-8")
    profile = load_acquirers(tmp_path).profile("一")
    assert (profile.cutoff, profile.source) == (time(22), "its notice")
    assert profile.d0_max == 50_000_00


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("  base_cycle: t1\n", "", 1, "default.base_cycle: Field required."),
        ("base_cycle: t1", "base_cycle: t2", 2, "default.base_cycle: "),
        ('cutoff: "23:00"', "cutoff: late", 3, "default.cutoff: "),
        ('["07:00", "23:00"]', '["23:00", "07:00"]', 7, "the window ends before it begins."),
        ("d0_min_yuan: 20", "d0_min_yuan: 60000", 8, "the smallest amount is above the largest."),
        ("grace_hours: 2", "grace_hours: -2", 6, "default.grace_hours: "),
        ('cutoff: "22:00"', 'cut_off: "22:00"', 17, "cut_off: Extra inputs are not permitted."),
        ('cutoff: "22:00"', 'd0_window: ["09:00"]', 17, "d0_window"),
        ('cutoff: "22:00"', "d0_max_yuan: 10", 16, "the smallest amount is above the largest."),
        ('cutoff: "22:00"', "d0_max_yuan_by: {wechat_pay: 5}", 17, "d0_max_yuan_by.wechat_pay"),
        ("    verified_on: 2030-01-02\n", "", 16, "one has no verified_on."),
        ("    source: its notice\n", "", 16, "one has no source."),
        ("acquirer: one", "acquirer: two", 21, "there is no acquirer two."),
        ("zh: 一, ", "", 21, "brands.first.names.zh: Field required."),
        ("acquirers:\n  one:\n", "acquirers:\n  one: [\n", 18, "not readable as YAML"),
    ],
)
def test_each_mistake_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, problem: str
) -> None:
    assert old in FILE
    mistakes = mistakes_in(tmp_path, FILE.replace(old, new, 1))
    assert any(m.line == line and problem in m.problem for m in mistakes), mistakes
    assert all(m.file == "acquirers.yaml" and m.fix for m in mistakes)
