"""What a sum of money seems to be, by the words around it."""

import re
from decimal import Decimal
from typing import Literal

#: The sale's, what arrived, is missing or was taken, waits in the app; a limit or what fills it;
#: what was sent to try a card; "other" is none of these: to be paid by him, meant, a minimum, asked about.
Role = Literal["sale", "received", "difference", "balance", "limit", "test", "other"]
#: To try a card, so many yuan at most are sent to it.
_TRIED = 10
_TRYING = re.compile(
    r"(?:[转打汇试]|试[过了下]+[,，]|tr(?:y|ied)|sen[dt]|transfer(?:red)?)[^\d\x01,，.。;；]{0,16}$"
)
#: A payment of one fen only checks the card.
_CHECK = Decimal("0.1")
_FOR = (
    r"(?:解冻|解封|激活|开通|认证|验证|保证|押金|定金|刷流水|工本|服务费|会员|税|疏通|办理"
    r"|手续费(?!\s?[扣被少多怎是也都没]))"
)
#: He is told to pay it: 交2000解冻, 先交500激活费, 转保证金300, "pay 500 to unfreeze it".
_DEMANDED_BEFORE = re.compile(
    r"(?:(?:交(?!易)|缴|转|打|付|汇|充值?)(?:给?(?:我|他们?|你们)|[了个过笔足够一]|账)*|\b(?:pay|send|transfer|deposit)"
    r"(?: (?:me|us|him|them|you|another|a|of))*)\s?$"
)
_DEMANDED_AFTER = re.compile(
    rf"\s?(?:块|元)?钱?(?:的|做|作|当|就|才|能|给|帮|我|去|来|先)*{_FOR}"
    r"|\s?(?:yuan|rmb)?\s?(?:to|for|as)?\s?(?:an? |the |my )*"
    r"(?:unfreeze|unlock|release|unblock|activat|verif|deposit|guarantee|fee\b|tax)"
)
_DEMANDED_FOR = re.compile(
    rf"(?:交(?!易)|缴|转|打|付|汇)(?:[了个过笔先一]*){_FOR}[费金款]?[^\d\x01，,.。;；扣]{{0,3}}$"
)
#: 满10块才结, "at least 10 yuan".
_MINIMUM_BEFORE = re.compile(
    r"(?:(?<!额度)[满够]|达到|不[满够足]|低于|少于)\s?$|\b(?:at least|minimum(?: of| is)?)\s?$"
)
_MINIMUM_AFTER = re.compile(r"\s?(?:以上)?(?:才|起结|起提|不[能给]?[结打提])")
#: Of a sum that was keyed in wrong, what it should have been: 应该收350刷成3500. The sale is what was swiped.
_MEANT_BEFORE = re.compile(r"(?:应该?|本来|原本|本该)(?:是|该|要)?(?:收|刷|卖)?的?\s?$")
_KEYED_WRONG = re.compile(r"[刷打输按敲收]成了?\s?[\d一二两三四五六七八九]")
#: 不是3000.
_DENIED_BEFORE = re.compile(r"(?<!是)不是\s?$")
#: 到账是3500吗.
_ASKED_AFTER = re.compile(r"\s?(?:[吗么嘛]|对[吗不吧]|没错吧|right\?)")
_LIMIT_AFTER = re.compile(r"\s?的?(?:额度|限额|以上|以下|以内)")
_LIMIT_BEFORE = re.compile(
    r"(?:(?:超过|最多|最高|上限)(?:[只就]?能|是|为)?[放存留收进到]?|只能[放存留进收转入])$"
    r"|(?:over|above|more than|under|below|at most|up to)\s?$"
)
#: What an account holds already.
_HELD_BEFORE = re.compile(r"(?:里面|里头)(?:现在|已经?|有|是){0,2}$")
_BALANCE_BEFORE = re.compile(
    r"(?:余额(?![付宝])|待提现|钱包|待结算(?:余额|只有|才|就|里|的只)|balance)[^\d\x01,，.。;；]{0,8}$"
)
_SHORT_BEFORE = re.compile(
    r"(?:少了?|差(?!不多)了?|多扣了?|扣了?|少到了?|short(?: of| by)?|missing"
    r"|手续费|服务费|押金|会员费|保证金)"
    r"(?:[^\d\x01\s]{0,6}|(?<=[a-z])\s)$"
)
_SHORT_AFTER = re.compile(r"\s?(?:as an? )?['\"]?(?:short|手续费|服务费|fee|deposit|membership)")
#: What has not come is the sale's, whatever stands before it: 没收到500, 入账3000没到.
_NOT_COME_AFTER = re.compile(r"\s?(?:还|都|也|就是|一直)?[没未](?:有)?(?:到|来|收|进)")
_NOT_COME_BEFORE = re.compile(r"[没未](?:有)?(?:收到|到账|到|入账|进账)[^\d\x01，,.。;；]{0,6}$")
_RECEIVED_BEFORE = re.compile(
    r"(?:实到|实收|实际到账?|到手|[到打]我?[^\d\x01,，]{0,4}?卡[上里]?(?:的)?(?:是|只有|就|收到|一笔)*"
    r"|入账|[只就]来了|[只才就]得|只?进来了|进来不到|[只才]来|打过来的?|打来|只给了?我?|只打了|短信就|只到了?|只有|才到了?|到账了?|只收到了?|收到了?|(?<![完好])就到|到了"
    r"|only (?:got|received|get)|(?:gets?|there is|there's) only|just got|received only"
    r"|got only|received|\bgot)[^\d\x01，,.。;；]{0,6}$"
)
#: "Only 1,150 arrived".
_ONLY_BEFORE = re.compile(r"\b(?:only|just)\s?$")
_CAME_AFTER = re.compile(
    r"\s?(?:yuan|rmb)?\s?(?:(?:has |have )?(?:arrived|came|come|landed)\b|of (?:it|that|this|them|the)\b)"
)
#: Of a sale of which a part has come, the rest: 只到了1500,还有2000没到.
_PART_CAME = re.compile(r"[只才先](?:[到来]了?|收到了?|进了|到账了?)账?\s?\d")
_REST_BEFORE = re.compile(r"(?:还有|还差|还剩下?|剩下?的?|其余的?|余下的?|另外)\s?$")


def role_of(text: str, start: int, end: int, yuan: Decimal) -> Role:
    """Tell what the sum that a text names from `start` to `end` seems to be."""
    before = text[max(0, start - 16) : start]
    if yuan < _CHECK or (yuan <= _TRIED and _TRYING.search(before)):
        return "test"
    if _is_other(text, end, before):
        return "other"
    if _LIMIT_AFTER.match(text, end) or _LIMIT_BEFORE.search(before):
        return "limit"
    if _BALANCE_BEFORE.search(before):
        return "balance"
    if _REST_BEFORE.search(before) and _PART_CAME.search(text, 0, start):
        return "difference"
    if _NOT_COME_AFTER.match(text, end) or _NOT_COME_BEFORE.search(before):
        return "sale"
    if _SHORT_BEFORE.search(before) or _SHORT_AFTER.match(text, end):
        return "difference"
    if _HELD_BEFORE.search(before):
        return "limit"
    came = _ONLY_BEFORE.search(before) and _CAME_AFTER.match(text, end)
    return "received" if came or _RECEIVED_BEFORE.search(before) else "sale"


def _is_other(text: str, end: int, before: str) -> bool:
    """Tell whether a sum is to be paid by him, was meant, is a minimum, or is only asked about."""
    demanded = _DEMANDED_BEFORE.search(before) and _DEMANDED_AFTER.match(text, end)
    minimum = _MINIMUM_BEFORE.search(before) and _MINIMUM_AFTER.match(text, end)
    asked = _RECEIVED_BEFORE.search(before) and _ASKED_AFTER.match(text, end)
    meant = _MEANT_BEFORE.search(before) and _KEYED_WRONG.search(text)
    denied = _DENIED_BEFORE.search(before)
    return bool(demanded or meant or minimum or asked or denied or _DEMANDED_FOR.search(before))
