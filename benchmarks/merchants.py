"""What the benchmarks' merchants say."""

from collections.abc import Iterator
from itertools import cycle
from uuid import uuid4

from bot.messages import Incoming

#: One talk; every second merchant writes English.
TALKS = (
    ("昨天下午刷了3500没到账", "拉卡拉的机器，信用卡刷的", "T+1", "不清楚"),
    ("My takings from yesterday have not arrived, 1200 yuan by card", "T+1", "not sure", "nothing arrived"),
    ("前天晚上8点收了两笔，一共860，微信付的，还没到", "待结算", "没收到通知", "好的谢谢"),
    ("到账少了20块", "刷的1000", "同意过", "人工"),
)

#: All at once, in about 60 characters.
STORIES = (
    "你好，前天晚上八点半左右客人刷信用卡付了2680块，小票都打出来了，商户后台也显示交易成功，可是结算卡到今天还没进账",
    "麻烦看一下，十月六号下午收了三笔微信，一共一千四百五，昨天只到了1380，手续费没有这么高吧，另外七十块去哪里了呢，谢谢",
    "我们店上个月换了结算卡，新卡是建设银行尾号8812，这周一开始的货款都没有打进来，是不是又退回到原来那张卡里去了呀",
    "Took 4,200 by card on Monday around 6pm and still no payout",
)


def messages(talks: int) -> Iterator[Incoming]:
    """Give the messages of so many talks, interleaved as they come at a busy hour."""
    scripts = cycle(TALKS)
    running = [(str(uuid4()), next(scripts)) for _ in range(talks)]
    for step in range(max(len(script) for script in TALKS)):
        for sender, script in running:
            if step < len(script):
                yield Incoming(channel="web", sender=sender, key=str(uuid4()), text=script[step])
