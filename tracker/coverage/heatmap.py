"""Units × paths: every figure a reader may see, from one read of the ledger, to be filtered and sorted as they ask."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.figures import NOBODY, CoverageReport, CoverageRow, figures_on
from tracker.coverage.paging import Page
from tracker.curriculum.coverage import Figure
from tracker.curriculum.words import Assurance, UnitKind
from tracker.models import LearningPath, Unit, UnitClosure

LOCALS_OF_A_TOTAL = 5  # to whom a unit is a parent of their own sees a total only if so many locals contribute
_CELLS = 2_000  # on one page: what a phone still loads at once
_FEWEST_ROWS = 25

Figures: TypeAlias = Mapping[tuple[int, int], Figure]  # by unit and path


class UnitRow(NamedTuple):
    """One unit's line of the map."""

    unit: Unit
    district: str  # the number of the district it stands in, "" where it stands in none
    figures: Mapping[int, Figure]  # by path, where anyone is in scope

    def figure(self, path: LearningPath) -> Figure:
        return self.figures.get(path.id, NOBODY)


class Total(NamedTuple):
    """One path's figure in a unit above the reader's own, or above them all."""

    path: LearningPath
    figure: Figure | None  # None: too few locals contribute for this reader to see it
    locals_add_up_to: int | None  # the sum of its locals' in scope; None where the reader may not see them


class Totals(NamedTuple):
    unit: Unit
    lines: Sequence[Total]


@dataclass(frozen=True)
class Wanted:
    """Which rows of the map, in which order. ``sort`` is "unit", "district", a path's code (lowest first) or "-" and it."""

    kind: str = ""
    district: str = ""
    words: str = ""
    sort: str = "unit"

    @property
    def is_all(self) -> bool:
        return not (self.kind or self.district or self.words)

    def takes(self, row: UnitRow) -> bool:
        """Whether a row is among those wanted."""
        unit = row.unit
        if self.kind and unit.kind != self.kind:
            return False
        if self.district and self.district not in (row.district, unit.number):
            return False
        if not self.words:
            return True
        said = " ".join((unit.title, unit.number, unit.city, unit.region, unit.sector)).casefold()
        return all(word in said for word in self.words.casefold().split())


@dataclass(frozen=True)
class CoverageMap:
    """Every figure that one reader may see: the same object behind the page and its exports."""

    as_of: date
    known: date | None
    floor: Assurance
    paths: Sequence[LearningPath]
    rows: Sequence[UnitRow]
    totals: Sequence[Totals]  # the units above, the whole union first

    @property
    def asking(self) -> list[LearningPath]:
        """The paths for which anyone the reader may see is in scope: in their units, or else in those above."""
        here = {path for row in self.rows for path in row.figures}
        above = {line.path.id for each in self.totals for line in each.lines if line.figure and line.figure.in_scope}
        return [path for path in self.paths if path.id in (here or above)]

    @property
    def idle(self) -> list[LearningPath]:
        """The paths that ask no one here."""
        here = {path for row in self.rows for path in row.figures}
        return [path for path in self.paths if path.id not in here and path.retired_on is None]

    @property
    def districts(self) -> list[Unit]:
        return sorted(
            (row.unit for row in self.rows if row.unit.kind is UnitKind.DISTRICT), key=lambda each: natural(each.number)
        )

    def chosen(self, wanted: Wanted) -> list[UnitRow]:
        """The rows wanted, in the order wanted. The international is no row: it stands above them."""
        rows = [row for row in self.rows if row.unit.kind is not UnitKind.INTERNATIONAL and wanted.takes(row)]
        rows.sort(key=lambda row: (row.unit.kind is UnitKind.LOCAL, natural(row.unit.number)))
        if wanted.sort == "district":
            rows.sort(key=lambda row: (natural(row.district or row.unit.number), row.unit.kind is UnitKind.LOCAL))
        elif wanted.sort != "unit":
            self._by_share(rows, wanted.sort)
        return rows

    def page(self, wanted: Wanted, columns: int, after: str = "") -> Page[UnitRow]:
        """Some of the rows wanted, from the one after the unit numbered ``after``: as many as fit on a page."""
        rows = self.chosen(wanted)
        size = max(_FEWEST_ROWS, _CELLS // max(columns, 1))
        start = next((place + 1 for place, row in enumerate(rows) if row.unit.number == after), 0)
        shown = rows[start : start + size]
        return Page(shown, shown[-1].unit.number if start + size < len(rows) else None)

    def report(self, wanted: Wanted, paths: Collection[LearningPath] | None = None) -> CoverageReport:
        """The figures of the rows wanted and, as far as they are wanted too, of the units above; of some paths or of all."""
        rows = [row for row in self.rows if wanted.takes(row)]
        whole = {row.unit.id for row in rows}
        lines = [(path, row.unit, row.figure(path)) for row in rows for path in self.paths]
        lines += [
            (line.path, each.unit, line.figure)
            for each in self.totals
            if each.unit.id not in whole and wanted.takes(UnitRow(each.unit, "", {}))
            for line in each.lines
            if line.figure is not None
        ]
        only = None if paths is None else {path.id for path in paths}
        return CoverageReport(
            self.as_of,
            self.known,
            self.floor,
            tuple(
                CoverageRow(path.code, unit.number, unit.kind.value, figure, path.title, unit.name)
                for path, unit, figure in sorted(lines, key=lambda line: (line[0].code, line[1].number))
                if only is None or path.id in only
            ),
        )

    def _by_share(self, rows: list[UnitRow], sort: str) -> None:
        path = next((each for each in self.paths if each.code == sort.removeprefix("-")), None)
        if path is None:
            return
        shares = {row.unit.id: row.figure(path).share(self.floor) for row in rows}
        rows.sort(key=lambda row: shares[row.unit.id] or 0.0, reverse=sort.startswith("-"))
        rows.sort(key=lambda row: shares[row.unit.id] is None)  # where no one is in scope there is no share to rank


def coverage_map(
    session: Session,
    *,
    as_of: date,
    known: date | None,
    floor: Assurance,
    whole: Collection[int] | None,
    totals: Collection[int],
) -> CoverageMap:
    """The map of the units that a reader may see.

    Args:
        whole: the units whose figures they may see; None for all.
        totals: the units of which they may see a total, if at least five locals contribute to it.
    """
    paths = list(session.scalars(select(LearningPath).order_by(LearningPath.id)))
    units = {unit.id: unit for unit in session.scalars(select(Unit))}
    under = locals_under(session, totals)
    read = None if whole is None else {*whole, *totals, *(each for locals_ in under.values() for each in locals_)}
    figures = {
        (unit_id, path_id): figure
        for (unit_id, _, path_id), figure in figures_on(session, as_of, known=known, unit_ids=read).items()
    }
    by_unit: dict[int, dict[int, Figure]] = {}
    for (unit_id, path_id), figure in figures.items():
        if figure.in_scope:
            by_unit.setdefault(unit_id, {})[path_id] = figure
    rows = [
        UnitRow(unit, district_number(unit, units), by_unit.get(unit.id, {}))
        for unit in units.values()
        if whole is None or unit.id in whole
    ]
    return CoverageMap(as_of, known, floor, paths, rows, _totals(paths, units, rows, whole, under, figures))


def open_totals(
    figures: Figures, path_id: int, under: Mapping[int, Sequence[int]], whole: Collection[int] | None
) -> set[int]:
    """The units of which a reader who may see only totals may see this path's.

    At least five locals contribute to a total, and what it adds to everything else the reader sees (their own locals, a
    smaller total) never comes from one local alone: else taking one figure from the other would tell that local's.

    Args:
        under: the locals under each unit of which the reader sees at most a total.
        whole: the units whose figures the reader sees.
    """
    opened: set[int] = set()
    told = {unit_id for unit_id in whole or () if figures.get((unit_id, path_id), NOBODY).in_scope}
    for unit_id, locals_ in sorted(under.items(), key=lambda each: len(each[1])):
        contributing = {each for each in locals_ if figures.get((each, path_id), NOBODY).in_scope}
        more = contributing - told
        if len(contributing) >= LOCALS_OF_A_TOTAL and len(more) != 1:
            opened.add(unit_id)
            told |= contributing
    return opened


def locals_under(session: Session, unit_ids: Collection[int]) -> dict[int, list[int]]:
    """The locals under each of these units."""
    under: dict[int, list[int]] = {unit_id: [] for unit_id in unit_ids}
    pairs = (
        select(UnitClosure.ancestor_id, UnitClosure.descendant_id)
        .join(Unit, Unit.id == UnitClosure.descendant_id)
        .where(UnitClosure.ancestor_id.in_(unit_ids), Unit.kind == UnitKind.LOCAL)
    )
    for ancestor, descendant in session.execute(pairs):
        under[ancestor].append(descendant)
    return under


def district_number(unit: Unit, units: Mapping[int, Unit]) -> str:
    """The number of the district that a local stands in."""
    parent = units.get(unit.parent_id) if unit.parent_id is not None else None
    return parent.number if parent is not None and parent.kind is UnitKind.DISTRICT else ""


def natural(number: str) -> list[tuple[int, int, str]]:
    """The order in which people read numbers: 2, 15, 600, 600A, B18, B173."""
    parts = re.findall(r"[0-9]+|[^0-9]+", number)
    return [(0, int(part), part) if part.isascii() and part.isdigit() else (1, 0, part.casefold()) for part in parts]


def _totals(
    paths: Sequence[LearningPath],
    units: Mapping[int, Unit],
    rows: Sequence[UnitRow],
    whole: Collection[int] | None,
    under: Mapping[int, Sequence[int]],
    figures: Figures,
) -> list[Totals]:
    """The whole union, and the units above the reader's own, each path's figure with it."""
    shown = [units[each] for each in under]
    shown += [row.unit for row in rows if row.unit.kind is UnitKind.INTERNATIONAL]
    shown.sort(key=lambda unit: (unit.kind is not UnitKind.INTERNATIONAL, natural(unit.number)))
    sums: dict[int, int] = {}
    if whole is None:
        for row in rows:
            if row.unit.kind is UnitKind.LOCAL:
                for path_id, figure in row.figures.items():
                    sums[path_id] = sums.get(path_id, 0) + figure.in_scope
    opened = {path.id: open_totals(figures, path.id, under, whole) for path in paths}
    return [
        Totals(
            unit,
            [
                Total(
                    path,
                    None if unit.id in under and unit.id not in opened[path.id] else figures.get((unit.id, path.id), NOBODY),
                    sums.get(path.id, 0) if whole is None else None,
                )
                for path in paths
            ],
        )
        for unit in shown
    ]
