"""`/notices/stop/<token>`: who got a mail ends mails of its kind, without signing in: its token is the right to."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from tracker.language import _, word
from tracker.models import db, writing
from tracker.operations.actor import ANYONE
from tracker.operations.notices.stopping import (
    STOPPABLE,
    Stop,
    read_stop_token,
    resume_notices,
    stop_notices,
    stopped_kinds,
)
from tracker.web import gate
from tracker.web.forms import csrf
from tracker.web.gate import public

notices = Blueprint("notices", __name__)


@notices.get("/notices/stop/<token>")
@public
def stop_page(token: str) -> str:
    """Which mails these are, to whom, and a button. Opening it changes nothing: programs that look at mails open it too."""
    stop = _found(token)
    is_stopped = stop.kind in stopped_kinds(db.session(), stop.address)
    return render_template("notices/stop.html", stop=stop, kind=STOPPABLE[stop.kind], is_stopped=is_stopped, token=token)


@notices.post("/notices/stop/<token>")
@csrf.exempt  # type: ignore[untyped-decorator]  # a mail program asks for it too (RFC 8058); no sign-in takes part
@public
def stop_mails(token: str) -> Response | str:
    """End mails of this kind, or let them come again."""
    stop, now = _found(token), datetime.now(UTC)
    kind = word(STOPPABLE[stop.kind])
    if "resume" in request.form:
        with writing() as session:
            is_new = resume_notices(session, stop.address, stop.kind, ANYONE, now)
        said = _("It comes again: %(kind)s.", kind=kind) if is_new else _("It comes already: %(kind)s.", kind=kind)
    else:
        with writing() as session:
            is_new = stop_notices(session, stop.address, stop.kind, ANYONE, now)
        said = _("It stops: %(kind)s.", kind=kind) if is_new else _("It had stopped already: %(kind)s.", kind=kind)
    if "List-Unsubscribe" in request.form:
        return stop_page(token)  # a mail program follows no redirection
    flash(said, "success")
    return redirect(url_for("notices.stop_page", token=token), 303)


def _found(token: str) -> Stop:
    stop = read_stop_token(gate.settings().secret_key, token)
    if stop is None:
        abort(404)
    return stop
