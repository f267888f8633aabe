"""Money, days, times, waits, numbers and names are read as people write them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from knowledge.loader import PACKAGED, load_knowledge
from knowledge.reading.reader import Reader
from knowledge.reading.understand import understand_line

#: A Friday; the National Day holiday ended the day before yesterday.
NOW = datetime(2026, 10, 9, 10, 30, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(scope="module")
def reader() -> Reader:
    base = load_knowledge(PACKAGED)
    return Reader(base.lexicon, base.facts)


def slot(reader: Reader, text: str, name: str) -> list[str]:
    slots = understand_line(reader, {"id": "1", "text": text}, NOW)["slots"]
    values = slots.get(name, [])
    assert isinstance(values, list)
    return values


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("刷了3500没到", ["3500.00"]),
        ("四千六没到账", ["4600.00"]),
        ("两万八的货款", ["28000.00"]),
        ("一万零三百元", ["10300.00"]),
        ("六块六没到", ["6.60"]),
        ("二十五块三毛", ["25.30"]),
        ("伍仟贰佰元整", ["5200.00"]),
        ("3.5万没到账", ["35000.00"]),
        ("刷了2w3", ["23000.00"]),
        ("1万5千块", ["15000.00"]),
        ("¥1,288.50 没到", ["1288.50"]),
        ("RMB 600 missing", ["600.00"]),
        ("missing 8k from yesterday", ["8000.00"]),
        ("two thousand yuan short", ["2000.00"]),
        ("４２００块没到", ["4200.00"]),
        ("刷了8000只到了7950", ["8000.00", "7950.00"]),
        ("一共4笔，合计5200", ["5200.00"]),
        ("万一不到怎么办", []),
        ("千万别冻结", []),
        ("有3笔没到", []),
        ("手续费0.6%吗", []),
        ("参考号100912345678", []),
        ("打我座机010-62345678", []),
        ("订单号2026100822001408591450394485", []),
    ],
)
def test_amounts(reader: Reader, text: str, amounts: list[str]) -> None:
    assert slot(reader, text, "amount") == amounts


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("昨天刷的没到", ["2026-10-08"]),
        ("前天的款", ["2026-10-07"]),
        ("大前天刷的", ["2026-10-06"]),
        ("周四刷的没到", ["2026-10-08"]),
        ("上周四刷的没到", ["2026-10-01"]),
        ("上周末的钱没到", ["2026-10-03/2026-10-04"]),
        ("16号刷的没到", ["2026-09-16"]),
        ("10月3号刷的", ["2026-10-03"]),
        ("10/3的款没到", ["2026-10-03"]),
        ("11月5号刷的一直没到", ["2025-11-05"]),
        ("上个月20号刷的", ["2026-09-20"]),
        ("2号到5号的都没到", ["2026-10-02/2026-10-05"]),
        ("国庆刷的没到", ["2026-10-01/2026-10-07"]),
        ("国庆前一天刷的", ["2026-09-30"]),
        ("节后第一天刷的", ["2026-10-08"]),
        ("中秋节前一天刷的", ["2026-09-24"]),
        ("五天前刷的", ["2026-10-04"]),
        ("the day before yesterday", ["2026-10-07"]),
        ("last Monday sale not arrived", ["2026-09-28"]),
        ("sale on Oct 3rd missing", ["2026-10-03"]),
        ("5 days ago", ["2026-10-04"]),
        ("13号能到吗", ["2026-10-13"]),
        ("下周二能到吗", ["2026-10-13"]),
        ("今天还没到账", []),
        ("3号机器坏了", []),
    ],
)
def test_dates_look_back_in_complaints_and_ahead_in_questions(
    reader: Reader, text: str, dates: list[str]
) -> None:
    assert slot(reader, text, "date") == dates


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("昨天下午三点多刷的", ["15:00"]),
        ("昨晚十点半刷的", ["22:30"]),
        ("早上九点一刻", ["09:15"]),
        ("下午差十分四点刷的", ["15:50"]),
        ("16:40那笔", ["16:40"]),
        ("yesterday at 3:20 pm", ["15:20"]),
        ("昨天上午刷的", ["morning"]),
        ("凌晨刷的", ["early_morning"]),
        ("三小时前刷的", ["07:30"]),
        ("一点效果都没有", []),
        ("有点慢", []),
    ],
)
def test_times(reader: Reader, text: str, times: list[str]) -> None:
    assert slot(reader, text, "time") == times


@pytest.mark.parametrize(
    ("text", "waits"),
    [
        ("已经四天没到账了", ["P4D"]),
        ("等了两个小时还没到", ["PT2H"]),
        ("十个工作日了还没到", ["P10WD"]),
        ("waiting for 6 days", ["P6D"]),
        ("三天内能到吗", []),
    ],
)
def test_waits(reader: Reader, text: str, waits: list[str]) -> None:
    assert slot(reader, text, "elapsed") == waits


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("结算卡尾号0321没到账", "card_last4", ["0321"]),
        ("卡号6217001234567890123没到", "card_last4", ["0123"]),
        ("后四位幺二三四", "card_last4", ["1234"]),
        ("建行5566没到账", "card_last4", ["5566"]),
        ("card ending 4242", "card_last4", ["4242"]),
        ("手机尾号5678", "card_last4", []),
        ("工行和建行的卡都没到", "bank", ["ICBC", "CCB"]),
        ("工商很行的卡", "bank", ["ICBC"]),
        ("nonghang 没到账", "bank", ["ABC"]),
        ("这样行不行", "bank", []),
        ("中行不？帮我看下", "bank", []),
        ("我是秒到的", "mode", ["INSTANT"]),
        ("t加1结算的", "mode", ["T1"]),
        ("说好D+0的", "mode", ["D0"]),
        ("隔天到账的没到", "mode", ["D1"]),
        ("顾客用微信付的没到", "channel", ["wechat"]),
        ("支付堡没到账", "channel", ["alipay"]),
        ("加我微信说", "channel", []),
        ("商户号822584058120033", "merchant_no", ["822584058120033"]),
        ("终端号 10293847", "terminal_no", ["10293847"]),
        ("参考号:100912345678", "reference_no", ["100912345678"]),
        ("凭证号000123", "voucher_no", ["000123"]),
    ],
)
def test_numbers_and_names(reader: Reader, text: str, name: str, values: list[str]) -> None:
    assert slot(reader, text, name) == values


def test_one_message_with_everything(reader: Reader) -> None:
    line = understand_line(
        reader,
        {"id": "x", "text": "９月２９号晚上8點半刷咗两万三，農行卡尾號0321，T+1，到现在没到"},
        NOW,
    )
    assert line["id"] == "x"
    assert (line["intent"], line["sure"]) == ("payout_not_arrived", True)
    assert line["slots"] == {
        "amount": ["23000.00"],
        "date": ["2026-09-29"],
        "time": ["20:30"],
        "card_last4": ["0321"],
        "bank": ["ABC"],
        "mode": ["T1"],
    }
