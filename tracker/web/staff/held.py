"""What rosters ask for and a person must decide, because it could give someone's account away."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import SubmitField

from tracker.coverage.held_changes import HeldLine, held_line, held_page
from tracker.curriculum.words import Role
from tracker.language import _, lazy, ngettext
from tracker.models import HeldChange, db, writing
from tracker.operations.held import decide_held
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.forms import Form
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.ids import row_id
from tracker.web.staff.door import staff

_DECISIONS = ("accept", "refuse")


class AcceptForm(Form):
    submit = SubmitField(lazy("Add this"))


class RefuseForm(Form):
    submit = SubmitField(lazy("Refuse this"), render_kw={"class_": "btn btn-danger"})


@staff.get("/held")
@staff_and_auditors
def held() -> str:
    page = held_page(db.session(), request.args.get("after", type=row_id))
    return render_template("staff/held.html", page=page)


@staff.route("/held/<int:held_id>/<decision>", methods=["GET", "POST"])
@staff_only
def decide(held_id: int, decision: str) -> Response | tuple[str, int]:
    """What the decision would do; and then do it."""
    line = held_line(db.session(), held_id)
    if line is None or decision not in _DECISIONS:
        abort(404)
    accept = decision == "accept"
    form = AcceptForm() if accept else RefuseForm()
    form.submit.label.text = _button(line, accept)
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                settled = _decide(held_id, accept)
            except Refused as refusal:
                form.refuse(refusal)
            else:
                flash(_said(line, accept, settled), "success")
                return redirect(url_for(".held"), 303)
    line = held_line(db.session(), held_id)
    return render_template("staff/held_decision.html", form=form, line=line, accept=accept), status


def _decide(held_id: int, accept: bool) -> int:
    with writing() as session:
        return decide_held(
            session,
            session.get_one(HeldChange, held_id),
            accept=accept,
            actor=gate.actor(Role.STAFF),
            today=gate.today(),
            now=datetime.now(UTC),
        )


def _button(line: HeldLine, accept: bool) -> str:
    if line.change.what == "email":
        return _("Add this e-mail") if accept else _("Refuse this e-mail")
    return _("Add this number") if accept else _("Refuse this number")


def _said(line: HeldLine, accept: bool, settled: int) -> str:
    is_email = line.change.what == "email"
    named = {"value": line.change.after, "member": line.member.name}
    if not accept and is_email:
        return _("The e-mail %(value)s is not taken for %(member)s. No roster asks for it again.", **named)
    if not accept:
        return _("The number %(value)s is not taken for %(member)s. No roster asks for it again.", **named)
    told = [
        _("%(value)s is one of %(member)s’s e-mails now.", **named)
        if is_email
        else _("%(value)s is one of %(member)s’s numbers now.", **named)
    ]
    if settled:
        told.append(
            ngettext(
                "%(n)s reported completion that had waited for it found %(member)s.",
                "%(n)s reported completions that had waited for it found %(member)s.",
                settled,
                member=line.member.name,
            )
        )
    return " ".join(told)
