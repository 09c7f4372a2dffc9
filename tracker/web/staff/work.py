"""The staff's first page, and the lists it counts."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from tracker.coverage.worklist import claims_page, work_list
from tracker.models import db
from tracker.web import gate
from tracker.web.gate import staff_and_auditors
from tracker.web.ids import row_id
from tracker.web.staff.door import staff


@staff.get("/")
@staff_and_auditors
def home() -> str:
    return render_template("staff/home.html", work=work_list(db.session(), gate.today()))


@staff.get("/waiting")
@staff_and_auditors
def waiting() -> Response:
    """Where these rows were listed before they had a desk."""
    return redirect(url_for(".desk_courses" if request.args.get("reason") == "unknown-course" else ".desk"))


@staff.get("/reviews")
@staff_and_auditors
def reviews() -> str:
    """Claims that wait for someone to look at them, the oldest first."""
    page = claims_page(db.session(), request.args.get("after", type=row_id))
    return render_template("staff/reviews.html", page=page, today=gate.today())
