"""`/reports/members/<id>/<path>`: why a member is in a state, for readers who may see names."""

from __future__ import annotations

from flask import abort, render_template

from tracker.access.finding import member_for
from tracker.access.reporting import path_for
from tracker.coverage.records import path_page
from tracker.coverage.why import cards_in, reasons_through, why
from tracker.models import db
from tracker.web import gate
from tracker.web.asked import asked
from tracker.web.gate import report_readers
from tracker.web.reports.door import reports


@reports.get("/members/<int:member_id>/<path_code>")
@report_readers
def member(member_id: int, path_code: str) -> str:
    """An officer sees someone who held a card in their local on the day asked, and what was true on that day; of what asks
    them, what does so through that local."""
    question, reach = asked(), gate.reach()
    path = path_for(db.session(), path_code)
    found = member_for(db.session(), reach, member_id, question.as_of)
    if not (reach.sees_all_units or reach.locals_with_names):
        abort(404)  # their own record has its own page
    only = None if reach.sees_all_units else reach.locals_with_names
    cards = cards_in(db.session(), found.member_id, question.as_of, only)
    if only is not None and not cards:
        abort(404)
    record = path_page(db.session(), path, found, question.as_of, question.floor)
    reasons = reasons_through(db.session(), found.member_id, record.reasons, only)
    return render_template(
        "reports/member.html",
        asked=question,
        member=found,
        path=path,
        cards=cards,
        record=record,
        reasons=reasons,
        sentence=why(found.first_name or found.name, record, reasons, question.floor),
    )
