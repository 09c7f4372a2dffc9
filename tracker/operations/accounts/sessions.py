"""Ending every session of a user: their epoch grows, and no cookie of before fits it."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from tracker.models import User


def end_sessions(session: Session, user: User) -> None:
    """End every session of a user. A new one may begin with ``user`` as it is now: with the epoch that was written here.

    The database adds to what is there, for another may have added since the row was read. What it wrote is read back at
    once: after the commit it might be what yet another wrote, who meant this very session to end.
    """
    session.flush()
    grown = (
        update(User)
        .where(User.id == user.id)
        .values(session_epoch=User.session_epoch + 1)
        .returning(User.session_epoch)
        .execution_options(synchronize_session=False)
    )
    set_committed_value(user, "session_epoch", session.scalars(grown).one())


def hold_user(session: Session, user_id: int | None) -> User | None:
    """Let no other change this user until the end of the transaction, and read them as they are by now; None: there is none.

    As strong as an update and no stronger, for one may follow: what only refers to the row need not wait.
    """
    held = select(User).where(User.id == user_id).with_for_update(key_share=True)
    return session.scalar(held.execution_options(populate_existing=True))
