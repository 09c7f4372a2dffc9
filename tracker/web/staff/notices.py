"""The mail that goes out: what waits, what failed and why, when the last went out, and what the next digests hold."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from tracker.coverage.digests import KINDS, counts_of
from tracker.coverage.notices import failing_notices, is_given_up, last_sent, waiting
from tracker.curriculum.words import Role
from tracker.language import _, ngettext
from tracker.models import Member, db, writing
from tracker.operations.notices.keeping import KIND_WORDS
from tracker.operations.notices.sending import retry_notices
from tracker.operations.notices.weekly import DIGESTS, ROLL_UPS, digests_to_make, is_time, last_made, next_time
from tracker.web import gate
from tracker.web.gate import staff_and_auditors
from tracker.web.staff.door import staff

_PATIENCE = 4.0  # seconds that a page may take to count
_SILENT_FOR = timedelta(minutes=15)  # after which what waits is told as waiting for someone to send it


@staff.get("/notices")
@staff_and_auditors
def notices() -> str:
    """What waits and what failed. With ``?count=yes``, what the next digests would hold."""
    session, settings = db.session(), gate.settings()
    now = datetime.now(UTC)
    here = now.astimezone(settings.time_zone)
    counts, people, looked_at, is_whole = _counted(here) if "count" in request.args else (None, 0, 0, True)
    oldest = waiting(session)
    return render_template(
        "staff/notices.html",
        waiting=oldest,
        is_stuck=oldest.oldest_at is not None and now - oldest.oldest_at > _SILENT_FOR,
        failing=[(notice, is_given_up(notice)) for notice in failing_notices(session)],
        kind_words=KIND_WORDS,
        last_sent=last_sent(session),
        sends_mail=settings.sends_mail,
        has_url=bool(settings.url),
        digests_made=last_made(session, DIGESTS),
        roll_ups_made=last_made(session, ROLL_UPS),
        next_at=next_time(session, DIGESTS, here),
        is_due=is_time(session, DIGESTS, here),
        counts=counts,
        kinds=KINDS,
        people=people,
        looked_at=looked_at,
        is_whole=is_whole,
    )


@staff.post("/notices")
@staff_and_auditors
def retry() -> Response:
    """Try at once what failed, what was given up too."""
    with writing() as session:
        count = retry_notices(session, gate.actor(Role.STAFF), datetime.now(UTC))
    if count:
        flash(ngettext("%(n)s mail is tried again.", "%(n)s mails are tried again.", count), "success")
    else:
        flash(_("Nothing had failed: there is nothing to try again."), "success")
    return redirect(url_for("staff.notices"), 303)


def _counted(here: datetime) -> tuple[Counter[str], int, int, bool]:
    """What the next digests would hold, as of now: the lines of each kind, the people, how many members were looked through,
    and whether that is all. It stops where it takes too long."""
    counts: Counter[str] = Counter()
    people = looked_at = 0
    until = time.monotonic() + _PATIENCE
    for some, count in digests_to_make(db.session(), here):
        counts += counts_of(each.digest for each in some)
        people += len(some)
        looked_at += count
        if time.monotonic() > until:
            break
    return counts, people, looked_at, looked_at >= (db.session.scalar(select(func.count(Member.member_id))) or 0)
