"""A second factor, set up by its holder, taken away by them, or reset for them. Each ends every other session, tells the
holder by mail, and is audited; the secret is in none of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from tracker.language import _
from tracker.models import SecondFactor, User
from tracker.operations.accounts import end_sessions, hold_user
from tracker.operations.accounts.limits import forget_codes
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.refused import Refused
from tracker.operations.second_factor.checking import changed_meanwhile
from tracker.operations.second_factor.recovery import forget_all, make_codes
from tracker.operations.second_factor.secrets import FactorKey, step_of
from tracker.operations.telling import tell_user
from tracker.operations.tokens import end_tokens


def factor_of(session: Session, user_id: int) -> SecondFactor | None:
    """The second factor that is asked of a user when they sign in, or None."""
    found = session.get(SecondFactor, user_id)
    return found if found is not None and found.set_at is not None else None


def set_factor(
    session: Session, user: User, secret: str, code: str, key: FactorKey, now: datetime, *, replaces: bool = False
) -> list[str]:
    """Ask for the codes of this secret from now on; a code shows that the authenticator has it.

    Args:
        replaces: whether it may take the place of another, whose code the caller has asked for in this transaction.

    Returns:
        The recovery codes, to be shown once.

    Raises:
        Refused: ``code_wrong``; ``sign_in_over``, where there is another by now.
    """
    step = step_of(secret, code, now, after=-1)
    if step is None:
        said = _("That code is not of this secret. Look at the clock of your device, wait for the next code, and try again.")
        raise Refused("code_wrong", said, field="code")
    hold_user(session, user.id)  # of two at once, the second finds what the first has set
    factor = session.get(SecondFactor, user.id, populate_existing=True)
    if factor is not None and factor.set_at is not None and not replaces:
        raise changed_meanwhile()
    if factor is None:
        factor = SecondFactor(user_id=user.id, begun_at=now)
        session.add(factor)
    factor.secret, factor.last_step, factor.set_at = key.seal(user.id, secret, now), step, now
    codes = make_codes(session, user)
    _end_sessions(session, user, "set_second_factor", Actor(user.id, "self", user.email), _about_setting, now)
    return codes


def remove_factor(session: Session, user: User, now: datetime) -> None:
    """Ask a user for no code any more. The caller has asked for their password and a code."""
    themselves = Actor(user.id, "self", user.email)
    _take_away(session, user)
    end_tokens(session, user, themselves, now=now)
    _end_sessions(session, user, "remove_second_factor", themselves, _about_removing, now)


def reset_factor(session: Session, user: User, actor: Actor, now: datetime) -> None:
    """Take away the second factor of someone who lost it, for them.

    Raises:
        Refused: ``own_account``, ``no_factor``.
    """
    if user.id == actor.user_id:
        raise Refused("own_account", _("Another administrator must take away your own second factor."))
    if factor_of(session, user.id) is None:
        raise Refused("no_factor", _("%(email)s has no second factor.", email=user.email))
    _take_away(session, user)
    end_tokens(session, user, actor, now=now)
    _end_sessions(session, user, "reset_second_factor", actor, _about_resetting, now)


def _take_away(session: Session, user: User) -> None:
    session.execute(delete(SecondFactor).where(SecondFactor.user_id == user.id))
    forget_all(session, user)
    forget_codes(session, user.id)


def _end_sessions(
    session: Session, user: User, action: str, actor: Actor, about: Callable[[], tuple[str, str]], now: datetime
) -> None:
    end_sessions(session, user)
    audit(session, actor, action, object_kind="user", object_id=user.id, detail={"email": user.email}, at=now)
    tell_user(session, user, about, now)


def _about_setting() -> tuple[str, str]:
    return _("A second factor was set for your sign-in"), _(
        "From now on the training tracker asks for a code of your authenticator whenever you sign in. Every other open "
        "session has ended."
    )


def _about_removing() -> tuple[str, str]:
    return _("Your second factor was taken away"), _(
        "You took the second factor away from your sign-in to the training tracker: no code is asked for any more."
    )


def _about_resetting() -> tuple[str, str]:
    return _("Your second factor was taken away"), _(
        "The second factor of your sign-in to the training tracker was taken away for you: no code is asked for any more. "
        "You can set up another on your account page."
    )
