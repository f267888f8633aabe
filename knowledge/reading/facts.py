"""Facts that a message states, from its slots, its words and its intent."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from knowledge.model import FactSpec, Value
from knowledge.reading.elapsed import terminal_age
from knowledge.reading.events import EventReader
from knowledge.reading.intents import Guess
from knowledge.reading.mentions import Mention
from knowledge.reading.moments import sale_moment
from knowledge.reading.slots import Slots

#: What a sure intent says of the complaint.
COMPLAINTS = {
    "payout_not_arrived": "not_arrived",
    "amount_mismatch": "short",
    "charged_but_failed": "charged_but_failed",
    "refund_question": "refund",
    "arrival_time": "when",
}
MODES = {"INSTANT": "d0", "D0": "d0", "T0": "t0", "D1": "d1", "T1": "t1"}
#: Intents whose numbers and days are not about a sale.
_ELSEWHERE = frozenset({"out_of_scope", "greeting_thanks"})
#: Intents whose days are those of a sale.
_OF_SALES = frozenset({"payout_not_arrived", "amount_mismatch", "charged_but_failed"})
#: A text this short that names a day says when, whatever was asked.
_BARE = 12
_ARRIVAL = re.compile(r"到|没|未|不|结|放假|[吗么?？]|will|not|n't")
#: Where one of these is said, money is missing.
_WAITS: Mapping[str, frozenset[str]] = {
    "payout_status": frozenset({"pending", "processing", "failed", "held", "to_withdraw"}),
    "received": frozenset({"none"}),
    "notice": frozenset({"risk", "retrieval", "documents", "judicial"}),
    "bounced_before": frozenset({"corrected", "not_corrected"}),
}
_CUSTOMER = re.compile(
    r"顾客|客人|客户|持卡人|买家|对方|他|她|人家|customer|cardholder|buyer|client|\bhis\b|\bher\b"
)
#: Of a card or a terminal right behind it: not his own.
_SOMEBODYS = re.compile(r"(?:顾客|客人|客户|持卡人|对方|人家|别人|朋友|他|她|\bhis|\bher)[^,.，。;；]{0,5}$")
_OWN = frozenset({"settle_card_state", "account_class", "account_kind", "registered_as"})
_AGENT_SAYS = re.compile(r"(?:业务员|代理商?)[^,.，。;；]{0,6}(?:说|讲)[^,.，。;；]{0,4}$")
_CUSTOMERS_BANK = re.compile(
    r"(?:(?:顾客|客人|客户|持卡人|对方|他|她)(?:的|是|用|拿|那张|刷)*.{0,4}"
    r"|\b(?:guest|customer|client|cardholder|buyer)\b[^,.;]{0,24})$"
)
_PAID_WITH = re.compile(r"的?卡?(?:刷|付|消费|支付)|信用卡|贷记卡")
_CARD = re.compile(r"卡|\bcard\b|[吗么?？]|会不会")
_CHANGED_TO = re.compile(r"(?:换成|换到|改成|改到|换了|changed? to)\s?$")
_OWN_CARD = re.compile(r"(?:还|结算|到账?|提现?到?|转到|绑定?|收款|我的|入账?|打到|到我)(?:的|卡|是|了)*$")
_SCANNED = re.compile(r"扫|码|云闪付|qr|scan")
#: Behind a way to pay: it is not the one of this sale ("信用卡都是马上到，就这笔没到").
_FINE = re.compile(
    r"(?:[那这]几笔|收?的|扫的|刷的|支付宝|微信)*(?:都是|一直|平时|[都倒全也]*是?(?:正常|到了|进来了?|进了|来了|没问题|行))"
)
_CLAUSE = re.compile(r"[^,.，。;；!！\n]*[?？]?")
_ASKS_MODE = re.compile(r"是不是|还是|什么意思|能不能|可不可以|怎么开|[吗嘛]|(?<![什怎])么|[?？]|\bor\b")


def read_facts(
    text: str, slots: Slots, statements: Sequence[Mention], guess: Guess, expecting: FactSpec | None
) -> dict[str, Value]:
    """Give the facts that the text states, but for the moment of the sale."""
    facts: dict[str, Value] = {}
    facts |= _stated(text, statements, guess)
    facts |= _named(text, slots, guess)
    if facts.get("d0_switch") == "off":
        # Who has switched it off speaks of instant payout and does not have it.
        facts = {key: value for key, value in facts.items() if value != "d0" and key != "instant_expected"}
    facts |= slots.numbers
    facts |= _tails(slots, expecting)
    age = terminal_age(text)
    if age is not None:
        facts["onboarded_days"] = age
    if _is_of_sales(guess):
        facts |= _money(slots, facts)
    complaint = _complaint(facts, guess)
    if complaint and not (expecting is not None and _is_bare(text, slots)):
        facts["complaint"] = complaint
    return facts


def read_moment(
    text: str, slots: Slots, guess: Guess, now: datetime, events: EventReader, *, asked: bool
) -> Value | None:
    """Give the moment of the sale; `asked` says that it was just asked for, or is corrected."""
    asked = asked or _is_bare(text, slots)
    if not (_is_of_sales(guess) and (asked or guess.intent in _OF_SALES or events.speaks_of_sale(text))):
        return None
    return sale_moment(text, slots.days, slots.times, now, events, asked=asked)


def _is_of_sales(guess: Guess) -> bool:
    """Tell whether numbers and days may be about a sale."""
    return guess.intent not in _ELSEWHERE or not guess.sure


def _complaint(facts: Mapping[str, Value], guess: Guess) -> Value | None:
    """Tell what is wrong: by a sure intent, by the words themselves, or by what else he says."""
    meant = COMPLAINTS.get(guess.intent) if guess.sure else None
    if meant and not (meant == "refund" and "void_found" in facts):
        return meant
    if facts.get("txn_result") == "failed" and facts.get("cardholder_charged") == "yes":
        return "charged_but_failed"
    if not meant and facts and guess.intent == "payout_not_arrived":
        return facts.get("complaint", "not_arrived")
    if "complaint" in facts or guess.intent in _ELSEWHERE:
        return facts.get("complaint")
    got, amount = facts.get("received_amount"), facts.get("amount")
    if facts.get("received") == "partial" or (
        isinstance(got, int) and isinstance(amount, int) and got < amount
    ):
        return "short"
    waits = any(facts.get(key) in values for key, values in _WAITS.items())
    return "not_arrived" if waits and meant != "refund" and guess.intent != "refund_question" else None


def _is_bare(text: str, slots: Slots) -> bool:
    """Tell whether a text is hardly more than a day or a time: an answer to a question asked before."""
    longest = 2 * _BARE if text.isascii() else _BARE
    return bool(slots.days or slots.times) and len(text) <= longest and not _ARRIVAL.search(text)


def is_known(specs: Mapping[str, FactSpec], key: str, value: Value) -> bool:
    """Tell whether there is such a fact with such a value."""
    spec = specs.get(key)
    return spec is not None and (not spec.values or value in spec.values)


def _stated(text: str, statements: Sequence[Mention], guess: Guess) -> dict[str, Value]:
    """Take what words say of facts; two different values of one fact say nothing."""
    said: dict[str, set[str]] = {}
    for mention in statements:
        if not mention.negated and _is_said(text, mention, guess):
            said.setdefault(mention.kind, set()).add(mention.value)
    if len(said.get("payout_status", ())) > 1:
        said["payout_status"].discard("not_found")  # the app shows it, his bank does not
    if "corrected" in said.get("bounced_before", ()):
        # What was wrong is wrong no more, and what failed then failed before.
        said.pop("settle_info_correct", None)
        said.pop("card_changed", None)
        said.get("payout_status", set()).discard("failed")
    if "held" in said.get("payout_status", ()) and said.get("notice") == {"documents"}:
        del said["notice"]  # papers are asked for in a risk review too
    facts: dict[str, Value] = {fact: values.pop() for fact, values in said.items() if len(values) == 1}
    if guess.sure and guess.intent == "risk_hold" and not facts and not _CARD.search(text):
        facts["payout_status"] = "held"
    return facts


def _is_said(text: str, mention: Mention, guess: Guess) -> bool:
    """Tell whether words say of this case what they say elsewhere."""
    match mention.kind:
        case "cardholder_charged":
            return _is_about_customer(text, guess)
        case "instant_expected":
            return guess.intent != "arrival_time" or not _ASKS_MODE.search(text)
        case "payout_status":  # "when will it be paid out" says that it was not
            return mention.value != "paid_out" or guess.intent != "arrival_time"
        case "notice":  # what an agent says is no notice
            return mention.value != "risk" or not _AGENT_SAYS.search(text, 0, mention.start)
        case "txn_result":  # with a refund, it is that which went through
            return guess.intent != "refund_question"
        case kind:
            return kind not in _OWN or not _SOMEBODYS.search(text, 0, mention.start)


def _is_about_customer(text: str, guess: Guess) -> bool:
    return guess.intent == "charged_but_failed" or _CUSTOMER.search(text) is not None


def _named(text: str, slots: Slots, guess: Guess) -> dict[str, Value]:
    facts: dict[str, Value] = {}
    brands = slots.named("brand")
    if brands:
        facts["brand"] = brands[0].value
    bank = _settlement_bank(text, slots.named("bank"))
    if bank:
        facts["settle_bank"] = bank
    asks = guess.intent == "arrival_time"
    modes = {
        MODES[mention.value]
        for mention in slots.named("mode")
        if not mention.negated and not (asks and _ASKS_MODE.search(_clause(text, mention)))
    }
    if len(modes) == 1:
        facts["settlement_mode"] = modes.pop()
    methods = {_method(text, mention) for mention in slots.named("channel")}
    if len(methods) == 1:
        method = methods.pop()
        if method:
            facts["pay_method"] = method
    return facts


def _settlement_bank(text: str, banks: Sequence[Mention]) -> str | None:
    """Choose the bank of the settlement card: not the customer's, and the new one of two."""
    own = [
        mention
        for mention in banks
        if not _CUSTOMERS_BANK.search(text[: mention.start]) and not _PAID_WITH.match(text, mention.end)
    ]
    for mention in own:
        if _CHANGED_TO.search(text[: mention.start]):
            return mention.value
    values = {mention.value for mention in own}
    return values.pop() if len(values) == 1 else None


def _method(text: str, mention: Mention) -> str | None:
    """Tell how the customer paid; None where it is about the merchant's own card, or says too little."""
    if mention.negated or _OWN_CARD.search(text[: mention.start]) or _FINE.match(text, mention.end):
        return None
    if mention.value == "unionpay":
        return "unionpay_qr" if _SCANNED.search(text) else None
    return mention.value


def _clause(text: str, mention: Mention) -> str:
    """Give the clause that a mention stands in, with its question mark."""
    start = next(found.start() for found in _CLAUSE.finditer(text) if found.end() >= mention.end)
    return text[start : mention.end] + _CLAUSE.match(text, mention.end)[0]  # type: ignore[index]


def _tails(slots: Slots, expecting: FactSpec | None) -> dict[str, Value]:
    facts: dict[str, Value] = {}
    asked = expecting.key if expecting and expecting.key.endswith("card_last4") else None
    for tail in slots.tails:
        settles = tail.settles
        if settles is None:
            settles = asked == "settle_card_last4" if asked else bool(slots.named("bank"))
        facts.setdefault("settle_card_last4" if settles else "card_last4", tail.digits)
    return facts


def _money(slots: Slots, said: Mapping[str, Value]) -> dict[str, Value]:
    """Take sums by their roles, which may depend on what else was said."""
    facts: dict[str, Value] = {}
    names = {"sale": "amount", "received": "received_amount", "balance": "pending_balance"}
    if said.get("cardholder_charged") == "yes":
        names["difference"] = "amount"  # what the customer was charged
    for amount in slots.amounts:
        name = names.get(amount.role)
        if name:
            facts.setdefault(name, amount.fen)
    got, whole = facts.get("received_amount"), facts.get("amount")
    if isinstance(got, int) and isinstance(whole, int) and got < whole:
        facts["received"] = "partial"
    return facts
