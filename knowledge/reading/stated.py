"""What words say of facts, once it is clear whose case they speak of."""

import re
from collections.abc import Sequence

from knowledge.model import Value
from knowledge.reading.clauses import clause_start
from knowledge.reading.intents import Guess
from knowledge.reading.mentions import Mention, asks_what
from knowledge.reading.people import CUSTOMER_EN, CUSTOMER_ZH, OTHER_CUSTOMERS

_CUSTOMER = re.compile(rf"{CUSTOMER_ZH}|{CUSTOMER_EN}|\b(?:his|her)\b")
#: Of a card or a terminal right behind it: not his own.
_SOMEBODYS = re.compile(
    rf"(?:{CUSTOMER_ZH}|别人|朋友).{{0,5}}$"
    r"|\b(?:he|she|his|her|customer(?:'s)?|guest(?:'s)?|client(?:'s)?|wife's|husband's|friend's)\b.{0,12}$"
    "|商$"  # 户名 within 商户名
)
_OWN = frozenset(
    {
        "settle_card_state",
        "settle_info_correct",
        "account_class",
        "account_kind",
        "registered_as",
    }
)
#: Of a card used right behind it: it is no cash-out of his own.
_CUSTOMER_DOES = re.compile(rf"{CUSTOMER_ZH}.{{0,5}}$|(?:{CUSTOMER_EN}|\b(?:he|she)\b).{{0,12}}$")
_OTHERS_PAY = re.compile(rf"{OTHER_CUSTOMERS}[拿用刷扫付]")
#: 一类还是二类: only asked.
_OR_BEFORE = re.compile(r"(?:还是|或者|、|\bor\s)$")
_OR_BEHIND = re.compile(r"\s?(?:卡|户)?(?:还是|或者|、)\s?[一二三12]|\s?or\b")
_KIND = re.compile(r"类型|性质|\b(?:type|kind)\b")
_AGENT_SAYS = re.compile(r"(?:业务员|代理商?).{0,6}(?:说|讲).{0,4}$")
_BANK = re.compile(r"银行|\bbank\b")
#: That a list of the app is empty says nothing of the bank account.
_EMPTY_LIST = re.compile(r"(?:栏|列表|记录|后台|app)[里上中].{0,8}[啥么何][都也]没[有得]$")
#: What the customer's phone shows says nothing of the terminal.
_CUSTOMERS_SIDE = re.compile(rf"{CUSTOMER_ZH}的?(?:那[头边里]|手机|微信|支付宝).{{0,6}}$")
#: A refund or a review that is pending is no payout.
_OTHER_PENDING = re.compile(
    r"\b(?:refund|review|verification|application|approval|ticket|request|case|report|card|change)\b.{0,14}$"
)
#: What the terminal shows is how the sale went.
_ON_TERMINAL = r"(?:机器|机子|pos机|小票|屏幕|单子)[上里]?.{0,4}$"
#: To be paid to another account: only wished or asked for.
_WISHED = re.compile(r"能不能|可不可以|可以|能否|可否|想要?|希望|麻烦|\b(?:can|want|could|please)\b")
#: What is missing on the customer's card was charged.
_CUSTOMERS_CARD = re.compile(rf"{CUSTOMER_ZH}的?(?:[卡账][里上]?|余额).{{0,3}}$")
#: (Fact, value) -> what in front of it in its clause makes it something else.
_SAYS_OTHER = {
    ("payout_status", "pending"): _OTHER_PENDING,
    ("payout_status", "paid_out"): re.compile(rf"{_CUSTOMERS_SIDE.pattern}|{_ON_TERMINAL}"),
    ("payout_status", "not_found"): _BANK,  # his bank knows nothing of the app's records
    ("notice", "risk"): _AGENT_SAYS,  # what an agent says is no notice
    ("scope", "all_today"): re.compile("[到至]$"),  # "until today" is no day of sales
    ("genuine_sale", "no"): _CUSTOMER_DOES,
    ("account_kind", "personal"): _WISHED,
    ("txn_result", "success"): _CUSTOMERS_SIDE,
    ("received", "partial"): _CUSTOMERS_CARD,
    ("complaint", "short"): _CUSTOMERS_CARD,
}
#: Behind a place, these say that it is not there: 余额里没看到; but 余额里没提现 says that it is.
_NOT_THERE = re.compile(r"(?:也|都|还|又|根本|就)?(?:没(?!提|点|转|取)|看不|不见|查不)")
#: Fact -> the value that says nothing beside another one.
_OUTWEIGHED = {
    "payout_status": "not_found",  # the app shows it, his bank does not
    "scope": "one_sale",  # of several, one may be named
    "txn_type": "preauth",  # it was completed
    "settle_info_correct": "yes",  # one wrong detail is enough
}
#: Of a card, or only asked: that his money is held is not said.
_NOT_HELD = re.compile(r"卡|\bcard\b|[吗么?？]|[会是]不[会是]|是否|[是对]吧|难道|\b(?:if|whether|maybe)\b")
#: Before and behind a mode, these ask about it: 是不是T1, D0怎么开, "is it T+1 or".
_ASKS_BEFORE = re.compile(
    r"(?:是不是|还是|算|能不能|可不可以|怎么|能|可以)[开用改换]?[通成到]?的?\s?$|\b(?:is it|or)\s?$"
)
_ASKS_BEHIND = re.compile(
    r"\s?的?\s?(?:是不是|还是|是?什么|能不能|可不可以|怎么|[吗嘛?？]|(?<![什怎])么|or\b|.{0,2}[吗?？]$)"
)


def stated(text: str, statements: Sequence[Mention], guess: Guess) -> dict[str, Value]:
    """Take what words say of facts; two different values of one fact say nothing."""
    said: dict[str, set[str]] = {}
    for mention in statements:
        if not mention.negated and _is_said(text, mention, guess):
            said.setdefault(mention.kind, set()).add(mention.value)
    for fact, outweighed in _OUTWEIGHED.items():
        if len(said.get(fact, ())) > 1:
            said[fact].discard(outweighed)
    if "corrected" in said.get("bounced_before", ()):
        # What was wrong is wrong no more, and what failed then failed before.
        said.pop("settle_info_correct", None)
        said.pop("card_changed", None)
        said.get("payout_status", set()).discard("failed")
    if "held" in said.get("payout_status", ()) and said.get("notice") == {"documents"}:
        del said["notice"]  # papers are asked for in a risk review too
    if "risk" in said.get("notice", ()):
        said["notice"].discard("documents")
    facts: dict[str, Value] = {fact: values.pop() for fact, values in said.items() if len(values) == 1}
    if guess.sure and guess.intent == "risk_hold" and not facts and not _NOT_HELD.search(text):
        facts["payout_status"] = "held"
    return facts


def _is_said(text: str, mention: Mention, guess: Guess) -> bool:
    """Tell whether words say of this case what they say elsewhere."""
    before = text[clause_start(text, mention.start) : mention.start]
    other = _SAYS_OTHER.get((mention.kind, mention.value))
    away = mention.value == "to_withdraw" and _NOT_THERE.match(text, mention.end)
    if away or (other is not None and other.search(before)):
        return False
    match mention.kind:
        case "account_class" if _asks_which(text, mention):
            return False
        case "cardholder_charged":
            return _is_about_customer(text, guess)
        case "others_affected":
            return not _OTHERS_PAY.match(text, mention.start)
        case "instant_expected":
            return guess.intent != "arrival_time" or not asks_about(text, mention)
        case "payout_status":  # "when will it be paid out" says that it was not
            return mention.value != "paid_out" or guess.intent != "arrival_time"
        case "settle_info_correct" if _KIND.search(text, mention.start, mention.end):
            return False  # it is the kind of the account that does not fit
        case "received":
            return not _EMPTY_LIST.search(text[: mention.end])
        case "txn_result":  # with a refund, it is that which went through
            return guess.intent != "refund_question"
        case kind:
            return kind not in _OWN or not _SOMEBODYS.search(before)


def _asks_which(text: str, mention: Mention) -> bool:
    """Tell whether he asks what a class means, or which of two it is."""
    start, end = mention.start, mention.end
    either = _OR_BEHIND.match(text, end) or _OR_BEFORE.search(text, 0, start)
    return bool(either) or asks_what(text, start, end)


def asks_about(text: str, mention: Mention) -> bool:
    """Tell whether a mode is only asked about."""
    before = text[max(0, mention.start - 12) : mention.start]
    return bool(_ASKS_BEFORE.search(before) or _ASKS_BEHIND.match(text, mention.end))


def _is_about_customer(text: str, guess: Guess) -> bool:
    return guess.intent == "charged_but_failed" or _CUSTOMER.search(text) is not None
