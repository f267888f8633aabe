"""Edits of the knowledge base while the bot talks, and an operator's own folder."""

import os
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot import expertise
from bot.desk import desk_surroundings
from bot.doctor import look_around
from bot.expertise import LiveExpertise
from bot.parts import Parts
from bot.settings import Settings
from knowledge.lab.check import check
from knowledge.loader import PACKAGED
from knowledge.yaml_source import KnowledgeError
from tests.knowledge.copies import copy_of_the_base
from tests.talking import NOW, Merchant, parts_on
from triage.model import Conversation, table

QUESTION = """\
payout_status:
  title: {zh: 状态, en: State}
  ask: {zh: App 里这笔显示什么？, en: What does the app say?}
  effort: 1.5
  values:
    pending: {zh: 待结算, en: Waiting}
    processing: {zh: 结算中, en: In process}
    paid_out: {zh: 已划款, en: Paid out}
    failed: {zh: 划款失败, en: Failed}
    to_withdraw: {zh: 待提现, en: In the balance}
    held: {zh: 冻结, en: Held}
    not_found: {zh: 没有, en: Not there}
  usual: {pending: sometimes, processing: rarely, paid_out: sometimes, failed: rarely,
          to_withdraw: rarely, held: rarely, not_found: rarely}
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The operator's folder, still empty."""
    folder = tmp_path / "own"
    (folder / "causes").mkdir(parents=True)
    return folder


@pytest.fixture
def parts(own: Path) -> Iterator[Parts]:
    with parts_on(own=own) as ready:
        yield ready


def save(path: Path, text: str) -> None:
    """Save a file as an editor does, with a time of its own."""
    path.write_text(text, encoding="utf-8")
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))


def test_a_saved_edit_is_taken_up_and_a_running_talk_goes_on(parts: Parts, own: Path) -> None:
    merchant = Merchant(parts)
    merchant.say("钱没到账")
    assert "App 里这笔显示什么" not in merchant.texts
    before = parts.knowledge.version
    save(own / "questions.yaml", QUESTION)
    parts.live.look_again()
    assert parts.knowledge.version != before
    merchant.say("哇啦哇啦")
    assert "App 里这笔显示什么" in merchant.texts
    merchant.tap("to_withdraw")
    merchant.answer_all()
    assert merchant.last["outcome"] == "advised"


def test_a_broken_edit_is_refused_and_the_desk_says_why(parts: Parts, own: Path, tmp_path: Path) -> None:
    before = parts.knowledge.version
    save(own / "questions.yaml", QUESTION.replace("effort: 1.5", "effort: much"))
    parts.live.look_again()
    assert parts.knowledge.version == before
    assert Merchant(parts).say("钱没到账")["messages"]
    deps = desk_surroundings(parts, Settings(data_dir=tmp_path), lambda: NOW)
    [notice] = [n for n in deps.notices("zh") if "上一个版本" in n]
    assert f"{own / 'questions.yaml'}:4:" in notice
    save(own / "questions.yaml", QUESTION)
    parts.live.look_again()
    assert not [n for n in deps.notices("zh") if "上一个版本" in n]


@pytest.mark.parametrize(("days", "warned"), [(46, False), (45, True)])
def test_desk_and_check_warn_of_the_end_of_the_calendar_on_the_same_day(
    parts: Parts, tmp_path: Path, *, days: int, warned: bool
) -> None:
    now = datetime.combine(parts.knowledge.calendar.last_day, NOW.timetz()) - timedelta(days=days)
    deps = desk_surroundings(parts, Settings(data_dir=tmp_path), lambda: now)
    assert bool(deps.notices("en")) == warned
    [found] = [one for one in look_around(Settings(data_dir=tmp_path), now) if one.check == "calendar"]
    assert (found.status == "warning") == warned
    assert bool(check(parts.knowledge, now)) == warned


def test_a_question_that_vanished_is_not_asked_again(parts: Parts, own: Path) -> None:
    save(own / "questions.yaml", QUESTION)
    parts.live.look_again()
    merchant = Merchant(parts)
    merchant.say("钱没到账")
    (own / "questions.yaml").unlink()
    parts.live.look_again()
    assert merchant.tap("pending")["facts"]["payout_status"]["value"] == "pending"


def test_causes_brands_and_years_of_the_operator(own: Path) -> None:
    packaged = (PACKAGED / "causes/manual_withdraw.yaml").read_text(encoding="utf-8")
    save(own / "causes/manual_withdraw.yaml", packaged.replace("请在 App 的余额里", "请在钱包里"))
    save(
        own / "acquirers.yaml",
        "brands:\n  xiaodian: {names: {zh: 小店宝, en: Xiaodianbao}, acquirer: own}\n"
        "acquirers:\n  own: {pay_by: '10:00', verified_on: 2026-10-01, source: 自己的协议}\n",
    )
    (own / "holidays").mkdir()
    save(own / "holidays/2027.yaml", "source: 预排\nrest: []\nwork: []\n")
    with parts_on(own=own) as parts:
        assert "钱包" in parts.knowledge.causes["manual_withdraw"].advice.zh
        brand = parts.knowledge.acquirers.brand("小店宝")
        assert brand is not None
        assert parts.knowledge.acquirers.profile(brand.id).pay_by.hour == 10
        assert parts.knowledge.acquirers.brand("拉卡拉")
        assert parts.knowledge.calendar.last_day.year == 2027
        merchant = Merchant(parts, knows={"payout_status": "pending"})
        merchant.say("昨天下午3点小店宝刷的800没到账，T+1")
        merchant.answer_all()
        assert merchant.last["due_at"] == "2026-10-09T10:00:00+08:00"


def test_a_mistake_in_the_operators_folder_names_its_file(own: Path) -> None:
    save(own / "acquirers.yaml", "brands:\n  x: {names: {zh: 某牌}}\n")
    with pytest.raises(KnowledgeError) as caught, parts_on(own=own):
        pass
    assert any(m.file == str(own / "acquirers.yaml") and m.line == 2 for m in caught.value.mistakes)


def test_a_year_of_the_operator_tells_which_spring_festival_is_meant(own: Path) -> None:
    (own / "holidays").mkdir()
    save(
        own / "holidays/2027.yaml",
        "source: 预排\nrest:\n  - {name: {zh: 春节, en: Spring Festival}, from: 2027-02-05, to: 2027-02-11}\n"
        "work: []\n",
    )
    with parts_on(own=own) as parts:
        merchant = Merchant(parts, datetime.fromisoformat("2027-02-15T10:30:00+08:00"))
        read = merchant.say("春节刷的3500没到账")["facts"]["paid_at"]["value"]
        assert read == {"from": "2027-02-05T00:00:00+08:00", "to": "2027-02-12T00:00:00+08:00"}


@pytest.mark.parametrize(
    "name", ["lexicon.yaml", "statements.yaml", "holidays/2027.yml", "causes/old/a.yaml"]
)
def test_a_file_of_the_operator_that_nothing_reads_is_refused(parts: Parts, own: Path, name: str) -> None:
    (own / name).parent.mkdir(parents=True, exist_ok=True)
    save(own / name, "{}\n")
    parts.live.look_again()
    [mistake] = parts.live.mistakes
    assert (mistake.file, mistake.problem) == (str(own / name), "nothing reads this file.")
    (own / name).unlink()
    parts.live.look_again()
    assert not parts.live.mistakes


def test_what_an_editor_hides_beside_a_file_is_no_knowledge(parts: Parts, own: Path) -> None:
    before = parts.knowledge.version
    (own / "holidays").mkdir()
    (own / "holidays/.#2027.yaml").symlink_to("somebody@somewhere.4711:1795000000")
    (own / "causes/.hidden.yaml").write_text("title: half a sentence", encoding="utf-8")
    (own / ".saved").mkdir()
    (own / ".saved/lexicon.yaml").write_text("{}", encoding="utf-8")
    parts.live.look_again()
    assert (parts.knowledge.version, parts.live.mistakes) == (before, ())
    with parts_on(own=own) as started:
        assert started.knowledge.version == before


SERVICE = """\
service_pack:
  title: {zh: 服务包, en: Service pack}
  ask: {zh: 您用的是哪种服务包？, en: Which service pack do you have?}
  effort: 0.1
  values:
    gold: {zh: 金卡, en: Gold}
    silver: {zh: 银卡, en: Silver}
  usual: {gold: sometimes, silver: sometimes}
"""
LATE = """\
signs:
  service_pack: {gold: always, silver: never}
"""


@pytest.fixture
def asked(parts: Parts, own: Path) -> Merchant:
    """Give a merchant who is asked what only the operator's folder knows."""
    packaged = (PACKAGED / "causes/manual_withdraw.yaml").read_text(encoding="utf-8")
    save(own / "questions.yaml", SERVICE)
    save(own / "causes/manual_withdraw.yaml", packaged.replace("signs:", LATE.strip()))
    parts.live.look_again()
    assert not parts.live.mistakes
    merchant = Merchant(parts)
    merchant.say("昨天刷的2000没到账")
    while merchant.asks != "service_pack":
        merchant.tap("unknown")
    return merchant


def take_away(parts: Parts, own: Path, *, only: str = "") -> None:
    """Take the question out of the operator's folder again, or only one of its values."""
    if only:
        save(own / "questions.yaml", SERVICE.replace(only, f"{only}_plus"))
        cause = own / "causes/manual_withdraw.yaml"
        save(cause, cause.read_text(encoding="utf-8").replace(only, f"{only}_plus"))
    else:
        (own / "questions.yaml").unlink()
        (own / "causes/manual_withdraw.yaml").unlink()
    parts.live.look_again()
    assert not parts.live.mistakes


@pytest.mark.parametrize("only", ["", "gold"])
@pytest.mark.parametrize("does", ["taps", "writes"])
def test_a_question_that_vanished_is_not_asked_and_the_talk_goes_on(
    parts: Parts, own: Path, asked: Merchant, only: str, does: str
) -> None:
    take_away(parts, own, only=only)
    if does == "taps":
        asked.tap("gold")
    else:
        asked.say("哇啦哇啦")
    assert asked.ask, "the next question is asked"
    asked.answer_all()
    assert asked.last["outcome"]


def test_an_answer_that_vanished_is_forgotten(parts: Parts, own: Path, asked: Merchant) -> None:
    asked.tap("gold")
    take_away(parts, own, only="gold")
    asked.answer_all()
    assert asked.last["outcome"]
    assert asked.last["facts"].get("service_pack", {}).get("value") != "gold"


def test_a_talk_of_an_older_version_is_read(parts: Parts) -> None:
    merchant = Merchant(parts)
    merchant.say("昨天刷的2000没到账")
    told = merchant.asks
    conversation = table(Conversation)
    talk = parts.store.read(lambda connection: connection.execute(select(conversation.c.talk)).one()).talk
    older = {key: talk[key] for key in ("language", "facts", "asked", "pending", "step")} | {"gone": 1}
    parts.store.write(lambda transaction: transaction.execute(update(conversation), {"talk": older}))
    assert merchant.say("哇啦哇啦")["messages"]
    assert merchant.asks == told


def test_an_edit_of_the_routing_rules_is_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    routing = tmp_path / "routing.yaml"
    rules = expertise.ROUTING.read_text(encoding="utf-8")
    save(routing, rules)
    monkeypatch.setattr(expertise, "ROUTING", routing)
    live = LiveExpertise(time(9), time(18))
    save(routing, rules.replace("金额较大", "大额"))
    live.look_again()
    assert live.current.router.reasons["large_amount"].zh == "大额"
    save(routing, rules.replace("  low: {days: 3}\n", ""))
    live.look_again()
    assert [mistake.problem for mistake in live.mistakes] == ["low has no due time."]


def test_new_weights_are_taken_up_as_a_version_of_their_own(tmp_path: Path) -> None:
    base = copy_of_the_base(tmp_path)
    live = LiveExpertise(time(9), time(18), folder=base)
    before = live.current
    weights = base / "weights.json"
    save(weights, weights.read_text(encoding="utf-8").replace('"learnt_from":', '"learnt_from": '))
    live.look_again()
    assert live.current is not before
    assert live.current.knowledge.version != before.knowledge.version
