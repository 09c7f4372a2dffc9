"""Windows of time: LinkedIn tells what happened in at most 14 days at once."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from tracker.language import _
from tracker.operations.refused import Refused

LONGEST = 14  # days

# LinkedIn's figures come late: a stretch is read once more until it was over for this long when it was read.
LATE = timedelta(days=3)

EARLIEST = date(2000, 1, 1)  # LinkedIn Learning's predecessor had its first courses online later

_DAY = timedelta(days=1)
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Window(NamedTuple):
    """A number of whole days from a moment on."""

    from_at: datetime
    days: int

    @property
    def until_at(self) -> datetime:
        return self.from_at + self.days * _DAY

    @property
    def started_at(self) -> int:
        """Milliseconds since 1970, as LinkedIn counts."""
        return (self.from_at - _EPOCH) // _MILLISECOND

    def __str__(self) -> str:
        return f"{self.from_at:%Y-%m-%d} to {self.until_at:%Y-%m-%d}"


def next_window(begin: datetime, now: datetime, longest: int = LONGEST) -> Window:
    """The window from ``begin`` on, at most ``longest`` days.

    None ends in the future: the newest ends now and, being of whole days, begins a little before ``begin``.
    """
    days = min(longest, math.ceil((now - begin) / _DAY))
    return Window(min(begin, now - days * _DAY), days)


def begin_of(day: date, now: datetime) -> datetime:
    """The moment from which a person wants to read: the day's beginning by UTC, before it begins in America.

    Raises:
        Refused: ``impossible_day``.
    """
    begin = datetime.combine(day, time(), UTC)
    if day < EARLIEST or begin >= now:
        reason = _("LinkedIn has nothing from before 2000") if day < EARLIEST else _("it has not begun")
        raise Refused(
            "impossible_day", _("--since %(day)s cannot be read: %(reason)s.", day=day, reason=reason), field="since"
        )
    return begin
