"""`/reports/`: upskilling coverage of the units a reader may see."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, urlencode

from flask import Response, render_template, request

from tracker.coverage.heatmap import CoverageMap, UnitRow, Wanted
from tracker.curriculum.coverage import Figure
from tracker.curriculum.words import UnitKind
from tracker.models import LearningPath, Unit
from tracker.web.asked import Asked, asked, one_of, text_of
from tracker.web.gate import report_readers
from tracker.web.reports.door import FORMS, file_url, here, map_of, report_file, reports
from tracker.web.showing import count, percent

_KINDS = (UnitKind.DISTRICT.value, UnitKind.LOCAL.value)


class Cell(NamedTuple):
    """A figure of the map, as it is drawn."""

    url: str
    heat: int  # 0 to 10
    percent: int
    counts: str


class Line(NamedTuple):
    unit: Unit
    url: str
    district: str
    cells: list[Cell | None]  # None: no one in scope


@reports.get("/")
@report_readers
def overview() -> str:
    question = asked()
    whole_map = map_of(question)
    wanted = _wanted(whole_map)
    asking = whole_map.asking
    path = _path(whole_map)
    columns = [path] if path else asking
    page = whole_map.page(wanted, len(columns), request.args.get("after", ""))
    return render_template(
        "reports/union.html",
        asked=question,
        map=whole_map,
        wanted=wanted,
        path=path,
        columns=columns,
        lines=_lines(page.rows, columns, question),
        found=len(whole_map.chosen(wanted)),
        first_url=here(after=None) if request.args.get("after") else None,
        next_url=here(after=page.next_key) if page.next_key else None,
        page_with=here,
        files=[(form, file_url(".overview_file", form)) for form in FORMS],
    )


@reports.get("/coverage.csv", defaults={"form": "csv"})
@reports.get("/coverage.xlsx", defaults={"form": "xlsx"})
@report_readers
def overview_file(form: str) -> Response:
    whole_map = map_of(asked())
    path = _path(whole_map)
    return report_file(whole_map.report(_wanted(whole_map), [path] if path else None), form, "coverage")


def _codes(whole_map: CoverageMap) -> tuple[str, ...]:
    return tuple(path.code for path in whole_map.paths)


def _path(whole_map: CoverageMap) -> LearningPath | None:
    code = one_of("path", _codes(whole_map))
    return next((path for path in whole_map.paths if path.code == code), None)


def _wanted(whole_map: CoverageMap) -> Wanted:
    orders = ("unit", "district", *(f"{sign}{code}" for code in _codes(whole_map) for sign in ("", "-")))
    return Wanted(
        kind=one_of("kind", _KINDS),
        district=one_of("district", tuple(unit.number for unit in whole_map.districts)),
        words=text_of("q"),
        sort=one_of("sort", orders) or "unit",
    )


def _lines(rows: list[UnitRow], columns: list[LearningPath], question: Asked) -> list[Line]:
    """The rows as they are drawn. Addresses are short, for there are thousands: they are read from this page's own."""
    queries = [urlencode({"path": path.code, **question.query}) for path in columns]
    lines = []
    for row in rows:
        url = f"{row.unit.kind.value}s/{quote(row.unit.number, safe='')}"
        cells = [
            _cell(f"{url}?{query}#path", row.figure(path), question) for path, query in zip(columns, queries, strict=True)
        ]
        own = f"{url}?{urlencode(question.query)}" if question.query else url
        lines.append(Line(row.unit, own, row.district, cells))
    return lines


def _cell(url: str, figure: Figure, question: Asked) -> Cell | None:
    if not figure.in_scope:
        return None
    covered = figure.covered(question.floor)
    whole = percent(covered, figure.in_scope)
    return Cell(url, whole // 10, whole, f"{count(covered)} of {count(figure.in_scope)}")
