"""The claims that wait, the oldest first, and the way to the next of them."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from tracker.coverage.catalogue import path_choices
from tracker.coverage.reviewing import claims_page, next_claim
from tracker.curriculum.words import Role
from tracker.language import _
from tracker.models import Completion, db, writing
from tracker.operations.own_record import own_members
from tracker.operations.reviewing import take_claim
from tracker.web import gate
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.ids import row_id
from tracker.web.staff.door import staff
from tracker.web.staff.reviewing.asking import AGES, Asked
from tracker.web.staff.reviewing.together import confirmed


@staff.get("/reviews")
@staff_and_auditors
def reviews() -> str:
    """Claims that wait for someone to look at them, the oldest first."""
    session, asked = db.session(), Asked()
    now = datetime.now(UTC)
    page = claims_page(session, asked.question, gate.today(), now, request.args.get("after", type=row_id))
    return render_template(
        "staff/reviews.html",
        page=page,
        asked=asked,
        paths=path_choices(session, gate.today()),
        ages=AGES,
        confirmed=len(confirmed(session, now)) if asked.question.is_open else 0,
        me=gate.reach().user_id,
        today=gate.today(),
        now=now,
    )


@staff.post("/reviews/next")
@staff_only
def review_next() -> Response:
    """Take the oldest claim that nobody looks at."""
    return on_to_next(Asked())


def on_to_next(asked: Asked, after: int = 0) -> Response:
    """Take the oldest claim that may be reviewed, and open it; or say that none is left."""
    actor, now = gate.actor(Role.STAFF), datetime.now(UTC)
    with writing() as session:
        own = own_members(session, actor)
        claim = next_claim(session, asked.question, gate.today(), now, actor.user_id or 0, own, after)
        if claim is None and after:
            claim = next_claim(session, asked.question, gate.today(), now, actor.user_id or 0, own)
        if claim is not None:
            take_claim(session, claim, actor, now)
    if claim is None:
        flash(_("No more claims wait for you here."), "success")
        return redirect(url_for(".reviews", **asked.args), 303)
    return redirect(address_of(claim, asked), 303)


def address_of(claim: Completion, asked: Asked) -> str:
    return url_for(
        ".review", member_id=claim.member_id, completion_id=claim.id, _anchor="content", **asked.args
    )  # the page's script then puts the focus on the heading
