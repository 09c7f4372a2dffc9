"""How a write says no."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tracker.curriculum.faults import Fault


class Refused(Exception):
    """A write that must not happen, with a code for programs and a sentence for people.

    ``field`` names the form's or the command's field at fault; ``faults`` lists what is wrong in a file, place by place.
    Nothing was written: the door rolls back.
    """

    def __init__(self, code: str, message: str, *, field: str | None = None, faults: Sequence[Fault | str] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.faults = tuple(faults)


_FIRST_YEAR, _LAST_YEAR = 1893, 2199  # the union's founding; beyond it a year is a slip of the finger


def refuse_impossible_day(day: date, field: str) -> None:
    """Say no to a day on which nothing can be asked or excused.

    Raises:
        Refused: ``impossible_day``.
    """
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise Refused(
            "impossible_day",
            f"{day} is not a day the tracker keeps: the year must be {_FIRST_YEAR} to {_LAST_YEAR}.",
            field=field,
        )
