"""The blueprint of the pages about signing in, and how a session begins."""

from __future__ import annotations

from flask import Blueprint, request, session
from flask_login import login_user

from tracker.models import User

account = Blueprint("account", __name__)


def begin_session(user: User) -> None:
    """A new session with nothing of the old one in it, so that no one can have prepared it."""
    session.clear()
    login_user(user)


def network_address() -> str:
    """Where the request of now comes from."""
    return request.remote_addr or "unknown"
