"""Service hours: when a person can answer, and by when one must have."""

from datetime import date, datetime, time, timedelta

from knowledge.calendar import ONE_DAY, SHANGHAI, SettlementCalendar, UnknownCalendarError


class ServiceHours:
    """From opening to closing on working days, make-up days included; Asia/Shanghai.

    Where the calendar has no data yet, Monday to Friday count: these hours are our own promise, unlike the
    settlement days of others.
    """

    def __init__(self, calendar: SettlementCalendar, opens: time, closes: time) -> None:
        self._calendar = calendar
        self._opens = opens
        self._closes = closes

    def is_open(self, now: datetime) -> bool:
        """Say whether somebody is there."""
        local = now.astimezone(SHANGHAI)
        return self._is_service_day(local.date()) and self._opens <= local.time() < self._closes

    def next_open(self, now: datetime) -> datetime:
        """Give the moment itself when somebody is there, else the next opening."""
        if self.is_open(now):
            return now
        local = now.astimezone(SHANGHAI)
        day = local.date() if local.time() < self._opens else local.date() + ONE_DAY
        return datetime.combine(self._service_day(day), self._opens, SHANGHAI)

    def add(self, now: datetime, hours: float) -> datetime:
        """Give the moment so many service hours later."""
        start = self.next_open(now).astimezone(SHANGHAI)
        left = timedelta(hours=hours)
        while start + left > (closing := datetime.combine(start.date(), self._closes, SHANGHAI)):
            left -= closing - start
            start = self.next_open(closing)
        return start + left

    def end_of_day(self, now: datetime, days: int = 0) -> datetime:
        """Give the closing of the running (or else next) service day, or of the days-th one after it."""
        day = self.next_open(now).astimezone(SHANGHAI).date()
        for _ in range(days):
            day = self._service_day(day + ONE_DAY)
        return datetime.combine(day, self._closes, SHANGHAI)

    def _service_day(self, day: date) -> date:
        while not self._is_service_day(day):
            day += ONE_DAY
        return day

    def _is_service_day(self, day: date) -> bool:
        try:
            return self._calendar.kind(day) in ("work", "makeup")
        except UnknownCalendarError:
            return day.weekday() < 5
