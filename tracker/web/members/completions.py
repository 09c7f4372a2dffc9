"""A member logs a course: the form, the list it searches, what is on record already, and more proof for what waits."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import abort, flash, redirect, render_template, request, url_for
from flask import session as cookie
from werkzeug.wrappers import Response

from tracker.coverage.catalogue import course_choices, find_course, search_courses
from tracker.coverage.records import CourseRecord, course_on_record, member_record
from tracker.coverage.records.claims import OwnClaim, claim_of
from tracker.curriculum.words import Assurance, Role
from tracker.language import _
from tracker.models import Course, Member, Review, db, writing
from tracker.operations.completions import log_completion
from tracker.operations.evidence import StoredFile, attach_evidence
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.forms import WITH_EVIDENCE, takes
from tracker.web.gate import member_only
from tracker.web.ids import row_id
from tracker.web.members.door import members, own_record
from tracker.web.members.record import LOGGED, draft_name
from tracker.web.members.sending import LogForm, ProofForm
from tracker.web.showing import day as in_words

_Answer = Response | tuple[str, int]
_LONGEST_QUERY = 100


@members.get("/my/completions/new")
@member_only
def new_completion() -> str:
    again = request.args.get("again", type=row_id)
    claim = claim_of(db.session(), own_record(), again) if again is not None else None
    if claim is None:
        return _form_page(LogForm(formdata=None, course=_course_asked(), completed_on=gate.today()))
    form = LogForm(
        formdata=None,
        course=_shown(claim.course),
        completed_on=claim.completion.completed_on,
        evidence_url=claim.link,
        again=claim.completion.id,
    )
    form.carry(claim.file and StoredFile(*claim.file))
    return _form_page(form)


@members.get("/my/completions")
@member_only
def completions() -> Response:
    """Where the form is sent to; whoever comes here without one finds the form."""
    return redirect(url_for(".new_completion"))


@members.post("/my/completions")
@member_only
@takes(WITH_EVIDENCE)
def log() -> _Answer | dict[str, str]:
    form = LogForm()
    is_fine = form.validate()
    if not (form.keep_what_was_sent() and is_fine):
        return _form_page(form), form.status
    member = own_record()
    course = find_course(db.session(), form.course.data or "")
    held = course_on_record(db.session(), member, course, gate.today()) if course else None
    if held is not None:
        if any(each.on == form.completed_on.day for each in held.sightings):
            return _already(form, held)
        if not form.sure.data and _is_held_surely(held):
            return _question(form, held), 409
    try:
        title = _log(form, member, course)
    except Refused as refusal:
        if refusal.code == "already_logged" and course is not None:  # by the same form, sent twice at once
            return _already(form, course_on_record(db.session(), member, course, gate.today()))
        form.refuse(refusal)
        return _form_page(form), 422
    flash(
        _(
            "Logged: %(course)s, completed on %(day)s. It waits for the training staff to review it; you need do nothing "
            "more.",
            course=title,
            day=in_words(form.completed_on.day),
        ),
        "success",
    )
    cookie[LOGGED] = True
    return _on_to(url_for(".record"))


@members.get("/my/courses.json")
@member_only
def courses() -> dict[str, list[dict[str, str]]]:
    """The courses that a search finds, those that are asked and missing first."""
    session = db.session()
    query = request.args.get("q", "")[:_LONGEST_QUERY]
    wanted = member_record(session, own_record(), gate.today()).wanted
    return {
        "courses": [
            {"value": each.value, "title": each.title, "note": each.note}
            for each in search_courses(session, query, wanted, gate.today())
        ]
    }


@members.route("/my/completions/<int:completion_id>/proof", methods=["GET", "POST"])
@member_only
@takes(WITH_EVIDENCE)
def proof(completion_id: int) -> _Answer:
    """More proof for a claim that waits."""
    claim = claim_of(db.session(), own_record(), completion_id)
    if claim is None or not claim.is_waiting:
        abort(404)
    form = ProofForm()
    if not form.is_submitted():
        return _proof_page(form, claim), 200
    is_fine = form.validate()
    if not (form.keep_what_was_sent() and is_fine):
        return _proof_page(form, claim), form.status
    try:
        _attach(form, claim)
    except Refused as refusal:
        form.refuse(refusal)
        return _proof_page(form, claim), 422
    flash(_("The proof stands beside %(course)s now, for whoever reviews it.", course=claim.course.title), "success")
    return redirect(url_for(".record"), 303)


def _log(form: LogForm, member: Member, course: Course | None) -> str:
    """Record the claim; the course's title."""
    with writing() as session:
        log_completion(
            session,
            member=member,
            course=course,
            completed_on=form.completed_on.day,
            assurance=Assurance.CLAIMED,
            actor=gate.actor(Role.MEMBER),
            today=gate.today(),
            now=datetime.now(UTC),
            evidence_url=form.link,
            file=form.stored,
        )
    return course.title if course else ""


def _attach(form: ProofForm, claim: OwnClaim) -> None:
    with writing() as session:
        attach_evidence(
            session,
            claim.completion.member_id,
            [claim.completion.id],
            file=form.stored,
            url=form.link,
            review=Review.WAITING,
            actor=gate.actor(Role.MEMBER),
            now=datetime.now(UTC),
        )


def _is_held_surely(held: CourseRecord) -> bool:
    """Whether the provider says so already, and nothing about it lapses soon: then logging it again may be a slip."""
    is_sure = any(each.assurance is Assurance.PROVIDER for each in held.sightings)
    return is_sure and held.state.value == "complete"


def _on_to(address: str) -> Response | dict[str, str]:
    """The way on, as the page's script asks for it or as a form does."""
    wants_json = request.accept_mimetypes.best == "application/json"
    return {"next": address} if wants_json else redirect(address, 303)


def _already(form: LogForm, held: CourseRecord) -> tuple[str, int]:
    """What is on record of that course and day, and the way back: nothing is wrong, and nothing was lost."""
    same = [each for each in held.sightings if each.on == form.completed_on.day]
    claim = next((each for each in same if each.assurance is Assurance.CLAIMED), None)
    waits = claim is not None and len(same) == 1
    page = render_template(
        "members/already.html",
        form=form,
        held=held,
        same=same,
        claim=claim if waits else None,
        draft=draft_name(),
        today=gate.today(),
    )
    return page, 409


def _question(form: LogForm, held: CourseRecord) -> str:
    form.sure.data = "yes"
    return render_template("members/held.html", form=form, held=held, draft=draft_name(), today=gate.today())


def _form_page(form: LogForm) -> str:
    try:
        claim = claim_of(db.session(), own_record(), row_id(str(form.again.data or "")))
    except ValueError:  # no claim is sent again
        claim = None
    return render_template(
        "members/new_completion.html",
        form=form,
        returned=claim if claim is not None and not claim.is_waiting else None,
        courses=course_choices(db.session()),
        draft=draft_name(),
        today=gate.today(),
    )


def _proof_page(form: ProofForm, claim: OwnClaim) -> str:
    return render_template("members/add_proof.html", form=form, claim=claim)


def _course_asked() -> str:
    """The course that the address names, as the form shows it."""
    asked = request.args.get("course", "").strip()
    course = find_course(db.session(), asked) if asked else None
    return _shown(course) if course is not None else asked


def _shown(course: Course) -> str:
    """A course as the form names it: by its title, or by its code where two share one."""
    return next(
        (each.value for each in course_choices(db.session()) if each.value in (course.title, course.code)), course.code
    )
