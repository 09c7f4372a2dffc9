"""Courses that reports name and the catalogue does not have: which they are, or that they are none of ours."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import StringField, SubmitField
from wtforms.validators import InputRequired

from tracker.coverage.catalogue import course_choices, find_course
from tracker.coverage.desk.courses import WaitingCourse, course_of, courses_page, proposed_entry
from tracker.language import _, lazy, ngettext
from tracker.models import db, writing
from tracker.operations.recognising import ignore_course, map_course
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.asked import text_of
from tracker.web.forms import Form
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.ids import row_id
from tracker.web.staff.desk.sharing import acting, counts, refused
from tracker.web.staff.door import staff


class CourseForm(Form):
    course = StringField(
        lazy("Course"),
        [InputRequired(lazy("Choose a course from the list, or write its code."))],
        description=lazy("Its title, code or web address."),
        render_kw={"list": "courses", "autocomplete": "off"},
    )
    submit = SubmitField(lazy("Map to this course"))


@staff.get("/desk/courses")
@staff_and_auditors
def desk_courses() -> str:
    """Courses that the catalogue does not have under their reported name."""
    session = db.session()
    query = text_of("q")
    page = courses_page(session, query, request.args.get("after", type=row_id))
    return render_template("staff/desk_courses.html", page=page, query=query, **counts(session))


@staff.get("/desk/courses/<int:waiting_id>")
@staff_and_auditors
def desk_course(waiting_id: int) -> str:
    return _course_page(_course(db.session(), waiting_id), CourseForm(formdata=None))


@staff.post("/desk/courses/<int:waiting_id>/map")
@staff_only
def map_reported(waiting_id: int) -> Response | tuple[str, int]:
    """Say which course a reported one is."""
    reported = _course(db.session(), waiting_id)
    form = CourseForm()
    if form.validate():
        try:
            with writing() as session:
                course = find_course(session, form.course.data or "")
                done = map_course(session, reported.name, course, acting(), today=gate.today(), now=datetime.now(UTC))
        except Refused as refusal:
            form.refuse(refusal)
        else:
            assert course is not None
            said = [
                ngettext(
                    "%(reported)s is %(course)s: %(n)s completion recorded. Later reports find it.",
                    "%(reported)s is %(course)s: %(n)s completions recorded. Later reports find it.",
                    done.recorded,
                    reported=reported.title,
                    course=course.title,
                )
            ]
            if done.waiting:
                said.append(
                    ngettext("%(n)s still waits for its learner.", "%(n)s still wait for their learner.", done.waiting)
                )
            flash(" ".join(said), "success")
            return redirect(url_for(".desk_courses"), 303)
    return _course_page(reported, form), 422


@staff.post("/desk/courses/<int:waiting_id>/ignore")
@staff_only
def ignore_reported(waiting_id: int) -> Response:
    """Say that a reported course is none of ours."""
    reported = _course(db.session(), waiting_id)
    try:
        with writing() as session:
            rows = ignore_course(session, reported.name, acting(), now=datetime.now(UTC))
    except Refused as refusal:
        return refused(refusal, "staff.desk_courses")
    said = ngettext(
        "%(course)s is none of ours: %(n)s row set aside, and later reports of it too. It can be taken back under Decided.",
        "%(course)s is none of ours: %(n)s rows set aside, and later reports of it too. It can be taken back under Decided.",
        rows,
        course=reported.title,
    )
    flash(said, "success")
    return redirect(url_for(".desk_courses"), 303)


def _course(session: Session, waiting_id: int) -> WaitingCourse:
    course = course_of(session, waiting_id)
    if course is None:
        raise Refused("nothing_waits", _("Nothing waits for this course any more: someone has settled it in the meantime."))
    return course


def _course_page(reported: WaitingCourse, form: CourseForm) -> str:
    session = db.session()
    return render_template(
        "staff/desk_course.html",
        course=reported,
        form=form,
        courses=course_choices(session),
        entry=proposed_entry(session, reported),
    )
