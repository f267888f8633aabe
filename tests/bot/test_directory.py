"""The merchants' directory in a talk: proof, facts that are not asked, refusals, faults."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from bot.administration import Administration, AdministrationError
from bot.directory import HttpDirectory
from bot.messages import Incoming
from bot.parts import Parts
from tests.talking import NOW, Merchant, packaged, parts_on

NUMBER = "821290054110001"
CSV = f"""\
merchant_no,settle_card_last4,onboarded_on,brand,settlement_mode,settle_bank,payout_status,note
{NUMBER},5678,2026-01-05,lakala,t1,ICBC,failed,anything
821290054110002,1111,,,,,,
"""


@pytest.fixture
def parts(file_url: str, tmp_path: Path) -> Iterator[Parts]:
    with parts_on(file_url) as ready:
        import_csv(ready, tmp_path, CSV)
        yield ready


def advised(parts: Parts) -> Merchant:
    """Give a merchant who did not want to say who he is, and was told when his money comes."""
    merchant = Merchant(parts, knows={"settlement_mode": "t1", "payout_status": "pending"})
    merchant.say("昨天下午3点刷的1280还没到账")
    merchant.answer_all()
    assert merchant.last["outcome"] == "advised"
    return merchant


def import_csv(parts: Parts, folder: Path, text: str) -> str:
    path = folder / "merchants.csv"
    path.write_text(text, encoding="utf-8")
    said = Administration(parts, lambda: NOW).run("merchants import", {"path": str(path)})
    parts.imported.refresh()
    return said


def test_after_the_proof_the_directory_is_known_and_not_asked(parts: Parts) -> None:
    merchant = Merchant(parts)
    merchant.say("昨天刷的3500没到账")
    assert merchant.asks == "merchant_no"
    merchant.say(NUMBER)
    assert merchant.asks == "settle_card_last4"
    merchant.say("5678")
    facts = merchant.last["facts"]
    assert facts["payout_status"] == {"value": "failed", "source": "system"}
    assert facts["settlement_mode"] == {"value": "t1", "source": "system"}
    assert facts["onboarded_days"] == {"value": 277, "source": "system"}
    assert "核对好了" in merchant.texts
    merchant.answer_all()
    assert not set(merchant.asked) & {"payout_status", "settlement_mode", "brand", "settle_bank"}
    merchant.say("我是D+1的")
    assert merchant.last["facts"]["settlement_mode"] == {"value": "t1", "source": "system"}


@pytest.mark.parametrize(("number", "tail"), [(NUMBER, "1111"), ("821290054119999", "5678")])
def test_without_the_proof_nothing_is_used_or_shown(parts: Parts, number: str, tail: str) -> None:
    merchant = Merchant(parts)
    merchant.say(f"没到账，商户号{number}，结算卡尾号{tail}")
    assert "对不上" in merchant.texts
    looked_up = {key for key, fact in merchant.last["facts"].items() if fact["source"] == "system"}
    assert looked_up <= {"earlier_ticket"}
    assert merchant.asks not in (None, "merchant_no", "settle_card_last4")


def test_five_tries_an_hour_for_a_merchant_number(parts: Parts) -> None:
    for number in range(5):
        Merchant(parts, chat=f"guess{number}").say(f"没到账，商户号{NUMBER}，结算卡尾号100{number}")
    honest = Merchant(parts, chat="honest")
    assert "太多" in honest.say(f"没到账，商户号{NUMBER}，结算卡尾号5678")["messages"][0]["text"]
    assert "payout_status" not in honest.last["facts"]
    later = Merchant(parts, NOW + timedelta(hours=1, minutes=1), chat="later")
    later.say(f"没到账，商户号{NUMBER}，结算卡尾号5678")
    assert later.last["facts"]["payout_status"]["source"] == "system"


def test_a_merchant_who_cannot_say_is_asked_as_without_a_directory(parts: Parts) -> None:
    merchant = Merchant(parts)
    merchant.say("昨天刷的3500没到账")
    merchant.tap("unknown")
    assert merchant.asks not in (None, "merchant_no", "settle_card_last4")


def test_a_file_with_mistakes_is_refused_as_a_whole(parts: Parts, tmp_path: Path) -> None:
    bad = f"{CSV}12,5678,,,,,,\n{NUMBER},5678,5.1.2026,nobody,t7,,,\n"
    with pytest.raises(AdministrationError) as refused:
        import_csv(parts, tmp_path, bad)
    for part in (
        "line 4: merchant_no",
        "line 5: brand",
        "line 5: settlement_mode",
        "line 5: onboarded_on",
        "twice",
    ):
        assert part in str(refused.value)
    merchant = Merchant(parts)
    merchant.say(f"没到账，商户号{NUMBER}，结算卡尾号5678")
    assert merchant.last["facts"]["payout_status"]["source"] == "system"
    with pytest.raises(AdministrationError, match="header lacks"):
        import_csv(parts, tmp_path, "a,b\n1,2\n")


def http_parts(answer: Callable[[httpx.Request], httpx.Response]) -> HttpDirectory:
    facts = packaged().current.knowledge.facts
    return HttpDirectory("http://directory.test", "secret", lambda: NOW, facts, httpx.MockTransport(answer))


def test_the_operators_service_is_asked_once_with_the_token() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        body = {"merchant_no": NUMBER, "settle_card_last4": "5678", "payout_status": "failed", "extra": 1}
        return httpx.Response(200, json=body)

    with parts_on(directory=http_parts(answer)) as parts:
        for chat in ("a", "b"):
            merchant = Merchant(parts, chat=chat)
            merchant.say(f"没到账，商户号{NUMBER}，结算卡尾号5678")
            assert merchant.last["facts"]["payout_status"]["source"] == "system"
    assert [request.url.path for request in asked] == [f"/merchants/{NUMBER}"]
    assert asked[0].headers["authorization"] == "Bearer secret"


def test_what_the_operators_service_says_wrongly_is_left_out() -> None:
    said = {"settlement_mode": "T1", "payout_status": ["failed"], "settle_bank": "ICBC"}
    body = {"merchant_no": NUMBER, "settle_card_last4": "5678", **said}
    directory = http_parts(lambda _: httpx.Response(200, json=body))
    with parts_on(directory=directory) as parts, capture_logs() as logs:
        merchant = Merchant(parts)
        merchant.say(f"昨天刷的3500没到账，商户号{NUMBER}，结算卡尾号5678")
    facts = merchant.last["facts"]
    assert facts["settle_bank"] == {"value": "ICBC", "source": "system"}
    assert not {"settlement_mode", "payout_status"} & facts.keys()
    [warning] = [entry for entry in logs if entry["log_level"] == "warning"]
    assert warning["facts"] == ["settlement_mode", "payout_status"]
    assert NUMBER not in str(logs)


@pytest.mark.parametrize("fault", ["not an object", "timeout", "500", "no json", "no tail", "404"])
def test_a_service_that_does_not_answer_does_not_stop_the_talk(fault: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if fault == "timeout":
            raise httpx.ReadTimeout("slow", request=request)
        if fault in ("500", "404"):
            return httpx.Response(int(fault))
        if fault == "not an object":
            return httpx.Response(200, json=[NUMBER])
        return httpx.Response(200, text="<html>" if fault == "no json" else "{}")

    with parts_on(directory=http_parts(answer)) as parts:
        merchant = Merchant(parts)
        merchant.say(f"没到账，商户号{NUMBER}，结算卡尾号5678")
        assert merchant.ask
        assert ("对不上" in merchant.texts) == (fault == "404")
        merchant.answer_all()
        assert merchant.last["outcome"]


def test_who_proves_himself_after_the_advice_is_still_asked(parts: Parts, tmp_path: Path) -> None:
    import_csv(parts, tmp_path, CSV.replace("failed", "pending"))
    merchant = advised(parts)
    said = merchant.say(f"商户号{NUMBER}，结算卡尾号5678")
    assert "核对好了" in merchant.texts
    assert "还是预计" in merchant.texts
    assert said["facts"]["payout_status"] == {"value": "pending", "source": "system"}
    merchant.send(at=(NOW + timedelta(hours=8)).isoformat())
    assert merchant.asks == "arrived"


@pytest.mark.parametrize("tail", ["1111", "5678"])
def test_what_he_proves_with_is_added_to_the_open_ticket(parts: Parts, tail: str) -> None:
    merchant = Merchant(parts)
    merchant.say("昨天下午3点刷的1280没到账")
    merchant.say("人工")
    assert merchant.last["outcome"] == "ticket"
    merchant.say(f"商户号{NUMBER}，结算卡尾号{tail}")
    assert ("核对好了" in merchant.texts) == (tail == "5678")
    facts = merchant.last["ticket"]["facts"]
    assert (facts["merchant_no"]["value"], facts["settle_card_last4"]["value"]) == (NUMBER, tail)
    assert ("brand" in facts) == (tail == "5678")


def test_a_lookup_that_was_lost_does_not_cost_the_promise() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise SystemExit  # the service is stopped while it waits

    with parts_on(directory=http_parts(answer)) as parts:
        merchant = advised(parts)
        with pytest.raises(SystemExit):
            merchant.say(f"商户号{NUMBER}，结算卡尾号5678")
        merchant.send(at=(NOW + timedelta(minutes=1)).isoformat())
        assert "还是预计" in merchant.texts
        merchant.send(at=(NOW + timedelta(hours=8)).isoformat())
        assert merchant.asks == "arrived"


def test_who_proves_himself_does_not_insist(parts: Parts) -> None:
    merchant = Merchant(parts, knows={"payout_status": "to_withdraw"})
    merchant.say("钱在余额里没提现，昨天刷的没到账")
    merchant.answer_all()
    assert merchant.last["outcome"] == "advised"
    merchant.say(f"商户号{NUMBER}，结算卡尾号1111")
    assert "对不上" in merchant.texts
    assert merchant.last["outcome"] == "advised"


def asked_whether_it_came(parts: Parts, folder: Path, before: str, then: str) -> Merchant:
    """Give a merchant whose payout the directory called `before`, calls `then` now, and who is asked."""
    import_csv(parts, folder, CSV.replace("failed", before))
    merchant = Merchant(parts, knows={"settlement_mode": "t1"})
    merchant.say("昨天下午3点刷的1280还没到账")
    merchant.say(NUMBER)
    merchant.say("5678")
    merchant.answer_all()
    assert merchant.last["outcome"] == "advised"
    import_csv(parts, folder, CSV.replace("failed", then))
    merchant.send(at=(NOW + timedelta(hours=8)).isoformat())
    assert merchant.asks == "arrived"
    return merchant


def test_what_changes_from_day_to_day_is_looked_up_again_when_a_promise_was_missed(
    parts: Parts, tmp_path: Path
) -> None:
    merchant = asked_whether_it_came(parts, tmp_path, "pending", "failed")
    merchant.tap("no")
    assert merchant.last["facts"]["payout_status"] == {"value": "failed", "source": "system"}
    assert "核对好了" not in merchant.texts, "he proved it before"
    assert NUMBER not in merchant.texts


def test_what_he_says_with_his_no_is_heard(parts: Parts, tmp_path: Path) -> None:
    merchant = asked_whether_it_came(parts, tmp_path, "pending", "")
    merchant.say("没到，App里显示打款失败")
    assert merchant.last["facts"]["payout_status"] == {"value": "failed", "source": "reader"}
    assert merchant.last["outcome"] != "advised"


def test_in_the_next_case_it_is_looked_up_again(parts: Parts, tmp_path: Path) -> None:
    merchant = asked_whether_it_came(parts, tmp_path, "pending", "failed")
    merchant.tap("yes")
    merchant.say("今天早上9点刷的500没到账")
    assert merchant.last["facts"]["payout_status"] == {"value": "failed", "source": "system"}
    assert "核对好了" not in merchant.texts, "he proved it before"


@pytest.mark.parametrize("way", ["writes", "link"])
def test_another_merchant_number_has_nothing_of_the_first(parts: Parts, tmp_path: Path, way: str) -> None:
    import_csv(parts, tmp_path, CSV.replace("failed", "pending"))
    merchant = Merchant(parts)
    merchant.say(f"昨天下午3点刷的1280没到账，商户号{NUMBER}，结算卡尾号5678")
    assert merchant.last["facts"]["payout_status"]["source"] == "system"
    other = "821290054110002"
    if way == "writes":
        merchant.say(f"说错了，商户号是{other}")
        assert "对不上" in merchant.texts
    else:
        link = Incoming(
            channel="console", sender="m1", key="link", command="start", facts={"merchant_no": other}
        )
        assert parts.turns.take(link, NOW)
    merchant.send(at=(NOW + timedelta(minutes=1)).isoformat())
    facts = merchant.last["facts"]
    assert facts["merchant_no"]["value"] == other
    assert not {"payout_status", "brand"} & facts.keys()
