"""The blueprint of the reports, and what they share: a report as a file, an address with part of its query changed."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request, url_for

from tracker.access.reporting import units_seen
from tracker.coverage.exports import Document, as_csv, as_workbook, document_csv, document_workbook
from tracker.coverage.figures import CoverageReport
from tracker.coverage.heatmap import CoverageMap, coverage_map
from tracker.models import db
from tracker.web import gate
from tracker.web.asked import Asked

reports = Blueprint("reports", __name__, url_prefix="/reports")

FORMS = ("csv", "xlsx")
_MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def map_of(question: Asked) -> CoverageMap:
    """Every figure that the reader may see, as asked."""
    seen = units_seen(gate.reach())
    return coverage_map(
        db.session(),
        as_of=question.as_of,
        known=question.known,
        floor=question.floor,
        whole=seen.whole,
        totals=seen.totals,
    )


def report_file(report: CoverageReport, form: str, *name: str) -> Response:
    """A report's rows as a file, called after what it tells and its day."""
    return download(as_csv(report) if form == "csv" else as_workbook(report), form, *name, report.as_of.isoformat())


def document_file(document: Document, form: str, *name: str) -> Response:
    """A report as a file, called after what it tells."""
    return download(document_csv(document) if form == "csv" else document_workbook(document), form, *name)


def download(content: str | bytes, form: str, *name: str) -> Response:
    """Content as a file that the browser keeps."""
    plain = "-".join(re.sub(r"[^A-Za-z0-9]+", "-", part).strip("-") for part in name if part)
    answer = Response(content, content_type=_MEDIA_TYPES[form])
    answer.headers["Content-Disposition"] = f'attachment; filename="{plain}.{form}"'
    return answer


def here(**changes: str | int | None) -> str:
    """This page's address with some of its query changed; None takes a part out."""
    query: dict[str, Any] = {**request.args.to_dict(), **changes}
    kept = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def file_url(endpoint: str, form: str, **values: Any) -> str:
    """The address of this report's file: the same question, without the place on the page."""
    query = {name: value for name, value in request.args.items() if value and name not in ("after", *values)}
    address = url_for(endpoint, form=form, **values)
    return f"{address}?{urlencode(query)}" if query else address
