"""Tokens: what a program of a person's own shows to act as them, within scopes and until a day."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from tracker.language import _, day, mark
from tracker.models import ApiToken, User, new_id
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.refused import Refused
from tracker.operations.telling import tell_user

LONGEST_DAYS = 365
USUAL_DAYS = 90
_LONGEST_NAME = 80
_MOST = 20  # a person's tokens that hold at a time
_PREFIX = "trk_"  # by which a scanner for lost secrets knows one
_SHAPE = re.compile(rf"{_PREFIX}[A-Za-z0-9_-]{{43}}")


class Scope(StrEnum):
    """What a program may do."""

    READ = "read"
    COMPLETIONS = "completions:write"
    STATEMENTS = "xapi:write"


# What a scope lets a program do, for people to choose; drawn with ``word``. Statements are for programs of their own alone.
SCOPE_WORDS = {
    Scope.READ: mark("read what its owner may read"),
    Scope.COMPLETIONS: mark("record completions, as its owner may"),
    Scope.STATEMENTS: mark("send statements by xAPI, as a provider"),
}
OF_PERSONS = (Scope.READ, Scope.COMPLETIONS)


@dataclass(frozen=True)
class NewToken:
    """A token with what is shown to whoever made it, this once."""

    token: ApiToken
    shown: str


def scopes_of(text: str) -> frozenset[Scope]:
    """The scopes that are kept as words with a space between. A word of another version of this program is none."""
    return frozenset(scope for scope in Scope if scope.value in text.split())


def scope_text(scopes: Collection[Scope]) -> str:
    """Scopes as they are kept, in their own order."""
    return " ".join(scope.value for scope in Scope if scope in scopes)


def make_token(session: Session, user: User, name: str, scopes: Collection[Scope], days: int, *, now: datetime) -> NewToken:
    """Let a program act as ``user``, within these scopes, for so many days.

    The token is 32 random bytes, kept as its plain SHA-256: nobody can try 2²⁵⁶ of them, so it needs none of the slow
    hashing that a person's password does.

    Raises:
        Refused: ``no_name``, ``long_name``, ``name_taken``, ``no_scope``, ``unknown_scope``, ``bad_days``,
            ``too_many_tokens``.
    """
    name = checked_name(name)
    if not scopes:
        raise Refused("no_scope", _("Choose what the program may do."), field="scopes")
    if not {*scopes} <= {*OF_PERSONS}:
        raise Refused("unknown_scope", _("A token of a person cannot be given that."), field="scopes")
    if not 1 <= days <= LONGEST_DAYS:
        message = _("Choose 1 to %(most)s days.", most=LONGEST_DAYS)
        raise Refused("bad_days", message, field="days")
    held = session.scalars(
        select(ApiToken.name).where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
    ).all()
    if name.casefold() in {each.casefold() for each in held}:
        message = _("You have a token %(name)s already: revoke it first, or choose another name.", name=name)
        raise Refused("name_taken", message, field="name")
    if len(held) >= _MOST:
        message = _("You have %(most)s tokens already: revoke one that is used no more.", most=_MOST)
        raise Refused("too_many_tokens", message)
    shown = _PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        id=new_id(),
        user_id=user.id,
        name=name,
        token_hash=_hash(shown),
        scopes=scope_text(scopes),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(token)
    session.flush()
    _audit(session, token, "make_token", Actor(user.id, "self", user.email), now, days=days)
    tell_user(session, user, lambda: _about_making(token), now)
    return NewToken(token, shown)


def _about_making(token: ApiToken) -> tuple[str, str]:
    return _("A token was made for your sign-in"), _(
        "A token “%(name)s” was made for your sign-in to the training tracker: until %(on)s whoever holds it can do as you "
        "what it was made for. Your tokens stand on your account page, where you can revoke each.",
        name=token.name,
        on=day(token.expires_at.date()),
    )


def revoke_token(session: Session, token: ApiToken, actor: Actor, *, now: datetime) -> None:
    """Let a token open nothing more, from this moment, in every process.

    Raises:
        Refused: ``already_revoked``.
    """
    if token.revoked_at is not None:
        raise Refused("already_revoked", _("This token was revoked already."))
    token.revoked_at, token.revoked_by = now, actor.user_id
    session.flush()
    _audit(session, token, "revoke_token", actor, now)


def end_tokens(session: Session, user: User, actor: Actor, *, now: datetime) -> int:
    """Revoke all of a person's tokens: somebody may hold one who should not. Gives how many."""
    held = session.scalars(select(ApiToken).where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))).all()
    for token in held:
        token.revoked_at, token.revoked_by = now, actor.user_id
        _audit(session, token, "revoke_token", actor, now)
    session.flush()
    return len(held)


def open_token(session: Session, shown: str, *, now: datetime) -> tuple[ApiToken, User] | None:
    """The token that is shown, and whose it is; None where it is none of ours, has ended, or its owner may not sign in."""
    if not _SHAPE.fullmatch(shown):
        return None
    token = session.scalar(
        select(ApiToken).where(ApiToken.token_hash == _hash(shown), ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
    )
    if token is None:
        return None
    user = session.get(User, token.user_id, options=[joinedload(User.grants)], populate_existing=True)
    return (token, user) if user is not None and user.is_active else None


def note_used(session: Session, token_id: int, today: date) -> None:
    """Keep the day on which a token was used last."""
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_on=today))


def checked_name(name: str) -> str:
    """A name that a person can read, without what they cannot see.

    Raises:
        Refused: ``no_name``, ``long_name``.
    """
    name = " ".join(name.split())
    if not name:
        raise Refused("no_name", _("Give it a name: what the program is for."), field="name")
    if len(name) > _LONGEST_NAME or not name.isprintable():
        message = _("A name has at most %(longest_name)s characters, all of them visible.", longest_name=_LONGEST_NAME)
        raise Refused("long_name", message, field="name")
    return name


def _hash(shown: str) -> str:
    return hashlib.sha256(shown.encode()).hexdigest()


def _audit(session: Session, token: ApiToken, action: str, actor: Actor, now: datetime, **more: object) -> None:
    detail = {"token": token.name, "user": str(token.user_id), "scopes": token.scopes, **more}
    audit(session, actor, action, object_kind="api_token", object_id=token.id, detail=detail, at=now)
