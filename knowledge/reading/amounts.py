"""Money that a text names, in fen: 3500, 3.5万, 三千五, 两万八, 3k5, ¥1,288.50, "three thousand yuan"."""

import re
from dataclasses import dataclass
from decimal import Decimal

from knowledge.reading.draft import STRUCK, Draft
from knowledge.reading.money_roles import Role, role_of
from knowledge.reading.numerals import (
    CHINESE_DIGIT,
    CHINESE_NUMBER,
    ENGLISH_NUMBER,
    chinese_number,
    decimal_number,
    english_number,
)

_SIGN = r"(?:[¥$£€]|rmb|cny|usd|人民币)"
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,4})?"
_UNIT = r"元钱?|块钱?|圆|rmb|cny|yuan|kuai|dollars?|pounds?|euros?|bucks|usd|£|€"
_SCALE = {"万": 10_000, "w": 10_000, "千": 1000, "k": 1000, "仟": 1000, "百": 100, "佰": 100}
#: What follows a number that is a count, a rate, an age and not money.
_COUNTER = (
    r"[笔次天个张台年月号点分%％位条单户岁级期楼周日种倍秒遍届朵份瓶斤双辆桌杯碗箱袋束盒件]|人(?!家)|家(?!里)"
    r"|小时|星期|礼拜|工作日|多?笔"
)
_COUNTED = (
    rf"(?!\s?(?:{_COUNTER}"
    r"|days?|times?|hours?|weeks?|months?|payments?|sales|transactions?|minutes?|years?|business|th\b|%))"
)
_SCALED = re.compile(
    rf"{_SIGN}?[\s:：]?(?<![\d.a-z+])(\d+(?:\.\d+)?)\s?([万w千k百])(?![a-z])"
    rf"(?:零?(\d+(?:\.\d+)?)([千k百])?(\d{{1,3}})?([百])?|([{CHINESE_NUMBER}]+))?"
    rf"(?:多|来|左右|余)?\s?(?:{_UNIT})?{_COUNTED}"
)
_CHINESE = re.compile(
    rf"(?<![第分之{CHINESE_NUMBER}])([{CHINESE_DIGIT}十拾][{CHINESE_NUMBER}]*+)(多|来|几|余)?(元钱?|块钱?|圆|万元)?"
    rf"(?:([{CHINESE_DIGIT}])[毛角])?(?:零?([{CHINESE_DIGIT}])分)?"
    rf"(?:(?<=[块元])([{CHINESE_DIGIT}])(?![{CHINESE_NUMBER}天个笔点]))?(整)?(?!{_COUNTER})"
)
_MARKED = re.compile(rf"{_SIGN}\s?[:：]?\s?({_NUMBER})(?![\d万wk])(?:\s?(?:{_UNIT}))?")
_WITH_UNIT = re.compile(
    rf"(?<![\d.])({_NUMBER})(?:多|来)?\s?(?:{_UNIT})(?:(\d)(?:[毛角](?:(\d)分?)?)?(?![\d.]))?"
)
#: 七毛, 7毛5, 七毛五分.
_DIMES = re.compile(
    rf"(?<![\d.元块圆{CHINESE_NUMBER}])([\d{CHINESE_DIGIT}])[毛角](?:([\d{CHINESE_DIGIT}])分?)?(?![\d{CHINESE_NUMBER}])"
)
_BARE = re.compile(rf"(?<![\d.a-z*_/+#-])({_NUMBER})(?![\d*_/a-z]|\.\d|-\d){_COUNTED}")
_ENGLISH = re.compile(rf"\b({ENGLISH_NUMBER})\b\s?(yuan|rmb|kuai|dollars?|pounds?|bucks|euros?)?{_COUNTED}")
#: What is left around a number that stands alone, or beside a day and a time only.
_STRUCK = re.compile(
    rf"(?:[{STRUCK}\s,，。.、;；!！~啊啦呀哈哦呢吧的]|\b(?:on|at|from)\b)+(?!\d)|[{STRUCK}\s]+"
)
#: A clause of a day or a time and a bare number: what stands before the number, and behind it.
_DAY_BEFORE = re.compile(rf"(?:^|[\s,，。.;；!！?？]){STRUCK}[{STRUCK}\s]*(?:那[天日晚笔]的?\s*)?$")
#: Where sales are told of, a clause may be no more than the number; behind some words it is no sum.
_CLAUSE_BEFORE = re.compile(
    r"(?<![号码尾单位期])(?<!(?<!信用)(?<!储蓄)卡)(?<!\bno)(?<!order)(?<!code)(?<!card)\s?[,，]\s?$"
)
_SALE_BEFORE = re.compile(rf"{STRUCK}|[笔刷收扫]|\b(?:sale|payment|swiped|took)\b")
_CLAUSE_OVER = re.compile(r"[\s啊啦呀哈哦呢]*(?:$|[,，。.;；!！?？])|\s(?=[\u4e00-\u9fff])")
#: Around a bare number, what says that it is money.
_MONEY_BEFORE = re.compile(
    r"(?:[刷收]成|[票账]上|各|[入进到]账|到手|[该只才]来|(?:收|刷|扫)了?(?:人家|客人|顾客|他|她)|[款金费]|进了?|打了?|给|退|交|花|拿|还|卖|买|价|刷|收|付|差|少|到|转|提现?|款|额|钱|了|共|计|共计|合计|卖|消费|交易|支付|扣|多|应|实|充值?|[一两每这那有]笔|(?:刷|付|收|扫|的)[了的]?(?:信用卡|储蓄卡|借记卡|微信|支付宝|花呗|云闪付)|欠|还有|借|只有|是|的|约"
    r"|大概|missing|arrived|for|of|got|received?|pa(?:id|ys?)|sale|payment|amount|only|about|charged|short|take|took|worth|withdrew|sold|swiped?|swiping|tapped"
    r"|rang up|show|shows"
    r"|(?:handed|gave|give|sent|paid|owe|owes) (?:me|us|him|her|them))"
    r"\s?[:：了是有]?\s?$"
)
_MONEY_AFTER = re.compile(
    rf"{STRUCK}+(?:还|都|也|一直)*[没未]|"
    r"\s?(?:多|左右|来|[就愣硬]是?没|就是不|的?(?:没|未|不|还|都|钱|款|怎么|刷卡|到|货款|现在|交易|只到|一直|迟迟|[那这]笔))"
    r"|\s(?:or so|not|missing|has|hasn|haven|didn|never|still|short|from|yesterday|did|sale|payment|is|was"
    r"|(?:(?:by|with|via|through|from|on|in) )?(?:an? |the |his |her )?"
    r"(?:(?:credit|debit|bank) ?cards?|card|wechat|alipay|qr|unionpay|visa|cash)\b)"
)
#: Behind a customer's card a number is money, but four digits may be the card's own.
_CARD_BEFORE = re.compile(
    r"\b(?:(?:his|her|their|customer's|client's|guest's)(?: \w+)?|credit|debit|savings|visa) card[\s,]{1,2}$"
)
_CARD_DIGITS = 4
_RATE = re.compile(r"(?:费率|扣率|利率|率是?|rate)[^\d,，]{0,4}$")
_FEE = re.compile(r"的?(?:手续费|服务费|流量费|会员费|年费|押金|费用)")
#: Not a penny: 一毛钱没到, 一分都没, 一块钱都没.
_IDIOM = re.compile(r"一(?:[毛分]钱?(?:都|也)?|[块元]钱?[都也])(?:没|不|莫|未|冇)")


@dataclass(frozen=True, slots=True)
class Amount:
    """Money: fen, where it stands, and what it seems to be."""

    fen: int
    place: int
    role: Role


def take_amounts(draft: Draft, *, asked: bool = False) -> list[Amount]:
    """Take all sums of money; `asked` says that a sum was just asked for, so that a bare number is one."""
    text = draft.text
    found = [(match.start(), match.end(), _scaled(match)) for match in draft.take(_SCALED)]
    found += [(match.start(), match.end(), _plain(match[1])) for match in draft.take(_MARKED)]
    found += [(match.start(), match.end(), _with_unit(match)) for match in draft.take(_WITH_UNIT)]
    found += [(match.start(), match.end(), _dimes(match)) for match in draft.take(_DIMES)]
    found += _chinese(draft, asked=asked)
    found += _bare(draft, asked=asked)
    if re.search("[a-z]{3}", draft.text):
        found += _english(draft)
    found.sort()
    return [
        Amount(int(yuan * 100), start, role_of(text, start, end, yuan))
        for start, end, yuan in found
        if 0 < yuan < Decimal(100_000_000) and not _IDIOM.match(text, start)
    ]


def _plain(text: str) -> Decimal:
    return decimal_number(text) or Decimal(0)


def _scaled(match: re.Match[str]) -> Decimal:
    """Read 1.2万, 2w5, 1万2千, 2万3千6, 3k5."""
    head, scale, tail, tail_scale, last, last_scale, chinese = match.groups()
    size = _SCALE[scale]
    total = Decimal(head) * size
    if chinese:
        rest = chinese_number(chinese) or 0
        return total + (rest * size // 10 if len(chinese) == 1 else rest)
    if tail is None:
        return total
    if tail_scale is None:
        return total + Decimal(tail) * (size // 10 if len(tail) == 1 and "." not in tail else 1)
    total += Decimal(tail) * _SCALE[tail_scale]
    if last:
        total += int(last) * (100 if last_scale or len(last) == 1 else 1)
    return total


def _with_unit(match: re.Match[str]) -> Decimal:
    number, dime, cent = match.groups()
    yuan = _plain(number)
    if dime:
        yuan += Decimal(dime) / 10
    return yuan + Decimal(cent or 0) / 100


def _dimes(match: re.Match[str]) -> Decimal:
    return sum(
        (_plain(digit) / parts for digit, parts in zip(match.groups("0"), (10, 100), strict=True)), Decimal(0)
    )


def _chinese(draft: Draft, *, asked: bool) -> list[tuple[int, int, Decimal]]:
    found: list[tuple[int, int, Decimal]] = []
    for match in draft.find(_CHINESE):
        number, more, unit, dimes, cents, elided, _ = match.groups()
        value = chinese_number(number)
        has_unit = any(character in "十拾百佰千仟万亿" for character in number)
        large = has_unit and len(number) > 1 and (value or 0) >= 100
        fee = bool(_FEE.match(draft.text, match.end()))
        if value is None or more == "几" or not (unit or dimes or large or fee or (asked and has_unit)):
            continue
        if unit == "万元":
            value *= 10_000
        yuan = Decimal(value)
        for digit, parts in ((dimes or elided, 10), (cents, 100)):
            if digit:
                yuan += Decimal(chinese_number(digit) or 0) / parts
        found.append((match.start(), match.end(), yuan))
        draft.strike(match.start(), match.end())
    return found


def _bare(draft: Draft, *, asked: bool) -> list[tuple[int, int, Decimal]]:
    text = draft.text
    found: list[tuple[int, int, Decimal]] = []
    matches = draft.find(_BARE)
    for match in matches:
        written = match[1]
        whole = written.split(".")[0].replace(",", "")
        if len(whole) > 7 or (whole.startswith("0") and whole != "0") or _is_rate(text, match.start()):
            continue
        context = _MONEY_BEFORE.search(
            text[max(0, match.start() - 12) : match.start()]
        ) or _MONEY_AFTER.match(text, match.end())
        alone = len(whole) >= 2 and (_is_alone(matches, text) or _stands_beside_day(match, text))
        if (
            asked
            or "," in written
            or context
            or alone
            or _stands_behind_card(match, text)
            or _is_a_clause(match, text)
        ):
            found.append((match.start(), match.end(), _plain(written)))
            draft.strike(match.start(), match.end())
    return found


def _is_alone(matches: list[re.Match[str]], text: str) -> bool:
    """Tell whether a text is no more than the one number found in it."""
    return len(matches) == 1 and _STRUCK.sub("", text) == matches[0][1]


def _stands_behind_card(match: re.Match[str], text: str) -> bool:
    """Tell whether a number is what was taken from the customer's card named right before it."""
    before = _CARD_BEFORE.search(text, max(0, match.start() - 24), match.start())
    return len(match[1]) > 2 and len(match[1]) != _CARD_DIGITS and before is not None


def _is_a_clause(match: re.Match[str], text: str) -> bool:
    """Tell whether a number of three digits or more is a clause by itself where a sale is told of."""
    start, end = match.span()
    apart = _CLAUSE_BEFORE.search(text, 0, start) and _CLAUSE_OVER.match(text, end)
    first = not text[:start].strip() and match[1].endswith("0") and _CLAUSE_OVER.match(text, end)
    told = apart and _SALE_BEFORE.search(text, 0, start)
    return len(match[1]) >= 3 and bool(told or (first and STRUCK in text))


def _stands_beside_day(match: re.Match[str], text: str) -> bool:
    """Tell whether a clause is no more than a day or a time and the number, of three digits or more."""
    before = _DAY_BEFORE.search(text, max(0, match.start() - 40), match.start())
    return len(match[1]) >= 3 and before is not None and _CLAUSE_OVER.match(text, match.end()) is not None


def _is_rate(text: str, place: int) -> bool:
    return _RATE.search(text, max(0, place - 8), place) is not None


def _english(draft: Draft) -> list[tuple[int, int, Decimal]]:
    found: list[tuple[int, int, Decimal]] = []
    for match in draft.find(_ENGLISH):
        value = english_number(match[1])
        if value is None or not (match[2] or value >= 100):
            continue
        found.append((match.start(), match.end(), Decimal(value)))
        draft.strike(match.start(), match.end())
    return found
