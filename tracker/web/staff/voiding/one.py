"""Voiding one completion of a member."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import BooleanField, StringField, SubmitField
from wtforms.validators import InputRequired

from tracker.access.finding import member_for
from tracker.coverage.directory import completion_of
from tracker.coverage.voiding import said_alike
from tracker.curriculum.words import Role
from tracker.language import _, lazy
from tracker.models import db, writing
from tracker.operations.refused import Refused
from tracker.operations.voiding import void_together
from tracker.web import gate
from tracker.web.fields import no_longer_than
from tracker.web.forms import Form
from tracker.web.gate import staff_only
from tracker.web.showing import day as in_words
from tracker.web.staff.door import staff


class VoidForm(Form):
    reason = StringField(
        lazy("Reason"),
        [InputRequired(lazy("Say why, in a few words.")), no_longer_than(200)],
        description=lazy("It stays on record, and the member reads it."),
    )
    also = BooleanField(lazy("Void what else is recorded of this course and day as well"), default=True)
    submit = SubmitField(lazy("Void this completion"), render_kw={"class_": "btn btn-danger"})


@staff.route("/members/<int:member_id>/completions/<int:completion_id>/void", methods=["GET", "POST"])
@staff_only
def void(member_id: int, completion_id: int) -> Response | tuple[str, int]:
    found = member_for(db.session(), gate.reach(), member_id, gate.today())
    pair = completion_of(db.session(), member_id, completion_id)
    if pair is None:
        abort(404)
    completion, course = pair
    form = VoidForm()
    alike = said_alike(db.session(), completion)
    if form.validate_on_submit():
        actor = gate.actor(Role.STAFF)
        try:
            with writing() as session:
                reason, also = form.reason.data or "", bool(form.also.data)
                void_together(session, completion, reason, actor, also_same_day=also, now=datetime.now(UTC))
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(
                _(
                    "%(course)s of %(day)s counts no more. The record of it stays.",
                    course=course.title,
                    day=in_words(completion.completed_on),
                ),
                "success",
            )
            return redirect(url_for(".member", member_id=member_id), 303)
    page = render_template("staff/void.html", form=form, member=found, completion=completion, course=course, alike=alike)
    return page, 422 if form.is_submitted() else 200
