"""`/my/paths`: paths to take because one wants to, and to leave again."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from tracker.coverage.catalogue import find_path
from tracker.coverage.joining import paths_on_offer
from tracker.curriculum.words import Role
from tracker.language import _
from tracker.models import LearningPath, db, writing
from tracker.operations.joining import join_path, leave_path
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.gate import member_only
from tracker.web.members.door import members, own_record


@members.get("/my/paths")
@member_only
def paths() -> str:
    return render_template(
        "members/joining.html", offers=paths_on_offer(db.session(), own_record(), gate.today()), today=gate.today()
    )


@members.post("/my/paths/<code>/join")
@member_only
def join(code: str) -> Response:
    path = _path(code)
    try:
        with writing() as session:
            join_path(session, own_record(), path, gate.actor(Role.MEMBER), today=gate.today(), now=datetime.now(UTC))
    except Refused as refusal:
        if refusal.code == "busy":
            raise
        flash(refusal.message, "success" if refusal.code == "joined" else "error")
    else:
        flash(_("%(path)s is on your record now. You can leave it again at any time.", path=path.title), "success")
    return redirect(url_for(".paths"), 303)


@members.post("/my/paths/<code>/leave")
@member_only
def leave(code: str) -> Response:
    path = _path(code)
    try:
        with writing() as session:
            leave_path(session, own_record(), path, gate.actor(Role.MEMBER), today=gate.today(), now=datetime.now(UTC))
    except Refused as refusal:
        if refusal.code == "busy":
            raise
        flash(refusal.message, "success")
    else:
        flash(_("You have left %(path)s. What you completed stays on your record.", path=path.title), "success")
    return redirect(url_for(".paths"), 303)


def _path(code: str) -> LearningPath:
    path = find_path(db.session(), code)
    if path is None:
        abort(404)
    return path
