"""A code that somebody shows: judged once, and counted as passwords are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.language import _, ngettext
from tracker.models import SecondFactor, User
from tracker.operations.accounts import FAILURES_PER_ADDRESS, FAILURES_PER_CODES, SignIn, address_key
from tracker.operations.accounts.limits import (
    code_key,
    count_failures,
    drop_old_failures,
    forget_codes,
    is_over,
    too_many_attempts,
)
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.refused import Refused
from tracker.operations.second_factor.recovery import codes_left, use_recovery_code
from tracker.operations.second_factor.secrets import FactorKey, is_code, step_of
from tracker.operations.telling import tell_user


def sign_in_by_code(
    session: Session, user_id: int, epoch: int, text: str, key: FactorKey, address: str, now: datetime
) -> SignIn:
    """End a sign-in that was begun by a password, a link or a provider. The door commits whatever comes back.

    Args:
        epoch: the user's when they began: whoever was suspended since, or changed their password, begins anew.
    """
    user = session.get(User, user_id, populate_existing=True)
    if user is None or not user.is_active or user.session_epoch != epoch:
        return SignIn(None, changed_meanwhile())
    refusal = use_code(session, user, text, key, address, now)
    if refusal is not None:
        return SignIn(None, refusal)
    detail = {"address": address, "by": "code" if is_code(text) else "recovery code"}
    themselves = Actor(user.id, "self", user.email)
    audit(session, themselves, "sign_in", object_kind="user", object_id=user.id, detail=detail, at=now)
    return SignIn(user)


def changed_meanwhile() -> Refused:
    """What is said to whoever began with a sign-in that is another by now."""
    return Refused("sign_in_over", _("This took too long, or your sign-in changed meanwhile: begin anew."))


def use_code(session: Session, user: User, text: str, key: FactorKey, address: str, now: datetime) -> Refused | None:
    """Use up a code of a user's authenticator, or a recovery code.

    Whoever shows one has shown the first factor before, so a row of wrong ones is told to its owner.

    Returns:
        Why it is refused, which the door commits, for a wrong one is counted; None where it fits.
    """
    factor = session.scalar(  # one at a time: of two with the same code, the second finds it used
        select(SecondFactor)
        .where(SecondFactor.user_id == user.id, SecondFactor.set_at.is_not(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if factor is None:
        return Refused("no_factor", _("You have no second factor."), field="code")
    limits = {code_key(user.id): FAILURES_PER_CODES, address_key(address): FAILURES_PER_ADDRESS}
    drop_old_failures(session, now)
    if is_over(session, limits, now):
        return too_many_attempts()
    secret = key.opened(factor.secret, user.id)
    if is_code(text) and secret is None:
        return Refused("factor_unreadable", _unreadable(), field="code")
    step = step_of(secret, text, now, factor.last_step) if is_code(text) and secret else None
    if step is not None:
        factor.last_step = step
    elif is_code(text) or not use_recovery_code(session, user, text, now):
        return _wrong(session, user, limits, address, now)
    else:
        _tell_of_recovery(session, user, now)
    forget_codes(session, user.id)
    session.flush()
    return None


def _wrong(session: Session, user: User, limits: dict[str, int], address: str, now: datetime) -> Refused:
    count_failures(session, limits, now)
    session.flush()
    themselves = Actor(user.id, "self", user.email)
    detail = {"address": address}
    audit(session, themselves, "code_failed", object_kind="user", object_id=user.id, detail=detail, at=now)
    if is_over(session, {code_key(user.id): FAILURES_PER_CODES}, now):
        tell_user(session, user, _about_guessing, now)
    said = _("That code is not right, or it was used already. Wait for the next one, or use a recovery code.")
    return Refused("code_wrong", said, field="code")


def _tell_of_recovery(session: Session, user: User, now: datetime) -> None:
    left = codes_left(session, user)

    def write() -> tuple[str, str]:
        said = ngettext(
            "A recovery code was used in place of your authenticator, in the training tracker. You have %(n)s left.",
            "A recovery code was used in place of your authenticator, in the training tracker. You have %(n)s left.",
            left,
        )
        return _("A recovery code was used"), said

    tell_user(session, user, write, now)


def _about_guessing() -> tuple[str, str]:
    return _("Wrong codes for your sign-in"), _(
        "Someone who knows your password, or can read your mail, has given several wrong codes in the training tracker. "
        "None was let in. If it was not you, change your password."
    )


def _unreadable() -> str:
    return _(
        "Codes of your authenticator cannot be checked any more, because the secret key of this installation was changed. "
        "Use a recovery code and set up your second factor anew, or ask an administrator to take it away."
    )
