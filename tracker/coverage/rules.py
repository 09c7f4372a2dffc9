"""The rules that ask members for paths."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from tracker.curriculum.keys import craft_key
from tracker.curriculum.words import AssignmentKind
from tracker.models import Assignment, AssignmentRule, Craft, LearningPath, Unit


class RuleLine(NamedTuple):
    """A rule with what its ids mean, and how many members it asks on the day."""

    rule: AssignmentRule
    path: LearningPath
    unit: Unit | None
    craft: str | None
    members: int

    @property
    def who(self) -> str:
        """Whom it asks, in words."""
        where = self.unit.title if self.unit else ""
        return " · ".join(part for part in (where, f"craft {self.craft}" if self.craft else "") if part) or "everyone"


def open_rules(session: Session, day: date) -> list[RuleLine]:
    """The rules that have not ended, by path and first day."""
    return _lines(session, day, or_(AssignmentRule.until_on.is_(None), AssignmentRule.until_on > day))


def rule_line(session: Session, rule_id: int, day: date) -> RuleLine | None:
    """One rule, ended or not; None where there is none of that id."""
    found = _lines(session, day, AssignmentRule.id == rule_id)
    return found[0] if found else None


def _lines(session: Session, day: date, which: ColumnElement[bool]) -> list[RuleLine]:
    rows = session.execute(
        select(AssignmentRule, LearningPath, Unit, Craft.name)
        .join(LearningPath, LearningPath.id == AssignmentRule.path_id)
        .outerjoin(Unit, Unit.id == AssignmentRule.unit_id)
        .outerjoin(Craft, Craft.id == AssignmentRule.craft_id)
        .where(which)
        .order_by(LearningPath.title, AssignmentRule.from_on, AssignmentRule.id)
    ).all()
    asked = _members_asked(session, [row[0].id for row in rows], day)
    return [RuleLine(rule, path, unit, craft, asked.get(rule.id, 0)) for rule, path, unit, craft in rows]


def _members_asked(session: Session, rule_ids: Sequence[int], day: date) -> dict[int, int]:
    people = (
        select(Assignment.rule_id, Assignment.member_id)
        .where(
            Assignment.rule_id.in_(rule_ids),
            Assignment.voided_at.is_(None),
            Assignment.assigned_on <= day,
            or_(Assignment.until_on.is_(None), Assignment.until_on > day),
        )
        .group_by(Assignment.rule_id, Assignment.member_id)
        .subquery()
    )
    rows: Sequence[Any] = session.execute(select(people.c.rule_id, func.count()).group_by(people.c.rule_id)).all()
    return {row[0]: row[1] for row in rows}


def same_rule(
    session: Session,
    path: LearningPath,
    kind: AssignmentKind,
    on: date,
    due_on: date | None,
    within_days: int | None,
    unit: Unit | None,
    craft: str,
) -> AssignmentRule | None:
    """An open rule that asks exactly this already: what a form sent twice would make again."""
    craft_id = session.scalar(select(Craft.id).where(Craft.key == craft_key(craft))) if craft else None
    if craft and craft_id is None:
        return None
    exactly = {
        "path_id": path.id,
        "kind": kind,
        "unit_id": unit.id if unit else None,
        "craft_id": craft_id,
        "from_on": on,
        "due_on": due_on,
        "within_days": within_days,
        "until_on": None,
    }
    return session.scalar(select(AssignmentRule).filter_by(**exactly).limit(1))


def same_assignment(
    session: Session, member_id: int, path: LearningPath, kind: AssignmentKind, on: date, due_on: date | None
) -> Assignment | None:
    """An open assignment, made to this person by name, that asks exactly this already."""
    return session.scalar(
        select(Assignment)
        .filter_by(
            member_id=member_id,
            path_id=path.id,
            kind=kind,
            assigned_on=on,
            due_on=due_on,
            rule_id=None,
            until_on=None,
            voided_at=None,
        )
        .limit(1)
    )


def assignment_by_name(session: Session, member_id: int, assignment_id: int) -> tuple[Assignment, LearningPath] | None:
    """A valid assignment made to that very member by name, with its path."""
    row = session.execute(
        select(Assignment, LearningPath)
        .join(LearningPath, LearningPath.id == Assignment.path_id)
        .where(
            Assignment.member_id == member_id,
            Assignment.id == assignment_id,
            Assignment.rule_id.is_(None),
            Assignment.voided_at.is_(None),
        )
    ).first()
    return (row[0], row[1]) if row else None


def craft_names(session: Session) -> list[str]:
    return list(session.scalars(select(Craft.name).order_by(Craft.key)))
