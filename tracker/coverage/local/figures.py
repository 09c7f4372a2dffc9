"""One unit's figures on every path, beside those above it, by craft and, of a district, by local."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from statistics import median
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.figures import NOBODY, CoverageReport, CoverageRow, figures_on, is_restated_since
from tracker.coverage.heatmap import LOCALS_OF_A_TOTAL, locals_under, open_totals
from tracker.curriculum.coverage import EVERY_CRAFT, Figure
from tracker.curriculum.local_numbers import natural
from tracker.curriculum.push import people_to_go
from tracker.curriculum.words import Assurance, UnitKind
from tracker.models import Craft, LearningPath, Unit, UnitClosure


class Beside(NamedTuple):
    """A unit above this one, and its figure; None where too few locals contribute for this reader to see it."""

    unit: Unit
    figure: Figure | None


class CraftFigure(NamedTuple):
    """A craft's figure here; None where it is about too few people for this reader."""

    craft: str
    figure: Figure | None


class Median(NamedTuple):
    """The median of the shares of a district's locals with anyone in scope, at the floor asked."""

    district: Unit
    share: Fraction
    locals: int


class LocalFigure(NamedTuple):
    """A local of a district, and its figure."""

    unit: Unit
    figure: Figure


@dataclass(frozen=True)
class PathLine:
    """One path in the unit."""

    path: LearningPath
    figure: Figure
    floor: Assurance
    beside: Sequence[Beside]  # the district, then the whole union
    median: Median | None = None  # of a local's district; None where there is none, or too few locals for this reader

    @property
    def covered(self) -> int:
        return self.figure.covered(self.floor)

    @property
    def target_percent(self) -> int | None:
        return None if self.path.target is None else round(100 * self.path.target)

    @property
    def to_go(self) -> int | None:
        """How many more must be covered to reach the target: 0 once it is reached; None without a target."""
        if self.path.target is None:
            return None
        return people_to_go(self.path.target, self.figure.in_scope, self.covered)


@dataclass(frozen=True)
class LocalCoverage:
    """A unit's coverage on every path: the same object behind the page and its exports."""

    unit: Unit
    as_of: date
    known: date | None
    floor: Assurance
    lines: Sequence[PathLine]  # every path; only those to be seen, where the reader sees only totals
    hidden: Sequence[LearningPath]  # those too few locals contribute to
    crafts: Mapping[int, Sequence[CraftFigure]]  # by path, those with anyone in scope
    locals: Mapping[int, Sequence[LocalFigure]]  # by path, a district's locals with anyone in scope

    @property
    def asking(self) -> list[PathLine]:
        """The paths for which anyone is in scope here."""
        return [line for line in self.lines if line.figure.in_scope]

    @property
    def idle(self) -> list[LearningPath]:
        """The paths that ask no one here yet."""
        return [line.path for line in self.lines if not line.figure.in_scope and line.path.retired_on is None]

    @property
    def has_medians(self) -> bool:
        """Whether it can be told beside the other locals of its district, on some path at least."""
        return any(line.median for line in self.asking)

    def line_of(self, path: LearningPath) -> PathLine | None:
        return next((line for line in self.lines if line.path.id == path.id), None)

    def report(self, path: LearningPath | None = None) -> CoverageReport:
        """The unit's figures, of one path or of all, as every export takes them."""
        unit = self.unit
        rows = (
            CoverageRow(line.path.code, unit.number, unit.kind.value, line.figure, line.path.title, unit.name)
            for line in self.lines
            if path is None or line.path.id == path.id
        )
        return CoverageReport(self.as_of, self.known, self.floor, tuple(sorted(rows, key=lambda row: row.path)))


def local_coverage(
    session: Session,
    unit: Unit,
    *,
    as_of: date,
    known: date | None,
    floor: Assurance,
    whole: Collection[int] | None,
    totals: Collection[int],
) -> LocalCoverage:
    """A unit's coverage, and what stands above it.

    Args:
        unit: a local or a district.
        whole: the units whose figures the reader may see; None for all.
        totals: the units of which they may see a total, if at least five locals contribute to it; as known on a day since
            which anything was recorded, only this unit's own is told.
    """
    shown_totals = totals
    if known is not None and whole is not None and is_restated_since(session, known):
        # counted from the facts: those above would be of everyone in the union. Whether this one opens hangs on those below
        totals = _within(session, unit, totals)
        shown_totals = {*totals} & {unit.id}
    paths = list(session.scalars(select(LearningPath).order_by(LearningPath.id)))
    above = _above(session, unit)
    seen_only_as_total = {each.id for each in (unit, *above) if whole is not None and each.id not in whole} & {*shown_totals}
    above = [each for each in above if whole is None or each.id in whole or each.id in shown_totals]
    # every total the reader may see counts, on this page or not: two pages must not tell more than each of them
    under = locals_under(session, totals)
    here = locals_under(session, {unit.id})[unit.id]
    district = next((each for each in above if each.kind is UnitKind.DISTRICT), None)
    if unit.kind is not UnitKind.LOCAL:
        district = None
    siblings = locals_under(session, {district.id})[district.id] if district else []
    read = {
        unit.id,
        *(each.id for each in above),
        *here,
        *siblings,
        *(whole or ()),
        *(each for ids in under.values() for each in ids),
    }
    crafts = {row.id: row.name for row in session.execute(select(Craft.id, Craft.name))}
    by_craft: dict[tuple[int, int], Figure] = {}
    figures: dict[tuple[int, int], Figure] = {}
    if known is None:
        wholes = figures_on(session, as_of, unit_ids=read)
        parts = figures_on(session, as_of, unit_ids={unit.id}, crafts=crafts.keys())
    else:  # counted from the facts: once for both
        wholes = parts = figures_on(session, as_of, known=known, unit_ids=read, crafts={EVERY_CRAFT, *crafts})
    for (unit_id, craft_id, path_id), figure in wholes.items():
        if craft_id == EVERY_CRAFT:
            figures[unit_id, path_id] = figure
    is_total = unit.id in seen_only_as_total
    if not is_total:
        for (unit_id, craft_id, path_id), figure in parts.items():
            if craft_id != EVERY_CRAFT and unit_id == unit.id and figure.in_scope:
                by_craft[path_id, craft_id] = figure

    opened = {path.id: open_totals(figures, path.id, under, whole) for path in paths}

    def shown(each: Unit, path: LearningPath) -> Figure | None:
        if each.id in seen_only_as_total and each.id not in opened[path.id]:
            return None
        return figures.get((each.id, path.id), NOBODY)

    lines, hidden = [], []
    for path in paths:
        own = shown(unit, path)
        if own is None:
            hidden.append(path)
        else:
            middle = None
            if district:
                fewest = LOCALS_OF_A_TOTAL if district.id in seen_only_as_total else 1
                middle = _median(district, [figures.get((each, path.id), NOBODY) for each in siblings], floor, fewest)
            lines.append(PathLine(path, own, floor, [Beside(each, shown(each, path)) for each in above], middle))
    return LocalCoverage(
        unit,
        as_of,
        known,
        floor,
        lines,
        hidden,
        {
            path.id: sorted(
                (CraftFigure(crafts[craft], figure) for (of, craft), figure in by_craft.items() if of == path.id),
                key=lambda each: each.craft.casefold(),
            )
            for path in paths
        },
        {} if is_total or unit.kind is not UnitKind.DISTRICT else _locals(session, here, paths, figures),
    )


def _median(district: Unit, figures: Iterable[Figure], floor: Assurance, fewest: int) -> Median | None:
    shares = [Fraction(figure.covered(floor), figure.in_scope) for figure in figures if figure.in_scope]
    return Median(district, median(shares), len(shares)) if len(shares) >= fewest else None


def _above(session: Session, unit: Unit) -> list[Unit]:
    """The units above, the nearest first."""
    found = (
        select(Unit)
        .join(UnitClosure, UnitClosure.ancestor_id == Unit.id)
        .where(UnitClosure.descendant_id == unit.id, UnitClosure.depth > 0)
        .order_by(UnitClosure.depth)
    )
    return list(session.scalars(found))


def _within(session: Session, unit: Unit, unit_ids: Collection[int]) -> set[int]:
    """Those of these units that are this one or stand under it."""
    found = select(UnitClosure.descendant_id).where(
        UnitClosure.ancestor_id == unit.id, UnitClosure.descendant_id.in_(unit_ids)
    )
    return {*session.scalars(found)}


def _locals(
    session: Session,
    ids: Iterable[int],
    paths: Iterable[LearningPath],
    figures: Mapping[tuple[int, int], Figure],
) -> dict[int, list[LocalFigure]]:
    units = sorted(session.scalars(select(Unit).where(Unit.id.in_(ids))), key=lambda each: natural(each.number))
    return {
        path.id: [
            LocalFigure(unit, figure) for unit in units if (figure := figures.get((unit.id, path.id), NOBODY)).in_scope
        ]
        for path in paths
    }
