"""What the pages of the desk share."""

from __future__ import annotations

from flask import flash, redirect, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from tracker.coverage.desk.courses import courses_waiting
from tracker.coverage.desk.learners import learners_waiting
from tracker.curriculum.words import Role
from tracker.operations.actor import Actor
from tracker.operations.refused import Refused
from tracker.web import gate


def counts(session: Session) -> dict[str, int]:
    return {"learners_waiting": learners_waiting(session), "courses_waiting": courses_waiting(session)}


def acting() -> Actor:
    return gate.actor(Role.STAFF)


def refused(refusal: Refused, endpoint: str, waiting_id: int | None = None) -> Response:
    """Back to the page of the choice, with the reason; to the list where the choice is gone."""
    flash(refusal.message, "error")
    if refusal.code == "nothing_waits":
        endpoint, waiting_id = "staff.desk", None
    return redirect(url_for(endpoint, waiting_id=waiting_id), 303)
