"""The way in and out.

A password is checked before anything is written (`check_password`), for hashing is slow on purpose and SQLite has one
writer; what came of it is then judged and counted in a short write.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from tracker.language import _
from tracker.models import User
from tracker.operations.accounts.factors import has_factor
from tracker.operations.accounts.limits import (
    account_key,
    count_failures,
    drop_old_failures,
    forget_failures,
    hold,
    is_over,
    password_limits,
    too_many_attempts,
)
from tracker.operations.accounts.passwords import set_password
from tracker.operations.accounts.sessions import end_sessions
from tracker.operations.accounts.users import find_user
from tracker.operations.actor import ANYONE, Actor
from tracker.operations.audit import audit
from tracker.operations.passwords import Hashed, password_fits, rehashed
from tracker.operations.refused import Refused


@dataclass(frozen=True)
class Attempt:
    """A password that was checked, and against whose: what is judged and counted by the write that follows."""

    email: str  # as it was typed
    address: str  # the network address
    user_id: int | None
    epoch: int
    fits: bool
    new_hash: str | None = field(default=None, repr=False)  # to be kept instead, where the parameters have changed


@dataclass(frozen=True)
class SignIn:
    """How a sign-in ended: a user, or a refusal. Not raised, for a failure must be committed to be counted."""

    user: User | None
    refusal: Refused | None = None
    next_path: str = ""  # where they were going when they asked for a link
    needs_code: bool = False  # whether their second factor is still to be asked for


def check_password(session: Session, email: str, password: str, address: str, now: datetime) -> Attempt:
    """Check a password against what is kept. Only reads, and takes long: the same for an unknown address.

    Raises:
        Refused: ``too_many_attempts``.
    """
    if is_over(session, password_limits(email, address), now):
        raise too_many_attempts()
    user = find_user(session, email)
    kept = user.password_hash if user else None
    fits = password_fits(kept, password)
    new_hash = rehashed(kept, password) if fits and kept else None
    return Attempt(email, address, user.id if user else None, user.session_epoch if user else 0, fits, new_hash)


def sign_in(session: Session, attempt: Attempt, now: datetime) -> SignIn:
    """Sign in by a password that was checked. The door commits whatever comes back, for a failure counts once kept.

    An unknown address, a wrong password and a suspended user get the same words after the same work. Counting and judging
    share one transaction, one at a time for an account, so many guesses at once find the limit too.
    """
    user, refusal = _judged(session, attempt, now)
    return came_in(session, user, {"address": attempt.address}, now) if user is not None else SignIn(None, refusal)


def confirm_password(session: Session, attempt: Attempt, now: datetime) -> Refused | None:
    """Judge the password that someone signed in states once more. Guessing it is limited together with signing in.

    Returns:
        Why it is refused, which the door commits; None where it is right.
    """
    _user, refusal = _judged(session, attempt, now)
    if refusal is not None and refusal.code == "sign_in_failed":
        return Refused("password_wrong", _("That is not your present password."), field="current")
    return refusal


def came_in(session: Session, user: User, detail: dict[str, Any], now: datetime, *, next_path: str = "") -> SignIn:
    """Someone has shown who they are by a password, a link or a provider. Whoever set a second factor shows that too,
    whichever way they came: else the weakest way would be the only one that counts."""
    needs_code = has_factor(session, user.id)
    action = "sign_in_begun" if needs_code else "sign_in"
    audit(session, Actor(user.id, "self", user.email), action, object_kind="user", object_id=user.id, detail=detail, at=now)
    return SignIn(user, next_path=next_path, needs_code=needs_code)


def change_password(session: Session, user: User, attempt: Attempt, new: Hashed, now: datetime) -> Refused | None:
    """A user's own change of password, where the present one is right.

    Returns:
        Why it is refused, which the door commits; None where it is changed.
    """
    refusal = confirm_password(session, attempt, now)
    if refusal is None:
        set_password(session, user, new, Actor(user.id, "self", user.email), now=now)
    return refusal


def choose_language(session: Session, user: User, language: str) -> None:
    """Speak to a user in a language from now on: on pages, in files and by mail."""
    if user.language == language:
        return
    user.language = language
    actor = Actor(user.id, "self", user.email)
    audit(session, actor, "choose_language", object_kind="user", object_id=user.id, detail={"language": language})


def sign_out(session: Session, user: User) -> None:
    """End every session of a user, in every browser: a copied cookie is worth nothing afterwards."""
    end_sessions(session, user)
    audit(session, Actor(user.id, "self", user.email), "sign_out", object_kind="user", object_id=user.id)


def _judged(session: Session, attempt: Attempt, now: datetime) -> tuple[User | None, Refused | None]:
    """Whose password it was; or why not, with the failure counted. Nothing is learned by whoever is over the limit now,
    nor from a password that was changed since it was checked."""
    limits = password_limits(attempt.email, attempt.address)
    hold(session, [account_key(attempt.email)])
    drop_old_failures(session, now)
    if is_over(session, limits, now):
        return None, too_many_attempts()
    user = session.get(User, attempt.user_id, populate_existing=True) if attempt.user_id is not None else None
    if user is None or not attempt.fits or not user.is_active or user.session_epoch != attempt.epoch:
        count_failures(session, limits, now)
        detail = {"address": attempt.address}
        audit(session, ANYONE, "sign_in_failed", object_kind="user", object_id=attempt.user_id, detail=detail, at=now)
        return None, Refused("sign_in_failed", _("The e-mail address or the password is not right."))
    forget_failures(session, user.email)
    if attempt.new_hash is not None:
        user.password_hash = attempt.new_hash
    return user, None
