"""What was decided at the desk, by whom and when, and taking it back."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from tracker.coverage.desk.decided import FILTERS, Decision, decided_page, decision_of
from tracker.language import _, ngettext
from tracker.models import AuditEntry, Member, db, writing
from tracker.operations.actor import Actor
from tracker.operations.recognising import forget_course, forget_learner, take_learner_back
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.ids import row_id
from tracker.web.staff.desk.sharing import acting, counts, refused
from tracker.web.staff.door import staff


@staff.get("/desk/decided")
@staff_and_auditors
def desk_decided() -> str:
    session = db.session()
    which = request.args.get("which", "")
    which = which if which in FILTERS else ""
    page = decided_page(session, which, request.args.get("before", type=row_id))
    return render_template("staff/desk_decided.html", page=page, which=which, decisions=Decision, **counts(session))


@staff.post("/desk/decided/<int:entry_id>/take-back")
@staff_only
def take_back(entry_id: int) -> Response:
    """Take back one decision: what it had settled asks again."""
    entry = decision_of(db.session(), entry_id)
    if entry is None:
        abort(404)
    try:
        with writing() as session:
            said = _take_back(session, entry, acting(), datetime.now(UTC))
    except Refused as refusal:
        return refused(refusal, "staff.desk_decided")
    flash(said, "success")
    return redirect(url_for(".desk_decided"), 303)


def _take_back(session: Session, entry: AuditEntry, actor: Actor, now: datetime) -> str:
    decision, today = Decision(entry.action), gate.today()
    shown = entry.detail["shown"]
    if decision is Decision.RECOGNISED:
        member = session.get_one(Member, entry.member_id)
        done = forget_learner(session, entry.detail["learner"], member, actor, today=today, now=now)
        told = [
            ngettext(
                "%(learner)s is no longer %(member)s: %(n)s completion voided.",
                "%(learner)s is no longer %(member)s: %(n)s completions voided.",
                done.voided,
                learner=shown,
                member=member.name,
            ),
            ngettext("%(n)s row waits again.", "%(n)s rows wait again.", done.waiting),
        ]
        if done.imported_since:
            told.append(
                ngettext(
                    "Reports since then recorded %(n)s more for %(member)s: look through their record.",
                    "Reports since then recorded %(n)s more for %(member)s: look through their record.",
                    done.imported_since,
                    member=member.name,
                )
            )
        return " ".join(told)
    if decision is Decision.SET_ASIDE:
        rows = take_learner_back(session, entry.detail["learner"], actor, today=today, now=now)
        return ngettext(
            "%(name)s is asked about again: %(n)s row.", "%(name)s is asked about again: %(n)s rows.", rows, name=shown
        )
    if decision in (Decision.MAPPED, Decision.IGNORED):
        voided = forget_course(session, entry.detail["name"], actor, today=today, now=now)
        return ngettext(
            "%(name)s is asked about again: %(n)s completion voided.",
            "%(name)s is asked about again: %(n)s completions voided.",
            voided,
            name=shown,
        )
    raise Refused("not_decided", _("This cannot be taken back from here."))
