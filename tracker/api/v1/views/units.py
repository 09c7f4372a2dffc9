"""Units and their figures, as far as the caller sees them; small groups are hidden as on pages."""

from __future__ import annotations

from flask import abort
from sqlalchemy import select

from tracker.access.finding import unit_or_totals_for
from tracker.access.hiding import coverage_for
from tracker.access.reporting import path_for, printable, units_seen
from tracker.api.v1.answers import following, sliced
from tracker.api.v1.asking import OfPath, Paged, Question, Words
from tracker.api.v1.callers import Caller
from tracker.api.v1.cursors import key_of
from tracker.api.v1.door import kept_text, operation, report_readers, today
from tracker.api.v1.shapes.base import Shape, UnitName, floor_of, said
from tracker.api.v1.shapes.curriculum import PathName
from tracker.api.v1.shapes.units import (
    SMALL_GROUP,
    TOO_FEW_LOCALS,
    Coverage,
    CoverageRow,
    Figure,
    OfCraft,
    OfUnit,
    PathCoverage,
    Trend,
    TrendPoint,
    Unit,
    UnitCoverage,
    Units,
)
from tracker.coverage.heatmap import coverage_map
from tracker.coverage.local import LocalCoverage, PathLine
from tracker.coverage.trends import total_trend, trend
from tracker.curriculum.coverage import Figure as Counts
from tracker.curriculum.words import Assurance
from tracker.models import Craft, db
from tracker.models import Unit as UnitRow


class OneUnit(Shape):
    """A unit."""

    number: str = said("The unit's number, in any usual spelling.", "600", max_length=100)


class OfUnits(Question, Paged):
    """Which part of the map."""

    path: Words | None = said("Only this path, by its code.", "ai-fundamentals", default=None)
    craft: Words | None = said("Only those in scope through a card of this craft.", "grip", default=None)


class OfAPath(Question):
    """Which paths of a unit."""

    path: Words | None = said("Only this path, by its code.", "ai-fundamentals", default=None)


@operation("/units", Units, about="Units and figures", opened_to=report_readers)
def units(caller: Caller, query: Paged) -> Units:
    """The units whose figures or totals the token sees, by number."""
    rows = [each for each in db.session().scalars(select(UnitRow)) if _sees(caller, each)]
    rows.sort(key=lambda each: each.number)
    shown, key = sliced(rows, lambda each: each.number, key_of(kept_text(query.cursor)), query.limit)
    numbers = {each.id: each.number for each in db.session().scalars(select(UnitRow))}
    return Units(items=[_unit(caller, each, numbers) for each in shown], next=following(key))


@operation("/units/<number>", Unit, about="Units and figures", opened_to=report_readers)
def unit(caller: Caller, path: OneUnit) -> Unit:
    """A unit."""
    found = unit_or_totals_for(db.session(), caller.reach, printable(path.number))
    numbers = {each.id: each.number for each in db.session().scalars(select(UnitRow))}
    return _unit(caller, found, numbers)


@operation("/units/<number>/coverage", UnitCoverage, about="Units and figures", opened_to=report_readers)
def unit_coverage(caller: Caller, path: OneUnit, query: OfAPath) -> UnitCoverage:
    """A unit's coverage: each path, beside the units above, by craft and, of a district, by local."""
    session, floor = db.session(), query.assurance
    found = unit_or_totals_for(session, caller.reach, printable(path.number))
    only = path_for(session, kept_text(query.path)) if kept_text(query.path) else None
    as_of, known = query.day(today()), query.known_on(today())
    seen = coverage_for(session, caller.reach, found, as_of=as_of, known=known, floor=floor)
    paths = [_line(seen, line) for line in seen.lines if only is None or line.path.id == only.id]
    paths += [
        PathCoverage(path=PathName.of(each), hidden=TOO_FEW_LOCALS, above=[], by_craft=[], by_local=[])
        for each in seen.hidden
        if only is None or each.id == only.id
    ]
    return UnitCoverage(unit=UnitName.of(found), as_of=as_of, known=known, floor=floor_of(floor), paths=paths)


@operation("/units/<number>/trend", Trend, about="Units and figures", opened_to=report_readers)
def unit_trend(caller: Caller, path: OneUnit, query: OfPath) -> Trend:
    """A unit's figure on a path at the end of each of the last 24 months, and on the day itself."""
    session, reach, floor = db.session(), caller.reach, query.assurance
    found = unit_or_totals_for(session, reach, printable(path.number))
    its_path = path_for(session, query.path)
    as_of, known = query.day(today()), query.known_on(today())
    if reach.totals_of(found.id):
        seen = units_seen(reach)
        months = total_trend(
            session, found.id, its_path.id, as_of=as_of, known=known, whole=seen.whole or (), totals=seen.totals
        )
    else:
        months = trend(session, found.id, its_path.id, as_of=as_of, known=known)
    return Trend(
        unit=UnitName.of(found),
        path=PathName.of(its_path),
        known=known,
        floor=floor_of(floor),
        points=[TrendPoint(day=day, figure=_figure(counts, floor)) for day, counts in months.points],
        changes=[each.day for each in months.marks],
    )


@operation("/coverage", Coverage, about="Units and figures", opened_to=report_readers)
def coverage(caller: Caller, query: OfUnits) -> Coverage:
    """The figures of every unit that the token sees, a row for each path and unit: the map."""
    session, reach, floor = db.session(), caller.reach, query.assurance
    only = path_for(session, kept_text(query.path)) if kept_text(query.path) else None
    craft = _craft(kept_text(query.craft))
    as_of, known, seen = query.day(today()), query.known_on(today()), units_seen(reach)
    found = coverage_map(
        session,
        as_of=as_of,
        known=known,
        floor=floor,
        whole=seen.whole,
        totals=seen.totals,
        craft=craft,
        named=None if reach.sees_all_units else reach.locals_with_names,
    )
    paths = [each for each in found.paths if only is None or each.id == only.id]
    rows: list[tuple[str, UnitRow, str, Counts | None, str | None]] = []
    for row in found.rows:
        for each in paths:
            is_hidden = each.id in row.hidden
            figure = None if is_hidden else row.figure(each)
            rows.append(
                (f"{each.code}\x1f{row.unit.number}", row.unit, each.code, figure, SMALL_GROUP if is_hidden else None)
            )
    whole = {row.unit.id for row in found.rows}
    for above in found.totals:
        for line in above.lines:
            if above.unit.id not in whole and line.path in paths:
                hidden = TOO_FEW_LOCALS if line.figure is None else None
                key = f"{line.path.code}\x1f{above.unit.number}"
                rows.append((key, above.unit, line.path.code, line.figure, hidden))
    rows.sort(key=lambda row: row[0])
    shown, next_key = sliced(rows, lambda row: row[0], key_of(kept_text(query.cursor)), query.limit)
    items = [
        CoverageRow(unit=UnitName.of(its_unit), path=code, figure=_figure(counts, floor), hidden=hidden)
        for _, its_unit, code, counts, hidden in shown
    ]
    return Coverage(as_of=as_of, known=known, floor=floor_of(floor), items=items, next=following(next_key))


def _craft(name: str) -> Craft | None:
    """The craft that is asked for; nothing is there where none is called so."""
    if not name:
        return None
    found = next((each for each in db.session().scalars(select(Craft)) if each.name == name), None)
    if found is None:
        abort(404)
    return found


def _sees(caller: Caller, unit: UnitRow) -> bool:
    return caller.reach.may_see_figures(unit.id) or caller.reach.totals_of(unit.id)


def _unit(caller: Caller, unit: UnitRow, numbers: dict[int, str]) -> Unit:
    reach = caller.reach
    return Unit(
        **UnitName.of(unit).model_dump(),
        id=str(unit.id),
        parent=numbers[unit.parent_id] if unit.parent_id is not None else None,
        city=unit.city,
        region=unit.region,
        country=unit.country,
        sector=unit.sector,
        sees="figures" if reach.may_see_figures(unit.id) else "totals",
        sees_names=unit.kind.value == "local" and reach.may_see_names(unit.id),
    )


def _figure(counts: Counts | None, floor: Assurance) -> Figure | None:
    return None if counts is None else Figure.of(counts, floor)


def _line(seen: LocalCoverage, line: PathLine) -> PathCoverage:
    path_id, floor = line.path.id, seen.floor
    return PathCoverage(
        path=PathName.of(line.path),
        figure=Figure.of(line.figure, floor),
        target=line.path.target,
        to_go=line.to_go,
        district_median=None if line.median is None else round(float(line.median.share), 6),
        above=[
            OfUnit(
                unit=UnitName.of(each.unit),
                figure=_figure(each.figure, floor),
                hidden=TOO_FEW_LOCALS if each.figure is None else None,
            )
            for each in line.beside
        ],
        by_craft=[
            OfCraft(
                craft=each.craft,
                figure=_figure(each.figure, floor),
                hidden=SMALL_GROUP if each.figure is None else None,
            )
            for each in seen.crafts.get(path_id, ())
        ],
        by_local=[
            OfUnit(unit=UnitName.of(each.unit), figure=Figure.of(each.figure, floor))
            for each in seen.locals.get(path_id, ())
        ],
    )
