"""`/my/proofs`: statements that a member makes for others to check, sees as they will be seen, and takes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as Answer
from wtforms import BooleanField, RadioField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, InputRequired

from tracker.access.own import own_proof, own_proofs
from tracker.coverage.catalogue import find_path
from tracker.coverage.proofs import (
    Statement,
    proof_pdf,
    provable_paths,
    right_in_words,
    statement_of,
    tells_locals,
    waiting_courses,
)
from tracker.coverage.qr import qr_png
from tracker.coverage.rendering import NotRendered
from tracker.curriculum.words import Role
from tracker.language import _, lazy, ngettext, speaking
from tracker.models import LearningPath, Proof, ProofKind, db, writing
from tracker.operations.proofs import DAYS, LONGEST_LABEL, check_proof, make_proof, revoke_proof
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.fields import no_longer_than
from tracker.web.forms import Form
from tracker.web.gate import member_only
from tracker.web.members.door import members, own_record
from tracker.web.proofs import WORDS, address_of, qr_answer
from tracker.web.reports.exporting.naming import disposition, file_name
from tracker.web.speaking import spoken

_TRANSCRIPT = "transcript"
_DAY = timedelta(days=1)


class StatementForm(Form):
    what = RadioField(
        lazy("What it states"), [InputRequired(lazy("Choose what it states."))], default=_TRANSCRIPT, validate_choice=False
    )
    label = StringField(
        lazy("For whom"),
        [DataRequired(lazy("Say for whom it is, in your own words.")), no_longer_than(LONGEST_LABEL)],
        description=lazy("In your own words, such as “Local 600” or “the college”. It stands on the statement."),
        render_kw={"maxlength": 2 * LONGEST_LABEL, "dir": "auto", "autocomplete": "off"},
    )
    days = RadioField(lazy("How long it can be read"), coerce=int, default=90, validate_choice=False)
    with_locals = BooleanField(lazy("Show my local"))
    submit = SubmitField(lazy("See what it will show"))

    def offer(self, paths: list[LearningPath]) -> None:
        """Offer what can be stated today."""
        self.what.choices = [SelectChoice(_TRANSCRIPT, _("All courses that count: a transcript"))]
        self.what.choices += [SelectChoice(each.code, _("One path: %(path)s", path=each.title)) for each in paths]
        self.days.choices = [SelectChoice(each, ngettext("%(n)s day", "%(n)s days", each)) for each in DAYS]


class RevokeForm(Form):
    submit = SubmitField(lazy("Take it back"))


@members.get("/my/proofs")
@member_only
def proofs() -> str:
    return render_template(
        "members/proofs.html",
        proofs=own_proofs(db.session(), gate.reach()),
        titles={each.id: each.title for each in _paths()},
        may_make=bool(gate.settings().url),
        today=gate.today(),
        one_day=_DAY,
    )


@members.get("/my/proofs/new")
@member_only
def new_proof() -> str:
    return _form_page(_form())


@members.get("/my/proofs/preview")
@member_only
def no_preview() -> Answer:
    """Whoever comes to the preview without a form finds the form."""
    return redirect(url_for(".new_proof"))


@members.post("/my/proofs/preview")
@member_only
def preview_proof() -> Answer | tuple[str, int] | str:
    """What it would show, before it is made: nothing is written."""
    form = _form()
    if request.form.get("change"):
        return _form_page(form)
    said = _stated(form) if form.validate() else None
    if said is None:
        return _form_page(form), 422
    return render_template(
        "members/proofs_preview.html",
        form=form,
        statement=said,
        label=" ".join((form.label.data or "").split()),
        last_on=gate.today() + timedelta(days=form.days.data) - _DAY,
        waiting=waiting_courses(db.session(), own_record(), said) if said.kind is ProofKind.TRANSCRIPT else (),
        right=right_in_words(),
        **WORDS,
    )


@members.post("/my/proofs")
@member_only
def make() -> Answer | tuple[str, int]:
    form = _form()
    if not form.validate():
        return _form_page(form), 422
    try:
        _must_have_an_address()
        with writing() as session:
            made = make_proof(
                session,
                own_record(),
                path=_path(form.what.data),
                label=form.label.data or "",
                days=form.days.data,
                with_locals=bool(form.with_locals.data),
                language=spoken(),
                actor=gate.actor(Role.MEMBER),
                today=gate.today(),
                now=datetime.now(UTC),
            )
    except Refused as refusal:
        if refusal.code == "already_made":
            flash(refusal.message, "success")
            return redirect(url_for(".proofs"), 303)
        form.refuse(refusal)
        return _form_page(form), 422
    flash(_("The statement is made. Give its address, its code or its file to whom you choose."), "success")
    return redirect(url_for(".one_proof", its_id=made.id), 303)


@members.get("/my/proofs/<int:its_id>")
@member_only
def one_proof(its_id: int) -> str:
    asked = own_proof(db.session(), gate.reach(), its_id)
    return render_template(
        "members/proofs_one.html",
        proof=asked,
        is_live=_is_live(asked),
        address=address_of(asked),
        statement=_statement(asked) if _is_live(asked) else None,
        last_on=asked.until_on - _DAY,
        form=RevokeForm(),
        right=right_in_words(),
        **WORDS,
    )


@members.get("/my/proofs/<int:its_id>/statement.pdf")
@member_only
def proof_file(its_id: int) -> Response:
    """As of today, in the language in which the statement was made."""
    asked = _live_one(its_id)
    with speaking(asked.language):
        said = _statement(asked)
        try:
            content = proof_pdf(said, asked.label, address_of(asked), asked.until_on)
        except NotRendered as error:
            abort(503, str(error))
        name = file_name("pdf", _("statement"), said.path or _("transcript"), said.day.isoformat())
    answer = make_response(content)
    answer.headers["Content-Type"] = "application/pdf"
    answer.headers["Content-Disposition"] = disposition(name)
    return answer


@members.get("/my/proofs/<int:its_id>/qr.svg")
@member_only
def proof_qr(its_id: int) -> Response:
    return qr_answer(_live_one(its_id))


@members.get("/my/proofs/<int:its_id>/qr.png")
@member_only
def proof_qr_file(its_id: int) -> Response:
    answer = make_response(qr_png(address_of(_live_one(its_id))))
    answer.headers["Content-Type"] = "image/png"
    answer.headers["Content-Disposition"] = disposition(file_name("png", _("statement"), "qr"))
    return answer


@members.post("/my/proofs/<int:its_id>/revoke")
@member_only
def revoke(its_id: int) -> Answer:
    asked = own_proof(db.session(), gate.reach(), its_id)
    try:
        with writing() as session:
            revoke_proof(session, session.get_one(Proof, asked.id), gate.actor(Role.MEMBER), now=datetime.now(UTC))
    except Refused as refusal:
        if refusal.code != "already_revoked":
            raise
        flash(refusal.message, "success")
    else:
        flash(_("Taken back: its address answers nobody any more. You can make another at any time."), "success")
    return redirect(url_for(".proofs"), 303)


def _must_have_an_address() -> None:
    if not gate.settings().url:
        raise Refused(
            "no_address",
            _(
                "This tracker has not been told its own web address, so nobody could check a statement. Ask the training "
                "staff: whoever runs it sets TRACKER_URL."
            ),
        )


def _form() -> StatementForm:
    form = StatementForm()
    form.offer(provable_paths(db.session(), own_record(), gate.today()))
    if form.what.data is None:
        form.what.data = _TRANSCRIPT
    return form


def _form_page(form: StatementForm) -> str:
    cards = statement_of(db.session(), own_record(), ProofKind.TRANSCRIPT, None, True, gate.today()).locals
    return render_template("members/proofs_new.html", form=form, may_make=bool(gate.settings().url), locals=cards)


def _stated(form: StatementForm) -> Statement | None:
    """What the form's statement would say; None where it cannot be made: the form says why."""
    try:
        _must_have_an_address()
        path, member = _path(form.what.data), own_record()
        check_proof(db.session(), member, path, form.label.data or "", form.days.data, gate.today())
    except Refused as refusal:
        form.refuse(refusal)
        return None
    kind = ProofKind.PATH if path else ProofKind.TRANSCRIPT
    return statement_of(db.session(), member, kind, path.id if path else None, bool(form.with_locals.data), gate.today())


def _path(code: Any) -> LearningPath | None:
    """The path that the form names; None for a transcript.

    Raises:
        Refused: ``unknown_path``.
    """
    if code == _TRANSCRIPT:
        return None
    path = find_path(db.session(), str(code or ""))
    if path is None:
        raise Refused("unknown_path", _("Choose what it states."), field="what")
    return path


def _paths() -> list[LearningPath]:
    return list(db.session().scalars(select(LearningPath)))


def _statement(asked: Proof) -> Statement:
    return statement_of(db.session(), own_record(), asked.kind, asked.path_id, tells_locals(asked.code), gate.today())


def _is_live(asked: Proof) -> bool:
    return asked.revoked_at is None and asked.until_on > gate.today()


def _live_one(its_id: int) -> Proof:
    """One that answers, and whose address is known."""
    asked = own_proof(db.session(), gate.reach(), its_id)
    if not _is_live(asked) or not address_of(asked):
        abort(404)
    return asked
