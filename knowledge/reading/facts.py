"""Facts that a message states, from its slots, its words and its intent."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from knowledge.model import FactSpec, Value
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
#: Intents that a merchant may have beside his complaint, and how he says it then.
_BESIDE_A_COMPLAINT = frozenset({"complaint_fraud", "human_agent", "ticket_status"})
_NOT_ARRIVED = re.compile(
    r"^(?!.*(?:退|refund)).*(?:[钱款账].{0,6}(?:没有?|未|不)(?:有|能|给我)?(?:到|收到|进|来|结)(?!期)"
    r"|(?:没有?|未|不)(?:到账|收到(?:我的)?[钱款])"
    r"|(?:money|payout|payment|takings)\b.{0,20}(?:not|n't|never)\b.{0,12}(?:arriv|receiv|come|paid|here))"
)
_CUSTOMER = re.compile(
    r"顾客|客人|客户|持卡人|买家|对方|他|她|人家|customer|cardholder|buyer|client|\bhis\b|\bher\b"
)
_CUSTOMERS_BANK = re.compile(r"(?:顾客|客人|客户|持卡人|对方|他|她)(?:的|是|用|拿|那张|刷)*.{0,4}$")
_PAID_WITH = re.compile(r"的?卡?(?:刷|付|消费|支付)|信用卡|贷记卡")
_CARD = re.compile(r"卡|\bcard\b|[吗么?？]|会不会")
_CHANGED_TO = re.compile(r"(?:换成|换到|改成|改到|换了|changed? to)\s?$")
_OWN_CARD = re.compile(r"(?:结算|到账?|提现?到?|转到|绑定?|收款|我的|入账?|打到|到我)(?:的|卡|是|了)*$")
_SCANNED = re.compile(r"扫|码|云闪付|qr|scan")
_ASKS_MODE = re.compile(r"是不是|还是|什么意思|能不能|可不可以|怎么开|[吗嘛]|(?<![什怎])么|[?？]|\bor\b")


def read_facts(
    text: str, slots: Slots, statements: Sequence[Mention], guess: Guess, expecting: FactSpec | None
) -> dict[str, Value]:
    """Give the facts that the text states, but for the moment of the sale."""
    facts: dict[str, Value] = {}
    complaint = _complaint(text, guess)
    if complaint and not (expecting is not None and _is_bare(text, slots)):
        facts["complaint"] = complaint
    facts |= _stated(text, statements, guess)
    facts |= _named(text, slots, guess)
    facts |= slots.numbers
    facts |= _tails(slots, expecting)
    if _is_of_sales(guess):
        facts |= _money(slots)
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


def _complaint(text: str, guess: Guess) -> str | None:
    """Tell what is wrong: by a sure intent, or by the words beside an accusation, a call for a person."""
    if guess.sure and guess.intent in COMPLAINTS:
        return COMPLAINTS[guess.intent]
    return "not_arrived" if guess.intent in _BESIDE_A_COMPLAINT and _NOT_ARRIVED.search(text) else None


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
        if mention.negated or (mention.kind == "cardholder_charged" and not _is_about_customer(text, guess)):
            continue
        if mention.kind == "instant_expected" and _ASKS_MODE.search(text) and guess.intent == "arrival_time":
            continue
        if mention.value == "paid_out" and guess.intent == "arrival_time":
            continue  # "when will it be paid out" says that it was not
        said.setdefault(mention.kind, set()).add(mention.value)
    if len(said.get("payout_status", ())) > 1:
        said["payout_status"].discard("not_found")  # the app shows it, his bank does not
    if "corrected" in said.get("bounced_before", ()):
        said.pop("settle_info_correct", None)  # what was wrong is wrong no more
    facts: dict[str, Value] = {fact: values.pop() for fact, values in said.items() if len(values) == 1}
    if guess.sure and guess.intent == "risk_hold" and not facts and not _CARD.search(text):
        facts["payout_status"] = "held"
    return facts


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
    modes = {MODES[mention.value] for mention in slots.named("mode") if not mention.negated}
    if len(modes) == 1 and not (guess.intent == "arrival_time" and _ASKS_MODE.search(text)):
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
    if mention.negated or _OWN_CARD.search(text[: mention.start]):
        return None
    if mention.value == "unionpay":
        return "unionpay_qr" if _SCANNED.search(text) else None
    return mention.value


def _tails(slots: Slots, expecting: FactSpec | None) -> dict[str, Value]:
    facts: dict[str, Value] = {}
    asked = expecting.key if expecting and expecting.key.endswith("card_last4") else None
    for tail in slots.tails:
        settles = tail.settles
        if settles is None:
            settles = asked == "settle_card_last4" if asked else bool(slots.named("bank"))
        facts.setdefault("settle_card_last4" if settles else "card_last4", tail.digits)
    return facts


def _money(slots: Slots) -> dict[str, Value]:
    facts: dict[str, Value] = {}
    for amount in slots.amounts:
        if amount.role == "sale":
            facts.setdefault("amount", amount.fen)
        elif amount.role == "received":
            facts.setdefault("received_amount", amount.fen)
    return facts
