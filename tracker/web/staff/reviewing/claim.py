"""One claim: with everything that is needed to judge it, then decided or given back."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from tracker.access.finding import member_for
from tracker.coverage.reviewing import WholeClaim, claim_of, whole_claim
from tracker.curriculum.words import Role
from tracker.language import _
from tracker.models import Completion, Review, db, writing
from tracker.operations.own_record import own_members
from tracker.operations.refused import Refused
from tracker.operations.reviewing import decide_claim, give_back, take_claim
from tracker.web import gate
from tracker.web.forms import Form
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.opened import opened
from tracker.web.showing import day as in_words
from tracker.web.staff.door import staff
from tracker.web.staff.reviewing.asking import Asked, PlainForm, ReasonForm, RejectForm, ReturnForm, rejecting, returning
from tracker.web.staff.reviewing.queue import address_of, on_to_next

_DECISIONS = {"accept": Review.ACCEPTED, "return": Review.RETURNED, "reject": Review.REJECTED}


@staff.get("/reviews/<int:member_id>/<int:completion_id>")
@staff_and_auditors
def review(member_id: int, completion_id: int) -> str | Response:
    return _claim_page(_whole(member_id, completion_id))


@staff.post("/reviews/<int:member_id>/<int:completion_id>/take")
@staff_only
def take_review(member_id: int, completion_id: int) -> Response | tuple[str, int]:
    """Look at a claim: nobody else does meanwhile."""
    claim = _claim(member_id, completion_id)
    try:
        with writing() as session:
            take_claim(session, claim, gate.actor(Role.STAFF), datetime.now(UTC))
    except Refused as refusal:
        return _refused_page(member_id, completion_id, refusal)
    return redirect(address_of(claim, Asked()), 303)


@staff.post("/reviews/<int:member_id>/<int:completion_id>/leave")
@staff_only
def leave_review(member_id: int, completion_id: int) -> Response | tuple[str, int]:
    """Give a claim back undecided; and on to the one after it, or back to the list."""
    claim = _claim(member_id, completion_id)
    with writing() as session:
        give_back(session, claim, gate.actor(Role.STAFF))
    asked = Asked()
    if request.form.get("on") == "next":
        return on_to_next(asked, after=claim.id)
    if request.form.get("on") == "quietly":  # the page's script, as the page is left
        return "", 204
    return redirect(url_for(".reviews", **asked.args), 303)


@staff.post("/reviews/<int:member_id>/<int:completion_id>/<decision>")
@staff_only
def decide_review(member_id: int, completion_id: int, decision: str) -> Response | tuple[str, int]:
    """Accept, return or reject; then the next claim opens."""
    if decision not in _DECISIONS:
        abort(404)
    claim = _claim(member_id, completion_id)
    form: Form = {"accept": PlainForm, "return": returning, "reject": rejecting}[decision]()
    if not form.validate():
        return _claim_page(_whole(member_id, completion_id), form), 422
    try:
        with writing() as session:
            decide_claim(
                session,
                claim,
                _DECISIONS[decision],
                reason=form.reason.data or "" if isinstance(form, ReasonForm) else "",
                words=form.words.data or "" if isinstance(form, ReasonForm) else "",
                actor=gate.actor(Role.STAFF),
                now=datetime.now(UTC),
            )
    except Refused as refusal:
        if refusal.field is None:
            return _refused_page(member_id, completion_id, refusal)
        form.refuse(refusal)
        return _claim_page(_whole(member_id, completion_id), form), 422
    flash(_said(_whole(member_id, completion_id), decision), "success")
    return on_to_next(Asked())


def _said(claim: WholeClaim, decision: str) -> str:
    told = {
        "course": claim.course.title,
        "name": claim.member.name,
        "day": in_words(claim.completion.completed_on),
    }
    if decision == "accept":
        return _("Accepted: %(course)s of %(name)s, %(day)s. It counts as reviewed.", **told)
    if decision == "return":
        return _("Returned to %(name)s: %(course)s, %(day)s. They are told why, and how to send it again.", **told)
    return _("Rejected: %(course)s of %(name)s, %(day)s. They are told why.", **told)


def _claim(member_id: int, completion_id: int) -> Completion:
    """A claim that this person may see; 404 else."""
    member_for(db.session(), gate.reach(), member_id, gate.today())
    pair = claim_of(db.session(), member_id, completion_id)
    if pair is None:
        abort(404)
    return pair[0]


def _whole(member_id: int, completion_id: int) -> WholeClaim:
    session = db.session()
    member = member_for(session, gate.reach(), member_id, gate.today())
    pair = claim_of(session, member_id, completion_id)
    if pair is None:
        abort(404)
    return whole_claim(session, pair[0], pair[1], member, gate.today(), datetime.now(UTC))


def _refused_page(member_id: int, completion_id: int, refusal: Refused) -> tuple[str, int]:
    form = PlainForm(formdata=None)
    form.refuse(refusal)
    return _claim_page(_whole(member_id, completion_id), form), 409


def _claim_page(claim: WholeClaim, form: Form | None = None) -> str:
    """The claim, with the form that came back where one did."""
    opened(claim.member.member_id, "record")
    session = db.session()
    own = False
    if gate.reach().is_staff:
        actor = gate.actor(Role.STAFF)
        own = claim.member.member_id in own_members(session, actor) or claim.completion.recorded_by == actor.user_id
    return render_template(
        "staff/review.html",
        claim=claim,
        form=form or PlainForm(formdata=None),
        returning=form if isinstance(form, ReturnForm) else returning(),
        rejecting=form if isinstance(form, RejectForm) else rejecting(),
        asked=Asked(),
        is_mine=claim.held_by_id is not None and claim.held_by_id == gate.reach().user_id,
        is_own=own,
        today=gate.today(),
    )
