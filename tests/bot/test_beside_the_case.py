"""What merchants say beside their case: questions, wishes, corrections, anger, good news, half sentences."""

from collections.abc import Iterator

import pytest

from bot.parts import Parts
from knowledge.model import Language
from knowledge.reading.reader import Reader
from tests.packaged import packaged_base
from tests.talking import NOW, Merchant, parts_on

STORY = "昨天下午刷了3500没到账"


@pytest.fixture(scope="module")
def parts() -> Iterator[Parts]:
    with parts_on() as ready:
        yield ready


@pytest.fixture
def merchant(parts: Parts, request: pytest.FixtureRequest) -> Merchant:
    return Merchant(parts, chat=request.node.name)


def value(merchant: Merchant, fact: str) -> object:
    return merchant.last["facts"].get(fact, {}).get("value")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("T+1 是什么意思？", "下一个工作日"),
        ("T+1是什麼意思", "下一个工作日"),
        ("什么叫秒到", "2小时内"),
        ("要手续费吗", "不收费"),
        ("为什么要商户号", "参考号"),
        ("安全吗", "后四位"),
        ("会不会泄露我的信息", "后四位"),
        ("商户号在哪看", "15位"),
        ("你能做什么", "收款到账助手"),
        ("我把小票拍给你看", "直接发在这里"),
        ("怎么发图片", "直接发在这里"),
        ("可以发截图吗", "身份证、银行卡的照片不要发"),
        ("can I send you a photo of the slip?", "right here"),
        ("为什么问这么多", "三十多种"),
        ("what does T+1 mean?", "working day"),
        ("is it safe?", "last four digits"),
        ("why do you need my merchant number", "find this very sale"),
    ],
)
def test_a_question_is_answered_and_the_talk_goes_on(parts: Parts, question: str, answer: str) -> None:
    merchant = Merchant(parts, chat=question)
    merchant.say(STORY)
    asked, facts = merchant.ask, merchant.last["facts"]
    assert asked
    merchant.say(question)
    assert answer in merchant.texts
    assert merchant.ask
    assert merchant.ask["fact"] == asked["fact"]
    assert merchant.last["facts"] == facts


@pytest.mark.parametrize(
    "words", ["对", "都对", "是的", "没错", "对的 继续", "你说", "yes", "that's right", "correct"]
)
def test_who_confirms_what_was_noted_is_heard(parts: Parts, words: str) -> None:
    merchant = Merchant(parts, chat=f"confirms {words}")
    merchant.say(STORY)
    asked = merchant.ask
    assert asked
    assert asked["fact"] == "settlement_mode", "a yes does not answer it"
    merchant.say(words)
    assert merchant.texts.startswith(("好的", "All right"))
    assert merchant.ask
    assert merchant.ask["fact"] == asked["fact"]


@pytest.mark.parametrize(
    "question", ["在哪看", "这个怎么看啊？", "不知道在哪看", "我不知道去哪里找", "where do I see that?"]
)
def test_who_asks_where_to_look_is_told(parts: Parts, question: str) -> None:
    merchant = Merchant(parts, chat=f"where {question}")
    merchant.say("没到账")
    first, asked = merchant.texts, merchant.ask
    assert asked
    assert asked["fact"] == "payout_status"
    merchant.say(question)
    assert ("结算记录" if question[0] != "w" else "settlement records") in merchant.texts
    assert merchant.texts != first
    assert merchant.ask
    assert [option["value"] for option in merchant.ask["options"]] == [o["value"] for o in asked["options"]]
    merchant.tap("failed")
    assert value(merchant, "payout_status") == "failed"


def test_where_there_is_nowhere_to_look_he_is_told_so(merchant: Merchant) -> None:
    merchant.say("今天的都没到账，App 显示结算中")
    while merchant.asks != "others_affected":
        merchant.tap("unknown")
    merchant.say("这个怎么看？")
    assert "说不准就选“不清楚”" in merchant.texts
    assert "附近别的店" in merchant.texts
    assert merchant.asks == "others_affected"


def test_an_answer_is_no_accusation(merchant: Merchant) -> None:
    merchant.say("昨天刷的3000没到账，App 显示划款失败")
    knows = {
        "settle_info_correct": "yes",
        "bounced_before": "no",
        "notice": "none",
        "registered_as": "person",
    }
    while merchant.asks != "account_kind":
        merchant.tap(knows[str(merchant.asks)])
    merchant.say("本人")
    assert value(merchant, "account_kind") == "personal"
    assert "给您添麻烦了" not in merchant.texts


def test_where_the_minute_stands_is_told_to_who_said_the_day(merchant: Merchant) -> None:
    merchant.say("昨天刷的3500没到账，T+1")
    while merchant.asks != "paid_at":
        merchant.tap("pending" if merchant.asks == "payout_status" else "unknown")
    merchant.say("在哪看？")
    assert "大概几点收的" in merchant.texts
    assert "哪天" not in merchant.texts


def test_where_a_number_stands_on_the_slip_is_told(merchant: Merchant) -> None:
    merchant.say("昨天刷的3000没到账，App 显示划款失败")
    while merchant.ask and merchant.ask["fact"] != "merchant_no":
        merchant.tap("unknown")
    assert merchant.ask
    merchant.say("在哪里看？")
    assert "商户编号" in merchant.texts
    assert merchant.ask["fact"] == "merchant_no"


def test_a_question_first_is_answered(merchant: Merchant) -> None:
    merchant.say("T+1 是什么意思？")
    assert "下一个工作日" in merchant.texts
    assert merchant.last["outcome"] is None
    assert value(merchant, "settlement_mode") is None


def test_every_article_is_found_by_its_questions_and_fits_in_a_message() -> None:
    base = packaged_base()
    reader = Reader(base.lexicon, base.facts, base.articles)
    for name, text in {
        "t1_or_instant": "秒到和T+1有什么区别",
        "d1": "D+1是什么意思",
        "cutoff": "几点以后算第二天",
        "holidays": "为什么周末不到账",
        "where_reference_no": "参考号在哪里看",
        "where_status": "结算记录在哪",
        "account_class": "二类卡是什么意思",
        "preauth": "什么是预授权",
        "retrieval": "调单是什么意思",
        "how_long_person": "人工几点上班",
        "working_days": "哪天是下一个工作日",
        "why_wait": "凭什么要等",
        "status_words": "退票 是啥意思",
        "withdraw": "怎么提现？",
        "second_clearing": "你们是不是二清",
        "police": "要不要报警",
        "tell_me": "到了叫我",
        "if_late": "要是到时没到呢",
    }.items():
        assert reader.read(text, NOW).remarks.article == name, text
    for article in base.articles.values():
        assert len(article.text.zh) <= 90
        assert len(article.text.en.split()) <= 60


@pytest.mark.parametrize(
    ("text", "article"),
    [
        ("周末算不算", "holidays"),
        ("国庆算不算工作日", "holidays"),
        ("已划款是到了吗", "status_words"),
        ("到账了说一声", "tell_me"),
        ("工作日包括周六吗", "working_days"),
        ("do weekends count?", "holidays"),
        ("啥叫结算中", "status_words"),
        ("what does pending mean", "status_words"),
        ("啥叫二清", "second_clearing"),
        ("点哪里提现", "withdraw"),
        ("how do I withdraw?", "withdraw"),
        ("12位是哪个数字", "where_reference_no"),
        ("15位的是哪个", "where_merchant_no"),
        ("should I call the police?", "police"),
        ("钱到了告诉我一声", "tell_me"),
        ("let me know when it arrives", "tell_me"),
        ("有人打电话说交2000解冻 我交不交", "pay_first"),
        ("业务员让我转300保证金", "pay_first"),
        ("收到短信要我交解冻费", "pay_first"),
        ("客服打电话让我把验证码给他", "pay_first"),
        ("是你们吗", "pay_first"),
        ("someone asks me to pay a deposit to unfreeze", "pay_first"),
        ("should I send him the verification code? he wants me to give him the otp", "pay_first"),
        ("能不能改成秒到", "instant"),
        ("怎么才能秒到", "instant"),
        ("can i switch to instant", "instant"),
        ("那周六刷的算哪天", "holidays"),
        ("晚上11点后刷的算第二天吗", "cutoff"),
        ("为什么要9号", "why_wait"),
        ("那到时候还没到怎么办", "if_late"),
        ("what if it doesn't come", "if_late"),
        ("手续费怎么扣", "fees"),
        ("手续费这么高吗", "fees"),
        ("小票丢了怎么办", "where_reference_no"),
        ("没有小票可以吗", "where_reference_no"),
        ("国庆你们放假吗", "how_long_person"),
        ("今天周六有人上班吗", "how_long_person"),
        ("你们几点下班", "how_long_person"),
        ("放假没人吗", "how_long_person"),
        ("are you open on Saturday", "how_long_person"),
    ],
)
def test_the_same_may_be_asked_in_other_words(text: str, article: str) -> None:
    base = packaged_base()
    assert Reader(base.lexicon, base.facts, base.articles).read(text, NOW).remarks.article == article


@pytest.mark.parametrize(
    "text",
    [
        *(STORY, "秒到没到账", "刷卡手续费扣多了", "商户号822584058120033", "T+1", "安全码是多少"),
        *(
            "怎么提现还没到",
            "怎么提现不了",
            "退票是什么原因",
            "怀疑是二清",
            "周末的钱没到",
            "我要报警",
            "钱到了我告诉你",
            "扣了我300保证金",
            "客户付2000 明天才到账吗",
            "昨天交易失败 机器要激活",
            "机器让我输密码",
            "银行打电话说已经解冻了",
            "是你们扣的吗",
        ),
        "how do I withdraw it, it failed",
        "周六刷的3500没到",
        "今天不上班，明天再看",
        "银行下班了",
        "手续费扣多了",
        "9号刷的没到",
        "昨天秒到的没到",
        "小票丢了",
        "能快点处理吗，3500还没到账都三天了",
        "我已经改成秒到了",
        "上班没空看",
    ],
)
def test_what_states_something_is_no_question_for_an_article(text: str) -> None:
    base = packaged_base()
    assert Reader(base.lexicon, base.facts, base.articles).read(text, NOW).remarks.article is None


@pytest.mark.parametrize(
    "text",
    ["钱到了，谢谢", "收到了，谢谢", "刚刚到账了", "錢到了", "it has arrived", "The money came in, thanks!"],
)
def test_an_open_case_is_closed_when_the_money_has_come(parts: Parts, text: str) -> None:
    merchant = Merchant(parts, chat=text)
    merchant.say(STORY)
    merchant.say(text)
    assert merchant.last["outcome"] == "closed"
    assert value(merchant, "arrived") == "yes"
    assert merchant.ask is None


def test_an_advised_case_is_closed_when_the_money_has_come(parts: Parts) -> None:
    knows = {"settlement_mode": "t1", "payout_status": "pending"}
    merchant = Merchant(parts, chat="advised", knows=knows)
    merchant.say("今天早上九点刷了3500没到账")
    merchant.answer_all()
    assert merchant.last["outcome"] == "advised"
    merchant.say("到了")
    assert merchant.last["outcome"] == "closed"
    assert "办结" in merchant.texts


def test_people_who_work_on_it_are_told_that_the_money_has_come(merchant: Merchant) -> None:
    merchant.say(STORY)
    merchant.say("转人工")
    merchant.say("到了")
    assert merchant.last["outcome"] == "ticket"
    assert merchant.last["ticket"]["facts"]["arrived"]["value"] == "yes"
    assert merchant.last["ticket"]["number"] in merchant.texts


@pytest.mark.parametrize("text", ["到账了吗", "没到账", "到了一部分", "收到短信了", "到了三千"])
def test_what_is_not_the_news_closes_nothing(parts: Parts, text: str) -> None:
    merchant = Merchant(parts, chat=f"news {text}")
    merchant.say(STORY)
    merchant.say(text)
    assert merchant.last["outcome"] != "closed"
    assert value(merchant, "arrived") is None


def test_the_same_words_may_be_an_answer() -> None:
    base = packaged_base()
    reader = Reader(base.lexicon, base.facts, base.articles)
    reading = reader.read("到了", NOW, base.facts["settle_card_test"])
    assert (reading.answer, dict(reading.facts)) == ("arrives", {})
    reading = reader.read("收到了", NOW, base.facts["cardholder_charged"])
    assert (reading.answer, "arrived" in reading.facts) == ("yes", False)


def test_nothing_is_closed_before_there_is_a_case(merchant: Merchant) -> None:
    merchant.say("收到了，谢谢")
    assert merchant.last["outcome"] is None
    assert merchant.ask is None


def test_what_was_read_is_played_back_with_its_name_where_it_needs_one(merchant: Merchant) -> None:
    merchant.say("昨天刷的3500没到账，业务员联系不上，别的店也没到")
    assert "¥3,500，业务员（联系不上），附近别的店（也是这样）。" in merchant.texts


def test_the_language_is_changed_on_request_and_stays(merchant: Merchant) -> None:
    merchant.say(STORY)
    merchant.say("speak English")
    assert "English" in merchant.texts
    assert merchant.ask
    assert all(option["label"].isascii() for option in merchant.ask["options"])
    merchant.say("三点半刷的")
    assert "Noted" in merchant.texts
    merchant.say("说中文")
    assert "中文" in merchant.texts


def test_the_language_of_the_menu_stays(merchant: Merchant) -> None:
    merchant.say("/language")
    assert "English" in merchant.texts
    merchant.say("昨天刷的3500没到账，请问什么时候能到呢")
    assert "记下了" not in merchant.texts
    assert "Noted" in merchant.texts


def test_corrections_in_words(merchant: Merchant) -> None:
    merchant.say(STORY)
    merchant.say("不对，是5000")
    assert value(merchant, "amount") == 500000
    merchant.say("说错了，是前天")
    assert value(merchant, "paid_at") == {
        "from": "2026-10-07T00:00:00+08:00",
        "to": "2026-10-08T00:00:00+08:00",
    }
    merchant.say("no, it was 4800")
    assert value(merchant, "amount") == 480000
    assert value(merchant, "complaint") == "not_arrived"


@pytest.mark.parametrize(
    ("fact", "text", "answer"),
    [
        ("settle_card_checked", "不是同一张", "different"),
        ("settle_card_checked", "不是", "different"),
        ("txn_result", "不对，是5000", None),
        ("txn_result", "no, it failed", "failed"),
        ("amount", "不对，是5000", 500000),
    ],
)
def test_a_correction_is_no_no(fact: str, text: str, answer: object) -> None:
    base = packaged_base()
    assert Reader(base.lexicon, base.facts).read(text, NOW, base.facts[fact]).answer == answer


def test_an_answer_to_another_question_is_taken(merchant: Merchant) -> None:
    merchant.say("昨天的钱没到账")
    asked = merchant.ask
    assert asked
    assert asked["fact"] != "paid_at"
    merchant.say("下午三点")
    assert value(merchant, "paid_at") == "2026-10-09T15:00:00+08:00" or "15:00" in merchant.texts
    merchant.say("微信收的")
    assert value(merchant, "pay_method") == "wechat"


def test_a_change_is_confirmed_in_words(parts: Parts) -> None:
    for text, mode in (("是的", "t1"), ("对，改", "t1"), ("不用", "d1"), ("no", "d1"), ("第一个", "t1")):
        merchant = Merchant(parts, chat=f"change {text}")
        merchant.say("昨天下午3点20刷了3500没到账，T+1")
        for _ in range(3):
            if merchant.ask and merchant.ask["fact"] == "settlement_mode":
                break
            merchant.tap("unknown")
        merchant.send(choice="correct:settlement_mode")
        assert merchant.ask
        old = {option["value"]: option["id"] for option in merchant.ask["options"]}
        merchant.tap("d1")
        merchant.send(choice=old["t1"])
        assert merchant.ask
        assert merchant.ask["kind"] == "confirm"
        merchant.say(text)
        assert value(merchant, "settlement_mode") == mode, text


def test_of_two_meanings_he_is_asked_which(merchant: Merchant) -> None:
    merchant.say("提现那个钱到卡里是怎么个情况")
    assert merchant.ask
    assert merchant.ask["fact"] == "meant"
    values = [option["value"] for option in merchant.ask["options"]]
    assert values == ["payout_not_arrived", "arrival_time", "unknown"]
    assert "还是" in merchant.texts
    merchant.say("第二个")
    assert value(merchant, "complaint") == "when"


def test_neither_meaning_leads_to_the_open_question(merchant: Merchant) -> None:
    merchant.say("提现那个钱到卡里是怎么个情况")
    merchant.tap("unknown")
    assert merchant.ask
    assert merchant.ask["fact"] == "complaint"
    assert value(merchant, "complaint") is None


def test_a_story_answers_the_question_which_is_meant(merchant: Merchant) -> None:
    merchant.say("提现那个钱到卡里是怎么个情况")
    merchant.say(STORY)
    assert value(merchant, "complaint") == "not_arrived"
    assert value(merchant, "amount") == 350000


def test_anger_is_met_once_with_a_calm_sentence_and_raises_the_priority(merchant: Merchant) -> None:
    merchant.say("骗子，昨天刷的3500还没到")
    assert merchant.texts.count("添麻烦") == 1
    merchant.say("你们这些骗子")
    assert "添麻烦" not in merchant.texts
    merchant.say("转人工")
    assert merchant.last["ticket"]["priority"] in ("high", "urgent")


def test_commands_may_be_typed(merchant: Merchant) -> None:
    merchant.say(STORY)
    merchant.say("/human")
    number = merchant.last["ticket"]["number"]
    for text in ("/status", "进度", "查一下我的工单"):
        merchant.say(text)
        assert number in merchant.texts


@pytest.mark.parametrize(
    ("text", "scope"), [("没有查到这笔", None), ("那笔查不到", None), ("就这笔查不到，别的都有", "one_sale")]
)
def test_who_says_this_sale_back_has_not_said_that_it_is_the_only_one(
    merchant: Merchant, text: str, scope: str | None
) -> None:
    merchant.say("昨天刷的钱没到账")
    assert merchant.asks == "payout_status"
    merchant.say(text)
    assert value(merchant, "payout_status") == "not_found"
    assert merchant.last["facts"].get("scope", {}).get("value") == scope


@pytest.mark.parametrize("language", [None, "en"])
@pytest.mark.parametrize("first", ["昨天下午3点刷的3500还没到账 T1 待结算，是怎么回事", "T+1是什么意思？"])
def test_a_latin_word_after_a_first_message_in_chinese_changes_no_language(
    parts: Parts, first: str, language: Language | None
) -> None:
    merchant = Merchant(parts, chat=f"flips {first} {language}", language=language)
    merchant.say(first)
    merchant.say("OK")
    assert not merchant.texts.isascii()


def test_a_first_latin_word_is_answered_in_english(parts: Parts) -> None:
    merchant = Merchant(parts, chat="greets", language=None)
    merchant.say("Hello")
    assert merchant.texts.isascii()


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("延迟结算是什么意思 我的钱", "先核实"),
        ("待结算是什么意思", "轮到划款"),
        ("凭什么让我等", "银行之间清算"),
        ("why do I have to wait", "cleared between the banks"),
    ],
)
def test_a_first_question_about_money_that_is_held_leads_to_his_case(
    parts: Parts, question: str, says: str
) -> None:
    merchant = Merchant(parts, chat=f"leads {question}")
    merchant.say(question)
    assert says in merchant.texts
    assert merchant.asks == "complaint"
    merchant.tap("not_arrived")
    assert merchant.ask
    assert value(merchant, "complaint") == "not_arrived"


@pytest.mark.parametrize("question", ["T+1 是什么意思？", "手续费多少", "什么叫秒到", "怎么提现"])
def test_a_first_question_of_knowledge_is_only_answered(parts: Parts, question: str) -> None:
    merchant = Merchant(parts, chat=f"only {question}")
    merchant.say(question)
    assert merchant.ask is None


@pytest.mark.parametrize("words", ["3500", "3500啊", "3500!", "就是3500块"])
def test_what_is_known_is_noted_and_no_miss(parts: Parts, words: str) -> None:
    merchant = Merchant(parts, chat=f"again {words}")
    merchant.say(STORY)
    asked = merchant.asks
    assert asked
    for _ in range(3):
        merchant.say(words)
        assert "3,500" in merchant.texts
        assert "没太看懂" not in merchant.texts
        assert merchant.asks == asked
    assert value(merchant, asked) is None


def test_a_number_of_days_is_no_sum_however_stressed(merchant: Merchant) -> None:
    merchant.say("昨天下午3点刷的没到账，秒到的，App 显示待结算")
    while merchant.asks != "onboarded_days":
        assert merchant.asks
        merchant.tap("unknown") if merchant.asks != "d0_switch" else merchant.tap("on")
    merchant.say("120啊")
    assert value(merchant, "onboarded_days") == 120
    assert value(merchant, "amount") in (None, "unknown")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        *(
            (asks, "我这边看不到")
            for asks in ("你自己不会查吗", "你们后台看不到吗", "你们能不能自己查", "你自己查啊")
        ),
        ("can't you see that yourself?", "I cannot see"),
        *(
            (later, "您方便时再告诉我")
            for later in ("我手机没在身边", "等下看", "晚点我再看看", "等我看一下")
        ),
        ("I'll check later", "when it suits you"),
        *((helpless, "结算记录") for helpless in ("怎么办", "那怎么办啊", "什么意思", "你这是什么意思")),
        ("what do you mean?", "settlement records"),
    ],
)
def test_who_asks_back_or_looks_later_is_heard_and_the_question_stays(
    parts: Parts, words: str, says: str
) -> None:
    merchant = Merchant(parts, chat=f"back {words}")
    merchant.say("没到账")
    assert merchant.asks == "payout_status"
    for _ in range(3):
        merchant.say(words)
        assert says in merchant.texts
        assert merchant.asks == "payout_status"
    assert value(merchant, "payout_status") is None


@pytest.mark.parametrize("words", ["不会查", "手机上看不懂", "不方便看"])
def test_who_cannot_look_does_not_know(parts: Parts, words: str) -> None:
    merchant = Merchant(parts, chat=f"cannot {words}")
    merchant.say("没到账")
    merchant.say(words)
    assert value(merchant, "payout_status") == "unknown"


FOLLOWS_UP = [
    *(
        "几点",
        "为什么这么慢",
        "能不能快点",
        "不行我现在就要",
        "你确定？",
        "到时候不到我找谁",
        "能不能提前",
        "怎么办",
    ),
    "why",
]


@pytest.mark.parametrize("words", FOLLOWS_UP)
def test_what_is_not_understood_after_the_promise_is_answered_by_it(parts: Parts, words: str) -> None:
    merchant = Merchant(parts, chat=f"promised {words}")
    merchant.say("昨天下午三点刷的3500没到账 T+1 待结算")
    assert merchant.last["outcome"] == "advised"
    merchant.say(words)
    assert "10月9日（周五）14:00前到账" in merchant.texts
    assert "T+1，就是下一个工作日到账。" in merchant.texts
    assert "没太看懂" not in merchant.texts
    assert merchant.last["outcome"] == "advised"
    merchant.say("人工")
    merchant.say(words)
    assert "等待处理，预计10月13日" in merchant.texts
    assert merchant.last["outcome"] == "ticket"


def test_a_thumb_up_is_thanks(merchant: Merchant) -> None:
    merchant.say("昨天下午三点刷的3500没到账 T+1 待结算")
    merchant.say("👌")
    assert merchant.texts.startswith("不客气")
