"""Everything concrete in one message: money, days, times, numbers, names."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from knowledge.reading.amounts import Amount, take_amounts
from knowledge.reading.draft import STRUCK, Draft
from knowledge.reading.mentions import Mention, MentionReader
from knowledge.reading.slips import CardTail, take_card_tails, take_slip_numbers
from knowledge.reading.when.clock import TimeOfDay, take_times
from knowledge.reading.when.dates import DayReader
from knowledge.reading.when.days import Day
from knowledge.reading.when.elapsed import take_elapsed

_ASKS_AHEAD = re.compile(
    r"(?:能|会|可以|可不可以|是不是|是否).{0,6}(?:到|收到|入账|结算|上班|下来)|到(?:账)?[吗么]|上班吗|什么时候.{0,6}到|明天|后天|下周|下个?月"
    r"|\bwill\b|\bnext\b|tomorrow|arrive (?:on|by)"
)
_LOOKS_BACK = re.compile(
    r"没(?!问题)|未|还不|不到|刷了|刷的|收的|付的|付了|卖的|扫的|去年|上周|昨|(?<![我你他们家])的那?[几两一]?笔?(?:钱|款|货款|营业款|流水)"
    r"|\bnot\b|n't|\bnever\b|missing|\blast\b|\bmoney (?:from|of) "
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """What was found in a message, with places in the normalised text."""

    amounts: tuple[Amount, ...]
    days: tuple[Day, ...]
    times: tuple[TimeOfDay, ...]
    elapsed: tuple[str, ...]
    tails: tuple[CardTail, ...]
    #: Slip numbers by fact.
    numbers: dict[str, str]
    #: Banks, brands, modes and channels.
    names: tuple[Mention, ...]
    #: What stands beside all that was found.
    rest: str

    def named(self, kind: str) -> list[Mention]:
        """Give the mentions of one kind."""
        return [mention for mention in self.names if mention.kind == kind]

    @property
    def says_something(self) -> bool:
        """Tell whether anything was found."""
        return bool(
            self.amounts
            or self.days
            or self.times
            or self.elapsed
            or self.tails
            or self.numbers
            or self.names
        )

    def behind(self, place: int) -> "Slots":
        """Give what is left where sums, days and times in front of a place are taken back."""
        return replace(
            self,
            amounts=tuple(one for one in self.amounts if one.place >= place),
            days=tuple(one for one in self.days if one.place >= place),
            times=tuple(one for one in self.times if one.place >= place),
        )

    def as_text(self) -> dict[str, tuple[str, ...]]:
        """Give the slots in the conventions of `daozhang understand`."""
        times = [time.slot for time in self.times]
        times += [f"{day.moment:%H:%M}" for day in self.days if day.moment]
        values: dict[str, list[str]] = {
            "amount": [f"{amount.fen // 100}.{amount.fen % 100:02d}" for amount in self.amounts],
            "date": [_iso(day) for day in self.days],
            "time": times,
            "elapsed": list(self.elapsed),
            "card_last4": [tail.digits for tail in self.tails],
            "bank": [mention.value for mention in self.named("bank")],
            "mode": [mention.value for mention in self.named("mode")],
            "channel": [mention.value for mention in self.named("channel")],
            **{fact: [number] for fact, number in self.numbers.items()},
        }
        return {name: tuple(dict.fromkeys(several)) for name, several in values.items() if several}


def read_slots(
    text: str, now: datetime, days: DayReader, mentions: MentionReader, *, asks_money: bool
) -> Slots:
    """Read a normalised text; each part is struck out before the next reader looks at the rest."""
    draft = Draft(text)
    names = mentions.names(text)
    numbers = take_slip_numbers(draft)
    tails = take_card_tails(draft, [name.end for name in names if name.kind == "bank"])
    for name in names:
        if name.kind == "mode":
            draft.strike(name.start, name.end)
    ahead = not _LOOKS_BACK.search(text) and bool(_ASKS_AHEAD.search(text))
    found_days = days.take(draft, now, ahead=ahead)
    times = take_times(draft)
    elapsed = take_elapsed(draft)
    amounts = take_amounts(draft, asked=asks_money)
    for name in names:
        draft.strike(name.start, name.end)
    return Slots(
        amounts=tuple(amounts),
        days=tuple(found_days),
        times=tuple(times),
        elapsed=tuple(elapsed),
        tails=tuple(tails),
        numbers=numbers,
        names=tuple(names),
        rest=draft.text.replace(STRUCK, " "),
    )


def _iso(day: Day) -> str:
    return day.first.isoformat() if day.first == day.last else f"{day.first}/{day.last}"
