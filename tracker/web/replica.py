"""Reports are read from a replica of the database where there is one (`DATABASE_READ_URL`): they are most of the work.

Who may see them is always asked of the database itself, so a role that was taken is gone at once. Whoever has changed
something reads from the replica only once it holds that change.
"""

from __future__ import annotations

import logging
import time
from typing import NamedTuple

from flask import Flask, current_app, request, session
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from werkzeug.wrappers import Response

from tracker.models import db
from tracker.models.replica import BIND, has_written, read_replica, written_so_far

_log = logging.getLogger(__name__)
_KEY = "written"  # in the person's session: how far the primary had written when they last changed something
_REPORTS = "reports"
_PAUSE = 10.0  # seconds for which a replica that did not answer is left alone


class _Rest(NamedTuple):
    """Until when the replica is not asked, on this process's own clock."""

    until: float


def read_reports_from(app: Flask) -> None:
    """Stand behind the gate, so that it has looked at the person before."""
    app.extensions[BIND] = _Rest(0.0)
    app.before_request(_choose)
    app.after_request(_remember)


def _choose() -> None:
    if request.blueprint != _REPORTS or request.method not in ("GET", "HEAD"):
        return
    if time.monotonic() < current_app.extensions[BIND].until:
        return
    try:
        read_replica(db.session(), session.get(_KEY), db.engine)
    except DBAPIError as error:
        why = " ".join(str(error.orig).split())  # a refusal to connect, or to read: no row, and no password
        _log.warning("the replica does not answer, reports are read from the database itself: %s", why)
        db.session().rollback()
        current_app.extensions[BIND] = _Rest(time.monotonic() + _PAUSE)


def _remember(response: Response) -> Response:
    if has_written(db.session()) and response.status_code < 500:
        try:
            session[_KEY] = written_so_far(db.engine)
        except SQLAlchemyError:  # it was written, and the answer says so: the next report may be some moments old
            _log.warning("how far the database has written could not be asked")
    return response
