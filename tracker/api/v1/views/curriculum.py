"""What is taught: paths with their versions, courses, crafts. It is no secret: every token reads it."""

from __future__ import annotations

from typing import Any

from flask import abort
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from tracker.access.reporting import path_for
from tracker.api.v1.answers import following, sliced
from tracker.api.v1.asking import Paged
from tracker.api.v1.callers import Caller
from tracker.api.v1.cursors import key_of
from tracker.api.v1.door import kept_text, operation
from tracker.api.v1.shapes.base import Shape, said
from tracker.api.v1.shapes.curriculum import Course, Courses, Craft, Crafts, Path, Paths, PathWhole, Version
from tracker.models import Course as CourseRow
from tracker.models import Craft as CraftRow
from tracker.models import LearningPath, PathVersion, Section, SectionCourse, db


class OneCode(Shape):
    """A path or a course."""

    code: str = said("Its code.", "ai-fundamentals", max_length=200)


@operation("/paths", Paths, about="What is taught")
def paths(caller: Caller, query: Paged) -> Paths:
    """The learning paths, by code; retired ones too."""
    rows = list(db.session().scalars(select(LearningPath)))
    rows.sort(key=lambda each: each.code)
    shown, key = sliced(rows, lambda each: each.code, key_of(kept_text(query.cursor)), query.limit)
    return Paths(items=[Path(**_path(each)) for each in shown], next=following(key))


@operation("/paths/<code>", PathWhole, about="What is taught")
def path(caller: Caller, path: OneCode) -> PathWhole:
    """A learning path with every version of what it asks."""
    session = db.session()
    found = path_for(session, path.code)
    versions = session.scalars(
        select(PathVersion)
        .where(PathVersion.path_id == found.id)
        .order_by(PathVersion.number)
        .options(selectinload(PathVersion.sections).selectinload(Section.courses).selectinload(SectionCourse.course))
    )
    return PathWhole(**_path(found), versions=[Version.of(each) for each in versions])


@operation("/courses", Courses, about="What is taught")
def courses(caller: Caller, query: Paged) -> Courses:
    """The courses, by code; retired ones too."""
    rows = list(db.session().scalars(select(CourseRow)))
    rows.sort(key=lambda each: each.code)
    shown, key = sliced(rows, lambda each: each.code, key_of(kept_text(query.cursor)), query.limit)
    return Courses(items=[Course.of(each) for each in shown], next=following(key))


@operation("/courses/<code>", Course, about="What is taught")
def course(caller: Caller, path: OneCode) -> Course:
    """A course."""
    found = db.session().scalar(select(CourseRow).where(CourseRow.code == path.code)) if path.code.isprintable() else None
    if found is None:
        abort(404)
    return Course.of(found)


@operation("/crafts", Crafts, about="What is taught")
def crafts(caller: Caller, query: Paged) -> Crafts:
    """The crafts, by name."""
    rows = list(db.session().scalars(select(CraftRow)))
    rows.sort(key=lambda each: each.key)
    shown, key = sliced(rows, lambda each: each.key, key_of(kept_text(query.cursor)), query.limit)
    return Crafts(items=[Craft(id=str(each.id), name=each.name) for each in shown], next=following(key))


def _path(found: LearningPath) -> dict[str, Any]:
    return {
        "code": found.code,
        "title": found.title,
        "description": found.description,
        "url": found.url,
        "target": found.target,
        "retired_on": found.retired_on,
    }
