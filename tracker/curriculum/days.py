"""Spans of days and months.

A span is ``(from_on, until_on)`` and holds the days ``from_on <= day < until_on``. One that never ends has
``until_on == FOREVER``, so that comparing needs no special case. A list of spans is *normal* when it is sorted and no two
touch; every function here returns normal lists and, unless it says otherwise, expects them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TypeAlias

FOREVER = date.max
Span: TypeAlias = tuple[date, date]


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later (earlier when negative).

    Where that month is too short, the 1st of the month after: a course of 29 February 2024 valid 12 months lapses on
    1 March 2025 (docs/design.md section 4, "Days"). Beyond the calendar's end it is ``FOREVER``, before its beginning
    ``date.min``.
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if year > FOREVER.year:
        return FOREVER
    if year < 1:
        return date.min
    try:
        return date(year, month + 1, day.day)
    except ValueError:
        return date(year, month + 2, 1)  # never December: it has 31 days


def add_days(day: date, days: int) -> date:
    """So many days later; ``FOREVER`` beyond the calendar's end."""
    later = timedelta(days=days)
    return day + later if FOREVER - day > later else FOREVER


def after_yearly(day: date, each: str) -> date:
    """The day after the first "MM-DD" on or after a day: where its yearly cycle has ended. ``each`` is never 02-29."""
    year = day.year + (day.isoformat()[5:] > each)
    return add_days(date.fromisoformat(f"{year:04}-{each}"), 1) if year <= FOREVER.year else FOREVER


def fewest_days(months: int) -> int:
    """Over how many days so many months may run at the least: 28 for one, 365 for twelve."""
    starts = (date(year, month, 1) for year in range(2096, 2104) for month in range(1, 13))  # 2100 is no leap year
    return min((add_months(start, months) - start).days for start in starts)


def contains(spans: Iterable[Span], day: date) -> bool:
    return any(start <= day < end for start, end in spans)


def union(spans: Iterable[Span]) -> list[Span]:
    """Any spans, in any order, as a normal list. Empty and backward spans hold no day and vanish."""
    whole: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if whole and start <= whole[-1][1]:
            if end > whole[-1][1]:
                whole[-1] = (whole[-1][0], end)
        else:
            whole.append((start, end))
    return whole


def intersect(left: list[Span], right: list[Span]) -> list[Span]:
    """The days in both."""
    both: list[Span] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start = max(left[i][0], right[j][0])
        end = min(left[i][1], right[j][1])
        if start < end:
            both.append((start, end))
        if left[i][1] <= right[j][1]:
            i += 1
        else:
            j += 1
    return both


def subtract(left: list[Span], right: list[Span]) -> list[Span]:
    """The days of ``left`` that are not in ``right``."""
    rest: list[Span] = []
    for start, end in left:
        for hole_start, hole_end in right:
            if hole_end <= start:
                continue
            if hole_start >= end:
                break
            if hole_start > start:
                rest.append((start, hole_start))
            start = max(start, hole_end)
            if start >= end:
                break
        if start < end:
            rest.append((start, end))
    return rest
