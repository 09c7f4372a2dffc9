"""Who took which file of a report or of the staff's lists goes into the audit trail, with its filter and how long it was.

A file that names people is noted by its own view, as a list (:mod:`tracker.web.opened`); this is for all the others. It is
written once the file is made, beside the page's own transaction, and never fails it.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from flask import Flask, g, request
from werkzeug.wrappers import Response

from tracker.access.openings import role_through
from tracker.models.aside import NOT_NOW, writing_aside
from tracker.operations.opening import note_file
from tracker.web import gate
from tracker.web.opened import address_asked

_DOORS = frozenset({"reports", "staff", "locals"})  # whose files are not about oneself

_log = logging.getLogger(__name__)


def note_on(app: Flask) -> None:
    """Note the files that are taken from now on."""
    app.after_request(_note)


def _note(response: Response) -> Response:
    is_file = response.status_code == 200 and "attachment" in response.headers.get("Content-Disposition", "")
    reach = gate.reach() if is_file and request.blueprint in _DOORS and not g.get("is_noted", False) else None
    if reach is None or not reach.roles:
        return response
    actor, rows, now = gate.actor(role_through(reach, None)), g.get("rows"), datetime.now(UTC)
    try:
        with writing_aside() as session:
            note_file(session, actor, request.endpoint or "", address_asked(), rows, now)
    except NOT_NOW as error:
        _log.warning("a file that was taken could not be written down: %s", error.__class__.__name__)
    return response
