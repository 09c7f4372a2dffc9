"""Months and spans, against tables and against plain sets of days."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.curriculum.days import (
    FOREVER,
    Span,
    add_days,
    add_months,
    after_yearly,
    contains,
    fewest_days,
    intersect,
    subtract,
    union,
)

DAY_ONE = date(2026, 1, 1)
FIVE, TEN, FIFTEEN, TWENTY = (date(2026, 1, day) for day in (5, 10, 15, 20))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2025, 3, 1), 12, date(2026, 3, 1)),
        (date(2024, 2, 29), 12, date(2025, 3, 1)),  # 2025 has no 29 February
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2024, 2, 28), 12, date(2025, 2, 28)),
        (date(2026, 1, 31), 1, date(2026, 3, 1)),
        (date(2026, 1, 28), 1, date(2026, 2, 28)),
        (date(2026, 3, 31), 1, date(2026, 5, 1)),  # April has 30 days
        (date(2026, 3, 30), 1, date(2026, 4, 30)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(2026, 10, 31), 13, date(2027, 12, 1)),
        (date(2026, 3, 31), -1, date(2026, 3, 1)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 6, 1), 0, date(2026, 6, 1)),
        (date(9999, 6, 1), 12, FOREVER),
        (date(1, 6, 1), -12, date.min),
    ],
)
def test_a_month_too_short_gives_the_1st_of_the_month_after(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 1, 4), False),
        (FIVE, True),
        (date(2026, 1, 9), True),
        (TEN, False),
    ],
)
def test_a_span_holds_its_first_day_and_not_its_last(day: date, expected: bool) -> None:
    assert contains([(FIVE, TEN)], day) is expected


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], []),
        ([(TEN, FIFTEEN), (FIVE, TEN)], [(FIVE, FIFTEEN)]),  # they touch
        ([(FIVE, TEN), (FIFTEEN, TWENTY)], [(FIVE, TEN), (FIFTEEN, TWENTY)]),
        ([(FIVE, TWENTY), (TEN, FIFTEEN)], [(FIVE, TWENTY)]),
        ([(TEN, TEN), (TWENTY, FIVE)], []),  # no day in them
        ([(FIVE, FOREVER), (TEN, FIFTEEN)], [(FIVE, FOREVER)]),
    ],
)
def test_union_joins_spans_that_touch_and_drops_empty_ones(spans: list[Span], expected: list[Span]) -> None:
    assert union(spans) == expected


@pytest.mark.parametrize(
    ("left", "right", "both", "rest"),
    [
        ([(FIVE, FIFTEEN)], [(TEN, TWENTY)], [(TEN, FIFTEEN)], [(FIVE, TEN)]),
        ([(FIVE, TEN)], [(TEN, TWENTY)], [], [(FIVE, TEN)]),
        ([(FIVE, FOREVER)], [(TEN, FIFTEEN)], [(TEN, FIFTEEN)], [(FIVE, TEN), (FIFTEEN, FOREVER)]),
        ([(FIVE, TEN)], [(FIVE, FOREVER)], [(FIVE, TEN)], []),
        ([(FIVE, TEN), (FIFTEEN, TWENTY)], [(FIVE, TWENTY)], [(FIVE, TEN), (FIFTEEN, TWENTY)], []),
    ],
)
def test_intersect_and_subtract_share_the_days_out(
    left: list[Span], right: list[Span], both: list[Span], rest: list[Span]
) -> None:
    assert intersect(left, right) == both
    assert subtract(left, right) == rest


days = st.integers(0, 40).map(lambda count: DAY_ONE + timedelta(days=count))
some_spans = st.lists(st.tuples(days, days), max_size=6)


def days_of(spans: list[Span]) -> set[date]:
    every = (DAY_ONE + timedelta(days=count) for count in range(45))
    return {day for day in every if any(start <= day < end for start, end in spans)}


def is_normal(spans: list[Span]) -> bool:
    edges = [edge for span in spans for edge in span]
    return all(before < after for before, after in pairwise(edges))


@given(some_spans, some_spans)
def test_spans_behave_as_sets_of_days(some: list[Span], others: list[Span]) -> None:
    left, right = union(some), union(others)
    assert days_of(left) == days_of(some)
    assert days_of(intersect(left, right)) == days_of(left) & days_of(right)
    assert days_of(subtract(left, right)) == days_of(left) - days_of(right)
    assert all(map(is_normal, (left, intersect(left, right), subtract(left, right))))


@pytest.mark.parametrize(
    ("day", "each", "expected"),
    [
        (date(2025, 12, 31), "12-31", date(2026, 1, 1)),
        (date(2026, 1, 1), "12-31", date(2027, 1, 1)),
        (date(2024, 2, 28), "02-28", date(2024, 2, 29)),
        (date(2024, 2, 29), "02-28", date(2025, 3, 1)),
        (date(9999, 1, 1), "12-31", FOREVER),
        (date(9999, 12, 31), "01-31", FOREVER),
    ],
)
def test_a_yearly_cycle_ends_after_the_first_such_day_on_or_after_a_day(day: date, each: str, expected: date) -> None:
    assert after_yearly(day, each) == expected


@pytest.mark.parametrize(("day", "expected"), [(date(2026, 1, 1), date(2026, 1, 31)), (date(9999, 12, 15), FOREVER)])
def test_days_are_added_up_to_the_calendars_end(day: date, expected: date) -> None:
    assert add_days(day, 30) == expected
    assert add_days(FOREVER, 1) == FOREVER


@pytest.mark.parametrize("months", [1, 2, 3, 11, 12, 13, 24, 48])
def test_no_validity_is_shorter_than_its_fewest_days(months: int) -> None:
    lengths = {(add_months(day, months) - day).days for day in (DAY_ONE + timedelta(days=n) for n in range(4 * 366))}
    assert fewest_days(months) <= min(lengths)
    assert fewest_days(months) >= min(lengths) - 1  # one that spans 2100
