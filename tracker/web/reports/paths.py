"""`/reports/paths/<code>`: one path, and every local the reader may see, ranked."""

from __future__ import annotations

from flask import Response, render_template, request

from tracker.access.reporting import path_for
from tracker.coverage.heatmap import Wanted
from tracker.curriculum.words import UnitKind
from tracker.models import db
from tracker.web.asked import asked, one_of, text_of
from tracker.web.gate import report_readers
from tracker.web.reports.door import FORMS, file_url, here, map_of, report_file, reports

_ORDERS = ("lowest", "highest", "unit")


@reports.get("/paths/<code>")
@report_readers
def path(code: str) -> str:
    question = asked()
    found = path_for(db.session(), code)
    ranked = map_of(question)
    order = one_of("sort", _ORDERS) or "lowest"
    wanted = _wanted(found.code, order)
    rows = [row for row in ranked.chosen(wanted) if row.figure(found).in_scope]
    size = 100
    start = next((place + 1 for place, row in enumerate(rows) if row.unit.number == request.args.get("after")), 0)
    shown = rows[start : start + size]
    return render_template(
        "reports/path.html",
        asked=question,
        path=found,
        order=order,
        orders=_ORDERS,
        wanted=wanted,
        totals=[(each.unit, next(line for line in each.lines if line.path.id == found.id)) for each in ranked.totals],
        rows=shown,
        start=start,
        found=len(rows),
        idle=sum(1 for row in ranked.chosen(wanted) if not row.figure(found).in_scope),
        target=None if found.target is None else round(100 * found.target),
        page_with=here,
        first_url=here(after=None) if start else None,
        next_url=here(after=shown[-1].unit.number) if start + size < len(rows) else None,
        files=[(form, file_url(".path_file", form, code=found.code)) for form in FORMS],
    )


@reports.get("/paths/<code>.csv", defaults={"form": "csv"})
@reports.get("/paths/<code>.xlsx", defaults={"form": "xlsx"})
@report_readers
def path_file(code: str, form: str) -> Response:
    found = path_for(db.session(), code)
    return report_file(map_of(asked()).report(_wanted(found.code, "lowest"), [found]), form, "coverage", found.code)


def _wanted(code: str, order: str) -> Wanted:
    sort = {"lowest": code, "highest": f"-{code}"}.get(order, "unit")
    return Wanted(kind=UnitKind.LOCAL.value, words=text_of("q"), sort=sort)
