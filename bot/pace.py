"""How fast messages may go out: over all, and to each recipient."""

from dataclasses import dataclass

from bot.messages import Channel, Rate


@dataclass(slots=True)
class _Bucket:
    """So many messages may go at once; each comes back after a while."""

    rate: Rate
    left: float
    at: float

    def fill(self, now: float) -> None:
        gained = max(now - self.at, 0.0) * self.rate.per_second
        self.left = min(self.rate.burst, self.left + gained)
        self.at = now

    def seconds_to_next(self) -> float:
        return max(1 - self.left, 0.0) / self.rate.per_second


class Pace:
    """The pace of one channel, for one process. Times are seconds of a clock that only goes forward."""

    def __init__(self, channel: Channel, now: float) -> None:
        self._channel = channel
        self._over_all = _Bucket(channel.rate, channel.rate.burst, now)
        #: Recipients that were sent to lately.
        self._each: dict[str, _Bucket] = {}

    def room(self, now: float) -> int:
        """Say how many messages may go out now."""
        self._over_all.fill(now)
        return int(self._over_all.left)

    def resting(self, now: float) -> list[str]:
        """Name the recipients who may not be sent to now."""
        for recipient, bucket in list(self._each.items()):
            bucket.fill(now)
            if bucket.left >= bucket.rate.burst:
                del self._each[recipient]
        return [recipient for recipient, bucket in self._each.items() if bucket.left < 1]

    def took(self, recipient: str, now: float) -> None:
        """Count one message."""
        self._over_all.left -= 1
        bucket = self._each.get(recipient)
        if bucket is None:
            rate = self._channel.rate_for(recipient)
            bucket = self._each[recipient] = _Bucket(rate, rate.burst, now)
        bucket.left -= 1

    def seconds_to_next(self) -> float | None:
        """Say when the next one may go of those that may not now; None when nobody has to rest."""
        waits = [b.seconds_to_next() for b in (self._over_all, *self._each.values()) if b.left < 1]
        return min(waits) if waits else None
