"""Whose moment it is that a text names: the sale's, or that of something else that happened."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from knowledge.reading.mentions import is_negated
from knowledge.reading.vocabulary.lexicon import Lexicon
from knowledge.reading.vocabulary.normalise import Normaliser
from knowledge.reading.vocabulary.words import Hit, WordFinder
from knowledge.reading.when.clock import TimeOfDay
from knowledge.reading.when.days import Day

#: Between a day and its time there is no more than this.
_WITHIN = re.compile(r"[\s,，()（）、的和跟及]*(?:at|about|around|and|on|in the|大概|差不多|大约|左右)?\s*")
#: Where one statement ends and the next begins.
_BREAK = re.compile(
    r"[,.，](?:(?<!\d.)|(?!\d))|[。;；!！?？、\n但]|可(?!以|能)|\b(?:and|but|then|so|because|while|after|before)\b"
)
#: The day's own thing: 昨天的, Monday's.
_OWN = re.compile(r"'s\b|的(?!事|时候)")
#: What was taken that day: 昨天的钱, 30号的货款.
_OWN_TAKINGS = re.compile(
    r"(?:晚上|上午|下午|早上|中午)?(?:收|刷)?的那?(?:[一两几]?笔)?(?:钱|款|货款|营业款|营业额|流水|账|单)(?!户)"
)
_TAKINGS_OF = re.compile(r"\bmoney (?:from|of|for)\s$")
#: A day or a time under the name that slips and apps give it.
_LABEL = re.compile(r"(?:交易|刷卡|消费|收款|付款)(?:时间|日期)\s?[:：是]?\s*$")
#: A day and its sum, before what became of it: 前天8千 划款失败.
_OWN_SUM = re.compile(
    r"\s?的?\s?(?:\d{3,6}(?:\.\d+)?|[\d一二两三四五六七八九十百千万.]+(?:[千百万wk]|块钱?|元))多?"
    r"(?:[,，。 ]+(?=划款|出款|打款|结算|失败|还?没|未|冻结|卡住|延迟|退票|不见|一直)|$)"
)
#: A clause that says no more than when.
_NOTHING = re.compile(r"(?:\W|是|在|on\b|at\b)*")
#: A day said back as a question.
_ASKS_BACK = re.compile("[是对]吧")


@dataclass(frozen=True, slots=True)
class _Moment:
    """A day and its time, or only one of them, and where they stand."""

    start: int
    end: int
    pieces: tuple[Day | TimeOfDay, ...]


class EventReader:
    """Tells the sale's days and times from others: the event that stands nearest in the same clause has them.

    Chinese puts the time before its verb (昨天刷的), English behind it (swiped yesterday); only where nothing
    stands on that side, the other side is looked at. What has not happened (没划款) has no day. A day that
    belongs to no event is the sale's; but "today" alone may be the day on which the money should come.
    """

    def __init__(self, lexicon: Lexicon, normaliser: Normaliser) -> None:
        """Take the events of a lexicon; the names of brands and channels (支付宝) are none."""
        names = [*lexicon.brands.values(), *lexicon.channels.values()]
        kinds = [*(("neither", several) for several in names), *lexicon.events.items()]
        self._words = WordFinder(
            (normaliser.normalise_word(word), kind) for kind, several in kinds for word in several
        )
        fillers = sorted(map(normaliser.normalise_word, lexicon.fillers), key=len, reverse=True)
        self._fillers = re.compile(rf"(?:[^\w?？]|{'|'.join(map(re.escape, fillers))})*+")

    def speaks_of_sale(self, text: str, days: Sequence[Day] = ()) -> bool:
        """Tell whether a normalised text speaks of a sale or a payment at all, or of a day's takings."""
        return any(hit.meaning == "sale" for hit in self._words.find(text)) or any(
            _is_takings(text, day.place, day.end) for day in days
        )

    def says_no_more(self, rest: str) -> bool:
        """Tell whether what stands beside a day or a time adds nothing to it."""
        return self._fillers.fullmatch(rest) is not None and not _ASKS_BACK.search(rest)

    def is_of_sale(self, text: str, start: int, end: int) -> bool:
        """Tell whether words like "just now" stand with a sale."""
        return any(event == "sale" for _, event in self._of([_Moment(start, end, ())], text, alone=False))

    def of_sale(
        self,
        text: str,
        days: Sequence[Day],
        times: Sequence[TimeOfDay],
        now: datetime,
        *,
        asked: bool,
        known: bool = False,
    ) -> tuple[list[Day], list[TimeOfDay]]:
        """Give the days and times that may be the sale's.

        `asked` says that its moment was just asked for, `known` that it is known: then only what stands
        with words of a sale is about it.
        """
        sales: list[Day | TimeOfDay] = []
        others: list[Day | TimeOfDay] = []
        for moment, event in self._events(text, [*days, *times], alone=asked):
            if event == "sale":
                sales += moment.pieces
            elif event is None and (asked or not (known or _is_only_today(moment, now))):
                others += moment.pieces
        # Beside the sale's own time, another is that of writing: 两点了，睡不着，十点刷的.
        kept_times = [one for one in times if one in sales] or [one for one in times if one in others]
        return [day for day in days if day in (*sales, *others)], kept_times

    def of_terminal(self, text: str, days: Sequence[Day]) -> Day | None:
        """Give the day since which he has his terminal, if the text names it."""
        events = self._events(text, [*days], alone=False)
        found = (moment.pieces[0] for moment, event in events if event == "terminal")
        day = next(found, None)
        return day if isinstance(day, Day) else None

    def _events(
        self, text: str, pieces: list[Day | TimeOfDay], *, alone: bool
    ) -> Iterator[tuple[_Moment, str | None]]:
        """Go through the days and times of a text with the kind of event that each belongs to."""
        return self._of(_moments(text, pieces), text, alone=alone)

    def _of(self, moments: list[_Moment], text: str, *, alone: bool) -> Iterator[tuple[_Moment, str | None]]:
        hits = [
            hit
            for hit in self._words.find(text)
            if hit.meaning != "neither" and not is_negated(text, hit.start)
        ]
        for moment, first, last in _with_clauses(text, moments, alone=alone):
            yield (
                moment,
                _event(text, moment, [hit for hit in hits if first <= hit.start and hit.end <= last]),
            )


def _moments(text: str, pieces: list[Day | TimeOfDay]) -> list[_Moment]:
    """Put days and times that stand beside one another together."""
    moments: list[_Moment] = []
    for piece in sorted(pieces, key=lambda one: one.place):
        last = moments[-1] if moments else None
        if last and _WITHIN.fullmatch(text, last.end, piece.place):
            moments[-1] = _Moment(last.start, max(last.end, piece.end), (*last.pieces, piece))
        else:
            moments.append(_Moment(piece.place, piece.end, (piece,)))
    return moments


def _with_clauses(text: str, moments: list[_Moment], *, alone: bool) -> Iterator[tuple[_Moment, int, int]]:
    """Give each moment with the bounds of its clause, which never holds another moment.

    One that is a clause by itself belongs to those beside it, unless it may stand `alone`, as an answer does.
    """
    breaks = [found.span() for found in _BREAK.finditer(text)]
    before, behind = [start for start, _ in breaks], [end for _, end in breaks]
    for place, moment in enumerate(moments):
        least = moments[place - 1].end if place else 0
        most = moments[place + 1].start if place + 1 < len(moments) else len(text)
        starts = [least, *behind[bisect_left(behind, least) : bisect_right(behind, moment.start)]]
        ends = [*before[bisect_left(before, moment.end) : bisect_right(before, most)], most]
        first, last = starts[-1], ends[0]
        said = f"{text[first : moment.start]}{text[moment.end : last]}"
        if not alone and _NOTHING.fullmatch(said):
            first, last = starts[-2:][0], ends[:2][-1]
        yield moment, first, last


def _event(text: str, moment: _Moment, hits: Sequence[Hit[str]]) -> str | None:
    """Name the kind of event that a moment belongs to; None where its clause has none."""
    before = [hit.meaning for hit in reversed(hits) if hit.end <= moment.start]
    after = [hit for hit in hits if hit.start >= moment.end]
    if _is_takings(text, moment.start, moment.end):
        return "sale"
    own = _OWN.match(text, moment.end)
    if own and not (after and after[0].start - own.end() <= 1):
        return None
    later = [hit.meaning for hit in after]
    nearest = [*before, *later] if text.isascii() and not own else [*later, *before]
    return nearest[0] if nearest else None


def _is_takings(text: str, start: int, end: int) -> bool:
    """Tell whether a day is named for what was taken on it, or is called that of the sale."""
    sum_of = None if text.isascii() else _OWN_SUM.match(text, end)  # "refunded yesterday 320 but"
    named = _OWN_TAKINGS.match(text, end) or sum_of
    before = text[max(0, start - 12) : start]
    return bool(named or _TAKINGS_OF.search(before) or _LABEL.search(before))


def _is_only_today(moment: _Moment, now: datetime) -> bool:
    """Tell whether a moment is today and no minute of it."""
    days = [piece for piece in moment.pieces if isinstance(piece, Day)]
    minute = any(piece.moment if isinstance(piece, Day) else piece.clock for piece in moment.pieces)
    return bool(days) and not minute and all(day.first == now.date() for day in days)
