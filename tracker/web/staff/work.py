"""The staff's first page, and the lists it counts that have no page of their own elsewhere."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from tracker.coverage.worklist import REPORT_OVERDUE_DAYS, work_list
from tracker.models import db
from tracker.web import gate
from tracker.web.gate import staff_and_auditors
from tracker.web.staff.door import staff


@staff.get("/")
@staff_and_auditors
def home() -> str:
    work = work_list(db.session(), gate.today())
    return render_template("staff/home.html", work=work, today=gate.today(), overdue_days=REPORT_OVERDUE_DAYS)


@staff.get("/waiting")
@staff_and_auditors
def waiting() -> Response:
    """Where these rows were listed before they had a desk."""
    return redirect(url_for(".desk_courses" if request.args.get("reason") == "unknown-course" else ".desk"))
