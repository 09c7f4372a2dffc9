"""A person says that a reported learner is not one of ours."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from tracker.curriculum.words import Outcome
from tracker.language import _
from tracker.models import CourseAlias, Stranger, WaitingCompletion
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.completions.waiting import settle_rows
from tracker.operations.recognising.learners import open_rows, shown_of
from tracker.operations.refused import Refused


def set_learner_aside(session: Session, key: str, actor: Actor, *, now: datetime) -> int:
    """Remember that a learner is not one of ours: their rows are set aside, and so is whatever is reported of them later.

    Returns:
        How many rows that are.

    Raises:
        Refused: ``nothing_waits``.
    """
    rows = open_rows(session, key)
    if not rows or session.get(Stranger, key) is not None:
        raise Refused("nothing_waits", _("Nothing of this learner waits any more: someone has settled it in the meantime."))
    session.add(Stranger(value=key, shown=shown_of(rows[0]), recorded_at=now, recorded_by=actor.user_id))
    for row in rows:
        row.is_set_aside = True
    session.flush()
    audit(
        session,
        actor,
        "set_learner_aside",
        object_kind="learner",
        detail={"learner": key, "shown": shown_of(rows[0]), "rows": len(rows)},
        at=now,
    )
    return len(rows)


def take_learner_back(session: Session, key: str, actor: Actor, *, today: date, now: datetime) -> int:
    """Take back that a learner is not one of ours: their rows wait again, but for those of a course that is none of ours.

    Returns:
        How many rows wait again, or found their member at once.

    Raises:
        Refused: ``not_set_aside``.
    """
    stranger = session.get(Stranger, key)
    if stranger is None:
        raise Refused("not_set_aside", _("Nobody says any more that this learner is not one of ours."))
    session.delete(stranger)
    session.flush()
    ignored = exists().where(CourseAlias.value == WaitingCompletion.course_name, CourseAlias.course_id.is_(None))
    rows = list(
        session.scalars(
            select(WaitingCompletion)
            .where(
                WaitingCompletion.learner_key == key,
                WaitingCompletion.settled_at.is_(None),
                WaitingCompletion.is_set_aside,
                ~ignored,
            )
            .order_by(WaitingCompletion.id)
            .with_for_update()
        )
    )
    for row in rows:
        row.is_set_aside, row.reason = False, Outcome.UNMATCHED
    settle_rows(session, rows, today=today, now=now)
    audit(
        session,
        actor,
        "take_learner_back",
        object_kind="learner",
        detail={"learner": key, "shown": stranger.shown, "rows": len(rows)},
        at=now,
    )
    return len(rows)
