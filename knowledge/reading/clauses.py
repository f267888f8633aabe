"""Where a clause begins and ends."""

#: Marks between clauses.
BREAKS = ",.，。;；!！?？\n"


def clause_start(text: str, place: int) -> int:
    """Give where the clause begins that a place stands in."""
    return max(text.rfind(mark, 0, place) for mark in BREAKS) + 1


def clause_end(text: str, place: int) -> int:
    """Give where that clause ends, its mark included."""
    ends = [text.find(mark, place) for mark in BREAKS]
    return min((end + 1 for end in ends if end >= 0), default=len(text))
