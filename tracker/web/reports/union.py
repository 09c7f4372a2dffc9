"""`/reports/`: upskilling coverage of the units a reader may see."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, urlencode

from flask import Response, render_template, request
from markupsafe import Markup, escape

from tracker.coverage.exports import Document, coverage_document
from tracker.coverage.heatmap import Summary, UnitRow, summary_table
from tracker.coverage.saying import of_them, plain_percent
from tracker.curriculum.coverage import whole_percent
from tracker.language import _, code
from tracker.models import Unit
from tracker.web import gate
from tracker.web.gate import report_readers
from tracker.web.reports.door import FORMS, document_file, file_url, here, reports
from tracker.web.reports.filters import MapAsked, map_asked


class Line(NamedTuple):
    """A unit's line of the map, as it is drawn."""

    unit: Unit
    url: str
    cells: Markup


@reports.get("/")
@report_readers
def overview() -> str:
    found = map_asked()
    chosen = found.map.chosen(found.wanted)
    # of a craft most locals have no one: their lines would hide the others
    rows = [row for row in chosen if row.figures or row.hidden] if found.map.craft else chosen
    after = request.args.get("after", "")
    asked_here = {name: value for name, value in request.args.items() if value and name != "after"}
    page = found.map.page_of(rows, len(found.columns), after)
    return render_template(
        "reports/union.html",
        asked=found.question,
        found=found,
        map=found.map,
        wanted=found.wanted,
        path=found.path,
        columns=found.columns,
        summary=_summary(found),
        lines=_lines(page.rows, found),
        rows=len(rows),
        without=len(chosen) - len(rows),
        first_url=here(after=None) if after else None,
        next_url=here(after=page.next_key) if page.next_key else None,
        page_with=here,
        picture_url=f"charts/heat?{urlencode(asked_here)}" if asked_here else "charts/heat",
        files=[(form, file_url(".overview_file", form)) for form in FORMS],
    )


@reports.get("/coverage.<any(csv, xlsx, pdf):form>")
@report_readers
def overview_file(form: str) -> Response:
    found = map_asked()
    return document_file(union_document(found), form, "coverage", found.path.code if found.path else "", _day(found))


def union_document(found: MapAsked) -> Document:
    """The map as asked, then what its locals add up to."""
    report = found.map.report(found.wanted, [found.path] if found.path else None)
    tables = []
    if summary := _summary(found):
        name = summary.unit.title if summary.unit else _("The locals chosen")
        tables.append(summary_table(summary, found.map.floor, _("%(title)s by path", title=name)))
    return coverage_document(report, _("Upskilling coverage"), found.scope, tables=tables)


def _summary(found: MapAsked) -> Summary | None:
    """What the locals add up to; None for one local, and where a craft's small groups are hidden: a sum would tell them."""
    if found.map.craft and not gate.reach().sees_all_units:
        return None
    summary = found.map.summary(found.wanted, found.columns if found.path else None)
    return summary if summary.locals > 1 else None


def _day(found: MapAsked) -> str:
    return found.map.as_of.isoformat()


def _lines(rows: list[UnitRow], found: MapAsked) -> list[Line]:
    """The rows as they are drawn. Addresses are short, for there are thousands: they are read from this page's own."""
    columns = [(path.id, str(escape(f"?{urlencode({'path': path.code, **found.query})}#path"))) for path in found.columns]
    own = f"?{urlencode(found.query)}" if found.query else ""
    lines = []
    for row in rows:
        url = f"{row.unit.kind.value}s/{quote(row.unit.number, safe='')}"
        lines.append(Line(row.unit, url + own, _cells(row, str(escape(url)), columns, int(found.map.floor))))
    return lines


def _cells(row: UnitRow, url: str, columns: Sequence[tuple[int, str]], floor: int) -> Markup:
    """The cells of a row. Written here and not by the template: two thousand of them were a third of the page's time.

    Args:
        url: the unit's address, and in ``columns`` by path what follows it: both escaped already.
    """
    cells, language = [], code()
    no_one = Markup('<td><span class="heat-none" title="%s">–</span></td>') % _("no one in scope")
    few = Markup('<td><span class="heat-none" title="%s">%s</span></td>') % (_("a small group"), _("hidden"))
    for path_id, query in columns:
        figure = row.figures.get(path_id)
        if figure is not None:
            heat, words = _figure_cell(figure[floor], figure[0], language)
            cells.append(f'<td class="heat-{heat}"><a href="{url}{query}">{words}</a></td>')
        else:
            cells.append(few if path_id in row.hidden else no_one)
    return Markup("".join(cells))  # noqa: S704  (numbers, and addresses that are escaped)


@lru_cache(maxsize=4_096)
def _figure_cell(covered: int, in_scope: int, _language: str) -> tuple[int, str]:
    """How dark a cell is, 0 to 10, and what it says in that language, which is the one spoken."""
    whole = whole_percent(covered, in_scope)
    return whole // 10, str(Markup("%s<small>%s</small>") % (plain_percent(whole), of_them(covered, in_scope)))
