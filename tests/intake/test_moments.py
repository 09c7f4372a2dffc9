"""What a text names: any day, in any shape that programs write, and nothing that is no day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tracker.intake.day_columns import DayColumn
from tracker.intake.moments import said
from tracker.intake.reading import DATE_ORDERS

MARCH_9 = date(2026, 3, 9)
MONTHS = """
January February March April May June July August September October November December
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
janv. févr. mars avr. mai juin juill. août sept. oct. nov. déc.
ene feb mar abr may jun jul ago sep oct nov dic
"""
ENGLISH, FRENCH, SPANISH, FRENCH_SHORT, SPANISH_SHORT = (line.split() for line in MONTHS.strip().split("\n"))
FRENCH_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")

# How a day is written: the order it needs, and the text.
SHAPES = {
    "iso": ("", lambda d: f"{d:%Y-%m-%d}"),
    "year first, slashes": ("", lambda d: f"{d:%Y/%m/%d}"),
    "year first, dots, no zeros": ("", lambda d: f"{d.year}.{d.month}.{d.day}"),
    "year first, spaces": ("", lambda d: f"{d:%Y %m %d}"),
    "compact": ("", lambda d: f"{d:%Y%m%d}"),
    "compact, day first": ("dmy", lambda d: f"{d:%d%m%Y}"),
    "compact, month first": ("mdy", lambda d: f"{d:%m%d%Y}"),
    "american": ("mdy", lambda d: f"{d.month}/{d.day}/{d.year}"),
    "american with zeros": ("mdy", lambda d: f"{d:%m/%d/%Y}"),
    "american, hyphens": ("mdy", lambda d: f"{d:%m-%d-%Y}"),
    "british": ("dmy", lambda d: f"{d:%d/%m/%Y}"),
    "german": ("dmy", lambda d: f"{d:%d.%m.%Y}"),
    "german, apart": ("dmy", lambda d: f"{d.day}. {d.month}. {d.year}"),
    "day first, spaces": ("dmy", lambda d: f"{d:%d %m %Y}"),
    "with its weekday": ("dmy", lambda d: f"{d:%a} {d:%d/%m/%Y}"),
    "english": ("", lambda d: f"{ENGLISH[d.month - 1]} {d.day}, {d.year}"),
    "english, short": ("", lambda d: f"{ENGLISH[d.month - 1][:3]} {d.day}, {d.year}"),
    "english, short, shouted": ("", lambda d: f"{d.day:02}-{ENGLISH[d.month - 1][:3].upper()}-{d.year}"),
    "english, day first": ("", lambda d: f"{d.day}th of {ENGLISH[d.month - 1]} {d.year}"),
    "english, with its weekday": ("", lambda d: f"{d:%A}, {ENGLISH[d.month - 1]} {d.day}, {d.year}"),
    "english, mail": ("", lambda d: f"{d:%a}, {d.day:02} {ENGLISH[d.month - 1][:3]} {d.year}"),
    "english, year first": ("", lambda d: f"{d.year}-{ENGLISH[d.month - 1][:3]}-{d.day:02}"),
    "french": ("", lambda d: f"{d.day} {FRENCH[d.month - 1]} {d.year}"),
    "french, the first": ("", lambda d: f"{d.day}{'er' if d.day == 1 else ''} {FRENCH[d.month - 1]} {d.year}"),
    "french, short": ("", lambda d: f"{d.day} {FRENCH_SHORT[d.month - 1]} {d.year}"),
    "french, with its weekday": ("", lambda d: f"{FRENCH_DAYS[d.weekday()]} {d.day} {FRENCH[d.month - 1]} {d.year}"),
    "french, short weekday": ("", lambda d: f"{FRENCH_DAYS[d.weekday()][:3]}. {d.day} {FRENCH[d.month - 1]} {d.year}"),
    "french, le": ("", lambda d: f"le {d.day} {FRENCH[d.month - 1].upper()} {d.year}"),
    "spanish": ("", lambda d: f"{d.day} de {SPANISH[d.month - 1]} de {d.year}"),
    "spanish, short": ("", lambda d: f"{d.day:02}-{SPANISH_SHORT[d.month - 1]}-{d.year}"),
    "excel's serial number": ("", lambda d: str((d - date(1899, 12, 30)).days)),
    "excel's serial number with a time": ("", lambda d: f"{(d - date(1899, 12, 30)).days}.8343"),
}
TIMES = (
    *("", " 00:00", " 20:01", " 20:01:44", "T20:01:44", "T20:01:44.123", " 8:01 PM", " 8:01:44 p.m.", ", 8:01\u202fPM"),
    *(" 20 h 01", " 20h01", " 20h", " à 14 h 30", " at 8 pm", " um 20:01 Uhr", " 11:59:59 pm", " 12:00 AM"),
)
TIMELESS = (
    "compact",
    "compact, day first",
    "compact, month first",
    "excel's serial number",
    "excel's serial number with a time",
)


@settings(max_examples=1_000)
@given(st.dates(date(1990, 1, 1), date(2089, 12, 31)), st.sampled_from(sorted(SHAPES)), st.sampled_from(TIMES))
@example(date(2026, 3, 10), "french, short weekday", " à 14 h 30")
def test_any_day_in_any_shape_comes_back_as_that_day(day: date, shape: str, at: str) -> None:
    order, write = SHAPES[shape]
    column = DayColumn("Finished", 1990, None, order, None)
    text = write(day) + ("" if shape in TIMELESS else at)
    assert column.day(text) == day, text


@given(st.dates(date(1990, 1, 1), date(2089, 12, 31)), st.sampled_from(DATE_ORDERS), st.sampled_from("/-."))
def test_a_year_of_two_digits_is_in_the_hundred_years_from_the_first(day: date, order: str, mark: str) -> None:
    pattern = mark.join({"y": "%y", "m": "%m", "d": "%d"}[each] for each in order)
    assert DayColumn("Finished", 1990, None, order, None).day(day.strftime(pattern)) == day


@given(st.datetimes(datetime(1990, 1, 2), datetime(2089, 12, 30)), st.integers(-47, 47), st.booleans())
def test_a_moment_with_an_offset_is_on_the_day_of_the_zone_asked(moment: datetime, quarters: int, is_compact: bool) -> None:
    zone = timezone(timedelta(minutes=15 * quarters))
    aware = moment.replace(microsecond=0, tzinfo=zone)
    text = aware.strftime("%Y%m%dT%H%M%S%z") if is_compact else aware.isoformat(sep=" ")
    toronto = ZoneInfo("America/Toronto")
    assert DayColumn("Finished", 1990, None, "", toronto).day(text) == aware.astimezone(toronto).date()


@given(st.integers(631_200_000, 3_000_000_000), st.sampled_from((1, 1_000, 1_000_000)))
def test_seconds_since_1970_are_a_moment_in_utc(seconds: int, scale: int) -> None:
    told = said(str(seconds * scale), 1990)
    moment = datetime.fromtimestamp(seconds, UTC)
    assert told is not None and (told.days[0], told.time, told.zone) == (moment.date(), moment.time(), UTC)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("2026-03-09 20:01:44Z", 0),
        ("2026-03-09 20:01 UTC", 0),
        ("2026-03-09 20:01 (GMT)", 0),
        ("2026-03-09 20:01 GMT+2", 2),
        ("Mar 9, 2026 8:01 PM PST", -8),
        ("Mar 9, 2026 8:01 p.m. EDT", -4),
        ("9 mars 2026 à 20 h 01 HNE", -5),
        ("2026-03-09T20:01:44.000-0330", -3.5),
        ("Mon Mar 09 2026 20:01:44 GMT+0000 (Coordinated Universal Time)", 0),
        ("Mon Mar 9 20:01:44 PST 2026", -8),
        ("2026-03-09T20:01:44-04:00[America/New_York]", -4),
        ("2026-03-09 20:01 PST/PDT", -7),
        ("2026-03-09 20:01 America/St_Johns", -2.5),
        ("20260309T200144Z", 0),
    ],
)
def test_a_zone_is_read_however_it_is_named(text: str, hours: float) -> None:
    told = said(text, 1990)
    assert told is not None and told.zone is not None and told.is_settled
    assert told.zone.utcoffset(datetime.combine(MARCH_9, told.time)) == timedelta(hours=hours)
    assert told.time.replace(second=0) == time(20, 1)


@pytest.mark.parametrize(
    "text",
    [
        *("yesterday", "soon", "March 2026", "2026", "9/2026", "1/2/3", "12345678901234567890", "99999999", "46", "-46090"),
        *(
            "2026-02-30",
            "30/02/2026",
            "February 30, 2026",
            "20260230",
            "2025-02-29",
            "29 février 2025",
            "00/00/2026",
            "9.13.26.1",
        ),
        *("2026-03-09 24:01", "3/9/2026 13:00 PM", "3/9/2026 0:30 am", "2026-03-09 20:60", "2026-03-09T20:01:61Z"),
        *(
            "2026-03-09 20:01 IST",
            "2026-03-09 20:01 Mars/Olympus",
            "2026-03-09 noon",
            "2026-03-09 ../../etc",
            "9 Brumaire 2026",
        ),
        *("mar 9 mars", "9 9 mars 2026 9", "9/Mar", "2026-W10-1", "x" * 10_000, "1" * 10_000, " ", "/", "..", "T", "20:01"),
    ],
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert said(text, 1990) is None


@pytest.mark.parametrize("text", ["0026-03-09", "26-03-0009", "1/1/0001"])
def test_a_year_out_of_this_world_stays_what_was_written(text: str) -> None:
    told = said(text, 1990)
    assert told is None or all(day is None or day.year < 100 for day in told.days)


@given(st.text(max_size=90))
def test_no_text_is_an_accident(text: str) -> None:
    column = DayColumn("Finished", 1990, date(2026, 11, 21), "", ZoneInfo("America/Toronto"))
    column.look(text, 2)
    column.day(text)
    assert column.why_not(text)


@given(st.text("0123456789/-.: TZ+AMPmarch,", min_size=4, max_size=30))
def test_no_text_that_looks_like_a_moment_is_an_accident(text: str) -> None:
    column = DayColumn("Finished", 1940, None, "dmy", ZoneInfo("Asia/Tokyo"))
    column.look(text, 2)
    column.day(text)
