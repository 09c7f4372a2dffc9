"""The rules there are: each as a sentence, with whom it asks; ending one, and taking one back."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import StringField, SubmitField
from wtforms.validators import InputRequired

from tracker.coverage.due_exceptions import due_exceptions_waiting
from tracker.coverage.rules import RuleLine, asked_by, ended_rules, matching, open_rules, rule_line
from tracker.curriculum.words import Role
from tracker.language import _, lazy, ngettext
from tracker.models import User, db, writing
from tracker.operations.assignments import UNDO_WITHIN, end_assignment, undo_rule
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.fields import DayField, no_longer_than
from tracker.web.forms import Form
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.showing import day as in_words
from tracker.web.staff.door import staff

_PAGE = 50


class EndForm(Form):
    """From when something asks no more, and why."""

    on = DayField(lazy("First day it asks no more"), [InputRequired(lazy("Give the day."))])
    reason = StringField(
        lazy("Reason"),
        [InputRequired(lazy("Say why, in a few words.")), no_longer_than(200)],
        description=lazy("It stays on record."),
    )
    submit = SubmitField(lazy("End this rule"), render_kw={"class_": "btn btn-danger"})


class UndoForm(Form):
    """Nothing but the button."""

    submit = SubmitField(lazy("Undo this assignment"), render_kw={"class_": "btn btn-danger"})


@staff.get("/assign/rules")
@staff_and_auditors
def rules() -> str:
    """The rules that ask today, or those that ask nobody any more, as a search found them."""
    session, today = db.session(), gate.today()
    shows_ended = request.args.get("show") == "ended"
    search = (request.args.get("q") or "").strip()[:200]
    lines = matching((ended_rules if shows_ended else open_rules)(session, today), search)
    start = min(max(request.args.get("from", 0, type=int), 0), len(lines))
    shown = lines[start : start + _PAGE]
    return render_template(
        "staff/rules.html",
        lines=shown,
        found=len(lines),
        shows_ended=shows_ended,
        today=today,
        search=search,
        start=start,
        next_start=start + _PAGE if start + _PAGE < len(lines) else None,
        exceptions=due_exceptions_waiting(session, today)[0],
    )


@staff.get("/assign/<int:rule_id>")
@staff_and_auditors
def rule(rule_id: int) -> str:
    """One rule: what it says, whom it asks, and what can be done about it."""
    return _rule_page(_line(rule_id), UndoForm(formdata=None))


@staff.post("/assign/<int:rule_id>/undo")
@staff_only
def undo_assigning(rule_id: int) -> Response | tuple[str, int]:
    """Take a rule back as if it had never been made."""
    line, form = _line(rule_id), UndoForm()
    if form.validate():
        try:
            with writing(alone=True) as session:
                again = rule_line(session, rule_id)
                assert again is not None
                actor = gate.actor(Role.STAFF)
                members = undo_rule(session, again.rule, actor, today=gate.today(), now=datetime.now(UTC))
        except Refused as refusal:
            form.refuse(refusal)
        else:
            words = ngettext(
                "Undone: %(n)s member is asked no more by it, and every figure is as it was before.",
                "Undone: %(n)s members are asked no more by it, and every figure is as it was before.",
                members,
            )
            flash(words, "success")
            return redirect(url_for(".rule", rule_id=rule_id), 303)
    return _rule_page(line, form), 422


@staff.route("/assign/<int:rule_id>/end", methods=["GET", "POST"])
@staff_only
def end_rule(rule_id: int) -> Response | tuple[str, int]:
    """End a rule on a day."""
    line = _line(rule_id)
    form = EndForm(on=gate.today())
    if form.validate_on_submit():
        try:
            members = end_what(rule_id, form)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            words = ngettext(
                "From %(day)s it asks no one: %(n)s member is asked otherwise.",
                "From %(day)s it asks no one: %(n)s members are asked otherwise.",
                members,
                day=in_words(form.on.day),
            )
            flash(words, "success")
            return redirect(url_for(".rule", rule_id=rule_id), 303)
    asked = asked_by(db.session(), [rule_id], gate.today()).get(rule_id)
    page = render_template("staff/end_rule.html", form=form, line=line, asked=asked)
    return page, 422 if form.is_submitted() else 200


def end_what(chosen_id: int, form: EndForm) -> int:
    """End an assignment or a rule as the form says; how many members are asked otherwise."""
    with writing(alone=True) as session:
        actor = gate.actor(Role.STAFF)
        return end_assignment(
            *(session, chosen_id, form.on.day, form.reason.data or "", actor), today=gate.today(), now=datetime.now(UTC)
        )


def _line(rule_id: int) -> RuleLine:
    line = rule_line(db.session(), rule_id)
    if line is None:
        abort(404)
    return line


def _rule_page(line: RuleLine, form: UndoForm) -> str:
    session, today = db.session(), gate.today()
    maker = session.get(User, line.rule.recorded_by) if line.rule.recorded_by else None
    undo_until = line.rule.recorded_at + UNDO_WITHIN
    return render_template(
        "staff/rule.html",
        form=form,
        line=line,
        asked=asked_by(session, [line.rule.id], today).get(line.rule.id),
        maker=maker.email if maker else _("the operator"),
        has_ended=line.has_ended(today),
        undo_until=undo_until if line.rule.undone_at is None and datetime.now(UTC) < undo_until else None,
    )
