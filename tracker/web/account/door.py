"""The blueprint of the pages about signing in, and how a session begins."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, redirect, request, session, url_for
from werkzeug.wrappers import Response

from tracker.models import User
from tracker.operations.accounts import SignIn
from tracker.operations.second_factor import FactorKey
from tracker.web import gate, sessions

account = Blueprint("account", __name__)

HALF = "half"  # in the session: who has begun to sign in, and is asked for their second factor


def begin_session(user: User) -> None:
    """A new session with nothing of the old one in it, so that no one can have prepared it."""
    sessions.begin(user, gate.today(), datetime.now(UTC))


def go_in(outcome: SignIn, next_path: str | None) -> Response:
    """Whoever has shown who they are goes to where they were going; by way of their second factor, if they have one."""
    assert outcome.user is not None
    target = gate.safe_path(next_path) or ""
    if outcome.needs_code:
        user = outcome.user
        session.clear()  # nobody is signed in by what is put here instead: no page but the next asks for it
        moment = int(datetime.now(UTC).timestamp())
        session[HALF] = {"user": user.id, "epoch": user.session_epoch, "at": moment, "next": target}
        return redirect(url_for("account.code"), 303)
    begin_session(outcome.user)
    return redirect(target or url_for("account.home"), 303)


def factor_key() -> FactorKey:
    """What the secrets of second factors are sealed with here."""
    return FactorKey(gate.settings().secret_key)


def network_address() -> str:
    """Where the request of now comes from."""
    return request.remote_addr or "unknown"
