"""The blueprint of the reports, and what they share: a report as a file, an address with part of its query changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, g, make_response, render_template, request, url_for
from flask_wtf import FlaskForm
from werkzeug.exceptions import ServiceUnavailable

from tracker.coverage.exports import (
    MOST_PRINTED_ROWS,
    Document,
    TooLongToPrint,
    document_csv,
    document_pdf,
    document_workbook,
)
from tracker.coverage.rendering import NotRendered
from tracker.language import _, mark
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.asked import one_of
from tracker.web.reports.exporting.naming import disposition, file_name
from tracker.web.reports.exporting.writing import MEDIA_TYPES, Making

reports = Blueprint("reports", __name__, url_prefix="/reports")

FORMS = ("csv", "xlsx", "pdf")
MOST_ROWS = 10_000  # of a file that is answered at once; a longer one is made by a job

# What a report may be narrowed to in its address, as its files say it.
_NARROWED = {
    "path": mark("Path"),
    "kind": mark("Units"),
    "district": mark("District"),
    "sector": mark("Sector"),
    "craft": mark("Craft"),
    "country": mark("Country"),
    "state": mark("State"),
    "who": mark("People"),
    "target": mark("Target"),
    "q": mark("Words looked for"),
}


def document_file(document: Document, form: str, *name: str) -> Response:
    """A report as a file, called after what it tells and its day. One of more than :data:`MOST_ROWS` rows is made by a job.

    ``?header=no`` leaves the bare rows of a CSV file, for programs.
    """
    bare = one_of("header", ("yes", "no")) == "no" and form == "csv"
    document = _told(document)
    g.rows = document.rows  # for the audit trail
    day = document.fact("As of")
    named = (*name, day) if day and day not in name else name
    making: Making | None = g.get("making")
    if making is not None:
        making.write(document, file_name(form, *named), bare=bare)
        return Response(status=204)
    stop_if_long(sum(len(table.rows) for table in document.printed) if form == "pdf" else document.rows, form)
    if form == "csv":
        text = document_csv(document, header=not bare)
        return download(text if bare else f"\ufeff{text}", form, *named)  # by the mark spreadsheets know that it is UTF-8
    if form == "xlsx":
        return download(document_workbook(document), form, *named)
    return pdf_file(lambda: document_pdf(document), *named)


def pdf_file(make: Any, *name: str) -> Response:
    """What ``make()`` makes, a PDF, as a file; in words, where none can be made."""
    try:
        return download(make(), "pdf", *name)
    except TooLongToPrint as error:
        raise Refused("too_long_to_print", str(error)) from None
    except NotRendered as error:
        raise ServiceUnavailable(
            _("This PDF could not be made. %(reason)s The CSV and XLSX files hold the same.", reason=error)
        ) from None


def stop_if_long(rows: int, form: str) -> None:
    """Stop before a file of so many rows is answered at once: call it as soon as the number is known, before what costs.

    A page says then that a job makes it; a PDF so long is refused in words.
    """
    if "making" in g:
        return
    if form == "pdf" and rows > MOST_PRINTED_ROWS:
        raise Refused("too_long_to_print", str(TooLongToPrint(rows)))
    if rows > MOST_ROWS:
        address = f"{request.path}?{request.query_string.decode('ascii', 'replace')}".rstrip("?")
        page = render_template("reports/export_long.html", form=FlaskForm(), rows=rows, address=address, kind=form)
        abort(make_response(page, 200))


def download(content: str | bytes, form: str, *name: str) -> Response:
    """Content as a file that the browser keeps."""
    answer = Response(content, content_type=MEDIA_TYPES[form])
    answer.headers["Content-Disposition"] = disposition(file_name(form, *name))
    return answer


def _told(document: Document) -> Document:
    """The document, with what it was narrowed to and the day on which its file is made."""
    known = {fact[0] for fact in document.facts}
    narrowed = [
        (label, " ".join(request.args[name].split())[:100])
        for name, label in _NARROWED.items()
        if request.args.get(name, "").strip() and label not in known
    ]
    return replace(document, facts=[*document.facts, *narrowed, (mark("Made on"), gate.today().isoformat())])


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
