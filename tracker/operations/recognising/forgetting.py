"""A person takes back who a reported learner is."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.orm import Session

from tracker.language import _, mark
from tracker.models import AuditEntry, Completion, Identifier, Member, WaitingCompletion
from tracker.models.base import lock_member
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.matching import CourseFinder
from tracker.operations.recognising.taking_back import let_wait_again
from tracker.operations.refused import Refused


class Forgotten(NamedTuple):
    """What taking back did."""

    voided: int  # completions that count no more
    waiting: int  # rows of the learner that wait again
    imported_since: int  # completions that reports brought the member in the meantime, which stay: look at them


def forget_learner(session: Session, key: str, member: Member, actor: Actor, *, today: date, now: datetime) -> Forgotten:
    """Take back that a learner is this member: what it taught is forgotten, and what it had settled waits again.

    Raises:
        Refused: ``merged``, ``not_recognised``.
    """
    if member.merged_into_id is not None:
        raise Refused("merged", _("%(name)s was merged into another member since: undo that first.", name=member.name))
    lock_member(session, member.member_id)
    entry = _recognised_by(session, key, member)
    taught = [(kind, value) for kind, value in entry.detail["taught"]]
    for kind, value in taught:
        session.execute(
            delete(Identifier).where(
                Identifier.kind == kind, Identifier.value == value, Identifier.member_id == member.member_id
            )
        )
    emails = [value for kind, value in taught if kind == "email"]
    rows = list(
        session.scalars(
            select(WaitingCompletion)
            .where(
                or_(WaitingCompletion.learner_key == key, func.lower(WaitingCompletion.email).in_(emails)),
                or_(
                    and_(WaitingCompletion.settled_member_id == member.member_id, WaitingCompletion.settled_at >= entry.at),
                    and_(WaitingCompletion.settled_at.is_(None), WaitingCompletion.is_set_aside.is_(False)),
                ),
            )
            .order_by(WaitingCompletion.id)
            .with_for_update()
        )
    )
    courses = CourseFinder(session)
    found = {row.id: course.id for row in rows if (course := courses.find(row)) is not None}
    reason = mark("the learner was taken for another member")
    sources = {row.source for row in rows}
    voided = let_wait_again(session, rows, found, reason, actor, today=today, now=now)
    settled_again = {row.settled_at for row in rows if row.settled_at is not None}
    since = (
        select(func.count())
        .select_from(Completion)
        .where(
            Completion.member_id == member.member_id,
            Completion.source.in_(sources),
            Completion.batch_id.is_not(None),
            Completion.recorded_at > entry.at,
            Completion.recorded_at.not_in(settled_again),
            Completion.voided_at.is_(None),
        )
    )
    forgotten = Forgotten(voided, sum(row.settled_at is None for row in rows), session.scalar(since) or 0)
    audit(
        session,
        actor,
        "forget_learner",
        object_kind="member",
        object_id=member.member_id,
        member_id=member.member_id,
        detail={"learner": key, "shown": entry.detail["shown"], "member": member.number, "voided": voided},
        at=now,
    )
    return forgotten


def _recognised_by(session: Session, key: str, member: Member) -> AuditEntry:
    """The entry of the decision that is in force."""
    entries = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.member_id == member.member_id, AuditEntry.action.in_(("recognise_learner", "forget_learner")))
        .order_by(AuditEntry.id.desc())
    )
    last = next((entry for entry in entries if entry.detail.get("learner") == key), None)
    if last is None or last.action != "recognise_learner":
        raise Refused("not_recognised", _("Nobody says any more that this learner is %(name)s.", name=member.name))
    return last
