"""The staff's first page, and the lists it counts."""

from __future__ import annotations

from flask import render_template, request

from tracker.coverage.worklist import claims_page, waiting_page, waiting_rows, work_list
from tracker.curriculum.words import Outcome
from tracker.models import db
from tracker.web import gate
from tracker.web.gate import staff_and_auditors
from tracker.web.ids import row_id
from tracker.web.staff.door import staff

_REASONS = {"unmatched": Outcome.UNMATCHED, "unknown-course": Outcome.UNKNOWN_COURSE}


@staff.get("/")
@staff_and_auditors
def home() -> str:
    return render_template("staff/home.html", work=work_list(db.session(), gate.today()))


@staff.get("/waiting")
@staff_and_auditors
def waiting() -> str:
    """Reported completions whose member or course nobody knows yet."""
    session = db.session()
    reason = _REASONS.get(request.args.get("reason", ""))
    return render_template(
        "staff/waiting.html",
        page=waiting_page(session, reason, request.args.get("after", type=row_id)),
        reason=request.args.get("reason", "") if reason else "",
        counts={name: waiting_rows(session, each).count for name, each in _REASONS.items()},
    )


@staff.get("/reviews")
@staff_and_auditors
def reviews() -> str:
    """Claims that wait for someone to look at them, the oldest first."""
    page = claims_page(db.session(), request.args.get("after", type=row_id))
    return render_template("staff/reviews.html", page=page, today=gate.today())
