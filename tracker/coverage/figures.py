"""Coverage figures: how many are in scope of a path in a unit on a day, and how many of them are covered at each floor.

Today's figures and those of any past day are read from the ledger: units × paths, whatever the number of members. Figures
"as we knew it" on an earlier day are counted afresh from the facts known then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import derive, facts_of, world_as_known
from tracker.curriculum.coverage import EVERY_CRAFT, Deltas, Figure, contribute, roll_up
from tracker.curriculum.words import Assurance, UnitKind
from tracker.models import (
    Assignment,
    Completion,
    Craft,
    Exemption,
    LearningPath,
    Membership,
    PathVersion,
    Unit,
    UnitClosure,
)
from tracker.models.loading import read_rows

NOBODY = Figure(0, 0, 0, 0)


class By(StrEnum):
    """What the rows of a report are."""

    UNIT = "unit"
    LOCAL = "local"
    DISTRICT = "district"
    CRAFT = "craft"


class CoverageRow(NamedTuple):
    """One path in one unit or craft."""

    path: str
    unit: str  # the unit's number, or the craft's name
    unit_kind: str  # international, district, local, craft
    figure: Figure
    path_title: str = ""
    unit_title: str = ""


@dataclass(frozen=True)
class CoverageReport:
    """Figures as asked: the same object behind the page and every export."""

    as_of: date
    known: date | None
    floor: Assurance
    rows: tuple[CoverageRow, ...]


def coverage_report(
    session: Session,
    *,
    as_of: date,
    floor: Assurance = Assurance.REVIEWED,
    known: date | None = None,
    unit: Unit | None = None,
    path: LearningPath | None = None,
    by: By = By.UNIT,
) -> CoverageReport:
    """The figures of every path and unit, or of those asked for.

    Args:
        as_of: the day whose truth is asked.
        floor: the least assurance that counts as covered.
        known: count only facts recorded by the end of that day, UTC. None: all.
        unit: only this unit and those under it; by craft, the crafts within it.
        path: only this one.
        by: rows for all units, for one kind of unit, or for crafts (only those with anyone in scope).

    Returns:
        Rows sorted by path, then unit, by code point.
    """
    paths = session.scalars(select(LearningPath)).all() if path is None else [path]
    if by is By.CRAFT:
        rows = _craft_rows(session, paths, unit, as_of, known)
    else:
        rows = _unit_rows(session, paths, unit, by, as_of, known)
    return CoverageReport(as_of, known, floor, tuple(rows))


def _unit_rows(
    session: Session, paths: Iterable[LearningPath], unit: Unit | None, by: By, as_of: date, known: date | None
) -> list[CoverageRow]:
    units = select(Unit.id, Unit.number, Unit.kind, Unit.name)
    if unit is not None:
        units = units.join(UnitClosure, UnitClosure.descendant_id == Unit.id).where(UnitClosure.ancestor_id == unit.id)
    if by is not By.UNIT:
        units = units.where(Unit.kind == UnitKind(by.value))
    chosen = session.execute(units).all()
    only = {row.id for row in chosen} if unit is not None else None
    figures = {
        (unit_id, path_id): figure
        for (unit_id, _, path_id), figure in figures_on(session, as_of, known=known, unit_ids=only).items()
    }
    named = [(row.id, row.number, row.kind.value, row.name) for row in chosen]
    return [
        CoverageRow(code, number, kind, figures.get((unit_id, path_id), NOBODY), title, name)
        for path_id, code, title in sorted(((path.id, path.code, path.title) for path in paths), key=itemgetter(1))
        for unit_id, number, kind, name in sorted(named, key=itemgetter(1))
    ]


def _craft_rows(
    session: Session, paths: Iterable[LearningPath], unit: Unit | None, as_of: date, known: date | None
) -> list[CoverageRow]:
    # the whole union is its root: every card stands under it
    root = unit.id if unit is not None else session.scalar(select(Unit.id).where(Unit.parent_id.is_(None)))
    if root is None:
        return []
    crafts = {row.id: row.name for row in session.execute(select(Craft.id, Craft.name))}
    titles = {path.id: path for path in paths}
    figures = figures_on(session, as_of, known=known, unit_ids={root}, crafts=crafts.keys())
    rows = [
        CoverageRow(titles[path_id].code, crafts[craft_id], "craft", figure, titles[path_id].title, crafts[craft_id])
        for (_, craft_id, path_id), figure in figures.items()
        if path_id in titles and figure.in_scope
    ]
    return sorted(rows, key=itemgetter(0, 1))


def figures_on(
    session: Session,
    day: date,
    *,
    known: date | None = None,
    unit_ids: Collection[int] | None = None,
    crafts: Collection[int] = (EVERY_CRAFT,),
) -> dict[tuple[int, int, int], Figure]:
    """Figures by unit, craft and path; where there never was anyone in scope there is none.

    Args:
        known: as :func:`coverage_report` takes it.
        unit_ids: only these units; None for all.
        crafts: only these crafts; by default the figure over every craft.
    """
    if known is not None and is_restated_since(session, known):
        sums = _counted_as_known(session, day, known, unit_ids, crafts)
    else:
        sums = _read_from_ledger(session, day, unit_ids, crafts)
    return {key: Figure(*numbers) for key, numbers in sums.items() if any(numbers)}


def _read_from_ledger(
    session: Session, day: date, unit_ids: Collection[int] | None, crafts: Collection[int]
) -> dict[tuple[int, int, int], list[int]]:
    changes, values = ledger_changes(day, day, unit_ids=unit_ids, crafts=crafts)
    sums = ", ".join(f"sum({number})" for number in NUMBERS)
    sql = f"SELECT unit_id, craft_id, path_id, {sums} FROM ({changes}) AS changes GROUP BY unit_id, craft_id, path_id"
    return {(unit, craft, path): numbers for unit, craft, path, *numbers in read_rows(session, sql, values)}


NUMBERS = ("in_scope", "claimed", "reviewed", "provider")


def ledger_changes(
    first: date,
    last: date,
    *,
    unit_ids: Collection[int] | None = None,
    crafts: Collection[int] = (EVERY_CRAFT,),
    path_id: int | None = None,
) -> tuple[str, list[Any]]:
    """What to add up for the figures of the days from ``first`` to ``last``: SQL with its values, for ``read_rows``.

    Rows of day, unit, craft, path and the four numbers, in no order and any number of them for a key: the last balance on or
    before ``first``, what each day since changed, and what single acts have appended. It is one statement, for entries are
    folded into the ledger at any moment: of two statements one might see what the other has seen already.
    """
    columns = f"day, unit_id, craft_id, path_id, {', '.join(NUMBERS)}"
    which = f" AND craft_id IN ({listed(crafts)})"
    if unit_ids is not None:
        which += f" AND unit_id IN ({listed(unit_ids)})"
    if path_id is not None:
        which += f" AND path_id = {int(path_id)}"
    before = "(SELECT max(day) FROM balance_day WHERE day <= ?)"
    sql = (
        f"SELECT {columns} FROM coverage_balance WHERE day = {before}{which}"
        f" UNION ALL SELECT {columns} FROM coverage_ledger WHERE day > coalesce({before}, ?) AND day <= ?{which}"
        f" UNION ALL SELECT {columns} FROM coverage_entry WHERE day <= ?{which}"
    )
    return sql, [first, first, date.min, last, last]


def members_under(session: Session, unit_ids: Iterable[int]) -> list[int]:
    """Everyone who ever held a card in these units or under them, as anyone ever knew it: nobody else counts there."""
    sql = (
        "SELECT DISTINCT member_id FROM membership WHERE unit_id IN"
        f" (SELECT descendant_id FROM unit_closure WHERE ancestor_id IN ({listed(unit_ids)}))"
    )
    return [member for (member,) in read_rows(session, sql)]


def listed(ids: Iterable[int]) -> str:
    """Ids, to stand in the brackets of an ``IN``."""
    return ", ".join(str(int(each)) for each in ids) or "NULL"


def end_of(day: date) -> datetime:
    """The last moment of a day, UTC: what ``--known`` means by it."""
    return datetime.combine(day + timedelta(days=1), time.min, UTC) - timedelta(microseconds=1)


def is_restated_since(session: Session, known: date) -> bool:
    """Whether any fact, or any path's version, was recorded or voided after that day: else the ledger tells it too."""
    moment = end_of(known)
    facts: tuple[Any, ...] = (Membership, Assignment, Exemption, Completion)
    if session.scalar(select(PathVersion.id).where(PathVersion.applied_at > moment).limit(1)):
        return True
    return any(
        session.scalar(select(fact.id).where(or_(fact.recorded_at > moment, fact.voided_at > moment)).limit(1))
        for fact in facts
    )


def _counted_as_known(
    session: Session, day: date, known: date, unit_ids: Collection[int] | None, crafts: Collection[int]
) -> dict[tuple[int, int, int], list[int]]:
    moment = end_of(known)
    world = world_as_known(session, moment)
    leaves: Deltas = {}
    wholes: Deltas = {}
    people = None if unit_ids is None else members_under(session, unit_ids)
    for _, facts in facts_of(session, world, people, known_at=moment):
        derived = derive(facts, world)
        contribute(leaves, wholes, derived.scope, derived.standings, world.above)
    sums: dict[tuple[int, int, int], list[int]] = {}
    for (unit, craft, path, when), numbers in roll_up(leaves, wholes, world.above).items():
        if when <= day and craft in crafts and (unit_ids is None or unit in unit_ids):
            so_far = sums.setdefault((unit, craft, path), [0, 0, 0, 0])
            for column, number in enumerate(numbers):
                so_far[column] += number
    return sums
