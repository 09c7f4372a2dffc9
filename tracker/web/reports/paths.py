"""`/reports/paths/<code>`: one path, and every local the reader may see, ranked; where people stop, on a page of its own."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import NamedTuple

from flask import Response, abort, render_template, request
from sqlalchemy import select

from tracker.access.finding import unit_for
from tracker.access.hiding import hides_how_people_stand
from tracker.access.reporting import path_for, printable
from tracker.coverage.charts import funnel_chart, trend_chart
from tracker.coverage.derivation import current_policy
from tracker.coverage.exports import Chart, Column, Document, Kind, Table, coverage_document, facts_asked
from tracker.coverage.heatmap import (
    CoverageMap,
    PathSummary,
    Summary,
    Total,
    UnitRow,
    Wanted,
    people_to_go,
)
from tracker.coverage.path_versions import VersionTold, versions_table, versions_told
from tracker.coverage.saying import called
from tracker.coverage.sections import SectionFunnel, section_funnel
from tracker.coverage.trends import trend
from tracker.curriculum.coverage import Figure
from tracker.curriculum.local_numbers import natural
from tracker.curriculum.words import UnitKind
from tracker.language import _, lazy, mark
from tracker.models import LearningPath, Unit, db
from tracker.web import gate
from tracker.web.asked import Asked, asked, one_of, text_of
from tracker.web.gate import report_readers
from tracker.web.reports.door import FORMS, document_file, file_url, here, reports
from tracker.web.reports.filters import reader_map

_ORDERS = ("lowest", "highest", "unit")
_LOCALS_A_PAGE = 50


class DistrictMedian(NamedTuple):
    """A district, and the middle of the shares of its locals with anyone in scope."""

    unit: Unit
    figure: Figure
    median: Fraction
    locals: int


@dataclass(frozen=True)
class PathReport:
    """One path as its page tells it: the same object behind the page and its files."""

    path: LearningPath
    question: Asked
    map: CoverageMap
    order: str
    words: str
    ranked: list[UnitRow]  # the locals wanted with anyone in scope
    idle: int  # those with no one
    summary: Summary  # of all the locals the reader sees
    totals: list[tuple[Unit, Total]]  # what an officer sees of the units above
    versions: list[VersionTold]

    @property
    def whole(self) -> PathSummary | None:
        return next((line for line in self.summary.lines if line.path.id == self.path.id), None)

    @property
    def districts(self) -> list[DistrictMedian]:
        """The districts the reader sees, by number."""
        shares: dict[str, list[Fraction]] = {}
        for row in self.map.rows:
            figure = row.figure(self.path)
            if row.unit.kind is UnitKind.LOCAL and row.district and figure.in_scope:
                share = Fraction(figure.covered(self.question.floor), figure.in_scope)
                shares.setdefault(row.district, []).append(share)
        rows = [row for row in self.map.rows if row.unit.kind is UnitKind.DISTRICT and row.unit.number in shares]
        return [
            DistrictMedian(row.unit, row.figure(self.path), median(shares[row.unit.number]), len(shares[row.unit.number]))
            for row in sorted(rows, key=lambda row: natural(row.unit.number))
        ]

    def to_go_of(self, row: UnitRow) -> int | None:
        """How many people a local is from its target."""
        return people_to_go(self.path, row.figure(self.path), self.question.floor)


@reports.get("/paths/<code>")
@report_readers
def path(code: str) -> str:
    report = _report(code)
    rows, after = report.ranked, request.args.get("after")
    start = next((place + 1 for place, row in enumerate(rows) if row.unit.number == after), 0)
    shown = rows[start : start + _LOCALS_A_PAGE]
    return render_template(
        "reports/path.html",
        asked=report.question,
        report=report,
        path=report.path,
        orders=_ORDERS,
        rows=shown,
        start=start,
        target=None if report.path.target is None else round(100 * report.path.target),
        chart=_trend(report),
        page_with=here,
        first_url=here(after=None) if start else None,
        next_url=here(after=shown[-1].unit.number) if start + _LOCALS_A_PAGE < len(rows) else None,
        files=[(form, file_url(".path_file", form, code=report.path.code)) for form in FORMS],
    )


@reports.get("/paths/<code>.<any(csv, xlsx, pdf):form>")
@report_readers
def path_file(code: str, form: str) -> Response:
    report = _report(code)
    return document_file(_document(report), form, "coverage", report.path.code, report.question.as_of.isoformat())


@reports.get("/paths/<code>/sections")
@report_readers
def sections(code: str) -> str:
    """Where people stop: each section and each course, of the version that binds them."""
    found, unit, question = path_for(db.session(), code), unit_asked(), asked()
    funnel = funnel_for(unit, found, question)
    return render_template(
        "reports/sections.html",
        asked=question,
        path=found,
        unit=unit,
        funnel=funnel,
        chart=funnel_chart(funnel, title=called(unit)) if funnel and funnel.in_scope else None,
        files=[(form, file_url(".sections_file", form, code=found.code)) for form in FORMS] if funnel else [],
    )


@reports.get("/paths/<code>/sections.<any(csv, xlsx, pdf):form>")
@report_readers
def sections_file(code: str, form: str) -> Response:
    found, unit, question = path_for(db.session(), code), unit_asked(), asked()
    funnel = funnel_for(unit, found, question)
    if funnel is None:
        abort(404)
    chart = funnel_chart(funnel, title=called(unit))
    facts = facts_asked(
        _("%(scope)s, %(path)s", scope=unit.title, path=found.title), question.as_of, question.known, question.floor
    )
    title = _("%(path)s: where people stop", path=found.title)
    document = Document(title, facts, [chart.table], _HELD, [chart], [chart.finding])
    return document_file(document, form, "sections", unit.number, found.code, question.as_of.isoformat())


_HELD = (
    mark("Held: how many of those in scope have the course, by itself or by an equivalent, or all that the section asks."),
    mark("Each person is told under the version of the path that binds them."),
)


def _report(code: str) -> PathReport:
    question = asked()
    found = path_for(db.session(), code)
    seen = reader_map(question)
    order, words = one_of("sort", _ORDERS) or "lowest", text_of("q")
    sort = {"lowest": found.code, "highest": f"-{found.code}"}.get(order, "unit")
    chosen = seen.chosen(Wanted(kind=UnitKind.LOCAL.value, words=words, sort=sort))
    ranked = [row for row in chosen if row.figure(found).in_scope]
    totals = [(each.unit, next(line for line in each.lines if line.path.id == found.id)) for each in seen.totals]
    summary = seen.summary(Wanted(), [found])
    versions = versions_told(db.session(), found)
    return PathReport(found, question, seen, order, words, ranked, len(chosen) - len(ranked), summary, totals, versions)


def _trend(report: PathReport) -> Chart | None:
    """The months of the unit that holds all the reader's locals; None where there is none, or no one was asked."""
    unit, question = report.summary.unit, report.question
    if unit is None:
        return None
    months = trend(db.session(), unit.id, report.path.id, as_of=question.as_of, known=question.known)
    name = called(unit)
    return trend_chart(months, title=name, floor=question.floor, target=report.path.target) if months.asked else None


def _document(report: PathReport) -> Document:
    wanted = Wanted(kind=UnitKind.LOCAL.value, words=report.words)
    floor = report.question.floor
    columns = (
        Column("district"),
        Column("in_scope", Kind.COUNT),
        Column("covered", Kind.COUNT),
        Column("share", Kind.SHARE),
        Column("median", Kind.SHARE, lazy("Median of its locals")),
        Column("locals", Kind.COUNT),
    )
    rows = [
        (
            each.unit.number,
            each.figure.in_scope,
            each.figure.covered(floor),
            each.figure.share(floor),
            round(float(each.median), 6),
            each.locals,
        )
        for each in report.districts
    ]
    tables = [Table(columns, rows, _("Districts"))] if rows else []
    chart = _trend(report)
    scope = _("Locals that match “%(words)s”", words=report.words) if report.words else _("Locals")
    return coverage_document(
        report.map.report(wanted, [report.path]),
        report.path.title,
        scope,
        tables=[*tables, versions_table(report.versions)],
        charts=[chart] if chart else [],
    )


def unit_asked() -> Unit:
    """The unit asked for; by default the widest whose figures are the reader's."""
    session, reach = db.session(), gate.reach()
    number = request.args.get("unit", "")
    if number:
        return unit_for(session, reach, printable(number))
    widest = select(Unit).where(Unit.parent_id.is_(None))
    if not reach.sees_all_units:
        widest = select(Unit).where(Unit.id.in_(reach.own_units))
    kinds = [UnitKind.INTERNATIONAL, UnitKind.DISTRICT, UnitKind.LOCAL]
    found = sorted(session.scalars(widest), key=lambda unit: (kinds.index(unit.kind), natural(unit.number)))
    if not found:
        abort(404)
    return found[0]


def funnel_for(unit: Unit, found: LearningPath, question: Asked) -> SectionFunnel | None:
    """None where a reader from outside may not see how they stand: so few are in scope, here or in a local beside it."""
    session, reach = db.session(), gate.reach()
    funnel = section_funnel(session, unit, found, as_of=question.as_of, known=question.known, floor=question.floor)
    if reach.may_see_names(unit.id):
        return funnel
    smallest = current_policy(session).small_group
    if any(0 < version.in_scope < smallest for version in funnel.versions):
        return None
    return None if hides_how_people_stand(session, reach, unit, found, question.as_of, question.known) else funnel
