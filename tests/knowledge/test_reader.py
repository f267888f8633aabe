"""A message gives its intent, its facts and the answer to what was asked."""

import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.loader import PACKAGED, KnowledgeBase, load_knowledge
from knowledge.model import UNKNOWN, Interval, Text, Value, from_json, to_json
from knowledge.reading.reader import Reader
from knowledge.reading.vocabulary.lexicon import INTENTS, load_lexicon
from knowledge.redaction import redact
from knowledge.yaml_source import KnowledgeError

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 10, 9, 10, 30, tzinfo=SHANGHAI)


def _day(day: int) -> Interval:
    start = datetime(2026, 10, day, tzinfo=SHANGHAI)
    return Interval(start, start + timedelta(days=1))


@pytest.fixture(scope="module")
def base() -> KnowledgeBase:
    return load_knowledge(PACKAGED)


@pytest.fixture(scope="module")
def reader(base: KnowledgeBase) -> Reader:
    return Reader(base.lexicon, base.facts)


def moment(day: int, hour: int = 0, minute: int = 0, month: int = 10) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("昨天下午刷了3500没到账", "payout_not_arrived"),
        ("拉卡拉刷卡钱没到", "payout_not_arrived"),
        ("昨天刷的錢還沒到賬", "payout_not_arrived"),
        ("zuotian shuaka meidaozhang", "payout_not_arrived"),
        ("My takings from yesterday haven't arrived", "payout_not_arrived"),
        ("到账少了20块", "amount_mismatch"),
        ("刷了5000只到了4970", "amount_mismatch"),
        ("顾客被扣款了但机器显示失败", "charged_but_failed"),
        ("the customer was charged but the sale was declined", "charged_but_failed"),
        ("什么时候到账", "arrival_time"),
        ("周六刷的哪天能到", "arrival_time"),
        ("客人要退款怎么弄", "refund_question"),
        ("怎么换结算卡", "change_account"),
        ("我的钱被冻结了", "risk_hold"),
        ("机器刷不了卡", "system_outage"),
        ("人工", "human_agent"),
        ("联系不上你们客服", "human_agent"),
        ("业务员电话打不通，钱拖了好几天", "payout_not_arrived"),
        ("装机的人联系不上，货款一直没给我", "payout_not_arrived"),
        ("退票以后卡改好了，什么时候重新打款", "arrival_time"),
        ("退回来的那笔钱啥时候再打", "arrival_time"),
        ("昨天2300打款失败退回了", "payout_not_arrived"),
        ("客人要退货，钱怎么退回给他", "refund_question"),
        ("payouts keep failing since Monday", "payout_not_arrived"),
        ("I want to talk to a person", "human_agent"),
        ("我的工单处理得怎么样了", "ticket_status"),
        ("我要投诉", "complaint_fraud"),
        ("谢谢", "greeting_thanks"),
        ("费率是多少", "out_of_scope"),
    ],
)
def test_intents(reader: Reader, text: str, intent: str) -> None:
    reading = reader.read(text, NOW)
    assert (reading.intent, reading.sure) == (intent, True)


def test_tie_breaks(reader: Reader) -> None:
    assert reader.read("钱没到账，我要投诉，转人工", NOW).intent == "human_agent"
    assert reader.read("退款没到账", NOW).intent == "refund_question"
    assert reader.read("再不到账就去派出所报警", NOW).intent == "complaint_fraud"


def test_not_understood_is_not_sure(reader: Reader) -> None:
    for text in ("。。。", "asdfgh", "嗷嗷嗷", ""):
        assert not reader.read(text, NOW).sure


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("昨天的没到", "zh"),
        ("shuaka meidaozhang", "zh"),
        ("not yet", "en"),
        ("T+1", None),
        ("OK", None),
        ("3500", None),
    ],
)
def test_language(reader: Reader, text: str, language: str | None) -> None:
    assert reader.read(text, NOW).language == language


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (
            "昨天下午刷了3500没到账",
            {"complaint": "not_arrived", "amount": 350000, "paid_at": Interval(moment(8, 12), moment(8, 18))},
        ),
        (
            "9月30号中午12点刷的，T+1",
            {"settlement_mode": "t1", "paid_at": moment(30, 12, month=9)},
        ),
        ("拉卡拉刷卡钱没到", {"complaint": "not_arrived", "brand": "lakala"}),
        (
            "顾客被扣款了但机器显示失败",
            {"complaint": "charged_but_failed", "cardholder_charged": "yes", "txn_result": "failed"},
        ),
        ("到账少了20块", {"complaint": "short", "received": "partial"}),
        (
            "刷了5000只到了4970",
            {"complaint": "short", "received": "partial", "amount": 500000, "received_amount": 497000},
        ),
        ("我的钱被冻结了", {"complaint": "not_arrived", "payout_status": "held"}),
        ("我的卡被冻结了", {"settle_card_state": "frozen"}),
        ("顾客没扣款", {"cardholder_charged": "no"}),
        ("我的机器不是秒到", {}),
        ("昨晚九点半刷的", {"paid_at": moment(8, 21, 30)}),
        ("昨晚12点刷的", {"paid_at": moment(9)}),
        ("昨晚刷的", {"paid_at": Interval(moment(8, 18), moment(9))}),
        ("国庆刷的钱没到", {"complaint": "not_arrived", "paid_at": Interval(moment(1), moment(8))}),
        ("1号到5号的都没到", {"complaint": "not_arrived", "paid_at": Interval(moment(1), moment(2))}),
        ("应该昨天到账的没到", {"complaint": "not_arrived"}),
        ("顾客用工行信用卡刷的", {"pay_method": "credit_card"}),
        ("从工行换成农行", {"settle_bank": "ABC"}),
        ("结算卡是建行，尾号5566", {"settle_bank": "CCB", "settle_card_last4": "5566"}),
        ("商户号822584058120033", {"merchant_no": "822584058120033"}),
        ("没有别人", {"others_affected": "no"}),
        ("隔壁店也没到", {"complaint": "not_arrived", "others_affected": "yes"}),
        ("今天的都没到账", {"complaint": "not_arrived", "scope": "all_today"}),
        (
            "国庆刷的卡都没到",
            {
                "complaint": "not_arrived",
                "scope": "several_days",
                "paid_at": Interval(moment(1), moment(8)),
            },
        ),
        ("今天吃什么", {}),
        ("The deposit has not been paid out", {"complaint": "not_arrived"}),
        ("没经我同意扣了我299押金", {"complaint": "short", "fee_consented": "no"}),
        ("业务员电话打不通，钱一个多星期没到", {"complaint": "not_arrived", "agent_reachable": "no"}),
        ("卡号6222021234567890123", {"card_last4": "0123"}),
    ],
)
def test_facts(reader: Reader, text: str, facts: dict[str, Value]) -> None:
    read = dict(reader.read(redact(text).text, NOW).facts)
    if "paid_at" not in facts and text.startswith("今天"):
        read.pop("paid_at", None)
    assert read == facts


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("机器显示失败，客人没收到扣款短信", {"txn_result": "failed", "cardholder_charged": "no"}),
        ("客人说没有收到扣费提醒，机器上是交易失败", {"txn_result": "failed", "cardholder_charged": "no"}),
        ("昨天刷了住店押金，什么时候到账", {"complaint": "when", "txn_type": "preauth"}),
        ("we put a hold of 800 on her card, when is it paid out?", {"txn_type": "preauth"}),
        (
            "my settlement account is a class 2 account and every payout fails",
            {"account_class": "class_2", "payout_status": "failed"},
        ),
        ("退票以后卡号改好了，钱还没重新打过来", {"complaint": "not_arrived", "bounced_before": "corrected"}),
        ("以前都是一个私人账户转给我的，现在钱没了", {"payer_is_licensed": "no"}),
        ("顾客用个人账户转的800没到账", {"payer_is_licensed": None}),
        ("客户把我拉黑了，钱没到", {"agent_reachable": None}),
        ("今天没卖东西，昨天的钱没到", {"genuine_sale": None}),
        ("旁边几家店都没这样，就我没到账", {"others_affected": "no"}),
        ("办机器交的押金300什么时候退", {"txn_type": None}),
        ("微信发的200没到账", {"pay_method": "wechat"}),
        ("卖机器给我的人电话打不通了，钱没到", {"agent_reachable": "no"}),
        ("昨儿上午刷的3200，啥时候能到", {"paid_at": Interval(moment(8, 6), moment(8, 12))}),
        (
            "卡号填错被退回过，已经改好了，钱还没重新打来",
            {"bounced_before": "corrected", "settle_info_correct": None},
        ),
        (
            "营业执照是公司的，结算填的是我个人的卡，打款失败",
            {"registered_as": "company", "account_kind": "personal"},
        ),
        (
            "以前转钱的是个商贸公司，业务员微信发截图，业务员前天把我拉黑了",
            {"payer_is_licensed": "no", "agent_reachable": "no", "pay_method": None},
        ),
        ("拿自己的卡在自己机器上套了1万，没到账", {"genuine_sale": "no"}),
        ("套现的款还没下来", {"genuine_sale": "no"}),
        ("拿朋友的信用卡在自家机器上刷了2万周转", {"genuine_sale": "no"}),
        ("旁边几家店也没到", {"others_affected": "yes"}),
        ("金额输成380了，应该是3800", {"amount_entered_correct": "no"}),
        ("昨天25800那笔显示延迟结算", {"amount": 2580000, "payout_status": "held"}),
        ("5600这笔打款失败了", {"amount": 560000, "payout_status": "failed"}),
        ("业务员昨天把我拉黑了，货款没到", {"paid_at": None, "agent_reachable": "no"}),
        ("结算被暂停了", {"payout_status": "held", "notice": None}),
        ("App 显示已划款，我去银行查没有这笔", {"payout_status": "paid_out"}),
        ("None of today's sales have come in", {"complaint": "not_arrived", "scope": "all_today"}),
        ("nearby stores have the same trouble", {"others_affected": "yes"}),
        ("装机的师傅联系不上，钱一直没到", {"agent_reachable": "no"}),
        ("用自己的卡套了2万出来，钱还没到", {"genuine_sale": "no", "complaint": "not_arrived"}),
    ],
)
def test_facts_among_others(reader: Reader, text: str, facts: dict[str, Value | None]) -> None:
    read = reader.read(redact(text).text, NOW).facts
    assert {key: read.get(key) for key in facts} == facts


@pytest.mark.parametrize(
    ("fact", "text", "answer"),
    [
        ("settlement_mode", "T+1", "t1"),
        ("settlement_mode", "第一个", "t1"),
        ("settlement_mode", "2", "d1"),
        ("settlement_mode", "C", "d0"),
        ("settlement_mode", "不清楚", UNKNOWN),
        ("settlement_mode", "下一个工作日", "t1"),
        ("settlement_mode", "不是秒到", None),
        ("settlement_mode", "今天天气不错", None),
        ("cardholder_charged", "没扣款", "no"),
        ("cardholder_charged", "扣了", "yes"),
        ("cardholder_charged", "yes", "yes"),
        ("txn_result", "是的", "success"),
        ("txn_result", "没成功", "failed"),
        ("payout_status", "查不到", "not_found"),
        ("payout_status", "没有", "not_found"),
        ("payout_status", "没有别人", None),
        ("payout_status", "是不是风控了", None),
        ("payout_status", "风控了是吧", None),
        ("payout_status", "风控了吗", None),
        ("payout_status", "风控了", "held"),
        ("payout_status", "应该是待结算吧", "pending"),
        ("payout_status", "待结算是什么意思", "pending"),
        ("account_class", "一类卡是什么", None),
        ("account_class", "什么叫一类卡", None),
        ("account_class", "class 1? i dont know what is that", UNKNOWN),
        ("account_class", "是一类卡", "class_1"),
        ("settle_card_checked", "打到旧卡了", "different"),
        ("settle_card_checked", "钱打到我原来的卡上了", "different"),
        ("payout_status", "打到旧卡了", "paid_out"),
        ("payout_status", "it was sent to my old card", "paid_out"),
        ("payout_status", "小票打出来了 显示交易成功", None),
        ("payout_status", "客人手机显示付款成功", None),
        ("payout_status", "机器显示成功", None),
        ("payout_status", "小票上显示付款成功", None),
        ("payout_status", "成功", "paid_out"),
        ("payout_status", "显示划款成功", "paid_out"),
        ("payout_status", "不是交易成功，是待结算", "pending"),
        ("payout_status", "错了", None),
        ("payout_status", "不用", None),
        ("payout_status", "不会", None),
        ("payout_status", "不行", None),
        ("payout_status", "不是", None),
        ("payout_status", "没看到", "not_found"),
        ("payout_status", "still nothing", None),
        ("payout_status", "nothing", "not_found"),
        ("settle_card_test", "没问题", None),
        ("settle_card_test", "好的", None),
        ("settle_card_test", "行", None),
        ("settle_card_test", "可以 我等下试试", None),
        ("settle_card_test", "没有", UNKNOWN),
        ("settle_card_test", "不用了吧", None),
        ("settle_card_test", "能", "arrives"),
        ("settle_card_test", "不能", "bounces"),
        ("settle_card_test", "没到", "bounces"),
        ("payer_is_licensed", "没有", UNKNOWN),
        ("payer_is_licensed", "是个人", "no"),
        ("cardholder_charged", "好的谢谢", None),
        ("cardholder_charged", "好的，谢谢", None),
        ("cardholder_charged", "有的谢谢", "yes"),
        ("payout_status", "没有换卡", None),
        ("settle_card_state", "丢在外面了", "lost"),
        ("paid_at", "3号退票", None),
        ("paid_at", "昨天中午到账的", None),
        ("paid_at", "昨天，问了客人才知道", Interval(moment(8), moment(9))),
        ("payout_status", "显示划款失败", "failed"),
        ("payout_status", "不知道在哪看", UNKNOWN),
        ("settle_card_checked", "不是同一张", "different"),
        ("settle_card_state", "能用", "normal"),
        ("card_changed", "换了，还在审核", "pending"),
        ("card_changed", "没有", "no"),
        ("notice", "没有", "none"),
        ("papers_expired", "没过期", "no"),
        ("papers_expired", "过期了", "yes"),
        ("activated", "好像没有", "no"),
        ("others_affected", "别家正常", "no"),
        ("arrived", "还没到", "no"),
        ("arrived", "到了", "yes"),
        ("arrived", "没看到呀", "no"),
        ("arrived", "别的那笔到了，这笔没有", "no"),
        ("arrived", "到了一笔800的，不是这个", "no"),
        ("arrived", "到账了 但是到的是我老婆的卡", "no"),
        ("arrived", "到了我卡里", "yes"),
        ("arrived", "说好的今天呢", "no"),
        ("arrived", "到个屁", "no"),
        ("arrived", "你们说话不算数", "no"),
        ("arrived", "什么时候能搞定", None),
        ("arrived", "卡没问题了 钱没见", None),
        ("arrived", "没收到 到了会有短信吧", "no"),
        ("arrived", "还没到，到了通知你", "no"),
        ("arrived", "没有，客服说到账了", "no"),
        ("arrived", "没到 国庆放假没人吗", "no"),
        ("arrived", "没有 怎么办", "no"),
        ("settle_card_checked", "是的，什么时候到", "same"),
        ("payout_status", "待结算 手续费怎么扣的", "pending"),
        ("arrived", "3500没到，1200到了", "no"),
        ("arrived", "没有，不过刚刚那笔今天刷的倒是到了", "no"),
        ("arrived", "not this one, but the 500 one arrived", "no"),
        ("arrived", "没到。等一下，到了", "yes"),
        ("arrived", "昨天还没到，今天早上到的", "yes"),
        ("arrived", "it went to my other card", "no"),
        ("arrived", "这笔到了", "yes"),
        ("arrived", "这笔没问题，到了", "yes"),
        ("arrived", "现在银行下班了，明天再看", UNKNOWN),
        ("settle_card_checked", "尾号对的", "same"),
        ("settle_card_checked", "我看的就是那张卡", "same"),
        ("settle_card_checked", "尾号对不上", "different"),
        ("settle_card_checked", "it matches", "same"),
        ("settle_card_checked", "it doesn't match", "different"),
        ("brand", "用的是拉卡拉", "lakala"),
        ("brand", "杉德的机器", "杉德"),
        ("brand", "我没带机器", None),
        ("settle_bank", "农村信用社", "RCC"),
        ("settle_bank", "江苏银行", UNKNOWN),
        ("amount", "三千五", 350000),
        ("amount", "12,900.50", 1290050),
        ("amount", "不记得了", UNKNOWN),
        ("received_amount", "980", 98000),
        ("paid_at", "昨天下午3点20", moment(8, 15, 20)),
        ("paid_at", "15:20", moment(8, 15, 20)),
        ("paid_at", "8:20", moment(9, 8, 20)),
        ("paid_at", "2026-10-08 15:20", moment(8, 15, 20)),
        ("paid_at", "not sure", UNKNOWN),
        ("onboarded_days", "三个月", 90),
        ("onboarded_days", "一年", 365),
        ("onboarded_days", "3月开的", 222),
        ("onboarded_days", "since March", 222),
        ("onboarded_days", "2025年3月", 587),
        ("onboarded_days", "100", 100),
        ("card_last4", "8866", "8866"),
        ("card_last4", "尾号 8866", "8866"),
        ("card_last4", "62220212", None),
        ("merchant_no", "8225 8405 8120 033", "822584058120033"),
        ("merchant_no", "12345", None),
        ("reference_no", "没有小票", UNKNOWN),
        ("voucher_no", "000123", "000123"),
        ("txn_code", "51", "51"),
        ("complaint", "扣了钱没成功", "charged_but_failed"),
        ("complaint", "其他", "other"),
        ("notice", "止付了，说跟诈骗案有关", "judicial"),
        ("notice", "没得啥通知", "none"),
        ("payer_is_licensed", "原先打款的不是银联也不是什么公司，就那个商贸", "no"),
        ("slip_merchant_matches", "钱在我弟弟那个账上", "no"),
        ("slip_merchant_matches", "对对，就是我家店的名字", "yes"),
        ("payout_status", "app里余额有两千三，要手动提吗？", "to_withdraw"),
        ("payout_status", "can't open the app, phone's dead", UNKNOWN),
        ("payout_status", "i can't look right now", UNKNOWN),
        ("payout_status", "can't see the app right now", UNKNOWN),
        ("payout_status", "忘了密码登不上app", UNKNOWN),
        ("payout_status", "it just says settling, still working on it", "processing"),
        ("payout_status", "processing I guess", "processing"),
        ("payout_status", '上头写着"等着结算"呢', "pending"),
        ("payout_status", "还在排队等着结", "pending"),
        ("payout_status", "还没结，排队呢", "pending"),
        ("payout_status", '我也看不懂，就写个"出款不成功"', "failed"),
        ("payout_status", 'says "payout unsuccessful"', "failed"),
        ("payout_status", 'paid out? no. it says "reversed"', None),
        ("payout_status", "reversed, not paid", None),
        ("payout_status", "压根找不着那条记录", "not_found"),
        ("payout_status", "结算栏里头空空的，啥也没有", "not_found"),
        ("scope", "不止一笔", None),
        ("others_affected", "不止我一家", "yes"),
        ("activated", "还没弄好", "no"),
        ("settle_info_correct", "没什么不对", "yes"),
        ("scope", "不清楚，反正这笔没到", UNKNOWN),
        ("payer_is_licensed", "写的是个贸易公司", "no"),
        ("scope", "前面几天也没到", "several_days"),
        ("scope", "五六天了都没到", "several_days"),
        ("others_affected", "二十来号人都在群里说没到", "yes"),
        ("activated", "绑定过的，也认证过", "yes"),
        ("activated", "没绑定过", "no"),
        ("activated", "都弄好了，用了半年多了", "yes"),
        ("card_changed", "换是换过，去年的事了，早就通过了", "no"),
        ("card_changed", "还没去换", "no"),
        ("fee_consented", "没人跟我说过要扣这个", "no"),
        ("fee_consented", "Nobody told me about any fee", "no"),
        ("pay_method", "visa credit", "credit_card"),
        ("pay_method", "I told you, visa", "credit_card"),
        ("pay_method", "savings card like I said", "debit_card"),
        ("account_kind", "my wife's personal one", "personal"),
        ("received", "到现在没影", "none"),
        ("received", "翻遍流水没有", "none"),
        ("txn_type", "就是普通的刷卡收钱", "sale"),
        ("papers_expired", "licence is good till 2030", "no"),
        ("merchant_no", "don't have it on me", UNKNOWN),
        ("merchant_no", "没带在身上", UNKNOWN),
        ("settle_info_correct", "户名卡号我核过都没毛病", "yes"),
        ("settle_info_correct", "核过了，没毛病", "yes"),
        ("settle_info_correct", "yeah nothing wrong there", "yes"),
        ("settle_info_correct", "no no, the info IS correct", "yes"),
        ("settle_info_correct", "it's the right account, nothing needs correcting", "yes"),
        ("settle_info_correct", "something wrong there", "no"),
        ("settle_card_test", "试过了，一块钱秒进", "arrives"),
        ("settle_card_test", "试了下，1块没到", "bounces"),
        ("scope", "好几天了", "several_days"),
        ("arrived", "app上显示成功了，但是卡里没有", "no"),
        ("papers_expired", "nothing", "no"),
        ("papers_expired", "nothing expired", "no"),
        ("papers_expired", "I know nothing about that", UNKNOWN),
        ("account_class", "一类户吧 对公哪有一类二类", "class_1"),
        ("account_class", "对公户不分一类二类", None),
        ("account_class", "是一类还是二类啊", None),
        ("account_class", "class 1 or 2? no idea", UNKNOWN),
        ("paid_at", "三天了", _day(6)),
        ("paid_at", "it's been 3 days", _day(6)),
        ("paid_at", "等了两个小时了", None),
    ],
)
def test_answers(base: KnowledgeBase, reader: Reader, fact: str, text: str, answer: Value | None) -> None:
    assert reader.read(text, NOW, base.facts[fact]).answer == answer


@pytest.mark.parametrize(
    "text",
    [
        "算了",
        "那算了吧",
        "不想说了",
        "没",
        "我也没有",
        "跳过",
        "没有了",
        "没了",
        "skip",
        "never mind",
        "I don't have it",
    ],
)
def test_who_passes_a_question_over_cannot_say(base: KnowledgeBase, reader: Reader, text: str) -> None:
    for fact in ("merchant_no", "reference_no", "amount", "account_class", "registered_as"):
        assert reader.read(text, NOW, base.facts[fact]).answer == UNKNOWN, fact


@pytest.mark.parametrize(
    ("fact", "text", "answer"),
    [
        ("notice", "没有了", "none"),
        ("card_changed", "没", "no"),
        ("payout_status", "已结算了", "paid_out"),
        ("complaint", "算了", None),
    ],
)
def test_who_answers_passes_nothing_over(
    base: KnowledgeBase, reader: Reader, fact: str, text: str, answer: Value | None
) -> None:
    assert reader.read(text, NOW, base.facts[fact]).answer == answer


@pytest.mark.parametrize("text", ["试过了，一块钱秒进", "试了下，1块没到"])
def test_what_tries_the_card_is_no_sale(base: KnowledgeBase, reader: Reader, text: str) -> None:
    read = reader.read(text, NOW, base.facts["settle_card_test"])
    assert "amount" not in read.facts


def test_an_answer_about_the_binding_is_no_wish_to_change_it(base: KnowledgeBase, reader: Reader) -> None:
    read = reader.read("绑定过的，也认证过", NOW, base.facts["activated"])
    assert not read.sure
    assert read.remarks.article is None


def test_every_option_can_be_typed(base: KnowledgeBase, reader: Reader) -> None:
    for spec in base.facts.values():
        for value, label in spec.values.items():
            for text in (label.zh, label.en):
                assert reader.read(text, NOW, spec).answer == value, (spec.key, text)


@pytest.mark.parametrize(
    "text",
    [
        "转人工",
        "我要投诉",
        "谢谢",
        "你好",
        "为什么要问这个",
        "快点处理",
        "稍等我看看",
        "怎么查",
        "where do I see that?",
    ],
)
def test_what_is_no_answer_is_none(base: KnowledgeBase, reader: Reader, text: str) -> None:
    answers = {
        key: answer
        for key, spec in base.facts.items()
        if spec.ask and (answer := reader.read(text, NOW, spec).answer) is not None
    }
    assert answers == {}


def test_a_story_answers_only_what_it_tells(base: KnowledgeBase, reader: Reader) -> None:
    text = "昨天刷的3500没到账"
    assert reader.read(text, NOW, base.facts["amount"]).answer == 350000
    for fact in ("card_last4", "txn_code", "received_amount", "onboarded_days", "settle_card_test"):
        assert reader.read(text, NOW, base.facts[fact]).answer is None
    text = "昨天那笔500没到账，机器还没激活，我朋友往卡里转一块钱也进不来"
    for fact, said in (("settle_card_test", "bounces"), ("activated", "no"), ("settle_card_state", None)):
        assert reader.read(text, NOW, base.facts[fact]).answer == said


def test_an_answer_is_no_other_fact(base: KnowledgeBase, reader: Reader) -> None:
    reading = reader.read("980", NOW, base.facts["received_amount"])
    assert (reading.answer, dict(reading.facts)) == (98000, {})
    reading = reader.read("8866", NOW, base.facts["settle_card_last4"])
    assert reading.answer == "8866"
    assert "card_last4" not in reading.facts


def test_an_unknown_fact_is_not_read(base: KnowledgeBase) -> None:
    few = {key: base.facts[key] for key in ("amount", "complaint")}
    reading = Reader(base.lexicon, few).read("昨天拉卡拉刷了3500没到账", NOW)
    assert dict(reading.facts) == {"amount": 350000, "complaint": "not_arrived"}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("还是中文吧", "zh"),
        ("等等我用中文说", "zh"),
        ("英文可以吗", "en"),
        ("ok英文可以吗", "en"),
        ("我的英文不好", None),
        ("小票是中文的", None),
    ],
)
def test_the_language_that_he_wants(reader: Reader, text: str, language: str | None) -> None:
    assert reader.read(text, NOW).remarks.wants == language


@pytest.mark.parametrize(
    "text",
    [
        "算了不用了，到了",
        "啊到了到了，不好意思",
        "不好意思才看到，到了",
        "钱到了，比说的早",
        "到了，恭喜发财",
        "刚刚才到",
        "到了，谢谢你们",
        "我刚查了，到了！",
        "已经到了不用等了",
        "钱已经在卡里了",
        "哎呀 到账了 打扰了",
        "I got the money, never mind",
        "Sorry for the late reply. It has arrived, thanks",
        "just checked, the money arrived",
    ],
)
def test_good_news_may_have_kind_words_beside_it(reader: Reader, text: str) -> None:
    assert dict(reader.read(text, NOW).facts) == {"arrived": "yes"}


@pytest.mark.parametrize(
    "text",
    [
        "谢谢，到了吗",
        "到了? 谢谢",
        "谢谢你们",
        "算了不用了",
        "不好意思，还没到",
        "到了，少了200",
        "到了，但是不对",
        "好的，收到",
        "等到了，谢谢",
        "never mind, it has not arrived",
        "thanks, has it arrived?",
    ],
)
def test_kind_words_alone_are_no_good_news(reader: Reader, text: str) -> None:
    assert "arrived" not in reader.read(text, NOW).facts


def test_each_intent_knows_its_own_phrases(base: KnowledgeBase, reader: Reader) -> None:
    for intent in INTENTS:
        phrases = base.lexicon.intents[intent].phrases
        right = sum(reader.read(phrase, NOW).intent == intent for phrase in phrases)
        assert right >= 0.97 * len(phrases), intent


def test_mistakes_are_reported_with_their_lines(tmp_path: Path) -> None:
    folder = tmp_path / "knowledge"
    shutil.copytree(PACKAGED, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (folder / "phrases" / "risk_hold.yaml").unlink()
    (folder / "phrases" / "refund_question.yaml").write_text(
        'phrases: [退款]\nsigns:\n  - {say: "退(款", weight: 1}\n  - {say: "<nothing>", weight: 1}\n'
    )
    (folder / "phrases" / "arrival_time.yaml").write_text("phrases: 什么时候\n")
    lexicon = (folder / "lexicon.yaml").read_text(encoding="utf-8")
    ten = "(一|二|三|四|五|六|七|八|九|十)"
    broken = lexicon.replace("void: [撤销了,", f"void: [\n      (撤销了,\n      {ten * 3}天,", 1)
    for part in ("arrived", "greets", "asks_where", "gives_up", "corrections", "all_arrived", "another"):
        assert broken.count(f"\n{part}:\n") == 1
        broken = broken.replace(f"\n{part}:\n", f"\n{part}:\n  - (在{part}\n", 1)
    (folder / "lexicon.yaml").write_text(broken, encoding="utf-8")
    clauses = (folder / "statements.yaml").read_text(encoding="utf-8")
    spoilt = clauses.replace(
        "account_class:\n", "account_class:\n    class_4: [<nobody>, (四类, <open>类, …]\n", 1
    )
    spoilt = spoilt.replace("groups:\n", "groups:\n  open: [四(五]\n", 1)
    (folder / "statements.yaml").write_text(spoilt, encoding="utf-8")
    clause = spoilt[: spoilt.index("<nobody>")].count("\n") + 1
    line = broken[: broken.index("(撤销了")].count("\n") + 1
    with pytest.raises(KnowledgeError) as raised:
        load_lexicon(folder)
    found = {(mistake.file, mistake.line) for mistake in raised.value.mistakes}
    assert found >= {
        ("phrases/risk_hold.yaml", 1),
        ("phrases/refund_question.yaml", 3),
        ("phrases/refund_question.yaml", 4),
        ("phrases/arrival_time.yaml", 1),
        ("lexicon.yaml", line),
        ("lexicon.yaml", line + 1),
        ("statements.yaml", clause),
    }
    assert any("<nobody> is no group of words" in mistake.problem for mistake in raised.value.mistakes)
    assert any("a bracket in <open>类 is open" in mistake.problem for mistake in raised.value.mistakes)
    assert any("is found in any text" in mistake.problem for mistake in raised.value.mistakes)
    assert any("a bracket in (四类 is open" in mistake.problem for mistake in raised.value.mistakes)
    for part in ("arrived", "greets", "asks_where", "gives_up", "corrections", "all_arrived", "another"):
        assert any(f"a bracket in (在{part} is open" in mistake.problem for mistake in raised.value.mistakes)
    assert any("stands for 1000 words" in mistake.problem for mistake in raised.value.mistakes)


def test_holidays_may_be_missing(tmp_path: Path) -> None:
    folder = tmp_path / "knowledge"
    shutil.copytree(PACKAGED, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__", "holidays"))
    assert load_lexicon(folder).holidays == ()


PIECES = st.sampled_from(
    [
        *(
            "昨天",
            "下午",
            "三点",
            "3500",
            "没到账",
            "的",
            "，",
            "工行",
            "尾号",
            "1234",
            "T+1",
            "31号",
            "2月30日",
            "24:00",
        ),
        *(
            "0000年",
            "99年前",
            "一万",
            "万",
            "零",
            "半",
            "块",
            "毛",
            "到",
            "last ",
            "friday",
            " ago",
            "12",
            "am",
            "first",
        ),
        *(
            "**** 1234",
            "\x01",
            "𠀀",
            "é",
            "¥",
            ".",
            "/",
            "-",
            ":",
            "国庆",
            "前一天",
            "差五分",
            "%",
            "笔",
            "a ",
            "thousand",
        ),
    ]
)


@given(
    st.lists(PIECES | st.text(max_size=6), max_size=14),
    st.sampled_from(["amount", "paid_at", "onboarded_days"]),
)
def test_nothing_that_is_written_breaks_the_reader(
    base: KnowledgeBase, reader: Reader, pieces: list[str], asked: str
) -> None:
    reading = reader.read(redact("".join(pieces)).text, NOW, base.facts[asked])
    assert reading.intent in INTENTS
    assert 0 <= reading.confidence <= 1
    for key, value in reading.facts.items():
        spec = base.facts[key]
        assert not spec.values or value in spec.values
        assert from_json(spec.kind, to_json(value)) == value


def test_a_new_brand_is_read_by_its_name(base: KnowledgeBase) -> None:
    brands = {**base.facts["brand"].values, "sandpay": Text("杉德支付", "Sandpay")}
    reader = Reader(base.lexicon, {**base.facts, "brand": replace(base.facts["brand"], values=brands)})
    for text in ("杉德支付昨天刷的没到", "sandpay takings not arrived"):
        assert reader.read(text, NOW).facts["brand"] == "sandpay"


def test_the_lexicon_speaks_of_known_facts_only(base: KnowledgeBase) -> None:
    for part in (base.lexicon.facts, base.lexicon.answers):
        for fact, values in part.items():
            assert set(values) <= set(base.facts[fact].values), fact
    for means in (base.lexicon.yes_means, base.lexicon.no_means):
        for fact, value in means.items():
            assert value in base.facts[fact].values, fact
    assert set(base.lexicon.brands) <= set(base.facts["brand"].values)
    assert set(base.lexicon.banks) == set(base.facts["settle_bank"].values)


@pytest.mark.parametrize(
    "text",
    [
        "今天又刷了一笔300 也没到",
        "还有昨天下午3点一笔200元支付宝 没到",
        "又有一笔500没到",
        "另一笔900也没到",
        "另外两笔也没到",
        "another sale of 200 yuan is missing",
        "a second payment has not come",
        "one more from today: 300",
    ],
)
def test_words_of_another_sale(reader: Reader, text: str) -> None:
    assert reader.read(text, NOW).remarks.another


@pytest.mark.parametrize(
    "text",
    ["昨天刷了一笔300没到", "这笔还没到", "还没有到账", "又没到账", "it has still not arrived", "我又来问了"],
)
def test_no_words_of_another_sale(reader: Reader, text: str) -> None:
    assert not reader.read(text, NOW).remarks.another


@pytest.mark.parametrize(
    "text",
    ["不对 是2000", "金额错了 是2000", "不对，参考号是123456789012", "参考号写错了，应该是123456789012"],
)
def test_a_correction_is_known_by_how_it_begins(reader: Reader, text: str) -> None:
    assert reader.read(text, NOW).remarks.corrects


@pytest.mark.parametrize("text", ["金额是3580，刚看错了", "是5300，我说错了", "it was 3580, i misread it"])
def test_a_correction_may_be_known_by_how_it_ends(reader: Reader, text: str) -> None:
    known = Interval(moment(8), moment(9))
    read = reader.read(text, NOW, about=known)
    assert read.remarks.corrects
    assert list(read.facts) == ["amount"]
    assert not reader.read(text, NOW).remarks.corrects
    assert not reader.read("没到，我看错了", NOW, about=known).remarks.corrects


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("到了，钱数也对", None),
        ("有一笔3500到了", None),
        ("到了，但是少了23块", "short"),
        ("it came but minus 20 fee", "short"),
    ],
)
def test_good_news_complains_only_of_what_is_said_to_be_missing(
    base: KnowledgeBase, reader: Reader, text: str, complaint: str | None
) -> None:
    read = reader.read(text, NOW, base.facts["arrived"])
    assert (read.answer, read.facts.get("complaint")) == ("yes", complaint)


@pytest.mark.parametrize(
    "text",
    [
        "顾客又来刷了2000",
        "昨天晚上还有笔860的",
        "另外昨天晚上8点多的600也没到",
        "再问一笔，今天早上的支付宝660",
    ],
)
def test_another_sale_is_heard(reader: Reader, text: str) -> None:
    read = reader.read(text, NOW)
    assert read.remarks.another
    assert "amount" in read.facts


@pytest.mark.parametrize("text", ["那另外一笔呢，上午10点刷的2000", "今天又收了两笔，800和1200"])
def test_who_names_another_sale_misses_no_part_of_it(reader: Reader, text: str) -> None:
    read = reader.read(text, NOW)
    assert read.remarks.another
    assert "complaint" not in read.facts
