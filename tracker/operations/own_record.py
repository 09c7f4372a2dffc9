"""Nobody decides about their own record, through whichever of their roles."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.language import _
from tracker.models import Identifier, IdentifierKind, User
from tracker.operations.actor import Actor
from tracker.operations.refused import Refused


def own_members(session: Session, actor: Actor) -> frozenset[int]:
    """The members that a person is: whose record their sign-in opens, and who is known by its address."""
    if actor.user_id is None:
        return frozenset()
    user = session.get(User, actor.user_id)
    if user is None:
        return frozenset()
    known = select(Identifier.member_id).where(Identifier.kind == IdentifierKind.EMAIL, Identifier.value == user.email_key)
    return frozenset(session.scalars(known)) | ({user.member_id} if user.member_id is not None else set())


def refuse_own(session: Session, members: int | Collection[int], actor: Actor) -> None:
    """Say no to whoever would decide about their own record.

    Args:
        members: the member it is decided about, or several.

    Raises:
        Refused: ``own_record``.
    """
    decided = {members} if isinstance(members, int) else members
    if not own_members(session, actor).isdisjoint(decided):
        raise Refused(
            "own_record", _("This is your own record: somebody else of the training staff decides about it, not you.")
        )
