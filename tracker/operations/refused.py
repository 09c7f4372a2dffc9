"""How a write says no: ``Refused``, which lives in the curriculum so that every room may raise it, and what writes ask."""

from __future__ import annotations

from datetime import date

from tracker.curriculum.refused import Refused
from tracker.language import _

__all__ = ["Refused", "refuse_impossible_day"]

_FIRST_YEAR, _LAST_YEAR = 1893, 2199  # the union's founding; beyond it a year is a slip of the finger


def refuse_impossible_day(day: date, field: str) -> None:
    """Say no to a day on which nothing can be asked or excused.

    Raises:
        Refused: ``impossible_day``.
    """
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise Refused(
            "impossible_day",
            _(
                "%(day)s is not a day the tracker keeps: the year must be %(first)s to %(last)s.",
                day=day,
                first=_FIRST_YEAR,
                last=_LAST_YEAR,
            ),
            field=field,
        )
