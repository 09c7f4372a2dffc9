"""A member takes a path because they want to, and leaves it again. It puts nobody in scope: no figure of a unit changes."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tracker.coverage.joining import Hindrance, hindrance_for
from tracker.curriculum.words import AssignmentKind
from tracker.language import _
from tracker.models import Assignment, LearningPath, Member, PathVersion, new_id
from tracker.models.base import lock_member
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.refused import Refused
from tracker.operations.standings import refresh_standings


def join_path(session: Session, member: Member, path: LearningPath, actor: Actor, *, today: date, now: datetime) -> None:
    """Let a member take a path of their own will, without a due day.

    Raises:
        Refused: ``retired``, ``not_begun``, ``joined``, ``asked``, ``exempt``.
    """
    lock_member(session, member.member_id)
    why_not = hindrance_for(session, member, path, today)
    if why_not is not None:
        raise Refused(why_not.replace(" ", "_"), _why_not(why_not, path))
    version_id = session.scalar(
        select(PathVersion.id)
        .where(PathVersion.path_id == path.id, or_(PathVersion.from_on.is_(None), PathVersion.from_on <= today))
        .order_by(PathVersion.number.desc())
        .limit(1)
    )
    if version_id is None:
        raise Refused("not_begun", _why_not(Hindrance.NOT_BEGUN, path))
    joined = Assignment(
        member_id=member.member_id,
        id=new_id(),
        path_id=path.id,
        version_id=version_id,
        kind=AssignmentKind.VOLUNTARY,
        assigned_on=today,
        recorded_at=now,
        recorded_by=actor.user_id,
    )
    session.add(joined)
    session.flush()
    refresh_standings(session, [member.member_id])
    _audit(session, actor, "join_path", member, path, now)


def leave_path(session: Session, member: Member, path: LearningPath, actor: Actor, *, today: date, now: datetime) -> None:
    """End what a member took of their own will. What they completed stays on record, and counts if they take it again.

    Raises:
        Refused: ``not_joined``.
    """
    lock_member(session, member.member_id)
    open_ones = session.scalars(
        select(Assignment).where(
            Assignment.member_id == member.member_id,
            Assignment.path_id == path.id,
            Assignment.kind == AssignmentKind.VOLUNTARY,
            Assignment.rule_id.is_(None),
            Assignment.voided_at.is_(None),
            Assignment.assigned_on <= today,
            or_(Assignment.until_on.is_(None), Assignment.until_on > today),
        )
    ).all()
    if not open_ones:
        raise Refused("not_joined", _("You have left %(path)s already.", path=path.title))
    for each in open_ones:  # the fact stays as it was known; another says when it ended
        each.voided_at, each.voided_by, each.void_reason = now, actor.user_id, "left by the member"
        session.flush()
        session.add(
            Assignment(
                member_id=each.member_id,
                id=new_id(),
                path_id=each.path_id,
                version_id=each.version_id,
                kind=each.kind,
                assigned_on=each.assigned_on,
                until_on=today,
                due_on=each.due_on,
                recorded_at=now,
                recorded_by=actor.user_id,
            )
        )
    session.flush()
    refresh_standings(session, [member.member_id])
    _audit(session, actor, "leave_path", member, path, now)


def _why_not(hindrance: Hindrance, path: LearningPath) -> str:
    if hindrance is Hindrance.RETIRED:
        return _("%(path)s is offered no more.", path=path.title)
    if hindrance is Hindrance.NOT_BEGUN:
        return _("%(path)s has not begun yet.", path=path.title)
    if hindrance is Hindrance.JOINED:
        return _("You have joined %(path)s already: it is on your record.", path=path.title)
    if hindrance is Hindrance.ASKED:
        return _("%(path)s is on your record already.", path=path.title)
    return _("You are exempt from %(path)s now. Ask your local if that is not right.", path=path.title)


def _audit(session: Session, actor: Actor, action: str, member: Member, path: LearningPath, now: datetime) -> None:
    audit(
        session,
        actor,
        action,
        object_kind="learning_path",
        object_id=path.id,
        member_id=member.member_id,
        detail={"path": path.code},
        at=now,
    )
