"""Facts that a message states, from its slots, its words and its intent."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from knowledge.model import FactSpec, Interval, Value
from knowledge.reading.complaints import ELSEWHERE, complaint_of
from knowledge.reading.intents import Guess
from knowledge.reading.mentions import Mention
from knowledge.reading.people import CUSTOMER_EN, CUSTOMER_ZH, OTHER_CUSTOMERS, OTHER_SHOPS
from knowledge.reading.slots import Slots
from knowledge.reading.stated import asks_about, stated
from knowledge.reading.when.elapsed import speaks_of_terminal, terminal_age
from knowledge.reading.when.events import EventReader
from knowledge.reading.when.moments import is_near, sale_moment
from knowledge.reading.when.months import days_since_month

MODES = {"INSTANT": "d0", "D0": "d0", "T0": "t0", "D1": "d1", "T1": "t1"}
#: On working days T+1 pays the next day as well: who tells that says only that it is not at once.
_NEXT_DAY = re.compile(r"次日|隔[天日]|第二天|next day")
_WORKDAYS = re.compile(
    r"(?<!不管)(?<!不分)(?<!无论)(?<!周末)(?<!只有)工作日(?:才|都|是|就|一般|基本|一直)*$"
    r"|\b(?:work(?:ing)?|business|week) ?days?.{0,12}$"
)
#: Intents whose days are those of a sale.
_OF_SALES = frozenset({"payout_not_arrived", "amount_mismatch", "charged_but_failed"})
#: A text this short that names a sum and a day says when, whatever was asked.
_BARE = 12
_ARRIVAL = re.compile(r"到|没|未|(?<!差)不|结|放假|[吗么?？]|will|not|n't")
_CUSTOMERS_BANK = re.compile(
    rf"(?:{CUSTOMER_ZH}(?:的|是|用|拿|那张|刷)*.{{0,4}}|{CUSTOMER_EN}[^,.;]{{0,24}})$"
)
_PAID_WITH = re.compile(r"的?卡?(?:刷|付|消费|支付)|信用卡|贷记卡")
_CHANGED_TO = re.compile(r"(?:换成|换到|改成|改到|换了|changed? to)\s?$")
_OWN_CARD = re.compile(r"(?:还|结算|到账?|提现?到?|转到|绑定?|收款|我的|入账?|打到|到我)(?:的|卡|是|了)*$")
#: In front of a way to pay: it is how others paid.
_OTHERS = re.compile(
    rf"{OTHER_CUSTOMERS}[拿用刷扫付的]{{0,2}}$|(?:平时|平常|一般|以前|往常)(?:的|都是|都|是)*$"
)
#: In front of a mode: it is that of another shop.
_OTHER_SHOPS = re.compile(rf"{OTHER_SHOPS}$")
_SCANNED = re.compile(r"扫|码|云闪付|qr|scan")
#: Several sales, and their sums one behind the other; and the one of them that has not come.
_SEVERAL = re.compile(
    r"[两俩三四五六七八九几2-9]\s?[笔单]"
    r"|\b(?:two|three|four|five|several|both) (?:sales|payments|transactions)\b"
)
_LISTED = re.compile(
    r"(?<!\d)\d{2,9}(?:元|块钱?)?\s?"
    r"(?:[、,，和跟\s]|and |[,，]?(?:另外?|还有|再)?(?:一|有)[笔单](?:是)?){1,2}\s?\d{2,}"
)
#: 800和1200, and no days.
_TWO_SUMS = re.compile(
    r"(?<!\d)\d{2,}(?:元|块钱?)?\s?(?:[、和跟]|and )\s?\d{2,}"
    r"(?![\d号日点月天:.]|(?:元|块)?的?[^,，。]{1,3}费)"
)
_ONE_NOT_COME = re.compile(r"[\d.]+(?:元|块钱?)?(?:的|的?[那这]一?[笔单])(?:还|就|都|一直)*[没未]")
#: Of two sales, one that has not come, beside one that has: 1000到了，2000没到.
_NOT_COME = re.compile(r"[\d.]+(?:元|块钱?)?(?:的?[那这]一?[笔单]|的)?(?:还|就|都|一直)*[没未]")
_CAME = re.compile(
    r"[\d.]+(?:元|块钱?)?(?:的?[那这]一?[笔单]|的)?(?:已经?|都|倒是|是)*(?:到|来|收到)了(?!\s?\d)"
)
#: It is he who wants money back, and no customer.
_BACK_TO_HIM = re.compile(r"[退还]回?(?:给|还)?(?:我|俺)|refund me\b|(?:refund|return) my (?:deposit|fee)")
#: Beside a refund, money of his own is missing: 别的钱也没到.
_OWN_TOO = re.compile(
    r"(?:别的|其[他它余]的?|另外的?|剩下的?)(?:那些|几笔|单子?的?)?(?:钱|款|货款|营业款|账|单).{0,4}[没未]"
    r"|\b(?:other|rest of (?:my|the)) (?:money|sales|payments)\b.{0,16}\b(?:not|n't|never|missing)"
)
#: Behind a way to pay: it is not the one of this sale ("信用卡都是马上到，就这笔没到").
_FINE = re.compile(
    r"(?:[那这]几笔|收?的|扫的|刷的|支付宝|微信)*(?:都是|一直|平时|[都倒全也]*是?(?:正常|到了|进来了?|进了|来了|没问题|行))"
)


def read_facts(
    text: str, slots: Slots, statements: Sequence[Mention], guess: Guess, expecting: FactSpec | None
) -> dict[str, Value]:
    """Give the facts that the text states, but for the moment of the sale."""
    facts = stated(text, statements, guess) | _named(text, slots, guess, expecting)
    if facts.get("d0_switch") == "off":
        # Who has switched it off speaks of instant payout and does not have it.
        facts = {key: value for key, value in facts.items() if value != "d0" and key != "instant_expected"}
    facts |= slots.numbers
    facts |= _tails(slots, expecting)
    age = terminal_age(text)
    if age is not None:
        facts["onboarded_days"] = age
    if _is_of_sales(guess):
        facts |= _money(text, slots, facts)
    to_him = _BACK_TO_HIM.search(text) is not None and not re.search(f"{CUSTOMER_ZH}|{CUSTOMER_EN}", text)
    complaint = complaint_of(facts, guess, to_him=to_him or _OWN_TOO.search(text) is not None)
    answers = slots.amounts or slots.days or slots.times or "scope" in facts
    if complaint and not (expecting is not None and answers and _is_short(text)):
        facts["complaint"] = complaint
    if complaint == "refund" and facts.get("received") == "none":
        del facts["received"]  # it is the customer who got nothing
    return facts


def read_moment(
    text: str,
    slots: Slots,
    guess: Guess,
    now: datetime,
    events: EventReader,
    *,
    asked: bool,
    about: datetime | Interval | None,
) -> Value | None:
    """Give the moment of the sale; `asked` says that it was just asked for, or is corrected."""
    bare = is_bare(slots, events)
    alone = asked or bare or (about is None and bool(slots.amounts) and _is_short(text))
    if not (
        _is_of_sales(guess)
        and (alone or guess.intent in _OF_SALES or events.speaks_of_sale(text, slots.days))
    ):
        return None
    moment = sale_moment(text, slots.days, slots.times, now, events, asked=alone, about=about)
    # A day alone may be that on which the money came: it says more of the known one, or nothing.
    return None if moment and bare and not asked and about and not is_near(moment, about) else moment


def terminal_day(text: str, slots: Slots, now: datetime, events: EventReader) -> dict[str, Value]:
    """Give the terminal's age if the text names the day or the month since which he has it."""
    since = days_since_month(text, now, asked=False)
    if since is not None and speaks_of_terminal(text, 0, len(text)):
        return {"onboarded_days": since}
    day = events.of_terminal(text, slots.days)
    if day is None or day.last > now.date() or not speaks_of_terminal(text, day.place, day.end):
        return {}
    return {"onboarded_days": (now.date() - day.last).days}


def _is_of_sales(guess: Guess) -> bool:
    """Tell whether numbers and days may be about a sale."""
    return guess.intent not in ELSEWHERE or not guess.sure


def is_bare(slots: Slots, events: EventReader) -> bool:
    """Tell whether a text is no more than a day or a time: an answer to a question asked before."""
    return bool(slots.days or slots.times) and events.says_no_more(slots.rest)


def _is_short(text: str) -> bool:
    longest = 2 * _BARE if text.isascii() else _BARE
    return len(text) <= longest and not _ARRIVAL.search(text)


def is_known(specs: Mapping[str, FactSpec], key: str, value: Value) -> bool:
    """Tell whether there is such a fact with such a value."""
    spec = specs.get(key)
    return spec is not None and (not spec.values or value in spec.values)


def _named(text: str, slots: Slots, guess: Guess, expecting: FactSpec | None) -> dict[str, Value]:
    facts: dict[str, Value] = {}
    brands = slots.named("brand")
    if brands:
        facts["brand"] = brands[0].value
    bank = _settlement_bank(text, slots.named("bank"))
    if bank:
        facts["settle_bank"] = bank
    facts |= _mode(text, slots, guess, expecting)
    methods = {_method(text, mention) for mention in slots.named("channel")} - {None}
    if len(methods) == 1:
        facts["pay_method"] = str(methods.pop())
    return facts


def _mode(text: str, slots: Slots, guess: Guess, expecting: FactSpec | None) -> dict[str, Value]:
    asks = guess.intent == "arrival_time"
    said = [
        mention
        for mention in slots.named("mode")
        if not mention.negated
        and not (asks and asks_about(text, mention))
        and not _OTHER_SHOPS.search(text[: mention.start])
    ]
    modes = {_mode_of(text, mention) for mention in said}
    if len(modes) != 1:
        return {}
    asked = expecting is not None and expecting.key == "settlement_mode"
    if not asked and all(_NEXT_DAY.match(text, mention.start) for mention in said):
        return {"instant_expected": "no"}
    return {"settlement_mode": modes.pop()}


def _mode_of(text: str, mention: Mention) -> str:
    if mention.value == "INSTANT" and _WORKDAYS.search(text[: mention.start]):
        return "t0"
    return MODES[mention.value]


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
    before = text[: mention.start]
    if (
        mention.negated
        or _OWN_CARD.search(before)
        or _OTHERS.search(before)
        or _FINE.match(text, mention.end)
    ):
        return None
    if mention.value == "unionpay":
        return "unionpay_qr" if _SCANNED.search(text) else None
    return mention.value


def _tails(slots: Slots, expecting: FactSpec | None) -> dict[str, Value]:
    facts: dict[str, Value] = {}
    asked = expecting.key if expecting and "card_" in expecting.key else ""
    for tail in slots.tails:
        settles = tail.settles
        if settles is None:
            settles = asked.startswith("settle_card") if asked else bool(slots.named("bank"))
        facts.setdefault("settle_card_last4" if settles else "card_last4", tail.digits)
    return facts


def _money(text: str, slots: Slots, said: Mapping[str, Value]) -> dict[str, Value]:
    """Take sums by their roles, which may depend on what else was said; of several sales none is the sum."""
    facts: dict[str, Value] = {}
    names = {"sale": "amount", "received": "received_amount", "balance": "pending_balance"}
    if said.get("cardholder_charged") == "yes":
        names["difference"] = "amount"  # what the customer was charged
    several = bool(_TWO_SUMS.search(text) or (_SEVERAL.search(text) and _LISTED.search(text)))
    missing = any(_NOT_COME.match(text, amount.place) for amount in slots.amounts)
    for amount in slots.amounts:
        other = several or (missing and _CAME.match(text, amount.place))
        if other and amount.role == "sale" and not _ONE_NOT_COME.match(text, amount.place):
            continue
        name = names.get(amount.role)
        if name:
            facts.setdefault(name, amount.fen)
    got, whole = facts.get("received_amount"), facts.get("amount")
    if isinstance(got, int) and isinstance(whole, int) and got < whole:
        facts["received"] = "partial"
    return facts
