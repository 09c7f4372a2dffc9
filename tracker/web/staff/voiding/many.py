"""Voiding many completions at once: one person proposes it, another confirms it."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from tracker.coverage.batches import batch_of
from tracker.coverage.catalogue import course_choices
from tracker.coverage.voiding import VoidPreview, VoidQuestion, proposal_line, proposals, question_in_words, void_preview
from tracker.curriculum.words import Role
from tracker.language import _, ngettext
from tracker.models import Proposal, db, writing
from tracker.operations.refused import Refused
from tracker.operations.voiding import confirm_void, decline_void, propose_void, record_anew
from tracker.operations.voiding.proposing import refuse_question
from tracker.web import gate
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.ids import row_id
from tracker.web.staff.door import staff
from tracker.web.staff.voiding.asking import (
    PlainForm,
    QuestionForm,
    ReasonForm,
    batch_id_of,
    question_form,
    question_of,
)


@staff.get("/voids")
@staff_and_auditors
def voids() -> str:
    """What was proposed and waits for a second person, and what was decided."""
    session = db.session()
    return render_template(
        "staff/voids.html", waiting=proposals(session, is_open=True), decided=proposals(session, is_open=False)
    )


@staff.route("/voids/new", methods=["GET", "POST"])
@staff_only
def new_void() -> Response | str | tuple[str, int]:
    """Which completions, as a form; then what voiding them would do, in counts and names."""
    form = question_form()
    if not form.is_submitted():
        return _question_page(form)
    if form.validate():
        try:
            question = question_of(db.session(), form)
            refuse_question(db.session(), question, datetime.now(UTC))
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return _preview_page(form, question, ReasonForm(formdata=None))
    return _question_page(form), 422


@staff.post("/voids")
@staff_only
def propose() -> Response | tuple[str, int]:
    """Propose it to somebody else."""
    form, reason = question_form(), ReasonForm()
    if not form.validate():
        return _question_page(form), 422
    try:
        question = question_of(db.session(), form)
        if not reason.validate():
            return _preview_page(form, question, reason), 422
        with writing() as session:
            actor = gate.actor(Role.STAFF)
            proposal = propose_void(session, question, reason.reason.data or "", actor, datetime.now(UTC))
    except Refused as refusal:
        if refusal.field == "reason":
            reason.refuse(refusal)
            return _preview_page(form, question, reason), 422
        form.refuse(refusal)
        return _question_page(form), 422
    flash(_("Proposed. Nothing is voided until somebody else of the training staff confirms it."), "success")
    return redirect(url_for(".proposed_void", proposal_id=proposal.id), 303)


@staff.get("/voids/<int:proposal_id>")
@staff_and_auditors
def proposed_void(proposal_id: int) -> str:
    return _proposal_page(proposal_id, PlainForm(formdata=None))


@staff.post("/voids/<int:proposal_id>/<act>")
@staff_only
def decide_void(proposal_id: int, act: str) -> Response | tuple[str, int]:
    """Confirm, decline, or record anew."""
    if act not in ("confirm", "decline", "anew") or proposal_line(db.session(), proposal_id) is None:
        abort(404)
    form = PlainForm()
    if form.validate():
        try:
            said = _decide(proposal_id, act)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(said, "success")
            return redirect(url_for(".proposed_void", proposal_id=proposal_id), 303)
    return _proposal_page(proposal_id, form), 409


def _decide(proposal_id: int, act: str) -> str:
    with writing(alone=True) as session:
        proposal, actor, now = session.get_one(Proposal, proposal_id), gate.actor(Role.STAFF), datetime.now(UTC)
        if act == "decline":
            decline_void(session, proposal, actor, now)
            return _("Declined. Nothing was voided.")
        if act == "anew":
            done = record_anew(session, proposal, actor, today=gate.today(), now=now)
            return ngettext("%(n)s completion is recorded anew.", "%(n)s completions are recorded anew.", done)
        shown = request.form.get("shown", 0, type=row_id)
        done = confirm_void(session, proposal, shown, actor, today=gate.today(), now=now)
        return ngettext("%(n)s completion counts no more.", "%(n)s completions count no more.", done)


def _question_page(form: QuestionForm) -> str:
    session = db.session()
    batch_id = batch_id_of(form)
    batch = batch_of(session, batch_id) if batch_id is not None else None
    return render_template("staff/void_question.html", form=form, batch=batch, courses=course_choices(session))


def _preview_page(form: QuestionForm, question: VoidQuestion, reason: ReasonForm) -> str:
    typed = {name: request.form.get(name, "") for name in form.data if name not in ("csrf_token", "submit")}
    return render_template(
        "staff/void_preview.html",
        form=reason,
        preview=_preview(question, None),
        words=question_in_words(db.session(), question),
        typed=typed,
    )


def _proposal_page(proposal_id: int, form: PlainForm) -> str:
    line = proposal_line(db.session(), proposal_id)
    if line is None:
        abort(404)
    preview = None
    if line.proposal.decided_at is None:
        preview = _preview(VoidQuestion.from_json(line.proposal.question), line.proposal.proposed_at)
    return render_template(
        "staff/void_proposal.html",
        form=form,
        line=line,
        preview=preview,
        is_own=line.proposal.proposed_by == gate.reach().user_id,
    )


def _preview(question: VoidQuestion, at: datetime | None) -> VoidPreview:
    return void_preview(db.session(), question, gate.today(), at)
