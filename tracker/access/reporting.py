"""Which units a reader of reports may see, and how much of each."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from tracker.access.finding import unit_or_totals_for
from tracker.access.roles import Reach
from tracker.coverage.catalogue import find_path
from tracker.curriculum.words import UnitKind
from tracker.models import LearningPath, Unit


class UnitsSeen(NamedTuple):
    """Whose figures a reader may see: ``whole`` with everything (None: every unit), ``totals`` only as totals of a path to
    which at least five locals contribute."""

    whole: frozenset[int] | None
    totals: frozenset[int]


def units_seen(reach: Reach) -> UnitsSeen:
    """The units this reader may see."""
    if reach.sees_all_units:
        return UnitsSeen(None, frozenset())
    return UnitsSeen(reach.units_with_figures, reach.units_with_totals)


def district_for(session: Session, reach: Reach, text: str) -> Unit:
    """A district by its number ("D2") or the digits of it ("2"), whose figures or totals the reader may see."""
    for number in (text, f"D{text}"):
        try:
            unit = unit_or_totals_for(session, reach, printable(number))
        except NotFound:
            continue
        if unit.kind is UnitKind.DISTRICT:
            return unit
    raise NotFound


def path_for(session: Session, code: str) -> LearningPath:
    """A learning path. What is asked of people is no secret: every reader may see each."""
    path = find_path(session, printable(code))
    if path is None:
        raise NotFound
    return path


def printable(text: str) -> str:
    """Text out of an address, if anything can be called so: some databases refuse what cannot be printed."""
    if not text.isprintable() or any("\ud800" <= each <= "\udfff" for each in text):
        raise NotFound
    return text
