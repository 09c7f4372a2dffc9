"""Whether someone has a second factor, and who must have one. How it is set and used: `operations.second_factor`."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.curriculum.words import Role
from tracker.models import SecondFactor

# Who sees or changes what is not their own in the whole union.
_WITH_POWER = frozenset({Role.STAFF, Role.AUDITOR, Role.ADMIN})


def has_factor(session: Session, user_id: int) -> bool:
    """Whether this user has shown a code of their second factor, so that it is asked for."""
    theirs = select(SecondFactor.user_id).where(SecondFactor.user_id == user_id, SecondFactor.set_at.is_not(None))
    return session.scalar(theirs) is not None


def must_have_factor(roles: Iterable[Role]) -> bool:
    """Whether a second factor is asked of whoever holds these roles, where an installation asks for any."""
    return not _WITH_POWER.isdisjoint(roles)
