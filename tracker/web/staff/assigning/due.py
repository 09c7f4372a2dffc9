"""Due days that had passed before their members joined: whoever joined late gets another, or none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import RadioField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Optional

from tracker.coverage.due_exceptions import due_groups, late_asks
from tracker.coverage.rules import RuleLine, rule_line
from tracker.curriculum.words import Role
from tracker.language import _, lazy, ngettext
from tracker.models import AssignmentRule, db, writing
from tracker.operations.assignments import DueChoice, decide_due_days
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.fields import DayField, DaysField, no_longer_than
from tracker.web.forms import Form
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.ids import row_id
from tracker.web.staff.assigning.forms import possible_days
from tracker.web.staff.door import staff

_WAYS = {
    "days": lazy("So many days from the day each joined"),
    "day": lazy("Another day, the same for all"),
    "none": lazy("No due date"),
}
_ASKED = {"day": {"due"}, "days": {"within_days"}}


class DueForm(Form):
    """What becomes of the due days of some members, or of all."""

    who = RadioField(
        lazy("For whom?"),
        choices=[SelectChoice("all", lazy("All who wait")), SelectChoice("some", lazy("Only those ticked below"))],
        default="all",
    )
    way = RadioField(
        lazy("When is it due?"),
        [InputRequired(lazy("Say when it is due."))],
        choices=[SelectChoice(value, label) for value, label in _WAYS.items()],
    )
    within_days = DaysField(
        lazy("How many days?"),
        [Optional(), possible_days],
        render_kw={"inputmode": "numeric"},
    )
    due = DayField(lazy("Which day?"), [Optional()])
    reason = StringField(
        lazy("Reason"), [no_longer_than(200)], description=lazy("If you wish. It stays on record, beside the due date.")
    )
    submit = SubmitField(lazy("Decide"))

    def validate(self, extra_validators: Any = None) -> bool:
        """Look only at what the answer asks for."""
        for name in ("due", "within_days"):
            if name not in _ASKED.get(self.way.data or "", set()):
                field = self[name]
                field.data, field.raw_data, field.process_errors = None, None, []
        return bool(super().validate(extra_validators))


@staff.get("/assign/due")
@staff_and_auditors
def due() -> str:
    """By rule, who waits for a due date that can be met."""
    return render_template("staff/due.html", groups=due_groups(db.session(), gate.today()))


@staff.get("/assign/due/<int:rule_id>")
@staff_and_auditors
def due_of_rule(rule_id: int) -> str:
    """Those of one rule, and what becomes of their due dates."""
    return _page(_line(rule_id), DueForm(formdata=None))


@staff.post("/assign/due/<int:rule_id>")
@staff_only
def decide_due(rule_id: int) -> Response | tuple[str, int]:
    """Decide for all of a rule, or for those ticked."""
    line, form = _line(rule_id), DueForm()
    if form.validate():
        try:
            members = _decide(rule_id, form)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            words = ngettext("Decided: the due date of %(n)s member.", "Decided: the due dates of %(n)s members.", members)
            flash(words, "success")
            return redirect(url_for(".due"), 303)
    return _page(line, form), 422


def _decide(rule_id: int, form: DueForm) -> int:
    ticked = None if form.who.data == "all" else _ticked()
    if ticked is not None and not ticked:
        raise Refused("nobody", _("Tick those it is about, or choose “All who wait”."), field="who")
    if form.way.data == "day" and form.due.data is None:
        raise Refused("no_due_date", _("Give the day."), field="due")
    if form.way.data == "days" and form.within_days.data is None:
        raise Refused("no_due_date", _("Give the number of days."), field="within_days")
    choice = DueChoice(form.due.data, form.within_days.data)
    with writing(alone=True) as session:
        rule = session.get_one(AssignmentRule, rule_id)
        actor, reason = gate.actor(Role.STAFF), form.reason.data or ""
        today, now = gate.today(), datetime.now(UTC)
        return decide_due_days(session, rule, ticked, choice, reason, actor, today=today, now=now)


def _ticked() -> list[int]:
    """The assignments ticked: what is no row's id is nobody's."""
    found = []
    for text in request.form.getlist("assignment")[:1_000]:
        try:
            found.append(row_id(text))
        except ValueError:
            continue
    return found


def _line(rule_id: int) -> RuleLine:
    line = rule_line(db.session(), rule_id)
    if line is None or line.rule.due_on is None:
        abort(404)
    return line


def _page(line: RuleLine, form: DueForm) -> str:
    page = late_asks(db.session(), line.rule.id, gate.today(), request.args.get("after", type=row_id))
    return render_template("staff/due_of_rule.html", form=form, line=line, page=page, ticked=set(_ticked()))
