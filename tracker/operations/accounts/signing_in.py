"""The way in and out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from tracker.language import _
from tracker.models import User
from tracker.operations.accounts.limits import (
    account_key,
    address_key,
    count_failures,
    drop_old_failures,
    forget_failures,
    is_over_limit,
    too_many_attempts,
)
from tracker.operations.accounts.passwords import set_password
from tracker.operations.accounts.users import find_user
from tracker.operations.actor import ANYONE, Actor
from tracker.operations.audit import audit
from tracker.operations.passwords import password_fits
from tracker.operations.refused import Refused


@dataclass(frozen=True)
class SignIn:
    """How a sign-in ended: a user, or a refusal. Not raised, for a failure must be committed to be counted."""

    user: User | None
    refusal: Refused | None = None
    next_path: str = ""  # where they were going when they asked for a link


def sign_in(session: Session, email: str, password: str, address: str, now: datetime) -> SignIn:
    """Check an e-mail address and a password. The door commits whatever comes back, for a failure counts once kept.

    An unknown address, a wrong password and a suspended user get the same words after the same work. Counting and
    checking share one transaction, so many guesses at once find the limit too.
    """
    keys = [account_key(email), address_key(address)]
    drop_old_failures(session, now)
    if is_over_limit(session, keys, now):
        return SignIn(None, too_many_attempts())

    user = find_user(session, email)
    fits = password_fits(user.password_hash if user else None, password)
    if user is None or not fits or not user.is_active:
        count_failures(session, keys, now)
        audit(
            session,
            ANYONE,
            "sign_in_failed",
            object_kind="user",
            object_id=user.id if user else None,
            detail={"address": address},
            at=now,
        )
        return SignIn(None, Refused("sign_in_failed", _("The e-mail address or the password is not right.")))

    forget_failures(session, email)
    actor = Actor(user.id, "self", user.email)
    audit(session, actor, "sign_in", object_kind="user", object_id=user.id, detail={"address": address}, at=now)
    return SignIn(user)


def change_password(session: Session, user: User, current: str, new: str, address: str, now: datetime) -> SignIn:
    """A user's own change of password. Guessing the present one is limited together with signing in."""
    outcome = sign_in(session, user.email, current, address, now)
    if outcome.refusal is not None:
        if outcome.refusal.code == "sign_in_failed":
            wrong = Refused("password_wrong", _("That is not your present password."), field="current")
            return SignIn(None, wrong)
        return outcome
    try:
        set_password(session, user, new, Actor(user.id, "self", user.email), now=now)
    except Refused as refusal:
        return SignIn(None, refusal)
    return SignIn(user)


def choose_language(session: Session, user: User, language: str) -> None:
    """Speak to a user in a language from now on: on pages, in files and by mail."""
    if user.language == language:
        return
    user.language = language
    actor = Actor(user.id, "self", user.email)
    audit(session, actor, "choose_language", object_kind="user", object_id=user.id, detail={"language": language})


def sign_out(session: Session, user: User) -> None:
    """End every session of a user, in every browser: a copied cookie is worth nothing afterwards."""
    user.session_epoch += 1
    audit(session, Actor(user.id, "self", user.email), "sign_out", object_kind="user", object_id=user.id)
