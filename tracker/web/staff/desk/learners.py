"""Learners whom reports name and nobody knows: who they may be, and saying who they are."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from tracker.access.finding import member_for
from tracker.coverage.desk.candidates import candidates_of
from tracker.coverage.desk.learners import WaitingLearner, learner_of, learners_page, rows_of
from tracker.coverage.directory import members_page
from tracker.language import _, in_list, ngettext, word
from tracker.models import Member, db, writing
from tracker.operations.recognising import Recognised, recognise_learner, set_learner_aside
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.asked import text_of
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.ids import row_id
from tracker.web.staff.desk.sharing import acting, counts, refused
from tracker.web.staff.door import staff


@staff.get("/desk")
@staff_and_auditors
def desk() -> str:
    """Learners whom nobody knows, each with the members they may be."""
    session = db.session()
    query = text_of("q")
    page = learners_page(session, query, request.args.get("after", type=row_id))
    return render_template(
        "staff/desk.html",
        page=page,
        candidates=candidates_of(session, page.rows, gate.today()),
        query=query,
        **counts(session),
    )


@staff.get("/desk/learners/<int:waiting_id>")
@staff_and_auditors
def desk_learner(waiting_id: int) -> str:
    """One learner: everything reported of them, who they may be, and a search through all members."""
    session = db.session()
    learner = _learner(session, waiting_id)
    query = text_of("q")
    found = members_page(session, query, None, gate.today()) if query else None
    return render_template(
        "staff/desk_learner.html",
        learner=learner,
        candidates=candidates_of(session, [learner], gate.today())[learner.key],
        rows=rows_of(session, learner.key),
        query=query,
        found=found,
    )


@staff.post("/desk/learners/<int:waiting_id>/confirm")
@staff_only
def confirm_learner(waiting_id: int) -> Response:
    """Say that a learner is one of the members."""
    learner = _learner(db.session(), waiting_id)
    chosen = request.form.get("member", type=row_id)
    if chosen is None:
        abort(400, _("Choose a member."))
    member = member_for(db.session(), gate.reach(), chosen, gate.today())
    try:
        with writing() as session:
            done = recognise_learner(session, learner.key, member, acting(), today=gate.today(), now=datetime.now(UTC))
    except Refused as refusal:
        return refused(refusal, "staff.desk_learner", waiting_id=waiting_id)
    for sentence in _said(learner, done, member):
        flash(sentence, "success")
    return redirect(url_for(".desk"), 303)


@staff.post("/desk/confirm")
@staff_only
def confirm_learners() -> Response:
    """Say of several learners that they are the member whom an exact reason names; of each that reason is asked again."""
    picked = request.form.getlist("pick", type=_pair)
    found = (learner_of(db.session(), each) for each, _member in picked)
    learners = [learner for learner in found if learner is not None]
    candidates = candidates_of(db.session(), learners, gate.today())
    sure = {
        (learner.id, candidate.member.member_id): (learner, candidate.member)
        for learner in learners
        for candidate in candidates[learner.key]
        if candidate.is_sure
    }
    pairs = [sure[pair] for pair in picked if pair in sure]
    recorded = 0
    try:
        with writing() as session:
            for learner, member in pairs:
                recorded += _recorded(session, learner, member)
    except Refused as refusal:
        return refused(refusal, "staff.desk")
    if not pairs:
        flash(_("Nobody was ticked whom an id or an address names: settle them one by one."), "error")
    else:
        confirmed = ngettext("%(n)s learner confirmed.", "%(n)s learners confirmed.", len(pairs))
        said = ngettext("%(n)s completion recorded.", "%(n)s completions recorded.", recorded)
        flash(f"{confirmed} {said}", "success")
    return redirect(url_for(".desk"), 303)


def _pair(text: str) -> tuple[int, int]:
    learner, _dash, member = text.partition("-")
    return row_id(learner), row_id(member)


def _recorded(session: Session, learner: WaitingLearner, member: Member) -> int:
    """How many completions a learner brought who is settled with others: one of those may have settled them already."""
    try:
        return recognise_learner(session, learner.key, member, acting(), today=gate.today(), now=datetime.now(UTC)).recorded
    except Refused as refusal:
        if refusal.code == "nothing_waits":
            return 0
        raise


@staff.post("/desk/learners/<int:waiting_id>/not-ours")
@staff_only
def not_ours(waiting_id: int) -> Response:
    """Say that a learner is not one of ours."""
    learner = _learner(db.session(), waiting_id)
    try:
        with writing() as session:
            rows = set_learner_aside(session, learner.key, acting(), now=datetime.now(UTC))
    except Refused as refusal:
        return refused(refusal, "staff.desk")
    said = ngettext(
        "%(name)s is not one of ours: %(n)s row set aside, and later reports of them too. "
        "It can be taken back under Decided.",
        "%(name)s is not one of ours: %(n)s rows set aside, and later reports of them too. "
        "It can be taken back under Decided.",
        rows,
        name=learner.name,
    )
    flash(said, "success")
    return redirect(url_for(".desk"), 303)


def _learner(session: Session, waiting_id: int) -> WaitingLearner:
    learner = learner_of(session, waiting_id)
    if learner is None:
        raise Refused("nothing_waits", _("Nothing of this learner waits any more: someone has settled it in the meantime."))
    return learner


def _said(learner: WaitingLearner, done: Recognised, member: Member) -> list[str]:
    """What recognising did, in sentences."""
    told = [
        ngettext(
            "%(n)s completion recorded for %(member)s.",
            "%(n)s completions recorded for %(member)s.",
            done.recorded,
            member=member.name,
        )
    ]
    if done.known:
        told.append(
            ngettext("%(n)s row said what was recorded before.", "%(n)s rows said what was recorded before.", done.known)
        )
    if done.waiting:
        told.append(ngettext("%(n)s still waits for its course.", "%(n)s still wait for their courses.", done.waiting))
    told = [" ".join(told)]
    if done.taught:
        means = in_list([word(each) for each in done.taught])
        told.append(_("Later reports find %(member)s by %(means)s.", member=member.name, means=means))
    elif learner.is_only_a_name:
        told.append(_("A mere name teaches nothing: the next report of it asks again."))
    told += [_("Not remembered: %(what)s.", what=each) for each in done.untaught]
    if done.further:
        told.append(
            ngettext(
                "%(n)s row reported under another name or id had the same address.",
                "%(n)s rows reported under another name or id had the same address.",
                done.further,
            )
        )
    return told
