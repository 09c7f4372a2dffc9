"""The map itself: every figure that one reader may see, to be filtered, sorted and added up as they ask."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from tracker.coverage.figures import CoverageReport, CoverageRow
from tracker.coverage.heatmap.summary import Summary, summary_of
from tracker.coverage.heatmap.totals import Totals
from tracker.coverage.heatmap.wanted import UnitRow, Wanted
from tracker.coverage.paging import Page
from tracker.curriculum.local_numbers import natural
from tracker.curriculum.words import Assurance, UnitKind
from tracker.models import Craft, LearningPath, Unit

_CELLS = 2_000  # on one page: what a phone still loads at once
_FEWEST_ROWS = 25


@dataclass(frozen=True)
class CoverageMap:
    """Every figure that one reader may see: the same object behind the page and its exports."""

    as_of: date
    known: date | None
    floor: Assurance
    paths: Sequence[LearningPath]
    rows: Sequence[UnitRow]
    totals: Sequence[Totals]  # the units above, the whole union first
    craft: Craft | None = None  # the figures count the cards of this craft; None: of every craft

    @cached_property
    def asking(self) -> list[LearningPath]:
        """The paths for which anyone the reader may see is in scope: in their units, or else in those above."""
        above = {line.path.id for each in self.totals for line in each.lines if line.figure and line.figure.in_scope}
        return [path for path in self.paths if path.id in (self._asked_here or above)]

    @property
    def idle(self) -> list[LearningPath]:
        """The paths that ask no one here."""
        return [path for path in self.paths if path.id not in self._asked_here and path.retired_on is None]

    @cached_property
    def _asked_here(self) -> set[int]:
        return {path for row in self.rows for path in (*row.figures, *row.hidden)}

    @property
    def districts(self) -> list[Unit]:
        return sorted(
            (row.unit for row in self.rows if row.unit.kind is UnitKind.DISTRICT), key=lambda each: natural(each.number)
        )

    @property
    def sectors(self) -> list[str]:
        return sorted({row.unit.sector for row in self.rows if row.unit.sector}, key=str.casefold)

    @property
    def countries(self) -> list[str]:
        return sorted({row.unit.country for row in self.rows if row.unit.country})

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
        return self.page_of(self.chosen(wanted), columns, after)

    def page_of(self, rows: Sequence[UnitRow], columns: int, after: str = "") -> Page[UnitRow]:
        """The same of rows chosen before."""
        size = max(_FEWEST_ROWS, _CELLS // max(columns, 1))
        start = next((place + 1 for place, row in enumerate(rows) if row.unit.number == after), 0) if after else 0
        shown = list(rows[start : start + size])
        return Page(shown, shown[-1].unit.number if start + size < len(rows) else None)

    def summary(self, wanted: Wanted, paths: Collection[LearningPath] | None = None) -> Summary:
        """What the locals wanted add up to: the distinct people of the unit that holds exactly them, if there is one."""
        locals_ = replace(wanted, kind=UnitKind.LOCAL.value, sort="unit")
        rows = [row for row in self.rows if row.unit.kind is UnitKind.LOCAL and locals_.takes(row)]
        whole = self._unit_of(locals_)
        asked = self.paths if paths is None else [path for path in self.paths if path in paths]
        return summary_of(rows, whole.unit if whole else None, whole.figures if whole else {}, asked, self.floor)

    def report(self, wanted: Wanted, paths: Collection[LearningPath] | None = None) -> CoverageReport:
        """The figures of the rows wanted and, as far as they are wanted too, of the units above; of some paths or of all."""
        rows = [row for row in self.rows if wanted.takes(row)]
        whole = {row.unit.id for row in rows}
        lines = [(path, row.unit, row.figure(path)) for row in rows for path in self.paths if path.id not in row.hidden]
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

    def _unit_of(self, wanted: Wanted) -> UnitRow | None:
        """The line of the unit whose locals are exactly those wanted."""
        if wanted.sector or wanted.country or wanted.words:
            return None
        if wanted.district:
            return next((row for row in self.rows if row.unit.number == wanted.district), None)
        here = {row.unit.id for row in self.rows}
        tops = [row for row in self.rows if row.unit.parent_id not in here]
        return tops[0] if len(tops) == 1 else None

    def _by_share(self, rows: list[UnitRow], sort: str) -> None:
        path = next((each for each in self.paths if each.code == sort.removeprefix("-")), None)
        if path is None:
            return
        shares = {row.unit.id: row.figure(path).share(self.floor) for row in rows}
        rows.sort(key=lambda row: shares[row.unit.id] or 0.0, reverse=sort.startswith("-"))
        rows.sort(key=lambda row: shares[row.unit.id] is None)  # where no one is in scope there is no share to rank
