"""What the three kinds of workbook have in common: how much is read, what is refused, what a number means."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from enum import Enum

from tracker.language import _
from tracker.operations.refused import Refused

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
MOST_CELLS = 20_000_000  # of a sheet, its rows counted as far as their last filled cell
MOST_TEXT = 128 * 2**20  # bytes of the texts that cells share, which stay in memory

FIRST_DAY = date(1899, 12, 30)  # day 0 of Excel, of all days after its imaginary 29 February 1900
FIRST_MAC_DAY = date(1904, 1, 1)
NOT_AVAILABLE = "#N/A"  # a lookup's way to say that there is nothing: read as blank. Other errors stay, to be seen

_DAY = 86_400_000  # milliseconds: a number of days is no more exact than that
_MOST_DAYS = 2_958_466  # the first day of the year 10000
_UNSHOWN = re.compile(r"\"[^\"]*\"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]", re.IGNORECASE | re.DOTALL)
_ELAPSED = re.compile(r"\[[hms]+\]", re.IGNORECASE)
_ELAPSED_BUILTIN = "46"
_MOMENT_BUILTINS = frozenset(map(str, (*range(14, 23), *range(27, 37), 45, 47, *range(50, 59))))  # of every language


class Shown(Enum):
    """What a cell's format makes of its number."""

    NUMBER = 1
    MOMENT = 2
    ELAPSED = 3


def shown_by(code: str) -> Shown:
    """What a format such as ``yyyy-mm-dd`` or ``0.00`` shows; the words and colours in it do not count."""
    code = _UNSHOWN.sub("", code[:1_000]).partition(";")[0]
    if _ELAPSED.search(code):
        return Shown.ELAPSED
    return Shown.NUMBER if code.lower() == "general" or not set(code.lower()) & set("ymdhs") else Shown.MOMENT


def shown_by_builtin(number: str) -> Shown:
    """What the formats show that have a number and no text."""
    if number == _ELAPSED_BUILTIN:
        return Shown.ELAPSED
    return Shown.MOMENT if number in _MOMENT_BUILTINS else Shown.NUMBER


def number_text(value: float, shown: Shown = Shown.NUMBER, first_day: date = FIRST_DAY) -> str:
    """A number as a CSV file would hold it: 80 and not 80.0, days and moments in ISO, what elapsed as 25:02:41."""
    if shown is Shown.ELAPSED and abs(value) < _MOST_DAYS:
        seconds = round(abs(value) * 86_400)
        return f"{'-' if value < 0 else ''}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if shown is Shown.MOMENT and 0 <= value < _MOST_DAYS:
        return _moment(value, first_day)
    return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)


def _moment(value: float, first_day: date) -> str:
    days, milliseconds = divmod(round(value * _DAY), _DAY)
    if days < 60 and first_day == FIRST_DAY:
        days += 1  # before Excel's imaginary day
    clock = ""
    if milliseconds or value < 1:
        moment = timedelta(milliseconds=milliseconds)
        hours, rest = divmod(moment.seconds, 3_600)
        at = time(hours, rest // 60, rest % 60, moment.microseconds)
        clock = at.isoformat("milliseconds" if moment.microseconds else "seconds")
    if value < 1:
        return clock
    try:
        day = (first_day + timedelta(days=days)).isoformat()
    except OverflowError:  # the Mac's count begins later, so its last days lie beyond the calendar
        return repr(value)
    return f"{day} {clock}" if clock else day


def damaged(file_name: str) -> Refused:
    return Refused(
        "not_a_table",
        _("%(file_name)s is a damaged workbook. Open and save it again as XLSX, or save it as CSV.", file_name=file_name),
    )


def locked(file_name: str) -> Refused:
    return Refused(
        "not_a_table",
        _("%(file_name)s is protected by a password. Save it without one, as XLSX or CSV.", file_name=file_name),
    )


def oversized(file_name: str, what: str) -> Refused:
    return Refused(
        "oversized",
        _(
            "%(file_name)s has %(what)s: too much for a workbook. Save the sheet as CSV and import that.",
            file_name=file_name,
            what=what,
        ),
    )
