"""Asking members for a path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tracker.curriculum.keys import craft_key
from tracker.curriculum.words import AssignmentKind, Assurance
from tracker.models import (
    Assignment,
    AssignmentRule,
    Craft,
    LearningPath,
    Member,
    PathVersion,
    StandingSpan,
    Unit,
    new_id,
)
from tracker.models.loading import many_rows, read_rows
from tracker.operations.actor import Actor
from tracker.operations.assignments.reaching import Reached, reach
from tracker.operations.audit import audit
from tracker.operations.refused import Refused, refuse_impossible_day
from tracker.operations.standings import refresh_standings

_MOST_DAYS = 3_660  # ten years


@dataclass(frozen=True)
class Plan:
    """Who is to be asked for a path, and how: one rule for each unit and craft, or one for everyone; or people by name."""

    path: LearningPath
    kind: AssignmentKind = AssignmentKind.REQUIRED
    on: date = date.min
    everyone: bool = False
    units: Sequence[Unit] = ()
    crafts: Sequence[str] = ()
    members: Sequence[Member] = ()
    due_on: date | None = None
    within_days: int | None = None


class Assigned(NamedTuple):
    """What assigning did: the rules made, and how many assignments and members they reached.

    Before applying it is the preview, for it comes from the same act, rolled back.
    """

    rules: list[AssignmentRule]
    assignments: int
    members: int
    # of a required path, on ``on`` or today, whichever is later; the three add up to the members reached:
    newly_in_scope: int  # asked by this and by nothing before
    asked_already: int
    not_counted: int  # not asked that day: exempt, a status that does not count, or no card that day
    already_complete: int  # of the members asked that day, those complete at the reviewed floor
    due_impossible: int  # assignments whose due day had passed before they began


@many_rows()
def assign_path(session: Session, plan: Plan, actor: Actor, *, today: date, now: datetime) -> Assigned:
    """Ask members for a path. Assigning again adds, never replaces.

    Raises:
        Refused: ``nobody`` (no target), ``two_targets``, ``two_due_dates``, ``due_before_start``, ``no_version``,
            ``path_retired``.

    Needs ``writing(alone=True)``.
    """
    _check(plan)
    version = version_on(session, plan.path.id, plan.on)
    day = max(plan.on, today)
    before = _asked_on(session, plan.path.id, day)
    rules: list[AssignmentRule] = []
    if plan.members:
        made = _assign_people(session, plan, version, actor, now)
    else:
        rules = _make_rules(session, plan, actor, now)
        session.flush()
        made = reach(session, [rule.id for rule in rules], None, actor, now)
    touched = set(made.members)
    refresh_standings(session, touched, today)
    is_required = plan.kind is AssignmentKind.REQUIRED
    asked = touched & _asked_on(session, plan.path.id, day) if is_required else touched
    assigned = Assigned(
        rules,
        made.assignments,
        members=len(touched),
        newly_in_scope=len(asked - before) if is_required else 0,
        asked_already=len(asked & before) if is_required else 0,
        not_counted=len(touched - asked),
        already_complete=len(asked & _complete_on(session, plan.path.id, day)),
        due_impossible=made.due_impossible,
    )
    audit(
        session,
        actor,
        "assign_path",
        object_kind="learning_path",
        object_id=plan.path.id,
        member_id=plan.members[0].member_id if len(plan.members) == 1 else None,
        detail={
            "path": plan.path.code,
            "kind": plan.kind.value,
            "on": plan.on.isoformat(),
            "rules": [str(rule.id) for rule in rules],
            "assignments": made.assignments,
            "members": len(touched),
        },
        at=now,
    )
    return assigned


def _check(plan: Plan) -> None:
    targets = sum(1 for each in (plan.everyone, plan.units, plan.crafts, plan.members) if each)
    if targets == 0:
        raise Refused("nobody", "Say who is asked: everyone, a unit, a craft or a member.")
    if targets > 1:
        raise Refused("two_targets", "Name one kind of target: everyone, units, crafts or members.")
    refuse_impossible_day(plan.on, "on")
    if plan.due_on:
        refuse_impossible_day(plan.due_on, "due")
    if plan.due_on and plan.within_days:
        raise Refused("two_due_dates", "Give a due date or a number of days, not both.", field="due")
    if plan.within_days is not None and plan.within_days < 1:
        raise Refused("due_before_start", "The number of days must be 1 or more.", field="within_days")
    if plan.within_days is not None and plan.within_days > _MOST_DAYS:
        raise Refused("too_many_days", f"Give {_MOST_DAYS} days at most.", field="within_days")
    if plan.due_on and plan.due_on < plan.on:
        raise Refused("due_before_start", f"It would be due on {plan.due_on}, before it begins on {plan.on}.", field="due")
    if plan.path.retired_on is not None:
        raise Refused("path_retired", f"{plan.path.title} was retired on {plan.path.retired_on}.", field="path")


def version_on(session: Session, path_id: int, day: date) -> PathVersion:
    """The version in force on a day: the one a new assignment is pinned to.

    Raises:
        Refused: ``no_version``.
    """
    version = session.scalar(
        select(PathVersion)
        .where(PathVersion.path_id == path_id, or_(PathVersion.from_on.is_(None), PathVersion.from_on <= day))
        .order_by(PathVersion.number.desc())
        .limit(1)
    )
    if version is None:
        raise Refused("no_version", "This path has no published version.", field="path")
    return version


def _make_rules(session: Session, plan: Plan, actor: Actor, now: datetime) -> list[AssignmentRule]:
    targets: list[tuple[int | None, int | None]] = [(unit.id, None) for unit in plan.units]
    targets += [(None, craft_named(session, name).id) for name in plan.crafts]
    rules = [
        AssignmentRule(
            id=new_id(),
            path_id=plan.path.id,
            kind=plan.kind,
            unit_id=unit_id,
            craft_id=craft_id,
            from_on=plan.on,
            due_on=plan.due_on,
            within_days=plan.within_days,
            recorded_at=now,
            recorded_by=actor.user_id,
        )
        for unit_id, craft_id in (targets or [(None, None)])
    ]
    session.add_all(rules)
    return rules


def craft_named(session: Session, name: str) -> Craft:
    """The craft of that name, made by its first mention."""
    key = craft_key(name)
    craft = session.scalar(select(Craft).where(Craft.key == key))
    if craft is None:
        craft = Craft(id=new_id(), name=" ".join(name.split()), key=key)
        session.add(craft)
        session.flush()
    return craft


def _assign_people(session: Session, plan: Plan, version: PathVersion, actor: Actor, now: datetime) -> Reached:
    due_on = plan.on + timedelta(days=plan.within_days) if plan.within_days else plan.due_on
    for member in plan.members:
        session.add(
            Assignment(
                member_id=member.member_id,
                id=new_id(),
                path_id=plan.path.id,
                version_id=version.id,
                kind=plan.kind,
                assigned_on=plan.on,
                due_on=due_on,
                recorded_at=now,
                recorded_by=actor.user_id,
            )
        )
    session.flush()
    return Reached(len(plan.members), {member.member_id for member in plan.members}, 0)


def _asked_on(session: Session, path_id: int, day: date) -> set[int]:
    sql = "SELECT DISTINCT member_id FROM scope WHERE path_id = ? AND from_on <= ? AND until_on > ?"
    return {row[0] for row in read_rows(session, sql, (path_id, day, day))}


def _complete_on(session: Session, path_id: int, day: date) -> set[int]:
    return set(
        session.scalars(
            select(StandingSpan.member_id).where(
                StandingSpan.path_id == path_id,
                StandingSpan.from_on <= day,
                StandingSpan.until_on > day,
                StandingSpan.level >= int(Assurance.REVIEWED),
            )
        )
    )
