"""Members: their own record, logging a course, and what a path asks."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import StringField, SubmitField
from wtforms.validators import InputRequired

from tracker.access.finding import member_for
from tracker.coverage.catalogue import course_choices, find_course, find_path
from tracker.coverage.derivation import NothingApplied
from tracker.coverage.records import member_record, path_page
from tracker.coverage.worklist import last_report
from tracker.curriculum.words import Assurance, Role
from tracker.intake.linkedin_detail import PROFILE
from tracker.models import Member, db, writing
from tracker.operations.completions import log_completion
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.fields import DayField, possible_day, web_address
from tracker.web.forms import Form
from tracker.web.gate import member_only, signed_in
from tracker.web.showing import day as in_words

members = Blueprint("members", __name__)


class CompletionForm(Form):
    course = StringField(
        "Course",
        [InputRequired("Say which course: begin to type its title, then choose it.")],
        description="Begin to type its title, then choose it. Its code or its web address does as well.",
        render_kw={"list": "courses", "autocomplete": "off", "maxlength": 2000},
    )
    completed_on = DayField("Day it was completed", [InputRequired("Give the day it was completed."), possible_day])
    evidence_url = StringField(
        "Link to the certificate (if there is one)",
        [web_address],
        description="For example the link that LinkedIn Learning gives you to share it.",
        render_kw={"inputmode": "url", "autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"},
    )
    submit = SubmitField("Log this course")


@members.errorhandler(NothingApplied)
def nothing_applied(_error: NothingApplied) -> tuple[str, int]:
    return render_template("members/nothing_applied.html"), 503


@members.get("/my/")
@member_only
def record() -> str:
    session = db.session()
    member = own_record()
    return render_template(
        "members/record.html",
        member=member,
        record=member_record(session, member, gate.today()),
        last_report=last_report(session, PROFILE),
        today=gate.today(),
    )


@members.get("/my/completions/new")
@member_only
def new_completion() -> str:
    return _form_page(CompletionForm(formdata=None, course=_course_asked()))


@members.get("/my/completions")
@member_only
def completions() -> Response:
    """Where the form is sent to; whoever comes here without one finds the form."""
    return redirect(url_for(".new_completion"))


@members.post("/my/completions")
@member_only
def log() -> Response | tuple[str, int]:
    form = CompletionForm()
    if form.validate():
        try:
            title = _log(form)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            said = f"Logged: {title}, completed on {in_words(form.completed_on.day)}."
            flash(f"{said} It waits for the training staff to review it; you need do nothing more.", "success")
            return redirect(url_for(".record"), 303)
    return _form_page(form), 422


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


def own_record() -> Member:
    """The member whose record is this person's own."""
    return member_for(db.session(), gate.reach(), gate.reach().member_id or 0, gate.today())


def _log(form: CompletionForm) -> str:
    """Record the claim; the course's title."""
    with writing() as session:
        course = find_course(session, form.course.data or "")
        log_completion(
            session,
            member=own_record(),
            course=course,
            completed_on=form.completed_on.day,
            assurance=Assurance.CLAIMED,
            actor=gate.actor(Role.MEMBER),
            today=gate.today(),
            now=datetime.now(UTC),
            evidence_url=(form.evidence_url.data or "").strip(),
        )
        return course.title if course else ""


def _form_page(form: CompletionForm) -> str:
    return render_template(
        "members/new_completion.html", form=form, courses=course_choices(db.session()), today=gate.today()
    )


def _course_asked() -> str:
    """The course that the address names, as the form shows it."""
    asked = request.args.get("course", "").strip()
    course = find_course(db.session(), asked) if asked else None
    if course is None:
        return asked
    return next((each.value for each in course_choices(db.session()) if each.value in (course.title, course.code)), asked)
