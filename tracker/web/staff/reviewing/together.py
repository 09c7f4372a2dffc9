"""Claims that a provider's report confirms, of another day: by name, accepted together, and taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from tracker.coverage.reviewing import CONFIRMING_DAYS, Confirmed, confirmed_claims, taken_together
from tracker.curriculum.words import Role
from tracker.language import ngettext
from tracker.models import db, writing
from tracker.operations.own_record import own_members
from tracker.operations.refused import Refused
from tracker.operations.reviewing import accept_confirmed, take_back_accepted
from tracker.web import gate
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.ids import row_id
from tracker.web.staff.door import staff
from tracker.web.staff.reviewing.asking import PlainForm

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@staff.route("/reviews/confirmed", methods=["GET", "POST"])
@staff_and_auditors
def confirmed_reviews() -> Response | str | tuple[str, int]:
    """Claims that a provider's report confirms, of another day: by name, then accepted together."""
    form, status, now = PlainForm(), 200, datetime.now(UTC)
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                with writing(alone=True) as session:
                    chosen = request.form.getlist("claim", type=row_id)
                    done = accept_confirmed(session, chosen, gate.actor(Role.STAFF), now)
            except Refused as refusal:
                form.refuse(refusal)
            else:
                flash(ngettext("%(n)s claim is accepted.", "%(n)s claims are accepted.", done), "success")
                at = (now - _EPOCH) // timedelta(microseconds=1)
                return redirect(url_for(".accepted_together", at=at), 303)
    lines = confirmed(db.session(), datetime.now(UTC))
    page = render_template("staff/reviews_confirmed.html", form=form, lines=lines, days=CONFIRMING_DAYS)
    return page, status


@staff.get("/reviews/confirmed/<int:at>")
@staff_and_auditors
def accepted_together(at: int) -> str:
    """What was accepted in one act, with the way back."""
    taken = taken_together(db.session(), _moment(at))
    return render_template("staff/reviews_accepted.html", form=PlainForm(), taken=taken, at=at, moment=_moment(at))


@staff.post("/reviews/confirmed/<int:at>/undo")
@staff_only
def take_back_together(at: int) -> Response | tuple[str, int]:
    form = PlainForm()
    if form.validate():
        try:
            with writing(alone=True) as session:
                again = take_back_accepted(session, _moment(at), gate.actor(Role.STAFF), datetime.now(UTC))
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(ngettext("Taken back: %(n)s claim waits again.", "Taken back: %(n)s claims wait again.", again), "success")
            return redirect(url_for(".reviews"), 303)
    page = render_template("staff/reviews_accepted.html", form=form, taken=[], at=at, moment=_moment(at))
    return page, 422


def confirmed(session: Session, now: datetime) -> list[Confirmed]:
    reach = gate.reach()
    own = own_members(session, gate.actor(Role.STAFF)) if reach.is_staff else frozenset()
    return confirmed_claims(session, reach.user_id or 0, own, now)


def _moment(at: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=at)
    except OverflowError:
        abort(404)
