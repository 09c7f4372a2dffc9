"""A sign-in's password: set by its holder, or by an administrator for them."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from tracker.language import _
from tracker.models import User
from tracker.operations.accounts.limits import forget_failures
from tracker.operations.accounts.sessions import end_sessions
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.passwords import Hashed, password_hash
from tracker.operations.refused import Refused
from tracker.operations.telling import tell_user
from tracker.operations.tokens import end_tokens


def set_password(
    session: Session,
    user: User,
    password: str | Hashed,
    actor: Actor,
    *,
    is_first: bool = False,
    now: datetime | None = None,
) -> None:
    """Give a user a new password, end every session and token, and tell them by mail.

    Args:
        is_first: handed over with a sign-in that is just being made: there is nobody to tell yet.
        password: hashed already, wherever others might have to wait for the hashing.

    Raises:
        Refused: the password is too short, too long, or too easy to guess.
    """
    had_one = user.password_hash is not None
    user.password_hash = password.text if isinstance(password, Hashed) else password_hash(password, user.email)
    end_sessions(session, user)
    end_tokens(session, user, actor, now=now or datetime.now(UTC))
    forget_failures(session, user.email)
    audit(session, actor, "set_password", object_kind="user", object_id=user.id, detail={"email": user.email}, at=now)
    if not is_first:
        tell_user(session, user, lambda: _about_password(had_one), now or datetime.now(UTC))


def give_password(session: Session, user: User, password: Hashed, actor: Actor, *, now: datetime) -> None:
    """A new password for somebody else, who is told by mail.

    Raises:
        Refused: ``own_account``: for that, one's present password is asked.
    """
    if user.id == actor.user_id:
        raise Refused("own_account", _("Change your own password on your account page."))
    set_password(session, user, password, actor, now=now)


def set_first_password(session: Session, user: User, password: str | Hashed, now: datetime) -> None:
    """A first password for someone who has signed in by links alone.

    Raises:
        Refused: ``password_there``; or the password is too short, too long, or too easy to guess.
    """
    if user.password_hash is not None:
        raise Refused("password_there", _("You have a password already: change it instead."))
    set_password(session, user, password, Actor(user.id, "self", user.email), now=now)


def _about_password(had_one: bool) -> tuple[str, str]:
    if had_one:
        return _("Your password was changed"), _(
            "The password you sign in to the training tracker with was changed. Every open session has ended."
        )
    return _("You have a password now"), _(
        "A password was set for your sign-in to the training tracker. Until now you had none and came by a link."
    )
