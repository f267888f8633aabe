"""Numbers from slips and cards: merchant, terminal and reference numbers, and card tails."""

import re
from dataclasses import dataclass

from knowledge.reading.draft import STRUCK, Draft
from knowledge.reading.numerals import CHINESE_DIGIT
from knowledge.reading.people import CUSTOMER_EN, CUSTOMER_ZH
from knowledge.reading.vocabulary.needles import may_match
from knowledge.redaction import CHINESE_DIGITS

_IS = r"(?:[\s:：=#,，\"'“（(]|号码|编号|号|是|为|is|no\.?|number){0,5}"
#: Fact -> its label on the slip or in speech, and its form.
_LABELLED = {
    "merchant_no": (
        r"商户(?:编号|代码|号码?)?|商编|merchant(?: id| ?no\.?| number)?|\bmid\b",
        r"[0-9a-z]{15}",
    ),
    "terminal_no": (
        r"终端(?:编号|机号|号码?)?|terminal(?: id| ?no\.?| number)?|\btid\b",
        r"[0-9a-z]{8}",
    ),
    "reference_no": (
        r"(?:检索|交易|系统)?参考(?:号码?)?|ref(?:erence|\.)?(?: ?no\.?| number)?|\brrn\b",
        r"[0-9a-z]{12}",
    ),
    "voucher_no": (r"凭证(?:号码?)?|流水号?|voucher(?: no\.?| number)?|trace(?: no\.?| number)?", r"\d{6}"),
    "batch_no": (r"批次(?:号码?)?|batch(?: no\.?| number)?", r"\d{6}"),
    "auth_code": (
        r"授权(?:码|号)|auth(?:ori[sz]ation)?(?: ?code| no\.?)|approval code",
        r"(?=[a-z]{0,5}\d)[0-9a-z]{6}",
    ),
    "txn_code": (
        (
            r"返回码?|应答码|响应码|错误码?|代码|回码|(?:response |error |decline )?code"
            r"|[报跳蹦弹](?:错|出来?|了|的是?)?个?(?=[0-9a-z]\d(?![0-9a-z]))"
        ),
        r"(?=[a-z]{0,3}\d)[0-9a-z]{2,4}|[a-z]\d",
    ),
}
_SLIP = re.compile(
    "|".join(f"(?:{label}){_IS}(?P<{fact}>{form})(?![0-9a-z])" for fact, (label, form) in _LABELLED.items())
)
_FOREIGN_LABEL = re.compile(
    r"(?:订单|单号|交易单|快递|运单|手机|电话|座机|号码|联系方式|序列|\bsn\b|s/n|身份证|证件|营业执照|信用代码|微信号|\bqq\b|"
    r"\border\b|phone|\btel\b|验证码|密码|邮编|工号|运营商)"
)
#: Numbers that are none of ours: struck out, so that they are not read as money or a card.
_FOREIGN = re.compile(
    rf"{_FOREIGN_LABEL.pattern}(?:尾号|后四位|号码?|{_IS}){{0,3}}[0-9a-z*][0-9a-z*-]{{2,40}}"
    r"|\d{3}\*{4}\d{4}|\*{5,}|(?<![\d.])0\d{2,3}-\d{7,8}(?!\d)|(?<!\d)[48]00-?\d{3,4}-?\d{3,4}(?!\d)"
    r"|(?<![\d.])(?:955\d\d|9[56]\d{4}|123\d\d|100\d\d)(?![\d.])(?=电话|客服|热线|打)"
    r"|^(?:955\d\d|123\d\d|100\d\d)$|(?<=打)955\d\d(?!\d)|(?<![0-9a-z])[a-z]{2,6}\d{5,}(?![0-9a-z])"
)
_FULL_CARD = re.compile(r"(?<!\*)\*{4} ?(\d{4})(?!\d)")
#: A number without a label is at least so long.
_RUN = re.compile(r"[\d*-]{5}")
_BARE = re.compile(r"(?<![0-9a-z.,*-])(\d{15}|\d{12})(?![0-9a-z.,-])")
_LONG = re.compile(r"(?<![0-9a-z])[0-9a-z]{0,3}\d{9,}[0-9a-z]*")
_FOUR = rf"(\d{{4}}|[{CHINESE_DIGIT}]{{4}})(?![\d{CHINESE_DIGIT}*]|\.\d)"
_TAIL = re.compile(
    r"(?:尾号|尾数|后4位|后四位|末四位|末4位|末尾(?:四位|4位)?|最后四位|最后4位|last (?:four|4)(?: digits)?"
    rf"|end(?:s|ing|ed)?(?: (?:in|with))?|尾)(?:[\s:：,，=]|数字|号码|是|为|的|of|is|are){{0,4}}{_FOUR}"
)
#: Words before a tail that say it is no card's.
_NO_CARD = re.compile(
    r"(?:手机|电话|订单|单号|商户(?:编)?|商编|终端|机器|工单|编|身份证|证件|运单|phone|order)[号的]{0,2}$"
)
#: A round number that has not come is a sum: 招行卡3500没到.
_AFTER_BANK = re.compile(
    rf"[卡的\s]{{0,2}}{_FOUR}(?!\s?[元块圆万w千k笔年月日号])(?!(?<=00)\s?(?:还|都|也|一直)?[没未])"
)
_SETTLE = re.compile(
    r"结算|收款卡|到账卡|我的卡|我卡|提现|绑|入账|到(?:我|建|工|农|中|招)|换成|改成"
    r"|settle|payout|my card|my account"
)
_CUSTOMERS = re.compile(rf"{CUSTOMER_ZH}|小票|刷的?卡|{CUSTOMER_EN}|slip")


@dataclass(frozen=True, slots=True)
class CardTail:
    """The last four digits of a card, and whose card it seems to be."""

    digits: str
    #: True = the settlement card, False = the customer's, None = not said.
    settles: bool | None


def take_slip_numbers(draft: Draft) -> dict[str, str]:
    """Take the numbers that slips carry, by label, or by length for merchant and reference numbers."""
    numbers: dict[str, str] = {}
    if not any(character.isdigit() for character in draft.text):
        return numbers
    for found in draft.take(_SLIP):
        fact = str(found.lastgroup)
        numbers.setdefault(fact, found[fact].upper())
    if _RUN.search(draft.text) or may_match(_FOREIGN_LABEL, draft.text):
        draft.take(_FOREIGN)
        for found in draft.take(_BARE):
            numbers.setdefault("merchant_no" if len(found[1]) == 15 else "reference_no", found[1])
        draft.take(_LONG)
    return numbers


def take_card_tails(draft: Draft, bank_ends: list[int]) -> list[CardTail]:
    """Take card tails: a masked card number, four digits with a label, or four right after a bank's name."""
    text = draft.text
    tails = [_tail(text, found.start(), found[1]) for found in draft.take(_FULL_CARD)]
    for found in draft.find(_TAIL):
        if not _NO_CARD.search(text[max(0, found.start() - 6) : found.start()]):
            tails.append(_tail(text, found.start(), found[1]))
        draft.strike(found.start(), found.end())
    for end in bank_ends:
        after = _AFTER_BANK.match(draft.text, end)
        if after and STRUCK not in after[0]:
            tails.append(_tail(text, end, after[1]))
            draft.strike(after.start(1), after.end())
    return tails


def _tail(text: str, place: int, digits: str) -> CardTail:
    before = text[max(0, place - 12) : place]
    settles: bool | None = None
    if _SETTLE.search(before):
        settles = True
    elif _CUSTOMERS.search(before):
        settles = False
    return CardTail("".join(CHINESE_DIGITS.get(character, character) for character in digits), settles)
