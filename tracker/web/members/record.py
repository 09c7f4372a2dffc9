"""My record: what is asked, what counted and why, what is missing; and what one path asks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from flask import abort, render_template
from flask import session as cookie

from tracker.coverage.catalogue import find_path
from tracker.coverage.corrections import ABOUT_WORDS, corrections_of
from tracker.coverage.last_reports import last_linkedin_report
from tracker.coverage.records import PathRecord, member_record, path_page
from tracker.curriculum.words import AssignmentKind
from tracker.language import _
from tracker.models import CorrectionState, db
from tracker.web import gate
from tracker.web.gate import member_only, signed_in
from tracker.web.members.door import members, own_record

ANSWERS_SHOWN = timedelta(days=30)  # how long an answer to "this is wrong" stands on the record itself
LOGGED = "logged"  # in the session: a course was logged since the record was last shown, so its draft can go


@members.get("/my/")
@member_only
def record() -> str:
    session = db.session()
    member = own_record()
    found = member_record(session, member, gate.today())
    last_report = last_linkedin_report(session)
    asked = corrections_of(session, member.member_id)
    waiting = [line for line in asked if line.correction.state is CorrectionState.OPEN]  # what leads noted stays theirs
    since = datetime.now(UTC) - ANSWERS_SHOWN
    answers = [line for line in asked if line not in waiting and (line.correction.answered_at or since) > since]
    zone = gate.settings().time_zone
    return render_template(
        "members/record.html",
        member=member,
        record=found,
        groups=_groups(found.paths),
        last_report=last_report,
        days_since=(gate.today() - last_report.astimezone(zone).date()).days if last_report else 0,
        today=gate.today(),
        answers=answers,
        unanswered=len(waiting),
        about_words=ABOUT_WORDS,
        was_logged=cookie.pop(LOGGED, False),
        draft=draft_name(),
    )


@members.get("/paths/<code>")
@signed_in
def path(code: str) -> str:
    session = db.session()
    found = find_path(session, code)
    if found is None:
        abort(404)
    member = own_record() if gate.reach().member_id is not None else None
    page = path_page(session, found, member, gate.today())
    return render_template("members/path.html", record=page, member=member, path=found, today=gate.today())


def draft_name() -> str:
    """Under which name this person's draft is kept on a device that others may use too."""
    who = f"{gate.settings().secret_key} draft of {gate.signed_in_user().id}"
    return hashlib.sha256(who.encode()).hexdigest()[:16]


def _groups(paths: Sequence[PathRecord]) -> list[tuple[str, list[PathRecord]]]:
    """The paths under headings: what is required apart from what is recommended or chosen. Of one kind alone, under none."""
    headings = {
        AssignmentKind.REQUIRED: _("Required"),
        AssignmentKind.RECOMMENDED: _("Recommended"),
        AssignmentKind.VOLUNTARY: _("Chosen by you"),
        None: _("Not asked at present"),
    }
    groups = [(heading, [path for path in paths if path.kind is kind]) for kind, heading in headings.items()]
    filled = [group for group in groups if group[1]]
    return [("", filled[0][1])] if len(filled) == 1 else filled
