"""`/my/opened`: who has opened one's record, day by day."""

from __future__ import annotations

from flask import render_template, request, url_for

from tracker.coverage.openings import openings_page
from tracker.models import db
from tracker.web import gate
from tracker.web.gate import member_only
from tracker.web.ids import row_id
from tracker.web.members.door import members, own_record
from tracker.web.opened import write_kept

_PATIENCE = 0.2  # seconds


@members.get("/my/opened")
@member_only
def opened() -> str:
    """By role and unit: who it was by name stays in the audit trail."""
    if write_kept(_PATIENCE):
        db.session().rollback()  # what waited is told here as well, though this page began to read before
    before = request.args.get("before", type=row_id)
    page = openings_page(db.session(), own_record().member_id, gate.settings().time_zone, before)
    return render_template(
        "members/opened.html",
        page=page,
        is_first=before is None,
        first_url=url_for(".opened") if before is not None else None,
        next_url=url_for(".opened", before=page.next_key) if page.next_key else None,
    )
