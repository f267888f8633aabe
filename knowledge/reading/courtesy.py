"""The polite shell of a message: a greeting before what he wants, and thanks behind it."""

import re

from knowledge.reading.vocabulary.needles import may_match

_BEFORE = re.compile(
    r"(?:(?:你好|您好|哈喽|哈啰|嗨|喂|亲|老师|老板|师傅|客服|打扰(?:一下|了)?|不好意思|麻烦(?:你|您)?(?:问|帮我看)(?:一?下)?"
    r"|(?:我)?(?:请问|想问|想请问|想咨询|咨询|问)(?:一?下|问|个问题)?|那个|(?:早上|上午|中午|下午|晚上)好|早安|嗯+|哦+|啊|呀|哈"
    r"|(?:hello|hi|hey|good (?:morning|afternoon|evening)|dear|sir|madam|team|guys|there|please|excuse me"
    r"|sorry to bother(?: you)?)\b)[\s,.!?;:~，。！？、…]*)+"
)
_BEHIND = re.compile(
    r"(?:[\s,.!?;:~，。！？、…]*(?:谢谢(?:你|您|了|啦|哈)?|多谢|感谢|拜托(?:了|你了)?|辛苦(?:了|你了|您了)?|谢了"
    r"|(?:thanks|thank you|thx|cheers|(?:best )?regards|please)(?: (?:so|very) much| a lot| in advance)?))+"
    r"[\s,.!?;:~，。！？、…啊哦呀]*$"
)
_WORDS = re.compile("[\u4e00-\u9fff]|[a-z']{2,}")
#: A message of fewer words than this is no more than its politeness.
FEWEST_WORDS = 4


def without_courtesy(text: str) -> str:
    """Give what a normalised message wants; the whole of one that only greets or thanks."""
    start = found.end() if (found := _BEFORE.match(text)) else 0
    found = _BEHIND.search(text, start) if may_match(_BEHIND, text) else None
    kept = text[start : found.start() if found else len(text)]
    return kept if kept == text or len(_WORDS.findall(kept)) >= FEWEST_WORDS else text
