"""A week in a unit, in counts: what its officers get by mail. No names, and nothing of any other unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from tracker.coverage.corrections import corrections_waiting
from tracker.coverage.derivation import current_policy
from tracker.coverage.figures import NOBODY, figures_on
from tracker.coverage.published import published
from tracker.coverage.reviewing import unconfirmed
from tracker.curriculum.coverage import EVERY_CRAFT, Figure
from tracker.curriculum.policy import Policy
from tracker.curriculum.small_groups import is_small
from tracker.curriculum.words import STARTED, AssignmentKind, Assurance
from tracker.models import Assignment, Completion, Membership, ScopeSpan, StandingSpan, Unit, UnitClosure

FLOOR = Assurance.REVIEWED
WEEK = timedelta(days=7)
DUE_WITHIN = timedelta(days=30)


class PathWeek(NamedTuple):
    """One path in a unit, today and a week ago. ``newly`` is how many of today's people became complete in between; None
    where it is about too few for this reader."""

    title: str
    today: Figure
    before: Figure
    newly: int | None


@dataclass(frozen=True)
class UnitWeek:
    """What a unit's officers are told. A count is None where this reader may not see it."""

    unit: Unit
    paths: tuple[PathWeek, ...]  # those that ask anyone here, today or a week ago
    due: int | None  # people with a path due within 30 days
    expiring: int | None  # people with a path that will lapse
    expiring_within: int  # days
    claims: int | None  # courses that members logged, waiting for a review
    corrections: int | None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing changed and nothing waits."""
        is_same = all(path.today == path.before and not path.newly for path in self.paths)
        return is_same and not any((self.due, self.expiring, self.claims, self.corrections))


def week_in(session: Session, unit: Unit, today: date, *, with_names: bool, with_work: bool) -> UnitWeek:
    """A unit's week until today.

    Args:
        with_names: whether the reader may see the unit's people by name: else what is about few of them is left out.
        with_work: whether they lead it, and see what waits to be answered.

    Raises:
        NothingApplied: no policy is in force yet.
    """
    policy = current_policy(session)
    smallest = 0 if with_names else policy.small_group
    now, before = (_figures(session, unit, day) for day in (today, today - WEEK))
    newly = _newly(session, unit, today)
    paths = tuple(
        PathWeek(
            path.title,
            now.get(path.id, NOBODY),
            before.get(path.id, NOBODY),
            None if is_small(now.get(path.id, NOBODY).in_scope, smallest) else newly.get(path.id, 0),
        )
        for path in sorted(published(session).paths.values(), key=lambda each: each.title)
        if now.get(path.id, NOBODY).in_scope or before.get(path.id, NOBODY).in_scope
    )
    few = is_small(_people(session, unit, today), smallest)
    return UnitWeek(
        unit=unit,
        paths=paths,
        due=None if few else _due(session, unit, today),
        expiring=None if few else _expiring(session, unit, today, policy),
        expiring_within=policy.expiring_within_days,
        claims=_claims(session, unit, today) if with_work else None,
        corrections=corrections_waiting(session, [unit.id])[0] if with_work else None,
    )


def _figures(session: Session, unit: Unit, day: date) -> Mapping[int, Figure]:
    found = figures_on(session, day, unit_ids=[unit.id], crafts=[EVERY_CRAFT])
    return {path_id: figure for (_, _, path_id), figure in found.items()}


def _under(unit: Unit) -> Select[int]:
    return select(UnitClosure.descendant_id).where(UnitClosure.ancestor_id == unit.id)


def _in_scope(unit: Unit, today: date) -> tuple[ColumnElement[bool], ...]:
    return ScopeSpan.unit_id.in_(_under(unit)), ScopeSpan.from_on <= today, ScopeSpan.until_on > today


def _people(session: Session, unit: Unit, today: date) -> int:
    return _counted(session, select(ScopeSpan.member_id).where(*_in_scope(unit, today)))


def _counted(session: Session, scoped: Select[int]) -> int:
    """How many people these rows of scopes are of."""
    people = scoped.group_by(ScopeSpan.member_id).subquery()
    return session.scalar(select(func.count()).select_from(people)) or 0


def _newly(session: Session, unit: Unit, today: date) -> dict[int, int]:
    """By path: how many in scope today are complete today, and were not a week ago."""
    then = aliased(StandingSpan)
    was = exists().where(
        then.member_id == StandingSpan.member_id,
        then.path_id == StandingSpan.path_id,
        then.level >= FLOOR,
        then.from_on <= today - WEEK,
        then.until_on > today - WEEK,
    )
    people = (
        select(ScopeSpan.path_id, ScopeSpan.member_id)
        .join(StandingSpan, (StandingSpan.member_id == ScopeSpan.member_id) & (StandingSpan.path_id == ScopeSpan.path_id))
        .where(*_in_scope(unit, today), *_held(today, int(FLOOR)), ~was)
        .group_by(ScopeSpan.path_id, ScopeSpan.member_id)
        .subquery()
    )
    rows = session.execute(select(people.c.path_id, func.count()).group_by(people.c.path_id))
    return {row[0]: row[1] for row in rows}


def _held(today: date, level: int) -> tuple[ColumnElement[bool], ...]:
    return StandingSpan.level >= level, StandingSpan.from_on <= today, StandingSpan.until_on > today


def _due(session: Session, unit: Unit, today: date) -> int:
    """How many people have a path due within 30 days that is not done, claims included."""
    done = exists().where(
        StandingSpan.member_id == ScopeSpan.member_id,
        StandingSpan.path_id == ScopeSpan.path_id,
        *_held(today, STARTED + 1),
    )
    wanted = (
        select(ScopeSpan.member_id)
        .join(Assignment, (Assignment.member_id == ScopeSpan.member_id) & (Assignment.path_id == ScopeSpan.path_id))
        .where(
            *_in_scope(unit, today),
            Assignment.voided_at.is_(None),
            Assignment.kind == AssignmentKind.REQUIRED,
            Assignment.assigned_on <= today,
            or_(Assignment.until_on.is_(None), Assignment.until_on > today),
            or_(Assignment.membership_id.is_(None), Assignment.membership_id == ScopeSpan.membership_id),
            Assignment.due_on.between(today, today + DUE_WITHIN),
            ~done,
        )
    )
    return _counted(session, wanted)


def _expiring(session: Session, unit: Unit, today: date, policy: Policy) -> int:
    """How many people have a complete path that lapses soon: one of its spans ends, and no other goes on from there."""
    ending, after = aliased(StandingSpan), aliased(StandingSpan)
    goes_on = exists().where(
        after.member_id == ending.member_id,
        after.path_id == ending.path_id,
        after.level >= FLOOR,
        after.from_on <= ending.until_on,
        after.until_on > ending.until_on,
    )
    wanted = (
        select(ScopeSpan.member_id)
        .join(StandingSpan, (StandingSpan.member_id == ScopeSpan.member_id) & (StandingSpan.path_id == ScopeSpan.path_id))
        .join(ending, (ending.member_id == ScopeSpan.member_id) & (ending.path_id == ScopeSpan.path_id))
        .where(
            *_in_scope(unit, today),
            *_held(today, int(FLOOR)),
            ending.level >= FLOOR,
            ending.until_on > today,
            ending.until_on <= today + timedelta(days=policy.expiring_within_days),
            ~goes_on,
        )
    )
    return _counted(session, wanted)


def _claims(session: Session, unit: Unit, today: date) -> int:
    """How many courses that members of the unit logged wait for a review."""
    here = select(Membership.member_id).where(
        Membership.unit_id.in_(_under(unit)),
        Membership.voided_at.is_(None),
        Membership.from_on <= today,
        or_(Membership.until_on.is_(None), Membership.until_on > today),
    )
    waiting = select(func.count()).select_from(Completion).where(*unconfirmed(), Completion.member_id.in_(here))
    return session.scalar(waiting) or 0
