"""Every "nothing is here" that someone signed in was told at a page that is not open to all goes into the audit trail.

It may be a closed page, or another's record, or only a wrong number: the answer is the same, and so is the entry. It is
written after the answer is made, beside the page's own transaction, and never fails it.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime

from flask import Flask, current_app, g, request
from flask_login import current_user
from werkzeug.wrappers import Response

from tracker.curriculum.words import Role
from tracker.models import User
from tracker.models.aside import NOT_NOW, writing_aside
from tracker.operations.actor import Actor
from tracker.operations.refusing import SELDOM, note_refusal
from tracker.web import gate

_MOST_KEPT = 10_000  # persons and pages that this process remembers
_LONGEST = 100  # characters of what stood in an address
_ORDER = (*(Role.ADMIN, Role.STAFF, Role.AUDITOR, Role.LOCAL_LEAD, Role.LOCAL_VIEWER, Role.DISTRICT_VIEWER), Role.MEMBER)

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_lately: dict[tuple[str, int, str], datetime] = {}  # spares the database a question where the answer is known


def note_on(app: Flask) -> None:
    """Note refusals from now on."""
    app.after_request(_note)


def _note(response: Response) -> Response:
    if response.status_code in (403, 404) and request.endpoint and request.routing_exception is None and "making" not in g:
        try:
            _note_refused(request.endpoint)
        except NOT_NOW as error:
            _log.warning("a refusal could not be written down: %s", error.__class__.__name__)
    return response


def _note_refused(endpoint: str) -> None:
    view = current_app.view_functions.get(endpoint)
    user = current_user._get_current_object() if current_user else None
    if view is None or not isinstance(user, User) or not hasattr(view, "openings"):
        return  # a page that is open to all, or a stranger, who was shown the way to sign in
    now = datetime.now(UTC)
    if not _is_time(user.id, endpoint, now):
        return
    role = next((each.value for each in _ORDER if each in gate.reach().roles), "none")
    asked = {name: str(value)[:_LONGEST] for name, value in (request.view_args or {}).items()}
    with writing_aside() as session:
        note_refusal(
            session,
            Actor(user.id, role, user.email),
            endpoint,
            asked={"method": request.method, **asked},
            now=now,
        )


def _is_time(user_id: int, endpoint: str, now: datetime) -> bool:
    key = (str(current_app.config["SETTINGS"].instance), user_id, endpoint)
    with _lock:
        last = _lately.get(key)
        if last is not None and now - last < SELDOM:
            return False
        if len(_lately) >= _MOST_KEPT:
            _lately.clear()
        _lately[key] = now
    return True
