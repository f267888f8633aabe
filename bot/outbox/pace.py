"""How fast messages may go out: over all, and to each recipient."""

from collections import deque

from bot.messages import Channel, Rate


class _Window:
    """The times of the latest messages, as many as the rate allows in its stretch of time."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._times: deque[float] = deque()

    def room(self, now: float) -> int:
        while self._times and self._times[0] <= now - self._rate.seconds:
            self._times.popleft()
        return self._rate.most - len(self._times)

    def took(self, now: float) -> None:
        self._times.append(now)

    def opens_at(self) -> float:
        """Say when there is room again; only for a window that is full."""
        return self._times[0] + self._rate.seconds

    def is_unused(self) -> bool:
        return not self._times


class Pace:
    """The pace of one channel, for one process. Times are seconds of a clock that only goes forward."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._over_all = _Window(channel.rate)
        #: Recipients that were sent to lately.
        self._each: dict[str, _Window] = {}

    def room(self, now: float) -> int:
        """Say how many messages may go out now."""
        return self._over_all.room(now)

    def resting(self, now: float) -> list[str]:
        """Name the recipients who may not be sent to now."""
        resting = [recipient for recipient, window in self._each.items() if window.room(now) < 1]
        self._each = {name: window for name, window in self._each.items() if not window.is_unused()}
        return resting

    def took(self, recipient: str, now: float) -> None:
        """Count one message."""
        self._over_all.took(now)
        if recipient not in self._each:
            self._each[recipient] = _Window(self._channel.rate_for(recipient))
        self._each[recipient].took(now)

    def seconds_to_next(self, now: float) -> float | None:
        """Say when the first of those that may not go now may; None when nobody has to rest."""
        full = [window for window in (self._over_all, *self._each.values()) if window.room(now) < 1]
        return min((window.opens_at() - now for window in full), default=None)
