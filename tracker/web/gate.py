"""Who may open which page. Every page is closed until a decorator on its view says to whom it opens.

To a stranger a closed page answers with the way to sign in; to someone signed in without the right it answers 404, like
a page that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, flash, g, has_request_context, redirect, request, session, url_for
from flask_login import LoginManager, current_user
from sqlalchemy.orm import Session, joinedload
from werkzeug.wrappers import Response

from tracker.access.roles import NOBODY, Reach, reach_of
from tracker.config import Settings
from tracker.curriculum.words import Role
from tracker.language import lazy
from tracker.models import User, ask_first, db
from tracker.operations.accounts import has_factor, hold_user, must_have_factor
from tracker.operations.actor import Actor
from tracker.web import sessions
from tracker.web.ids import row_id

View = TypeVar("View", bound=Callable[..., Any])
Opening = Callable[[Reach], bool]

_ENDED = {
    sessions.End.LONGEST: lazy("You were signed out: a sign-in lasts 12 hours. Sign in again to go on."),
    sessions.End.IDLE: lazy("You were signed out, because nothing was asked for in two hours. Sign in again to go on."),
    sessions.End.ROLE: lazy("You were signed out, because a role of yours has ended. Sign in again to go on."),
}
FILES = frozenset({"static", "bootstrap.static"})  # the pages' own, open to all
_BEFORE_FACTOR = frozenset({"account.second_factor", "account.new_factor", "account.logout"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def public(view: View) -> View:
    """Open to everyone, signed in or not."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def opened_to(may_read: Opening, may_write: Opening | None = None) -> Callable[[View], View]:
    """Open to those signed in whose reach passes: ``may_read`` for reading, ``may_write`` (if given) for the rest."""

    def mark(view: View) -> View:
        view.openings = (may_read, may_write or may_read)  # type: ignore[attr-defined]
        return view

    return mark


signed_in = opened_to(lambda reach: True)
member_only = opened_to(lambda reach: reach.member_id is not None)
report_readers = opened_to(lambda reach: reach.sees_reports)
staff_only = opened_to(lambda reach: reach.is_staff)
staff_and_auditors = opened_to(lambda reach: reach.sees_all_units, lambda reach: reach.is_staff)  # auditors only read
admin_only = opened_to(lambda reach: reach.is_admin)
audit_readers = opened_to(lambda reach: reach.sees_audit, lambda reach: False)


def stand_before(app: Flask) -> None:
    """Ask at the gate before every request."""
    logins = LoginManager(app)
    logins.user_loader(_load_user)
    app.before_request(_ask)
    ask_first(_ask_once_more)


def settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found


def today() -> date:
    """The day of this request: taken once, so that a page loaded at midnight agrees with itself."""
    if "today" not in g:
        g.today = settings().today()
    day: date = g.today
    return day


def reach() -> Reach:
    """What the person of this request may see and do."""
    if "reach" not in g:
        user = current_user._get_current_object()  # the row itself: a read below this door gets no proxy
        g.reach = reach_of(db.session(), user, today()) if isinstance(user, User) else NOBODY
    found: Reach = g.reach
    return found


def needs_factor() -> bool:
    """Whether this installation asks the person of this request for a second factor, for the roles they hold."""
    return settings().requires_totp and must_have_factor(reach().roles)


def owes_factor() -> bool:
    """Whether they have none yet: until they do, nothing else is open to them."""
    return needs_factor() and not has_factor(db.session(), signed_in_user().id)


def signed_in_user() -> User:
    """The row of the person of this request, on a page that is not public."""
    user = current_user._get_current_object()
    if not isinstance(user, User):
        abort(404)
    return user


def actor(role: Role) -> Actor:
    """The person of this request, acting through one of their roles. Nobody acts through a role they do not hold."""
    if role not in reach().roles:
        abort(404)
    user = signed_in_user()
    return Actor(user.id, role.value, user.email)


def forget_person() -> None:
    """Draw the rest of this request as for a stranger: their rows are gone, or cannot be read."""
    g.reach = NOBODY
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]


def safe_path(target: str | None) -> str | None:
    """``target`` if a browser would stay on this site with it, else None.

    Browsers drop tabs and line ends, and read ``\\`` as ``/``, before they look for a host: so none of these may occur.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return None
    if "\\" in target or any(not "!" <= character <= "~" for character in target):
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    return None if parts.scheme or parts.netloc else target


def _ask() -> Response | None:
    """Let the request through, show the way to sign in, or deny that there is such a page."""
    if request.routing_exception is not None or request.endpoint in FILES:
        return None  # nothing is there, or nothing of anybody's
    view = current_app.view_functions[request.endpoint or ""]
    if getattr(view, "is_public", False):
        return None
    if not current_user.is_authenticated:
        if "session_end" in g:
            flash(str(_ENDED[g.session_end]))
        return redirect(url_for("account.login", next=_here()), 303)
    if request.endpoint not in _BEFORE_FACTOR and owes_factor():
        return redirect(url_for("account.new_factor"), 303)
    may_read, may_write = getattr(view, "openings", (_closed, _closed))
    if not (may_read if request.method in _SAFE else may_write)(reach()):
        abort(404)
    return None


def _ask_once_more(writes: Session) -> None:
    """Let what a page writes go on only for whom the page would still open, now that its turn has come.

    A request may wait long between its coming in and its write: for an import, or for what its sender holds back. Whoever
    was suspended meanwhile, or signed out everywhere, is answered as if they came now: nothing is written.

    On PostgreSQL the person's row is held until the end, for other writers go on beside this one: so whoever ends these
    sessions waits for this write, and then finds all it left (a token, say), or was first, and is seen here. It is held as
    strongly as an update holds it, never shared: two of one person who both go on to change the row (a new password, a
    double click on signing out) would wait for each other, and a row that is shared all the time keeps off its update. It
    is the first row that a page's write holds, so its own requests only queue; two people who change each other's row at
    once are told apart by the server, and the one that is undone is asked anew (`retrying`). Programs' calls hold no such
    row: `api.v1.callers`.
    """
    if not has_request_context() or request.endpoint is None or request.endpoint in FILES:
        return
    if getattr(current_app.view_functions[request.endpoint], "is_public", False):
        return  # what is open to all is done for whoever asks
    user = hold_user(writes, sessions.whose())
    if user is None or not user.is_active or sessions.has_ended(user) or sessions.has_lost_role(user, today()):
        forget_person()
        abort(redirect(url_for("account.login"), 303))


def _closed(_reach: Reach) -> bool:
    return False


def _here() -> str | None:
    """The path to come back to. What a form sent cannot be sent again, so its page is where it came from."""
    if request.method not in _SAFE:
        return None
    path = request.full_path.rstrip("?")
    return safe_path(path) if path != "/" else None


def _load_user(session_id: str) -> User | None:
    """The user a session names, unless they are suspended or it had to end, by their doing, with time or with a role."""
    user_id, colon, epoch = session_id.partition(":")
    try:
        # each request asks for this: the roles come with it
        user = db.session.get(User, row_id(user_id), options=[joinedload(User.grants)]) if colon else None
    except ValueError:
        return None
    if user is None or not user.is_active or str(user.session_epoch) != epoch:
        return None
    now = datetime.now(UTC)
    if (end := sessions.end_of(user, today(), now)) is not None:
        session.clear()
        g.session_end = end
        return None
    sessions.go_on(now)
    return user
