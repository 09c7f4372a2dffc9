"""`/staff/catalogue`: paths with their versions side by side, courses and who uses them, and retired ones still listed."""

from __future__ import annotations

from datetime import date

from flask import abort, render_template, request
from sqlalchemy import select

from tracker.coverage.catalogue import find_path
from tracker.coverage.catalogue_use import (
    completions_by_year,
    course_lines,
    course_use,
    has_many_completions,
    lost_courses,
    people_by_version,
    side_by_side,
    unfinished,
    unfinished_page,
)
from tracker.coverage.path_versions import versions_told
from tracker.language import mark
from tracker.models import Course, db
from tracker.web import gate
from tracker.web.gate import staff_and_auditors
from tracker.web.ids import row_id
from tracker.web.staff.door import staff

_KINDS = {"code": mark("code"), "id": mark("provider’s id"), "slug": mark("slug in its address"), "title": mark("title")}


@staff.get("/catalogue/paths/<code>")
@staff_and_auditors
def catalogue_path(code: str) -> str:
    """One path: what each version asks, what it changed, and whom it binds."""
    session, today = db.session(), gate.today()
    path = find_path(session, code)
    if path is None:
        abort(404)
    versions = versions_told(session, path)
    counts = "count" in request.args or not has_many_completions(session)
    funnel = people_by_version(session, path, today) if counts else None
    return render_template(
        "staff/catalogue_path.html",
        path=path,
        versions=versions,
        courses=side_by_side(session, path, [version.number for version in versions]),
        funnel=funnel,
        bound={each.number: each for each in funnel.versions} if funnel else {},
    )


@staff.get("/catalogue/courses")
@staff_and_auditors
def courses() -> str:
    """Every course, or those that a search finds."""
    search = (request.args.get("q") or "").strip()[:200]
    lines = course_lines(db.session(), gate.today(), search)
    return render_template("staff/catalogue_courses.html", lines=lines, search=search)


@staff.get("/catalogue/courses/<code>")
@staff_and_auditors
def course(code: str) -> str:
    """One course: who uses it, what it is called, who completed it, and whom it leaves behind."""
    session, today = db.session(), gate.today()
    found = _course(code)
    use = course_use(session, found, today)
    counts = "count" in request.args or not has_many_completions(session)
    is_retired = found.retired_on is not None and found.retired_on <= today
    left = {}
    if is_retired and counts:
        left = {each.path.id: unfinished(session, each.path.id, found, today) for each in use.paths if each.is_in_force}
    return render_template(
        "staff/catalogue_course.html",
        use=use,
        course=found,
        kinds=_KINDS,
        is_retired=is_retired,
        years=completions_by_year(session, found.id) if counts else None,
        left=left,
    )


@staff.get("/catalogue/courses/<code>/unfinished/<path_code>")
@staff_and_auditors
def unfinished_people(code: str, path_code: str) -> str:
    """Who needs another course than a retired one to finish a path."""
    session, today = db.session(), gate.today()
    found, path = _course(code), find_path(session, path_code)
    if path is None or not _is_retired(found, today):
        abort(404)
    page = unfinished_page(session, path.id, found, today, request.args.get("after", type=row_id))
    successor = session.get(Course, found.replaced_by_id) if found.replaced_by_id else None
    return render_template("staff/catalogue_unfinished.html", course=found, path=path, page=page, successor=successor)


@staff.get("/catalogue/retired")
@staff_and_auditors
def retired_courses() -> str:
    """Courses that their providers retired, and paths that still list them."""
    session, today = db.session(), gate.today()
    counts = "count" in request.args or not has_many_completions(session)
    lost = lost_courses(session, today)
    left = {(each.path.id, each.course.id): unfinished(session, each.path.id, each.course, today) for each in lost if counts}
    return render_template("staff/catalogue_retired.html", lost=lost, left=left, counts=counts)


def _course(code: str) -> Course:
    found = db.session().scalar(select(Course).where(Course.code == code.strip().casefold()))
    if found is None:
        abort(404)
    return found


def _is_retired(found: Course, today: date) -> bool:
    return found.retired_on is not None and found.retired_on <= today
