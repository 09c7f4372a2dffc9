"""Members as staff see them: finding one, their record, and what staff record for one."""

from __future__ import annotations

from datetime import UTC, date, datetime

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Optional

from tracker.access.finding import member_for
from tracker.coverage.catalogue import course_choices, find_course, find_path, path_choices
from tracker.coverage.directory import history_of, identifiers_of, members_page
from tracker.coverage.erasures import erasure_of
from tracker.coverage.finding import find_unit
from tracker.coverage.records import member_record
from tracker.coverage.reviewing import reviews_of, waiting_of
from tracker.curriculum.words import Assurance, Role
from tracker.language import _, lazy, mark, word
from tracker.models import Member, Unit, db, writing
from tracker.operations.assignments import exempt_member
from tracker.operations.completions import STAFF_RECORDED, log_completion
from tracker.operations.own_record import refuse_own
from tracker.operations.refused import Refused
from tracker.operations.reviewing import grant_course
from tracker.web import gate
from tracker.web.fields import DayField, no_longer_than
from tracker.web.forms import Form
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.ids import row_id
from tracker.web.members.sending import CompletionForm, ProofForm
from tracker.web.opened import opened
from tracker.web.showing import day as in_words
from tracker.web.staff.door import staff

# Why somebody need not do a path, as they read it on their record. Never anything about their health.
_EXCUSES = (
    mark("On leave"),
    mark("Not working in this craft at present"),
    mark("Trained elsewhere"),
    mark("About to retire"),
    mark("Cannot reach the course yet"),
    mark("Decided with their local"),
)
_OTHER = "other"
_LONGEST_REASON = 200


class RecordForm(CompletionForm, ProofForm):
    """A course that staff record for a member, with what they saw of it."""

    instead = StringField(
        lazy("If they took another course in its place: which, and why it counts"),
        [no_longer_than(500)],
        description=lazy("Counts once, for this member. Leave it empty where they took the course itself."),
        render_kw={"dir": "auto"},
    )
    submit = SubmitField(lazy("Record this course"))


class ExemptForm(Form):
    path = SelectField(lazy("Learning path"))
    reason = SelectField(lazy("Reason"), [InputRequired(lazy("Choose a reason."))])
    note = StringField(
        lazy("Note"),
        [no_longer_than(_LONGEST_REASON)],
        description=lazy("A few words the member may read. No health details. Needed where no reason of the list fits."),
        render_kw={"dir": "auto"},
    )
    from_on = DayField(lazy("First day"), [InputRequired(lazy("Give the first day."))])
    until = DayField(
        lazy("First day it is asked again"), [Optional()], description=lazy("Leave it empty if no end is known.")
    )
    unit = StringField(
        lazy("Only on the cards under"),
        [Optional()],
        description=lazy("The number of a local or district. Leave it empty for everywhere."),
    )
    submit = SubmitField(lazy("Exempt them"))

    @property
    def words(self) -> str:
        """The reason as it is kept.

        Raises:
            Refused: ``no_reason``.
        """
        note = " ".join((self.note.data or "").split())
        if self.reason.data != _OTHER:
            return f"{self.reason.data}: {note}" if note else str(self.reason.data)
        if not note:
            raise Refused("no_reason", _("Say why, in a few words."), field="note")
        return note


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
    opened(member_id, "record")
    return render_template(
        "staff/member.html",
        member=found,
        record=member_record(session, found, gate.today()),
        identifiers=identifiers_of(session, member_id),
        history=history_of(session, member_id),
        waiting=waiting_of(session, member_id),
        reviews={each.review.completion_id: each for each in reversed(reviews_of(session, member_id))},
        erasure=erasure_of(session, member_id),
        today=gate.today(),
    )


@staff.route("/members/<int:member_id>/completions/new", methods=["GET", "POST"])
@staff_only
def new_completion(member_id: int) -> Response | tuple[str, int]:
    found = member_for(db.session(), gate.reach(), member_id, gate.today())
    form = RecordForm(course=request.args.get("course", ""), completed_on=request.args.get("on", type=date.fromisoformat))
    if form.is_submitted():
        is_fine = form.keep_what_was_sent()
        if form.validate() and is_fine:
            try:
                title = _record(form, found)
            except Refused as refusal:
                form.refuse(refusal)
            else:
                said = {"name": found.name, "course": title, "day": in_words(form.completed_on.day)}
                flash(_("Recorded for %(name)s: %(course)s, %(day)s.", **said), "success")
                return redirect(url_for(".member", member_id=member_id), 303)
    courses = course_choices(db.session())
    page = render_template("staff/new_completion.html", form=form, member=found, courses=courses, today=gate.today())
    return page, 422 if form.is_submitted() else 200


def _record(form: RecordForm, member: Member) -> str:
    with writing() as session:
        actor = gate.actor(Role.STAFF)
        refuse_own(session, member.member_id, actor)
        course = find_course(session, form.course.data or "")
        now = datetime.now(UTC)
        if (form.instead.data or "").strip():
            grant_course(
                session,
                member,
                course,
                completed_on=form.completed_on.day,
                why=form.instead.data or "",
                evidence_url=form.link,
                file=form.stored,
                actor=actor,
                today=gate.today(),
                now=now,
            )
        else:
            log_completion(
                session,
                member=member,
                course=course,
                completed_on=form.completed_on.day,
                assurance=Assurance.REVIEWED,
                actor=actor,
                today=gate.today(),
                now=now,
                evidence_url=form.link,
                file=form.stored,
                source=STAFF_RECORDED,
            )
        return course.title if course else ""


@staff.route("/members/<int:member_id>/exempt", methods=["GET", "POST"])
@staff_only
def exempt(member_id: int) -> Response | tuple[str, int]:
    found = member_for(db.session(), gate.reach(), member_id, gate.today())
    form = ExemptForm(path=request.args.get("path"), from_on=gate.today())
    form.path.choices = [SelectChoice(each.code, each.title) for each in path_choices(db.session(), gate.today())]
    reasons = [SelectChoice(each, word(each)) for each in _EXCUSES]
    form.reason.choices = [SelectChoice("", _("Choose a reason")), *reasons, SelectChoice(_OTHER, _("Another reason"))]
    if form.validate_on_submit():
        try:
            _exempt(form, found)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            said = {"name": found.name, "day": in_words(form.from_on.day)}
            flash(_("%(name)s is exempt from %(day)s. It shows on their record.", **said), "success")
            return redirect(url_for(".member", member_id=member_id), 303)
    page = render_template("staff/exempt.html", form=form, member=found)
    return page, 422 if form.is_submitted() else 200


def _exempt(form: ExemptForm, member: Member) -> None:
    with writing() as session:
        actor = gate.actor(Role.STAFF)
        refuse_own(session, member.member_id, actor)
        path = find_path(session, form.path.data)
        if path is None:
            raise Refused("unknown_path", _("There is no such path any more."), field="path")
        exempt_member(
            session,
            member,
            path,
            reason=form.words,
            from_on=form.from_on.day,
            until_on=form.until.data,
            unit=unit_named(session, form.unit.data),
            actor=actor,
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
        raise Refused("unknown_unit", _("No local or district is known as %(number)s.", number=number), field="unit")
    return unit
