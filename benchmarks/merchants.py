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


def messages(talks: int) -> Iterator[Incoming]:
    """Give the messages of so many talks, interleaved as they come at a busy hour."""
    scripts = cycle(TALKS)
    running = [(str(uuid4()), next(scripts)) for _ in range(talks)]
    for step in range(max(len(script) for script in TALKS)):
        for sender, script in running:
            if step < len(script):
                yield Incoming(channel="web", sender=sender, key=str(uuid4()), text=script[step])
