"""How a path's coverage came about: a unit's figure at the end of each month, and the days on which the path changed.

The ledger is read once, as a running sum: what stood before the first day, and what each day since changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import FactReader, derive, facts_of, world_as_known
from tracker.coverage.figures import NOBODY, end_of, is_restated_since, ledger_changes, listed
from tracker.coverage.heatmap import locals_under, open_totals
from tracker.curriculum.coverage import EVERY_CRAFT, Deltas, Figure, contribute, roll_up
from tracker.curriculum.days import add_months
from tracker.language import _
from tracker.models import PathVersion
from tracker.models.loading import read_rows

_Sums = dict[int, list[int]]  # by unit


class Point(NamedTuple):
    """A unit's figure on a day; None where the reader may not see it on that day."""

    day: date
    figure: Figure | None


class Mark(NamedTuple):
    """A day from which the path asks something else."""

    day: date
    words: str  # "version 2"


@dataclass(frozen=True)
class Trend:
    """One path in one unit, month by month."""

    unit_id: int
    path_id: int
    as_of: date
    known: date | None
    points: Sequence[Point]  # by day, the last on ``as_of``
    marks: Sequence[Mark]  # by day, within the points' days

    @property
    def asked(self) -> list[tuple[date, Figure]]:
        """The days on which anyone was in scope, with their figures."""
        return [(day, figure) for day, figure in self.points if figure is not None and figure.in_scope]


def trend(
    session: Session,
    unit_id: int,
    path_id: int,
    *,
    as_of: date,
    known: date | None = None,
    months: int = 24,
) -> Trend:
    """A unit's figures on a path at the end of each of the last months, and on the day itself.

    Args:
        known: count only facts recorded by the end of that day, UTC. None: all.
        months: how many ends of months before ``as_of``.
    """
    days = month_ends(as_of, months)
    figures = figures_over(session, {unit_id}, path_id, days, known=known)
    points = [Point(day, figures[day].get(unit_id, NOBODY)) for day in days]
    return Trend(unit_id, path_id, as_of, known, points, marks(session, path_id, days[0], as_of, known))


def month_ends(as_of: date, months: int) -> list[date]:
    """The last days of the months before a day, and the day itself, in order."""
    first = as_of.replace(day=1)
    starts = {add_months(first, -back) for back in range(months)}
    ends = {start - timedelta(days=1) for start in starts if start > date.min}
    return sorted({*ends, as_of})


def marks(session: Session, path_id: int, after: date, until: date, known: date | None = None) -> list[Mark]:
    """The versions of the path that began after one day and by another, as they were known."""
    versions = select(PathVersion.from_on, PathVersion.number).where(
        PathVersion.path_id == path_id, PathVersion.from_on > after, PathVersion.from_on <= until
    )
    if known is not None:
        versions = versions.where(PathVersion.applied_at <= end_of(known))
    found = session.execute(versions.order_by(PathVersion.number))
    return [Mark(day, _("version %(number)s", number=number)) for day, number in found if day is not None]


def figures_over(
    session: Session, unit_ids: Collection[int], path_id: int, days: Sequence[date], *, known: date | None = None
) -> dict[date, Mapping[int, Figure]]:
    """A path's figures over every craft on each of some days, by unit; where nobody ever was in scope there is none.

    Args:
        days: in order.
        known: as :func:`trend` takes it.
    """
    if known is not None and is_restated_since(session, known):
        changes = _changes_as_known(session, unit_ids, path_id, known)
    else:
        changes = _changes_in_ledger(session, unit_ids, path_id, days[0], days[-1])
    sums: _Sums = {}
    figures: dict[date, Mapping[int, Figure]] = {}
    waiting = sorted(changes)
    place = 0
    for day in days:
        while place < len(waiting) and waiting[place] <= day:
            for unit_id, numbers in changes[waiting[place]].items():
                _add(sums, unit_id, numbers)
            place += 1
        figures[day] = {unit_id: Figure(*numbers) for unit_id, numbers in sums.items() if any(numbers)}
    return figures


def _changes_in_ledger(
    session: Session, unit_ids: Collection[int], path_id: int, first: date, last: date
) -> dict[date, _Sums]:
    """What each day changed, the first of them with what stood before."""
    sql, values = ledger_changes(first, last, unit_ids=unit_ids, path_id=path_id)
    day_of = FactReader(session, ()).day
    changes: dict[date, _Sums] = {}
    for day, unit_id, _craft, _path, *numbers in read_rows(session, sql, values):
        _add(changes.setdefault(day_of(day), {}), unit_id, numbers)
    return changes


def _changes_as_known(session: Session, unit_ids: Collection[int], path_id: int, known: date) -> dict[date, _Sums]:
    """What each day changed, counted from the facts known then of everyone who ever held a card in these units."""
    moment = end_of(known)
    world = world_as_known(session, moment)
    members = (
        "SELECT DISTINCT member_id FROM membership WHERE unit_id IN"
        f" (SELECT descendant_id FROM unit_closure WHERE ancestor_id IN ({listed(unit_ids)}))"
    )
    here = [member for (member,) in read_rows(session, members)]
    leaves: Deltas = {}
    wholes: Deltas = {}
    for _member, facts in facts_of(session, world, here, known_at=moment):
        derived = derive(facts, world)
        scope = [row for row in derived.scope if row.path == path_id]
        contribute(leaves, wholes, scope, derived.standings, world.above)
    changes: dict[date, _Sums] = {}
    for (unit_id, craft, _path, day), numbers in roll_up(leaves, wholes, world.above).items():
        if craft == EVERY_CRAFT and unit_id in unit_ids:
            _add(changes.setdefault(day, {}), unit_id, numbers)
    return changes


def _add(sums: _Sums, unit_id: int, numbers: Sequence[int]) -> None:
    so_far = sums.setdefault(unit_id, [0, 0, 0, 0])
    for column, number in enumerate(numbers):
        so_far[column] += number


def total_trend(
    session: Session,
    unit_id: int,
    path_id: int,
    *,
    as_of: date,
    whole: Collection[int],
    totals: Collection[int],
    known: date | None = None,
    months: int = 24,
) -> Trend:
    """As :func:`trend`, of a unit of which the reader sees only totals: hidden on the days on which its total would be.

    Args:
        whole: the units whose figures the reader may see.
        totals: those of which they may see a total, if at least five locals contribute to it.
    """
    days = month_ends(as_of, months)
    under = locals_under(session, totals)
    read = {*whole, *totals, *(each for locals_ in under.values() for each in locals_)}
    points = []
    for day, here in figures_over(session, read, path_id, days, known=known).items():
        figures = {(unit, path_id): figure for unit, figure in here.items()}
        is_open = unit_id in open_totals(figures, path_id, under, whole)
        points.append(Point(day, here.get(unit_id, NOBODY) if is_open else None))
    return Trend(unit_id, path_id, as_of, known, points, marks(session, path_id, days[0], as_of, known))
