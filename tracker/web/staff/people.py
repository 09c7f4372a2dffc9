"""Members as staff see them: finding one, their record, and what staff do to it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Optional

from tracker.access.finding import member_for
from tracker.coverage.catalogue import course_choices, find_course, find_path, path_choices
from tracker.coverage.directory import completion_of, history_of, identifiers_of, members_page
from tracker.coverage.finding import find_unit
from tracker.coverage.records import member_record
from tracker.curriculum.words import Assurance, Role
from tracker.models import Member, Unit, db, writing
from tracker.operations.assignments import exempt_member
from tracker.operations.completions import STAFF_RECORDED, log_completion, void_completion
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.fields import DayField, no_longer_than
from tracker.web.forms import Form
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.ids import row_id
from tracker.web.members import CompletionForm
from tracker.web.showing import day as in_words
from tracker.web.staff.door import staff


class RecordForm(CompletionForm):
    submit = SubmitField("Record this course")


class ExemptForm(Form):
    path = SelectField("Learning path")
    reason = StringField(
        "Reason",
        [InputRequired("Say why, in a few words."), no_longer_than(200)],
        description="A few words the member may read, such as “medical leave”. No health details.",
    )
    from_on = DayField("First day", [InputRequired("Give the first day.")])
    until = DayField("First day it is asked again", [Optional()], description="Leave it empty if no end is known.")
    unit = StringField(
        "Only on the cards under",
        [Optional()],
        description="The number of a local or district. Leave it empty for everywhere.",
    )
    submit = SubmitField("Exempt them")


class VoidForm(Form):
    reason = StringField(
        "Reason", [InputRequired("Say why, in a few words."), no_longer_than(200)], description="It stays on record."
    )
    submit = SubmitField("Void this completion", render_kw={"class_": "btn btn-danger"})


@staff.get("/members")
@staff_and_auditors
def members() -> str:
    session = db.session()
    query, local = request.args.get("q", "").strip(), request.args.get("local", "").strip()
    unit = find_unit(session, local) if local else None
    page = None
    if unit is not None or not local:
        page = members_page(session, query, unit, gate.today(), request.args.get("after", type=row_id))
    return render_template("staff/members.html", page=page, query=query, local=local, unit=unit)


@staff.get("/members/<int:member_id>")
@staff_and_auditors
def member(member_id: int) -> str | Response:
    session = db.session()
    found = member_for(session, gate.reach(), member_id, gate.today())
    if found.member_id != member_id:  # merged: their page leads to whom they turned out to be
        return redirect(url_for(".member", member_id=found.member_id))
    return render_template(
        "staff/member.html",
        member=found,
        record=member_record(session, found, gate.today()),
        identifiers=identifiers_of(session, member_id),
        history=history_of(session, member_id),
        today=gate.today(),
    )


@staff.route("/members/<int:member_id>/completions/new", methods=["GET", "POST"])
@staff_only
def new_completion(member_id: int) -> Response | tuple[str, int]:
    found = member_for(db.session(), gate.reach(), member_id, gate.today())
    form = RecordForm(course=request.args.get("course", ""), completed_on=request.args.get("on", type=date.fromisoformat))
    if form.validate_on_submit():
        try:
            title = _record(form, found)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(f"Recorded for {found.name}: {title}, {in_words(form.completed_on.day)}.", "success")
            return redirect(url_for(".member", member_id=member_id), 303)
    courses = course_choices(db.session())
    page = render_template("staff/new_completion.html", form=form, member=found, courses=courses, today=gate.today())
    return page, 422 if form.is_submitted() else 200


def _record(form: RecordForm, member: Member) -> str:
    with writing() as session:
        course = find_course(session, form.course.data or "")
        log_completion(
            session,
            member=member,
            course=course,
            completed_on=form.completed_on.day,
            assurance=Assurance.REVIEWED,
            actor=gate.actor(Role.STAFF),
            today=gate.today(),
            now=datetime.now(UTC),
            evidence_url=(form.evidence_url.data or "").strip(),
            source=STAFF_RECORDED,
        )
        return course.title if course else ""


@staff.route("/members/<int:member_id>/exempt", methods=["GET", "POST"])
@staff_only
def exempt(member_id: int) -> Response | tuple[str, int]:
    found = member_for(db.session(), gate.reach(), member_id, gate.today())
    form = ExemptForm(path=request.args.get("path"), from_on=gate.today())
    form.path.choices = [SelectChoice(each.code, each.title) for each in path_choices(db.session(), gate.today())]
    if form.validate_on_submit():
        try:
            _exempt(form, found)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(f"{found.name} is exempt from {in_words(form.from_on.day)}. It shows on their record.", "success")
            return redirect(url_for(".member", member_id=member_id), 303)
    page = render_template("staff/exempt.html", form=form, member=found)
    return page, 422 if form.is_submitted() else 200


def _exempt(form: ExemptForm, member: Member) -> None:
    with writing() as session:
        path = find_path(session, form.path.data)
        if path is None:
            raise Refused("unknown_path", "There is no such path any more.", field="path")
        exempt_member(
            session,
            member,
            path,
            reason=form.reason.data or "",
            from_on=form.from_on.day,
            until_on=form.until.data,
            unit=unit_named(session, form.unit.data),
            actor=gate.actor(Role.STAFF),
            now=datetime.now(UTC),
        )


def unit_named(session: Session, number: str | None) -> Unit | None:
    """The unit a form names; None where it names none.

    Raises:
        Refused: ``unknown_unit``.
    """
    if not (number or "").strip():
        return None
    unit = find_unit(session, number or "")
    if unit is None:
        raise Refused("unknown_unit", f"No local or district is known as {number}.", field="unit")
    return unit


@staff.route("/members/<int:member_id>/completions/<int:completion_id>/void", methods=["GET", "POST"])
@staff_only
def void(member_id: int, completion_id: int) -> Response | tuple[str, int]:
    found = member_for(db.session(), gate.reach(), member_id, gate.today())
    pair = completion_of(db.session(), member_id, completion_id)
    if pair is None:
        abort(404)
    completion, course = pair
    form = VoidForm()
    if form.validate_on_submit():
        try:
            with writing() as session:
                void_completion(session, completion, form.reason.data or "", gate.actor(Role.STAFF), now=datetime.now(UTC))
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(
                f"{course.title} of {in_words(completion.completed_on)} counts no more. The record of it stays.", "success"
            )
            return redirect(url_for(".member", member_id=member_id), 303)
    page = render_template("staff/void.html", form=form, member=found, completion=completion, course=course)
    return page, 422 if form.is_submitted() else 200
