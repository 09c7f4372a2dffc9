"""`/reports/charts/<kind>`: every picture of the reports, as a page of its own and as SVG, PNG, PDF, JSON and CSV.

A picture is asked for like the page that it stands on, and tells its reader no more than that page does.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Flask, Response, abort, current_app, render_template, request, url_for
from werkzeug.exceptions import ServiceUnavailable

from tracker.access.finding import unit_or_totals_for
from tracker.access.reporting import path_for, printable, units_seen
from tracker.coverage.charts import (
    FILE_WIDTH,
    THEMES,
    assurance_chart,
    funnel_chart,
    heat_chart,
    themed,
    trend_chart,
)
from tracker.coverage.exports import COVERAGE_DEFINITIONS, Chart, Document, Kind, Table, facts_asked, floor_words
from tracker.coverage.exports.shapes import Cell
from tracker.coverage.rendering import FILE_FORMS, NotRendered, render_chart
from tracker.coverage.rendering.script import PageScript
from tracker.coverage.saying import called
from tracker.coverage.trends import total_trend, trend
from tracker.language import _, day, number, word
from tracker.models import Unit, db
from tracker.web import gate
from tracker.web.asked import Asked, asked, one_of
from tracker.web.gate import public, report_readers
from tracker.web.reports import compare, paths, priorities
from tracker.web.reports.door import document_file, reports
from tracker.web.reports.filters import map_asked
from tracker.web.reports.seen import coverage_seen

_MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}
_OF_THE_FILE = ("name", "form", "theme", "width", "heading")  # what an address says of the file, not of the picture
_ROWS_ON_A_PAGE = 200  # of a chart's table; its CSV file holds all


@dataclass(frozen=True)
class Picture:
    """A chart with what its file says of itself."""

    chart: Chart
    scope: str

    def document(self, question: Asked) -> Document:
        facts = facts_asked(self.scope, question.as_of, question.known, question.floor)
        chart = self.chart
        return Document(chart.table.title, facts, [chart.table], COVERAGE_DEFINITIONS, [chart], [chart.finding])


@reports.get("/charts/<any(trend, assurance, heat, sections, slope, priorities):name>")
@report_readers
def chart(name: str) -> str:
    """The picture on a page of its own, with its table."""
    picture = _KINDS[name](asked())
    query = {each: value for each, value in request.args.items() if value and each not in _OF_THE_FILE}
    return render_template("reports/chart.html", asked=asked(), picture=picture, kind=name, query=query)


@reports.get("/charts/<any(trend, assurance, heat, sections, slope, priorities):name>.<any(svg, png, pdf, json, csv):form>")
@report_readers
def chart_file(name: str, form: str) -> Response:
    question, theme = asked(), one_of("theme", tuple(THEMES)) or "light"
    heads = one_of("heading", ("yes", "no")) != "no"
    picture = _KINDS[name](question)
    drawn = picture.chart
    if form == "csv":
        return document_file(picture.document(question), "csv", drawn.name, question.as_of.isoformat())
    if form == "json":
        return Response(json.dumps(_for_a_page(drawn, theme), ensure_ascii=False), content_type="application/json")
    assert form in FILE_FORMS
    caption = f"{picture.scope} · {_asked_words(question)}"
    spec = themed(
        drawn.spec,
        theme,
        width=request.args.get("width", FILE_WIDTH, type=_width),
        heading=drawn.finding if heads else "",
        caption=caption,
    )
    try:
        content = render_chart(spec, form)
    except NotRendered as error:
        raise ServiceUnavailable(" ".join((str(error), _("The CSV file holds the same numbers.")))) from None
    answer = Response(content, content_type=_MEDIA_TYPES[form])
    answer.headers["Content-Disposition"] = f'inline; filename="{drawn.name}-{question.as_of.isoformat()}.{form}"'
    return answer


def _width(text: str) -> int:
    return min(max(int(text), 300), 1_200)


def _for_a_page(drawn: Chart, theme: str) -> dict[str, Any]:
    """The specification, with everything that says the same without it, for the page's script."""
    spec = themed(drawn.spec, theme)
    spec["usermeta"] = {
        **spec["usermeta"],
        "summary": drawn.summary,
        "headings": [column.heading for column in drawn.table.columns],
        "numbers": [not column.kind.is_text for column in drawn.table.columns],
        "rows": shown_rows(drawn.table),
        "note": table_note(drawn.table),
    }
    return spec


def shown_rows(table: Table) -> list[list[str]]:
    """A table's rows as a page writes them: the first of very many."""
    kinds = [column.kind for column in table.columns]
    return [[_shown(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in table.rows[:_ROWS_ON_A_PAGE]]


def _shown(cell: Cell, kind: Kind) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, str):
        return word(cell) if kind is Kind.WORD else cell
    if isinstance(cell, date):
        return day(cell)
    if kind is Kind.SHARE:
        return f"{number(round(100 * cell, 1))}\u00a0%"
    return number(cell)


def table_note(table: Table) -> str:
    if len(table.rows) <= _ROWS_ON_A_PAGE:
        return table.note
    rest = _(
        "The first %(shown)s of %(rows)s rows: the CSV file holds all.",
        shown=number(_ROWS_ON_A_PAGE),
        rows=number(len(table.rows)),
    )
    return " ".join(part for part in (table.note, rest) if part)


def _asked_words(question: Asked) -> str:
    values = {"day": day(question.as_of), "floor": floor_words(question.floor)}
    if question.known:
        return _("as of %(day)s, %(floor)s, as known on %(known)s", **values, known=day(question.known))
    return _("as of %(day)s, %(floor)s", **values)


# --- Each kind, as its page tells it ----------------------------------------------------------------------------------


def _trend(question: Asked) -> Picture:
    session, unit, path = db.session(), _unit(), path_for(db.session(), request.args.get("path", ""))
    day, known, reach = question.as_of, question.known, gate.reach()
    if reach.totals_of(unit.id):
        seen = units_seen(reach)
        months = total_trend(session, unit.id, path.id, as_of=day, known=known, whole=seen.whole or (), totals=seen.totals)
    else:
        months = trend(session, unit.id, path.id, as_of=day, known=known)
    title = called(unit)
    scope = _("%(path)s, %(scope)s", path=path.title, scope=title)
    return Picture(trend_chart(months, title=title, floor=question.floor, target=path.target), scope)


def _assurance(question: Asked) -> Picture:
    unit = _unit()
    coverage = coverage_seen(unit, question)
    targets = {line.path.target for line in coverage.asking}
    rows = [(line.path.title, line.figure) for line in coverage.lines]
    target = targets.pop() if len(targets) == 1 else None
    return Picture(
        assurance_chart(rows, title=called(unit), floor=question.floor, target=target),
        _("Every path, %(scope)s", scope=called(unit)),
    )


def _heat(question: Asked) -> Picture:
    told = map_asked()
    title = _("the whole union") if gate.reach().sees_all_units else _("the units you see")
    return Picture(heat_chart(told.map.chosen(told.wanted), told.columns, question.floor, title=title), told.scope)


def _sections(question: Asked) -> Picture:
    unit, path = paths.unit_asked(), path_for(db.session(), request.args.get("path", ""))
    funnel = paths.funnel_for(unit, path, question)
    if funnel is None:
        abort(404)
    return Picture(funnel_chart(funnel, title=called(unit)), _("%(path)s, %(scope)s", path=path.title, scope=called(unit)))


def _slope(question: Asked) -> Picture:
    told = compare.compared()
    if told.chart is None or told.found is None:
        abort(404)
    return Picture(told.chart, told.found.path.title)


def _priorities(question: Asked) -> Picture:
    if not gate.reach().sees_all_units:
        abort(404)
    found = priorities.found_asked()
    drawn = priorities.chart_of(found)
    if drawn is None:
        abort(404)
    return Picture(drawn, found.path.title if found.path else _("Every path"))


_KINDS: dict[str, Callable[[Asked], Picture]] = {
    "trend": _trend,
    "assurance": _assurance,
    "heat": _heat,
    "sections": _sections,
    "slope": _slope,
    "priorities": _priorities,
}


def _unit() -> Unit:
    """The unit asked for, of which the reader may see the figures or at least totals."""
    return unit_or_totals_for(db.session(), gate.reach(), printable(request.args.get("unit", "")))


# --- The script that draws them ---------------------------------------------------------------------------------------


@reports.get("/charts/vega-<content_hash>.js")
@public
def chart_script(content_hash: str) -> Response:
    """The same for everyone, and nothing in it of anyone."""
    found = _page_script().found
    if found is None or found.content_hash != content_hash:
        abort(404)
    packed = found.packed.read_bytes()
    is_packed = request.accept_encodings["gzip"] > 0
    answer = Response(packed if is_packed else gzip.decompress(packed), content_type="text/javascript; charset=utf-8")
    if is_packed:
        answer.headers["Content-Encoding"] = "gzip"
    answer.vary.add("Accept-Encoding")
    return answer


def script_address() -> str:
    """Where the script is; nothing while it is being put together, which this begins where nobody has."""
    script = _page_script()
    found = script.found
    if found is None:
        script.soon()
        return ""
    return url_for("reports.chart_script", content_hash=found.content_hash)


def _page_script() -> PageScript:
    script: PageScript = current_app.extensions["page_script"]
    return script


@reports.record_once
def _prepare(state: Any) -> None:
    app: Flask = state.app
    app.extensions["page_script"] = PageScript(app.config["SETTINGS"].instance / "cache")
    app.jinja_env.globals.update(chart_script=script_address, chart_rows=shown_rows, chart_note=table_note)
