"""Asking members for a path."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import product
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import current_policy
from tracker.curriculum.words import AssignmentKind, Assurance, Leaving
from tracker.models import Assignment, AssignmentRule, PathVersion, StandingSpan, new_id
from tracker.models.loading import in_chunks, many_rows, read_rows
from tracker.operations.actor import Actor
from tracker.operations.assignments.planning import Plan, check_plan, craft_named, version_on
from tracker.operations.assignments.reaching import Reached, reach
from tracker.operations.audit import audit
from tracker.operations.notices.recipients import recipient_of, recipients_among
from tracker.operations.standings import refresh_standings


class Group(StrEnum):
    """The members whom an assignment reached, by what became of it on its day."""

    NEW = "new"  # asked by this and by nothing before
    ALREADY = "already"  # asked before
    EXEMPT = "exempt"
    STATUS = "status"  # no card of theirs that it reaches has a status that counts
    NO_CARD = "no card"  # none that it reaches is held that day
    COMPLETE = "complete"  # of those asked, complete at the reviewed floor
    LATE = "late"  # their due day had passed before they were asked
    TOLD = "told"  # newly asked, not complete, and with an address: their next digest says so


NOT_COUNTED = (Group.EXEMPT, Group.STATUS, Group.NO_CARD)


class Assigned(NamedTuple):
    """What assigning did: the rules made, and how many assignments and members they reached.

    Before applying it is the preview, for it comes from the same act, rolled back.
    """

    rules: list[AssignmentRule]
    by_name: list[Assignment]
    assignments: int
    members: int
    # of a required path, on ``on`` or today, whichever is later; the three add up to the members reached:
    newly_in_scope: int  # asked by this and by nothing before
    asked_already: int
    not_counted: int  # not asked that day: exempt, a status that does not count, or no card that day
    already_complete: int  # of the members asked that day, those complete at the reviewed floor
    due_impossible: int  # assignments whose due day had passed before they began
    groups: Mapping[Group, frozenset[int]]  # the same members, by id


@many_rows()
def assign_path(
    session: Session, plan: Plan, actor: Actor, *, today: date, now: datetime, counts_told: bool = False
) -> Assigned:
    """Ask members for a path. Assigning again adds, never replaces.

    Args:
        counts_told: also find who has an address for the next digest, as a preview says.

    Raises:
        Refused: ``nobody`` (no target), ``two_targets``, ``two_due_dates``, ``due_before_start``, ``too_many_days``,
            ``impossible_day``, ``no_version``, ``path_retired``.

    Needs ``writing(alone=True)``.
    """
    check_plan(plan)
    version = version_on(session, plan.path.id, plan.on)
    day = max(plan.on, today)
    before = _asked_on(session, plan.path.id, day)
    rules: list[AssignmentRule] = []
    people: list[Assignment] = []
    if plan.members:
        people = _assign_people(session, plan, version, actor, now)
        made = Reached(len(people), {each.member_id for each in people}, set(), 0)
    else:
        rules = _make_rules(session, plan, actor, now)
        session.flush()
        made = reach(session, [rule.id for rule in rules], None, actor, now)
    touched = set(made.members)
    refresh_standings(session, touched, today)
    is_required = plan.kind is AssignmentKind.REQUIRED
    asked = touched & _asked_on(session, plan.path.id, day) if is_required else touched
    complete = asked & _complete_on(session, plan.path.id, day)
    groups = {
        Group.NEW: asked - before if is_required else set(),
        Group.ALREADY: asked & before if is_required else set(),
        Group.COMPLETE: complete,
        Group.LATE: made.late,
        Group.TOLD: _told(session, asked - before - complete, now) if counts_told and is_required else set(),
        **_why_not(session, touched - asked, [rule.id for rule in rules], day),
    }
    assigned = Assigned(
        rules,
        people,
        made.assignments,
        members=len(touched),
        newly_in_scope=len(groups[Group.NEW]),
        asked_already=len(groups[Group.ALREADY]),
        not_counted=len(touched - asked),
        already_complete=len(complete),
        due_impossible=made.due_impossible,
        groups={group: frozenset(members) for group, members in groups.items()},
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


def _make_rules(session: Session, plan: Plan, actor: Actor, now: datetime) -> list[AssignmentRule]:
    units: list[int | None] = [unit.id for unit in plan.units] or [None]
    crafts: list[int | None] = [craft_named(session, name).id for name in plan.crafts] or [None]
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
            leaving=None if plan.leaving is Leaving.END else plan.leaving,
            recorded_at=now,
            recorded_by=actor.user_id,
        )
        for unit_id, craft_id in product(units, crafts)
    ]
    session.add_all(rules)
    return rules


def _assign_people(session: Session, plan: Plan, version: PathVersion, actor: Actor, now: datetime) -> list[Assignment]:
    due_on = plan.on + timedelta(days=plan.within_days) if plan.within_days else plan.due_on
    made = [
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
        for member in plan.members
    ]
    session.add_all(made)
    session.flush()
    return made


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


def _why_not(session: Session, members: Collection[int], rule_ids: Collection[int], day: date) -> dict[Group, set[int]]:
    """Why these members, whom the act reached, are not asked on a day: by its cards, for only those can be asked."""
    found: dict[Group, set[int]] = {group: set() for group in NOT_COUNTED}
    counting = current_policy(session).counts
    for chunk in in_chunks(sorted(members), 5_000):
        listed = ", ".join(map(str, chunk))
        through = ""
        if rule_ids:
            rules = ", ".join(map(str, rule_ids))
            through = (
                " AND EXISTS (SELECT 1 FROM assignment a WHERE a.member_id = m.member_id AND a.membership_id = m.id"
                f" AND a.rule_id IN ({rules}) AND a.voided_at IS NULL)"
            )
        sql = (
            f"SELECT m.member_id, m.status FROM membership m WHERE m.member_id IN ({listed}) AND m.voided_at IS NULL"
            f" AND m.from_on <= ? AND (m.until_on IS NULL OR m.until_on > ?){through}"
        )
        held: dict[int, set[str]] = {member: set() for member in chunk}
        for member, status in read_rows(session, sql, (day, day)):
            held[member].add(status)
        for member, statuses in held.items():
            why = Group.NO_CARD if not statuses else Group.EXEMPT if statuses & counting else Group.STATUS
            found[why].add(member)
    return found


def _told(session: Session, members: Collection[int], now: datetime) -> set[int]:
    """Those of the members who can be written to."""
    if len(members) <= 20:
        return {member for member in members if recipient_of(session, member, now) is not None}
    told: set[int] = set()
    for chunk in in_chunks(sorted(members), 2_000):
        told.update(set(chunk) & recipients_among(session, chunk[0], chunk[-1], now).keys())
    return told
