"""Two days side by side: what a unit's figure was, what it is, and who came into scope and left it in between."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from tracker.coverage.exports import COVERAGE_DEFINITIONS, Chart, Column, Document, Kind, Table, facts_asked
from tracker.coverage.figures import NOBODY, figures_on
from tracker.coverage.heatmap import CoverageMap
from tracker.curriculum.coverage import EVERY_CRAFT, Figure
from tracker.curriculum.local_numbers import natural
from tracker.curriculum.small_groups import is_small
from tracker.curriculum.words import Assurance, UnitKind
from tracker.language import _, lazy, mark
from tracker.models import LearningPath, Unit
from tracker.models.loading import read_rows


class Moved(NamedTuple):
    """How many distinct people came into a unit's scope between two days, and how many left it."""

    joined: int
    left: int


class ComparedUnit(NamedTuple):
    """One unit on both days."""

    unit: Unit
    then: Figure | None  # None where the reader may not see it on that day
    now: Figure | None
    moved: Moved | None = None  # None where it is not told

    def points(self, floor: Assurance) -> float | None:
        """The change of the share in percentage points; None where there was no share on one of the days."""
        shares = [figure.share(floor) if figure else None for figure in (self.then, self.now)]
        return None if shares[0] is None or shares[1] is None else round(100 * (shares[1] - shares[0]), 1)

    def people(self, floor: Assurance) -> int | None:
        """The change of the covered, in people."""
        return None if self.then is None or self.now is None else self.now.covered(floor) - self.then.covered(floor)


class KnownThen(NamedTuple):
    """One unit on the earlier day: as it was known at its end, and as it is known now."""

    unit: Unit
    as_known_then: Figure
    as_known_now: Figure


@dataclass(frozen=True)
class Comparison:
    """One path on two days: the same object behind the page and its files."""

    path: LearningPath
    then: date
    now: date
    known: date | None
    floor: Assurance
    rows: Sequence[ComparedUnit]
    restated: Sequence[KnownThen] | None = None  # None where it was not asked for


def compared_units(then: CoverageMap, now: CoverageMap, path: LearningPath, kind: UnitKind) -> list[ComparedUnit]:
    """The units of a kind with anyone in scope on either day, by number; the units above an officer's own among them."""
    figures: dict[int, list[Figure | None]] = {}
    units: dict[int, Unit] = {}
    for place, each in enumerate((then, now)):
        for row in each.rows:
            units[row.unit.id] = row.unit
            figures.setdefault(row.unit.id, [NOBODY, NOBODY])[place] = row.figure(path)
        for totals in each.totals:
            units[totals.unit.id] = totals.unit
            line = next(line for line in totals.lines if line.path.id == path.id)
            figures.setdefault(totals.unit.id, [None, None])[place] = line.figure
    chosen = sorted((unit for unit in units.values() if unit.kind is kind), key=lambda unit: natural(unit.number))
    rows = [ComparedUnit(unit, figures[unit.id][0], figures[unit.id][1]) for unit in chosen]
    return [row for row in rows if any(figure is not None and figure.in_scope for figure in (row.then, row.now))]


def by_change(rows: Sequence[ComparedUnit], floor: Assurance, *, losses_first: bool) -> list[ComparedUnit]:
    """The greatest gain first, or the greatest loss; where there is no change to tell, last."""
    sign = 1 if losses_first else -1
    told = [row for row in rows if row.points(floor) is not None]
    return sorted(told, key=lambda row: sign * (row.points(floor) or 0.0)) + [
        row for row in rows if row.points(floor) is None
    ]


def moved(session: Session, path: LearningPath, then: date, now: date, unit_ids: Collection[int]) -> dict[int, Moved]:
    """Who joined and who left the scope of each of these units, in counts of distinct people, as far as is known now."""
    listed = ", ".join(str(int(each)) for each in unit_ids) or "NULL"
    on_then, on_now = "s.from_on <= ? AND s.until_on > ?", "s.from_on <= ? AND s.until_on > ?"
    sql = (
        "SELECT unit_id, sum(CASE WHEN was = 0 THEN 1 ELSE 0 END), sum(CASE WHEN is_now = 0 THEN 1 ELSE 0 END) FROM ("
        f"SELECT c.ancestor_id AS unit_id, s.member_id, max(CASE WHEN {on_then} THEN 1 ELSE 0 END) AS was,"
        f" max(CASE WHEN {on_now} THEN 1 ELSE 0 END) AS is_now"
        " FROM scope s JOIN unit_closure c ON c.descendant_id = s.unit_id"
        f" WHERE s.path_id = ? AND c.ancestor_id IN ({listed}) AND (({on_then}) OR ({on_now}))"
        " GROUP BY c.ancestor_id, s.member_id) AS people GROUP BY unit_id"
    )
    values = [then, then, now, now, path.id, then, then, now, now]
    return {unit_id: Moved(int(joined), int(left)) for unit_id, joined, left in read_rows(session, sql, values)}


def told_outside(found: Moved, smallest: int) -> Moved | None:
    """The same for a reader from outside: nothing where so few came or went that they could be told apart."""
    return None if is_small(found.joined, smallest) or is_small(found.left, smallest) else found


def known_then(session: Session, path: LearningPath, rows: Sequence[ComparedUnit], then: date) -> list[KnownThen]:
    """The earlier day as it was known at its end, beside how it is known now: counted afresh from the facts known then."""
    shown = [row for row in rows if row.then is not None]
    figures = figures_on(session, then, known=then, unit_ids={row.unit.id for row in shown})
    return [
        KnownThen(row.unit, figures.get((row.unit.id, EVERY_CRAFT, path.id), NOBODY), row.then)
        for row in shown
        if row.then is not None
    ]


def compare_document(found: Comparison, scope: str, charts: Sequence[Chart] = ()) -> Document:
    """Both days as a document; then the earlier one as it was known, if that was asked for."""
    floor = found.floor
    columns = (
        Column("unit"),
        Column("unit_kind", Kind.WORD, lazy("Kind")),
        Column("in_scope_then", Kind.COUNT),
        Column("covered_then", Kind.COUNT),
        Column("share_then", Kind.SHARE),
        Column("in_scope_now", Kind.COUNT),
        Column("covered_now", Kind.COUNT),
        Column("share_now", Kind.SHARE),
        Column("points", Kind.NUMBER, lazy("Change in percentage points")),
        Column("people", Kind.COUNT, lazy("Change in people covered")),
        Column("joined", Kind.COUNT, lazy("Came into scope")),
        Column("left", Kind.COUNT, lazy("Left scope")),
    )
    rows = []
    for row in found.rows:
        days = [
            (None, None, None) if figure is None else (figure.in_scope, figure.covered(floor), figure.share(floor))
            for figure in (row.then, row.now)
        ]
        joined, left = row.moved or (None, None)
        change = (row.points(floor), row.people(floor), joined, left)
        rows.append((row.unit.number, row.unit.kind.value, *days[0], *days[1], *change))
    tables = [Table(columns, rows, _("Two days"))]
    if found.restated is not None:
        tables.append(_restated(found.restated, floor))
    facts = facts_asked(_("%(scope)s, %(path)s", scope=scope, path=found.path.title), found.now, found.known, floor)
    return Document(
        _("%(path)s: two days compared", path=found.path.title),
        [facts[0], (mark("Then"), found.then.isoformat()), *facts[1:]],
        tables,
        COVERAGE_DEFINITIONS,
        charts,
        [chart.finding for chart in charts],
    )


def _restated(rows: Sequence[KnownThen], floor: Assurance) -> Table:
    columns = (
        Column("unit"),
        Column("in_scope_known_then", Kind.COUNT),
        Column("covered_known_then", Kind.COUNT),
        Column("in_scope_known_now", Kind.COUNT),
        Column("covered_known_now", Kind.COUNT),
        Column("in_scope_difference", Kind.COUNT),
        Column("covered_difference", Kind.COUNT),
    )
    told = [
        (
            row.unit.number,
            row.as_known_then.in_scope,
            row.as_known_then.covered(floor),
            row.as_known_now.in_scope,
            row.as_known_now.covered(floor),
            row.as_known_now.in_scope - row.as_known_then.in_scope,
            row.as_known_now.covered(floor) - row.as_known_then.covered(floor),
        )
        for row in rows
    ]
    return Table(columns, told, _("The earlier day as known then"))
