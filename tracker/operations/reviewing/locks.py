"""One person looks at a claim at a time. It is theirs for ten minutes, then anyone may take it over."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from tracker.language import _, ngettext
from tracker.models import Completion, ReviewLock, User
from tracker.models.base import lock_member
from tracker.operations.actor import Actor
from tracker.operations.own_record import refuse_own
from tracker.operations.refused import Refused

HELD_FOR = timedelta(minutes=10)


def take_claim(session: Session, claim: Completion, actor: Actor, now: datetime) -> datetime:
    """Keep a claim for one person while they look at it. Taking it again makes it theirs for another ten minutes.

    Returns:
        Until when it is theirs.

    Raises:
        Refused: ``being_reviewed`` by somebody else; ``own_record``, ``own_claim``: it is theirs to log, not to review.
    """
    assert actor.user_id is not None
    lock_member(session, claim.member_id)
    refuse_own_claim(session, claim, actor)
    refuse_held(session, claim, actor, now)
    until = now + HELD_FOR
    session.execute(delete(ReviewLock).where(ReviewLock.user_id == actor.user_id, ReviewLock.until_at <= now))
    session.merge(ReviewLock(completion_id=claim.id, user_id=actor.user_id, until_at=until))
    session.flush()
    return until


def give_back(session: Session, claim: Completion, actor: Actor) -> None:
    """Let others look at a claim again; nothing happens where it was not this person's."""
    mine = (ReviewLock.completion_id == claim.id, ReviewLock.user_id == actor.user_id)
    session.execute(delete(ReviewLock).where(*mine).execution_options(synchronize_session="fetch"))


def refuse_own_claim(session: Session, claim: Completion, actor: Actor) -> None:
    """Say no to whoever would review what they logged themselves, for themselves or for another.

    Raises:
        Refused: ``own_record``, ``own_claim``.
    """
    refuse_own(session, claim.member_id, actor)
    if actor.user_id is not None and claim.recorded_by == actor.user_id:
        raise Refused("own_claim", _("You logged this claim yourself: somebody else of the training staff reviews it."))


def refuse_held(session: Session, claim: Completion, actor: Actor, now: datetime) -> None:
    """Say no while somebody else looks at the claim.

    Raises:
        Refused: ``being_reviewed``.
    """
    lock = session.get(ReviewLock, claim.id, populate_existing=True)
    if lock is not None and lock.until_at > now and lock.user_id != actor.user_id:
        user = session.get(User, lock.user_id)
        who = user.email if user is not None else _("somebody else")
        minutes = max(1, round((lock.until_at - now).total_seconds() / 60))
        raise Refused(
            "being_reviewed",
            ngettext(
                "%(who)s is looking at this claim, for another minute at most. Nothing of yours was recorded.",
                "%(who)s is looking at this claim, for another %(n)s minutes at most. Nothing of yours was recorded.",
                minutes,
                who=who,
            ),
        )
