"""Applying a catalogue, whole."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import current_world, facts_of
from tracker.curriculum.catalogue import Catalogue
from tracker.models import (
    Assignment,
    Completion,
    Equivalent,
)
from tracker.models.loading import in_chunks
from tracker.operations.actor import Actor
from tracker.operations.applied import apply_policy, keep_text
from tracker.operations.catalogue.courses import apply_courses, apply_principles
from tracker.operations.catalogue.outcome import CatalogueApplied
from tracker.operations.catalogue.paths import apply_paths, refuse_impossible_versions
from tracker.operations.standings import Refresh, rebuild


def apply_catalogue(
    session: Session,
    catalogue: Catalogue,
    text: str,
    policy: str,
    actor: Actor,
    *,
    today: date,
    now: datetime,
) -> CatalogueApplied:
    """Make the curriculum what the file says, and restate everyone whose figures follow from it.

    A course or path that the file no longer names is retired on ``today``; what was completed stays. A path whose rules
    changed must carry a higher ``version`` and a ``change`` policy.

    Args:
        text: the file as it was read, kept.
        policy: ``policy.yaml``'s text, put in force with it.

    Raises:
        Refused: ``version_unchanged``, ``version_goes_back``, ``change_missing``, ``change_published``,
            ``grace_before_start``, ``faulty_policy``. Nothing is applied.

    Needs ``writing(alone=True)``. Completions that waited for a course are settled by the door's next step,
    :func:`tracker.operations.completions.settle_waiting`.
    """
    applied = CatalogueApplied()
    refuse_impossible_versions(session, catalogue, today)
    principles = apply_principles(session, catalogue, applied)
    courses, restated = apply_courses(session, catalogue, applied, today)
    judged = apply_paths(session, catalogue, principles, courses, applied, actor, today=today, now=now)
    counts_otherwise = apply_policy(session, policy, actor, now)
    if counts_otherwise:
        applied.changes.append("policy: what counts has changed; every figure is counted anew")
    keep_text(session, "catalogue", text, actor, now)
    session.flush()
    if counts_otherwise:
        rebuild(session, today)
    elif restated or judged:
        _restate(session, restated, judged, applied, today)
    return applied


def _restate(session: Session, restated: set[int], judged: dict[int, date], applied: CatalogueApplied, today: date) -> None:
    """Refresh everyone assigned a path with a new version, or holding a course whose worth changed."""
    members: set[int] = set()
    if judged:
        members |= set(
            session.scalars(
                select(Assignment.member_id).where(Assignment.path_id.in_(judged), Assignment.voided_at.is_(None))
            )
        )
    if restated:
        # what a course is worth counts for those who hold it through another, too
        restated = restated | set(
            session.scalars(select(Equivalent.course_id).where(Equivalent.stands_for_id.in_(restated)))
        )
        members |= set(
            session.scalars(
                select(Completion.member_id).where(Completion.course_id.in_(restated), Completion.voided_at.is_(None))
            )
        )
    world = current_world(session)
    refresh = Refresh(session, world, today, judged=judged)
    people: Iterable[Any] = facts_of(session, world, members)
    for chunk in in_chunks(people, 2_000):
        refresh.take(dict(chunk))
    refresh.finish()
    applied.states = refresh.states
