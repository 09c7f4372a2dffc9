"""How long a session lasts. It ends by itself with time, and with any of the roles it began with.

The rest (signing out, a new password, a change of roles, suspension) makes the epoch of its user grow: `gate` asks for it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import Enum

from flask import session
from flask_login import login_user

from tracker.models import User

# A working day at the hall and some: whoever signs in each morning is never put out in the middle of it, and a cookie that
# was taken from a machine is worth nothing the next day, however busily it is used.
LONGEST = timedelta(hours=12)
# A long meeting, or a class with its break; shared computers are left standing for longer than that.
IDLE = timedelta(hours=2)
# The cookie is written anew at most so often: `IDLE` is kept to within this.
_NOTED_EVERY = timedelta(minutes=1)
# How far the clocks of two servers may lie apart.
_SKEW = timedelta(minutes=5)

_BEGUN, _SEEN, _GRANTS = "begun", "seen", "grants"
_USER = "_user_id"  # as Flask-Login calls it: see `User.get_id`


class End(Enum):
    """Why a session has ended."""

    LONGEST = "longest"
    IDLE = "idle"
    ROLE = "role"


def begin(user: User, day: date, now: datetime) -> None:
    """A new session with nothing of the old one in it, so that no one can have prepared it."""
    session.clear()
    session[_BEGUN] = session[_SEEN] = int(now.timestamp())
    session[_GRANTS] = sorted(_held(user, day))
    login_user(user)


def end_of(user: User, day: date, now: datetime) -> End | None:
    """Why the session of this request is over for its user; None while it goes on."""
    begun, seen = session.get(_BEGUN), session.get(_SEEN)
    if not (isinstance(begun, int) and isinstance(seen, int) and isinstance(session.get(_GRANTS), list)):
        return End.LONGEST  # from before sessions had these
    if not -_SKEW.total_seconds() <= now.timestamp() - begun < LONGEST.total_seconds():
        return End.LONGEST
    if now.timestamp() - seen >= IDLE.total_seconds():
        return End.IDLE
    return End.ROLE if has_lost_role(user, day) else None


def has_lost_role(user: User, day: date) -> bool:
    """Whether a role has ended that the session of this request began with."""
    return not {*session.get(_GRANTS, ())} <= _held(user, day)


def whose() -> int | None:
    """The id of the user whom the session of this request names."""
    its_id: str = session.get(_USER, "").partition(":")[0]
    return int(its_id) if its_id else None


def has_ended(user: User) -> bool:
    """Whether every session of its user was ended since that of this request began."""
    return bool(session.get(_USER) != user.get_id())


def go_on(now: datetime) -> None:
    """Note that the session of this request is in use."""
    if now.timestamp() - session[_SEEN] >= _NOTED_EVERY.total_seconds():
        session[_SEEN] = int(now.timestamp())


def _held(user: User, day: date) -> set[int]:
    """The roles that a user holds on a day, by their rows: one that is held anew is another."""
    return {grant.id for grant in user.grants if grant.holds_on(day)}
