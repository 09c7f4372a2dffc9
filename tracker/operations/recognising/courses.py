"""A person says which course a reported one is, or that it is none of ours."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from tracker.curriculum.words import Outcome
from tracker.language import _, mark
from tracker.models import Course, CourseAlias, Stranger, WaitingCompletion
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.completions.waiting import settle_rows
from tracker.operations.matching import CourseFinder
from tracker.operations.recognising.taking_back import let_wait_again
from tracker.operations.refused import Refused


class CourseMapped(NamedTuple):
    """What mapping a reported course did."""

    recorded: int
    known: int
    waiting: int  # rows of the course that still wait, for their learner


def map_course(
    session: Session, name: str, course: Course | None, actor: Actor, *, today: date, now: datetime
) -> CourseMapped:
    """Say which course reports mean: the waiting rows are recorded, and later ones find it.

    Args:
        name: ``operations.matching.course_name`` of the reported course.
        course: None where the door found none.

    Raises:
        Refused: ``unknown_course``, ``already_decided``, ``nothing_waits``.
    """
    if course is None:
        raise Refused("unknown_course", _("No course has that code or title: choose one from the list."), field="course")
    rows = _decide(session, name, course.id, actor, now)
    recorded = settle_rows(session, rows, by=actor, today=today, now=now)
    mapped = CourseMapped(
        recorded.outcomes[Outcome.RECORDED] + recorded.outcomes[Outcome.CORROBORATED],
        recorded.outcomes[Outcome.ALREADY_KNOWN],
        sum(row.settled_at is None for row in rows),
    )
    audit(
        session,
        actor,
        "map_course",
        object_kind="course",
        object_id=course.id,
        detail={"name": name, "shown": _shown(rows[0]), "course": course.code, **mapped._asdict()},
        at=now,
    )
    return mapped


def ignore_course(session: Session, name: str, actor: Actor, *, now: datetime) -> int:
    """Remember that a reported course is none of ours: its rows are set aside, and so are later ones.

    Returns:
        How many rows that are.

    Raises:
        Refused: ``already_decided``, ``nothing_waits``.
    """
    rows = _decide(session, name, None, actor, now)
    for row in rows:
        row.is_set_aside = True
    session.flush()
    audit(
        session,
        actor,
        "ignore_course",
        object_kind="course",
        detail={"name": name, "shown": _shown(rows[0]), "rows": len(rows)},
        at=now,
    )
    return len(rows)


def forget_course(session: Session, name: str, actor: Actor, *, today: date, now: datetime) -> int:
    """Take back what was said of a reported course: what it had settled waits again, or is found otherwise by now.

    Returns:
        How many completions count no more.

    Raises:
        Refused: ``not_decided``.
    """
    alias = session.get(CourseAlias, name)
    if alias is None:
        raise Refused("not_decided", _("Nobody says any more which course this is."))
    session.delete(alias)
    session.flush()
    voided = _ask_again(session, name, today, now) if alias.course_id is None else _void(session, alias, actor, today, now)
    course = session.get(Course, alias.course_id) if alias.course_id is not None else None
    audit(
        session,
        actor,
        "forget_course",
        object_kind="course",
        object_id=alias.course_id,
        detail={"name": name, "shown": alias.shown, "course": course.code if course else None, "voided": voided},
        at=now,
    )
    return voided


def _decide(session: Session, name: str, course_id: int | None, actor: Actor, now: datetime) -> list[WaitingCompletion]:
    """Keep what is said of the course, and give its open rows, locked."""
    if session.get(CourseAlias, name) is not None:
        raise Refused("already_decided", _("Someone has decided this course already: take that back first."))
    rows = list(
        session.scalars(
            select(WaitingCompletion)
            .where(
                WaitingCompletion.course_name == name,
                WaitingCompletion.settled_at.is_(None),
                WaitingCompletion.is_set_aside.is_(False),
            )
            .order_by(WaitingCompletion.id)
            .with_for_update()
        )
    )
    if not rows:
        raise Refused("nothing_waits", _("Nothing waits for this course any more: someone has settled it in the meantime."))
    alias = CourseAlias(value=name, course_id=course_id, shown=_shown(rows[0]), recorded_at=now, recorded_by=actor.user_id)
    session.add(alias)
    session.flush()
    return rows


def _shown(row: WaitingCompletion) -> str:
    return f"{row.course} ({row.course_id})" if row.course and row.course_id else row.course or row.course_id


def _ask_again(session: Session, name: str, today: date, now: datetime) -> int:
    stranger = exists().where(Stranger.value == WaitingCompletion.learner_key)
    rows = list(
        session.scalars(
            select(WaitingCompletion)
            .where(
                WaitingCompletion.course_name == name,
                WaitingCompletion.settled_at.is_(None),
                WaitingCompletion.is_set_aside,
                ~stranger,
            )
            .order_by(WaitingCompletion.id)
            .with_for_update()
        )
    )
    for row in rows:
        row.is_set_aside = False
    settle_rows(session, rows, today=today, now=now)
    return 0


def _void(session: Session, alias: CourseAlias, actor: Actor, today: date, now: datetime) -> int:
    """Let the rows wait again that found their course by what was said, and by nothing else."""
    courses = CourseFinder(session)
    rows = [
        row
        for row in session.scalars(
            select(WaitingCompletion)
            .where(
                WaitingCompletion.course_name == alias.value,
                WaitingCompletion.settled_at >= alias.recorded_at,
                WaitingCompletion.settled_member_id.is_not(None),
            )
            .order_by(WaitingCompletion.id)
            .with_for_update()
        )
        if courses.find(row) is None
    ]
    assert alias.course_id is not None
    found = dict.fromkeys((row.id for row in rows), alias.course_id)
    reason = mark("the course was taken for another")
    return let_wait_again(session, rows, found, reason, actor, today=today, now=now, forgets_learner=False)
