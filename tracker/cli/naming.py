"""What the operator names on the command line, found or refused in words."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.catalogue import find_path
from tracker.coverage.finding import find_member, find_unit
from tracker.models import LearningPath, Member, Unit
from tracker.operations.refused import Refused


def path_named(session: Session, code: str) -> LearningPath:
    """The path of that code.

    Raises:
        Refused: ``unknown_path``.
    """
    found = find_path(session, code)
    if found is None:
        known = ", ".join(session.scalars(select(LearningPath.code).order_by(LearningPath.code)))
        raise Refused("unknown_path", f"There is no path {code!r}. There are: {known or 'none yet'}.")
    return found


def member_named(session: Session, number: str) -> Member:
    """The member of that number or e-mail.

    Raises:
        Refused: ``unknown_member``.
    """
    found = find_member(session, number)
    if found is None:
        raise Refused("unknown_member", f"No member, or more than one, has the number or e-mail {number!r}.")
    return found


def unit_named(session: Session, number: str) -> Unit:
    """The unit of that number.

    Raises:
        Refused: ``unknown_unit``.
    """
    found = find_unit(session, number)
    if found is None:
        raise Refused(
            "unknown_unit", f"There is no unit {number!r}, or more than one fits: write it as the union’s file does."
        )
    return found
