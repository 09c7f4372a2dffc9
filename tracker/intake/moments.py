"""What day, time and zone a text names, in the many ways that programs and people write them.

A text alone often does not say which of its numbers is the day. So what is read here holds a day for each order it could
have been written in, and ``day_columns`` decides by the whole column, or asks.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from tracker.curriculum.keys import plain_text
from tracker.intake.months import IN_BETWEEN, MONTHS, WEEKDAYS, ZONES

# The day under each order of reading.DATE_ORDERS: year first, day first, month first. None: impossible in that order.
Choices: TypeAlias = tuple[date | None, date | None, date | None]

MIDNIGHT = time()
LONGEST = 80  # characters; JavaScript's moments, with the zone's name in brackets, reach 70

_EPOCH_BEGINS, _EPOCH_ENDS = 631_152_000, 4_102_444_800  # 1990 to 2100, in seconds
_SERIAL_BEGINS = date(1899, 12, 30)  # Excel's day 0
_YEARS = range(1900, 2200)  # of a day written without any separators

_SEPARATED = re.compile(r"([0-9]{1,4})\s*([-/.])\s*([0-9]{1,2})\s*\2\s*([0-9]{1,4})")
_SPACED = re.compile(r"([0-9]{1,4})\s+([0-9]{1,2})\s+([0-9]{1,4})")
_WORDS = re.compile(r"[0-9]+|[^\W\d_]+")
_CORE = re.compile(r"((?:[^\W\d_]|[\s.,'’])*)([0-9](?:[\w\s,./'’-]*[0-9])?)((?:[^\W\d_]|[\s.,;|'’-])*)")
_NUMBER = re.compile(r"([0-9]{5,16})(?:[.,][0-9]+)?")
_COMPACT = re.compile(r"([0-9]{8})[T\s]?([0-9]{2})([0-9]{2})([0-9]{2})?(?:[.,][0-9]+)?(.*)", re.IGNORECASE)
_TIME = re.compile(
    r"(?<![0-9:])([0-9]{1,2})"
    r"(?::([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]+)?)?(?:\s*([ap])\.?\s?m\b\.?)?"  # 20:01:44, 8:01 p.m.
    r"|\s*([ap])\.?\s?m\b\.?"  # 8 pm
    r"|\s?h(?:\s?([0-9]{2})(?:\s?min)?)?(?![^\W_]))",  # 20 h 01
    re.IGNORECASE,
)
_ZONE = re.compile(
    r"\s*(?:\(?\b([a-z]+(?:/[a-z_/]+)?)\b\)?)?(?:\s?([-+−])([0-9]{2}):?([0-9]{2})?(?![0-9])|\s?([-+−])([0-9])(?![0-9]))?",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"[(\[][^()\[\]]*[)\]]")


class Said(NamedTuple):
    """What a text says: its day in each order, and the time and zone where it names them."""

    days: Choices
    time: time
    zone: tzinfo | None

    @property
    def is_settled(self) -> bool:
        """Whether the day is the same in every order."""
        return self.days[0] is not None and self.days[0] == self.days[1] == self.days[2]


def said(text: str, first_year: int) -> Said | None:
    """What a text names, or None where it is no day, or not one that exists.

    Args:
        first_year: the earliest year that two digits mean; the latest is 99 years on.
    """
    if len(text) > LONGEST:
        return None
    try:
        return _bare_number(text) or _compact(text) or _worded(text, first_year)
    except (ValueError, OverflowError):  # no such day or hour
        return None


def _bare_number(text: str) -> Said | None:
    """A day as Excel counts them, or a moment in seconds, thousandths or millionths since 1970."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    whole = int(found[1])
    if len(found[1]) == 5:
        return _settled(_SERIAL_BEGINS + timedelta(whole))
    for scale in (1, 1_000, 1_000_000):
        if _EPOCH_BEGINS * scale <= whole < _EPOCH_ENDS * scale:
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=whole // scale)
            return _settled(moment.date(), moment.time(), UTC)
    return None


def _compact(text: str) -> Said | None:
    """20260309200144, with or without a T and a zone; a day alone is left to ``_choices``."""
    found = _COMPACT.fullmatch(text)
    if found is None:
        return None
    days = _unseparated(found[1])
    zone, rest = _zone(found[5])
    if days is None or rest:
        return None
    return Said(days, time(int(found[2]), int(found[3]), int(found[4] or 0)), zone)


def _worded(text: str, first_year: int) -> Said | None:
    """A day with separators or words, and a time before or after it."""
    found = _TIME.search(text)
    if found is None:
        days = _choices(text, first_year)
        return None if days is None else Said(days, MIDNIGHT, None)
    zone, rest = _zone(text[found.end() :])
    days = _choices(f"{text[: found.start()]} {rest}".strip(), first_year)
    return None if days is None else Said(days, _time(found), zone)


def _time(found: re.Match[str]) -> time:
    hour, minute, second, half, lone_half, french_minute = found.groups()
    hours = int(hour)
    if half := half or lone_half:
        if not 1 <= hours <= 12:
            raise ValueError(found[0])
        hours = hours % 12 + (12 if half in "Pp" else 0)
    return time(hours, int(minute or french_minute or 0), int(second or 0))


def _zone(text: str) -> tuple[tzinfo | None, str]:
    """The zone that stands right after a time, and what else stands there."""
    if not text:
        return None, ""
    found = _ZONE.match(text)
    assert found is not None  # every part of it may be missing
    name, sign, hours, minutes, lone_sign, lone_hours = found.groups()
    zone = None
    if name:
        zone = zone_named(name)
        if zone is None:
            return None, text
    if sign or lone_sign:
        ahead = timedelta(hours=int(hours or lone_hours), minutes=int(minutes or 0))
        zone = timezone(-ahead if (sign or lone_sign) in "-−" else ahead)
    rest = text[found.end() :].strip()
    return zone, _IN_BRACKETS.sub("", rest).strip() if zone else rest


@lru_cache(maxsize=1_000)
def zone_named(name: str) -> tzinfo | None:
    """The zone of an abbreviation such as PDT or HNE, or of a place such as America/Toronto; None where it names none."""
    known = ZONES.get(name.upper())
    if isinstance(known, float):
        return timezone(timedelta(hours=known))
    if known is None and "/" not in name:
        return None
    return place_zone(known or name)


def place_zone(name: str) -> ZoneInfo | None:
    """The zone of a place's name, or None."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # no file, a folder, a path that leads out
        return None


@lru_cache(maxsize=50_000)  # more than the days of a century: a file repeats its days
def _choices(text: str, first_year: int) -> Choices | None:
    """The day that a text without a time names, in each order."""
    found = _CORE.fullmatch(text.removesuffix("T"))
    if found is None:
        return None
    before, core, after = found.groups()
    if all(word in WEEKDAYS or word in IN_BETWEEN for word in _WORDS.findall(plain_text(f"{before} {after}"))):
        numbers = _SEPARATED.fullmatch(core)
        if numbers is not None:
            return _numeric(numbers[1], numbers[3], numbers[4], first_year)
        numbers = _SPACED.fullmatch(core)
        if numbers is not None:
            return _numeric(numbers[1], numbers[2], numbers[3], first_year)
        if len(core) == 8 and core.isdecimal():
            return _unseparated(core)
    return _named_month(f"{before}{core}{after}", first_year)


def _numeric(first: str, second: str, third: str, first_year: int) -> Choices | None:
    if len(first) > 2:
        return _alike(_day(first, second, third, first_year)) if len(third) <= 2 else None
    return _any_of(
        _day(first, second, third, first_year) if len(third) <= 2 else None,
        _day(third, second, first, first_year),
        _day(third, first, second, first_year),
    )


def _unseparated(digits: str) -> Choices | None:
    """20260309, or the year at the end; both at once cannot be: no month is 19 or higher."""
    if int(digits[:4]) in _YEARS and (day := _day(digits[:4], digits[4:6], digits[6:], 0)):
        return _alike(day)
    if int(digits[4:]) not in _YEARS:
        return None
    return _any_of(
        None,
        _day(digits[4:], digits[2:4], digits[:2], 0),
        _day(digits[4:], digits[:2], digits[2:4], 0),
    )


def _named_month(text: str, first_year: int) -> Choices | None:
    """A month in words stands apart from the two numbers, so no order is in doubt: a lone year of two digits comes last."""
    words = [word for word in _WORDS.findall(plain_text(text)) if word not in IN_BETWEEN]
    if len(words) == 4:
        words = words[1:] if words[0] in WEEKDAYS else words[:-1] if words[-1] in WEEKDAYS else words
    if len(words) != 3 or sum(map(str.isdecimal, words)) != 2:
        return None
    month = next(MONTHS.get(word) for word in words if not word.isdecimal())
    one, other = (word for word in words if word.isdecimal())
    year, day = (one, other) if len(one) > 2 else (other, one)
    if month is None or len(day) > 2:
        return None
    return _alike(_day(year, str(month), day, first_year))


def _day(year: str, month: str, day: str, first_year: int) -> date | None:
    """The day, or None; a year of two digits is the one of the hundred years from ``first_year``."""
    if len(year) not in (2, 4):
        return None
    years = int(year)
    if len(year) == 2:
        years += first_year // 100 * 100
        years += 100 if years < first_year else 0
    try:
        return date(years, int(month), int(day))
    except ValueError:
        return None


def _settled(day: date, at: time = MIDNIGHT, zone: tzinfo | None = None) -> Said:
    return Said((day, day, day), at, zone)


def _alike(day: date | None) -> Choices | None:
    return None if day is None else (day, day, day)


def _any_of(*days: date | None) -> Choices | None:
    return days if any(days) else None  # type: ignore[return-value]
