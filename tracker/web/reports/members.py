"""`/reports/members/<id>/<path>`: why a member is in a state, down to the records, for readers who may see names."""

from __future__ import annotations

from dataclasses import replace

from flask import abort, render_template

from tracker.access.evidence import may_read_evidence
from tracker.access.finding import member_for
from tracker.access.former import known_to
from tracker.access.reporting import path_for
from tracker.coverage.derivation import current_world
from tracker.coverage.figures import end_of, is_restated_since
from tracker.coverage.origins import origins_of
from tracker.coverage.records import path_page
from tracker.coverage.why import cards_in, why
from tracker.models import db
from tracker.web import gate
from tracker.web.asked import asked
from tracker.web.gate import report_readers
from tracker.web.opened import opened
from tracker.web.reports.door import reports


@reports.get("/members/<int:member_id>/<path_code>")
@report_readers
def member(member_id: int, path_code: str) -> str:
    """An officer sees someone who held a card in their local on the day asked, and what was true on that day, as it was
    known on the other: state, due day and exemption as that local asks and excuses, without the words of decisions. Of
    someone who has left, nothing that was recorded after that day; and links and files of evidence are only for who may
    read them today."""
    session, question, reach = db.session(), asked(), gate.reach()
    path = path_for(session, path_code)
    found = member_for(session, reach, member_id, question.as_of)
    if not (reach.sees_all_units or reach.locals_with_names):
        abort(404)  # their own record has its own page
    sees_all = reach.sees_all_of(found.member_id)
    only = None if sees_all else reach.locals_with_names
    cards = cards_in(session, found.member_id, question.as_of, only)
    if only is not None and not cards:
        abort(404)
    opened(found.member_id, "record", next((card.unit.id for card in cards if only is not None), None))
    known = known_to(session, reach, found.member_id, question.as_of, question.known, gate.today())
    question = replace(question, known=known)
    known_at = end_of(known) if known and is_restated_since(session, known) else None
    if known_at is not None:
        cards = cards_in(session, found.member_id, question.as_of, only, known_at)
    record = path_page(session, path, found, question.as_of, question.floor, known_at, only)
    curriculum = current_world(session).curriculum
    listed = curriculum.listed(path.id)
    telling = listed | {rule.course for rule in curriculum.equivalents if rule.stands_for in listed}
    return render_template(
        "reports/member.html",
        asked=question,
        member=found,
        path=path,
        cards=cards,
        record=record,
        sentence=why(found.first_name or found.name, record, question.floor),
        origins=origins_of(session, found.member_id, telling, question.as_of, known_at),
        sees_all=sees_all,
        shows_evidence=may_read_evidence(session, reach, found.member_id, gate.today()),
    )
