"""What an empty installation still needs, until its first report stands."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tracker.curriculum.words import Role
from tracker.models import AssignmentRule, Completion, LearningPath, Member, RoleGrant, Unit, User


class FirstSteps(NamedTuple):
    """What there is already, in the order in which it is needed."""

    units: bool
    courses: bool
    staff: bool  # someone who looks after the learning
    roster: bool
    rule: bool  # somebody is asked for a path
    report: bool  # somebody has completed something

    @property
    def are_done(self) -> bool:
        return all(self)

    @property
    def next_step(self) -> str:
        """The first that is missing, by its name here; "" where nothing is."""
        return next((name for name, is_there in zip(self._fields, self, strict=True) if not is_there), "")


def first_steps(session: Session, today: date) -> FirstSteps:
    """What an installation has of what it needs for its first report: one question to the database."""
    holds = (RoleGrant.from_on <= today, or_(RoleGrant.until_on.is_(None), RoleGrant.until_on > today))
    staff = select(RoleGrant.id).join(User).where(RoleGrant.role == Role.STAFF, User.is_active, *holds)
    found = session.execute(
        select(
            select(Unit.id).exists(),
            select(LearningPath.id).exists(),
            staff.exists(),
            select(Member.member_id).exists(),
            select(AssignmentRule.id).exists(),
            select(Completion.id).where(Completion.voided_at.is_(None)).exists(),
        )
    ).one()
    return FirstSteps(*(bool(each) for each in found))


def has_sign_ins(session: Session) -> bool:
    """Whether anybody can sign in at all."""
    return session.scalar(select(User.id).limit(1)) is not None
