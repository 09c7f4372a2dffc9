"""`/reports/compare`: one path on two days, unit by unit; and the earlier day as it was known then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from flask import Response, render_template, request

from tracker.coverage.charts import slope_chart
from tracker.coverage.compare import (
    ComparedUnit,
    Comparison,
    Moved,
    by_change,
    compare_document,
    compared_units,
    known_then,
    moved,
    told_outside,
)
from tracker.coverage.derivation import current_policy
from tracker.coverage.exports import Chart
from tracker.coverage.figures import is_restated_since
from tracker.coverage.heatmap import CoverageMap, UnitRow, Wanted
from tracker.coverage.saying import local_called
from tracker.curriculum.days import add_months
from tracker.curriculum.words import UnitKind
from tracker.language import _
from tracker.models import LearningPath, Unit, db
from tracker.web import gate
from tracker.web.asked import Asked, asked, day_of, one_of, text_of
from tracker.web.gate import report_readers
from tracker.web.reports.door import FORMS, document_file, file_url, here, reports
from tracker.web.reports.filters import reader_map

_KINDS = tuple(kind.value for kind in UnitKind)
_ASKED = ("path", "then", "as_of", "known", "floor", "units", "sort", "q")
_ORDERS = ("gain", "loss", "unit")
_UNITS_A_PAGE = 100
_LINES_OF_A_CHART = 15  # more lines than that cross each other past reading


@dataclass(frozen=True)
class CompareAsked:
    """What the address asks, and the whole answer to it."""

    question: Asked
    then: date
    kind: UnitKind
    order: str
    words: str
    paths: list[LearningPath]  # those that ask anyone on either day
    found: Comparison | None  # None where no path does

    @property
    def drawn(self) -> list[ComparedUnit]:
        """The units of the picture: those with the greatest change, up or down."""
        rows = [row for row in (self.found.rows if self.found else ()) if row.points(self.question.floor) is not None]
        rows.sort(key=lambda row: -abs(row.points(self.question.floor) or 0.0))
        return rows[:_LINES_OF_A_CHART]

    @property
    def chart(self) -> Chart | None:
        if self.found is None or not self.drawn:
            return None
        pairs = [(_name(row.unit), row.then, row.now) for row in self.drawn if row.then and row.now]
        days = (self.then, self.question.as_of)
        return slope_chart(
            pairs,
            *days,
            self.question.floor,
            title=_("the whole union") if gate.reach().sees_all_units else _("the units you see"),
        )


@reports.get("/compare")
@report_readers
def compare() -> str:
    told = compared()
    rows = told.found.rows if told.found else []
    after = request.args.get("after")
    start = next((place + 1 for place, row in enumerate(rows) if row.unit.number == after), 0)
    shown = rows[start : start + _UNITS_A_PAGE]
    return render_template(
        "reports/compare.html",
        asked=told.question,
        told=told,
        found=told.found,
        rows=shown,
        is_restated=is_restated_since(db.session(), told.then),
        chart=told.chart,
        asked_here={name: request.args[name] for name in _ASKED if request.args.get(name)},
        drawn=len(told.drawn),
        orders=_ORDERS,
        kinds=_KINDS,
        page_with=here,
        first_url=here(after=None) if start else None,
        next_url=here(after=shown[-1].unit.number) if start + _UNITS_A_PAGE < len(rows) else None,
        files=[(form, file_url(".compare_file", form)) for form in FORMS],
    )


@reports.get("/compare.<any(csv, xlsx, pdf):form>")
@report_readers
def compare_file(form: str) -> Response:
    told = compared()
    scope = _("The whole union") if gate.reach().sees_all_units else _("The units you see")
    found = told.found or Comparison(
        LearningPath(code="", title=_("No path")), told.then, told.question.as_of, None, told.question.floor, []
    )
    charts = [told.chart] if told.chart else []
    name = ("compare", found.path.code, told.then.isoformat(), told.question.as_of.isoformat())
    return document_file(compare_document(found, scope, charts), form, *name)


def compared() -> CompareAsked:
    question = asked()
    then = day_of("then") or add_months(question.as_of, -12)
    earlier, later = reader_map(replace(question, as_of=then)), reader_map(question)
    kind, order, words = _kind(later), one_of("sort", _ORDERS) or "gain", text_of("q")
    codes = {path.code for each in (earlier, later) for path in each.asking}
    paths = [path for path in later.paths if path.code in codes]
    code = one_of("path", tuple(path.code for path in later.paths))
    path = next((each for each in later.paths if each.code == code), None) or (paths[0] if paths else None)
    if path is None:
        return CompareAsked(question, then, kind, order, words, paths, None)
    rows = compared_units(earlier, later, path, kind)
    rows = [row for row in rows if Wanted(words=words).takes(UnitRow(row.unit, "", {}))]
    if order != "unit":
        rows = by_change(rows, question.floor, losses_first=order == "loss")
    session = db.session()
    whole = [row for row in rows if gate.reach().may_see_figures(row.unit.id)]
    restated = known_then(session, path, whole, then) if request.args.get("restated") == "yes" else None
    rows = _with_moved(rows, path, then, question)
    found = Comparison(path, then, question.as_of, question.known, question.floor, rows, restated)
    return CompareAsked(question, then, kind, order, words, paths, found)


def _kind(later: CoverageMap) -> UnitKind:
    """The kind of units asked for; by default districts for who sees several, else locals."""
    word = one_of("units", _KINDS)
    return UnitKind(word) if word else UnitKind.DISTRICT if len(later.districts) > 1 else UnitKind.LOCAL


def _with_moved(rows: list[ComparedUnit], path: LearningPath, then: date, question: Asked) -> list[ComparedUnit]:
    """The rows with who came and who left, as far as the reader may be told: known now, so not of what was known before."""
    session, reach = db.session(), gate.reach()
    if question.known is not None and is_restated_since(session, question.known):
        return rows
    seen = [row.unit.id for row in rows if reach.may_see_figures(row.unit.id)]
    counts = moved(session, path, then, question.as_of, seen)
    smallest = current_policy(session).small_group

    def told(row: ComparedUnit) -> Moved | None:
        if row.unit.id not in seen:
            return None
        found = counts.get(row.unit.id, Moved(0, 0))
        if reach.may_see_names(row.unit.id):
            return found
        return None if row.unit.kind is UnitKind.LOCAL else told_outside(found, smallest)

    return [row._replace(moved=told(row)) for row in rows]


def _name(unit: Unit) -> str:
    if unit.kind is UnitKind.INTERNATIONAL:
        return _("The whole union")
    return local_called(unit.number) if unit.kind is UnitKind.LOCAL else unit.title
