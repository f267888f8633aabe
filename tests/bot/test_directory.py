"""The merchants' directory in a talk: proof, facts that are not asked, refusals, faults."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from bot.administration import Administration, AdministrationError
from bot.directory import HttpDirectory
from bot.parts import Parts
from tests.talking import NOW, Merchant, packaged, parts_on

NUMBER = "821290054110001"
CSV = f"""\
merchant_no,settle_card_last4,onboarded_on,brand,settlement_mode,settle_bank,payout_status,note
{NUMBER},5678,2026-01-05,lakala,t1,ICBC,failed,anything
821290054110002,1111,,,,,,
"""


@pytest.fixture
def parts(database_url: str, tmp_path: Path) -> Iterator[Parts]:
    with parts_on(database_url) as ready:
        import_csv(ready, tmp_path, CSV)
        yield ready


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
