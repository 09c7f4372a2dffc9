"""A member's whole history, as staff and auditors read it."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from tracker.access.finding import member_for
from tracker.coverage.history import whole_history
from tracker.models import db
from tracker.web import gate
from tracker.web.gate import staff_and_auditors
from tracker.web.opened import opened
from tracker.web.staff.door import staff


@staff.get("/members/<int:member_id>/history")
@staff_and_auditors
def history(member_id: int) -> str | Response:
    """Every fact with when it was known and by whom, and what was taken back and why."""
    session = db.session()
    member = member_for(session, gate.reach(), member_id, gate.today())
    if member.member_id != member_id:
        return redirect(url_for(".history", member_id=member.member_id))
    opened(member_id, "record")
    return render_template("staff/history.html", member=member, lines=whole_history(session, member_id))
