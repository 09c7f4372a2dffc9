"""Into which windows the time is cut."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.intake.linkedin_api.windows import Window, begin_of, next_window
from tracker.operations.refused import Refused

NOW = datetime(2026, 3, 31, 12, 34, 56, 789_000, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("begin", "window"),
    [
        (NOW - 30 * DAY, Window(NOW - 30 * DAY, 14)),
        (NOW - 14 * DAY, Window(NOW - 14 * DAY, 14)),
        # the newest ends now, and being of whole days begins a little early
        (NOW - 13.5 * DAY, Window(NOW - 14 * DAY, 14)),
        (NOW - 3 * DAY, Window(NOW - 3 * DAY, 3)),
        (NOW - 3 * DAY - timedelta(seconds=1), Window(NOW - 4 * DAY, 4)),
        (NOW - timedelta(seconds=1), Window(NOW - DAY, 1)),
    ],
)
def test_a_window_is_of_whole_days_and_ends_by_now(begin: datetime, window: Window) -> None:
    assert next_window(begin, NOW) == window


@given(st.timedeltas(min_value=timedelta(milliseconds=1), max_value=timedelta(days=400)), st.integers(1, 14))
def test_the_windows_together_leave_no_moment_out_and_none_is_in_the_future(ago: timedelta, longest: int) -> None:
    begin = NOW - ago
    while begin < NOW:
        window = next_window(begin, NOW, longest)
        assert window.from_at <= begin < window.until_at <= NOW
        assert 1 <= window.days <= longest
        assert window.until_at == window.from_at + window.days * DAY
        begin = window.until_at
    assert begin == NOW


def test_it_is_asked_for_in_milliseconds_and_shown_in_days() -> None:
    window = Window(datetime(2026, 3, 2, 8, tzinfo=UTC), 7)
    assert window.started_at == 1_772_438_400_000
    assert str(window) == "2026-03-02 to 2026-03-09"


def test_reading_begins_with_the_day_in_the_east() -> None:
    assert begin_of(date(2026, 3, 31), NOW) == datetime(2026, 3, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "reason"),
    [(date(2026, 4, 1), "it has not begun"), (date(9999, 12, 31), "it has not begun"), (date(1999, 12, 31), "before 2000")],
)
def test_a_day_on_which_there_is_nothing_to_read_is_refused(day: date, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        begin_of(day, NOW)
