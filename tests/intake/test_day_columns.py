"""A column of days is read by what the whole of it shows, or a person is asked, with an example."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from tracker.intake.day_columns import DayColumn
from tracker.operations.refused import Refused

TODAY = date(2026, 11, 21)


def column(*texts: str, order: str = "", zone: str = "", first_year: int = 1990) -> DayColumn:
    """A column of those texts, looked at."""
    found = DayColumn("Finished", first_year, TODAY, order, ZoneInfo(zone) if zone else None)
    for line, text in enumerate(texts, start=2):
        found.look(text, line)
    return found


def days(*texts: str, order: str = "", zone: str = "", first_year: int = 1990) -> list[str]:
    found = column(*texts, order=order, zone=zone, first_year=first_year)
    found.settle("x.csv")
    return [str(found.day(text)) for text in texts]


def refusal(*texts: str) -> Refused:
    with pytest.raises(Refused) as refused:
        column(*texts).settle("x.csv")
    return refused.value


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("3/4/2026", "25/4/2026"), ["2026-04-03", "2026-04-25"]),
        (("3/4/2026", "4/25/2026"), ["2026-03-04", "2026-04-25"]),
        (("25.04.2026", "2026-04-03", "1.2.2026"), ["2026-04-25", "2026-04-03", "2026-02-01"]),
        (("5/5/2026", "6/6/2026"), ["2026-05-05", "2026-06-06"]),
        (("3/1/99", "4/25/07"), ["1999-03-01", "2007-04-25"]),
        (("31/12/25", "26/03/09"), ["2025-12-31", "2009-03-26"]),  # year first it would be 2031
        (("3/4/2026", "30/30/2026", "25/4/2026"), ["2026-04-03", "None", "2026-04-25"]),
        (("13/13/2026", "3/25/2026"), ["None", "2026-03-25"]),
        (("9 mars 2026", "Mar 9, 2026"), ["2026-03-09", "2026-03-09"]),
    ],
)
def test_one_day_past_the_twelfth_settles_the_column(texts: tuple[str, ...], expected: list[str]) -> None:
    assert days(*texts) == expected


def test_dates_that_may_be_either_are_asked_for_with_an_example() -> None:
    refused = refusal("5/5/2026", "3/4/2026")
    assert (refused.code, refused.field) == ("ambiguous_dates", "date_order")
    assert "'3/4/2026' may be 3 April 2026 or 4 March 2026" in refused.message
    assert "--date-order dmy or mdy" in refused.message and "x.csv" in refused.message and "Finished" in refused.message
    assert [(fault.line, fault.column, fault.value) for fault in refused.faults] == [(3, "Finished", "3/4/2026")]  # type: ignore[union-attr]


@pytest.mark.parametrize(("order", "day"), [("dmy", "2026-04-03"), ("mdy", "2026-03-04")])
def test_who_is_asked_decides(order: str, day: str) -> None:
    assert days("3/4/2026", order=order) == [day]


def test_a_column_that_mixes_its_orders_is_asked_for_and_the_rows_that_do_not_fit_are_faulty() -> None:
    refused = refusal("25/3/2026", "3/26/2026", "3/4/2026")
    assert refused.code == "ambiguous_dates" and "more than one order" in refused.message
    assert "'25/3/2026' in line 2" in refused.message and "'3/26/2026' in line 3" in refused.message
    found = column("25/3/2026", "3/26/2026", "3/4/2026", order="dmy")
    found.settle("x.csv")
    assert [found.day(text) for text in ("25/3/2026", "3/26/2026")] == [date(2026, 3, 25), None]
    assert "day/month/year" in found.why_not("3/26/2026")


def test_two_digits_may_be_a_year_at_either_end() -> None:
    assert "year" not in refusal("25/03/11", "26/03/11").message
    assert "--date-order ymd or dmy" in refusal("25/03/11", "26/03/11").message
    assert days("25-03-11", order="ymd") == ["2025-03-11"]


def test_another_column_of_the_file_may_settle_an_open_one_but_not_overrule_it() -> None:
    open_one = column("3/4/2026")
    open_one.settle("x.csv", "mdy")
    assert open_one.day("3/4/2026") == date(2026, 3, 4)
    settled = column("25/4/2026", "3/4/2026")
    settled.settle("x.csv", "mdy")
    assert settled.day("3/4/2026") == date(2026, 4, 3)
    with pytest.raises(Refused):
        column("3/4/2026").settle("x.csv", "ymd")


def test_moments_with_a_zone_ask_whose_day_counts_with_one_that_shows_why() -> None:
    refused = refusal("2026-03-09T20:00:00Z", "2026-03-10T04:01:00Z")
    assert (refused.code, refused.field) == ("ambiguous_zone", "time_zone")
    assert "2026-03-10T04:01:00Z" in refused.message and "2026-03-09 in Los Angeles" in refused.message
    assert "--time-zone" in refused.message


@pytest.mark.parametrize(
    ("zone", "day"), [("UTC", "2026-03-10"), ("America/Los_Angeles", "2026-03-09"), ("Asia/Tokyo", "2026-03-10")]
)
def test_the_day_of_a_moment_is_the_one_in_the_zone_asked(zone: str, day: str) -> None:
    texts = ("2026-03-10T04:01:00Z", "2026-03-10 06:01+02:00", "Mar 9, 2026 8:01 PM PST", "1773115260", "20260310T040100Z")
    assert days(*texts, zone=zone) == [day] * 5


def test_moments_that_are_all_midnight_are_days_as_written() -> None:
    assert days("2026-03-09T00:00:00Z", "2026-03-10T00:00:00+02:00") == ["2026-03-09", "2026-03-10"]
    assert refusal("2026-03-09T00:00:00Z", "2026-03-10T00:00:01Z").code == "ambiguous_zone"


def test_moments_without_a_zone_are_taken_as_written_whatever_zone_counts() -> None:
    assert days("2026-03-09 23:59:59", "3/25/2026 11:59 PM", zone="Asia/Tokyo") == ["2026-03-09", "2026-03-25"]


@pytest.fixture(params=["UTC", "Asia/Tokyo", "America/St_Johns"])
def process_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setitem(os.environ, "TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def test_the_zone_of_the_machine_is_nobodys_day(process_zone: str) -> None:
    texts = ("2026-03-08T07:30:00Z", "2026-03-08 23:30", "1772955000", "46089.98", "Mar 8, 2026 2:30 AM PST")
    assert days(*texts, zone="America/Los_Angeles") == ["2026-03-07", "2026-03-08", "2026-03-07", "2026-03-08", "2026-03-08"]


def test_a_moment_at_the_end_of_the_calendar_is_no_day() -> None:
    assert days("9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", zone="UTC") == ["None", "None"]


@pytest.mark.parametrize(("text", "expected"), [("3/25/40", "1940-03-25"), ("3/25/39", "2039-03-25")])
def test_where_the_hundred_years_of_two_digits_begin_is_the_column_s(text: str, expected: str) -> None:
    assert days(text, first_year=1940, order="mdy") == [expected]
