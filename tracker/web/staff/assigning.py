"""Asking many for a path: say whom, see what it would do, then do it. And ending what was asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, NumberRange, Optional

from tracker.access.finding import member_for
from tracker.coverage.catalogue import find_path, path_choices
from tracker.coverage.finding import find_member, find_unit
from tracker.coverage.rules import (
    assignment_by_name,
    craft_names,
    open_rules,
    rule_line,
    same_assignment,
    same_rule,
)
from tracker.curriculum.words import AssignmentKind, Role
from tracker.models import Member, Unit, db, trying, writing
from tracker.operations.assignments import Assigned, Plan, assign_path, end_assignment
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.fields import DayField, DaysField, no_longer_than
from tracker.web.forms import Form
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.showing import day as in_words
from tracker.web.showing import plural
from tracker.web.staff.door import staff

_WHO = {
    "everyone": "Everyone",
    "unit": "Everyone in a local or district",
    "craft": "Everyone in a craft",
    "member": "One member, by name",
}
_KINDS = {
    AssignmentKind.REQUIRED: "Required: it counts in coverage",
    AssignmentKind.RECOMMENDED: "Recommended: offered, not counted",
    AssignmentKind.VOLUNTARY: "Voluntary: for who wishes, not counted",
}


class AssignForm(Form):
    path = SelectField("Learning path")
    who = RadioField(
        "Who is asked?", [InputRequired("Say who is asked.")], choices=[SelectChoice(*each) for each in _WHO.items()]
    )
    target = StringField(
        "Which one?",
        [no_longer_than(200)],
        description="The local's or district's number, the craft, or the member's number or e-mail. Empty for everyone.",
        render_kw={"list": "crafts", "autocomplete": "off"},
    )
    kind = SelectField("As what?", choices=[SelectChoice(kind.value, words) for kind, words in _KINDS.items()])
    on = DayField("From", [InputRequired("Give the first day.")])
    due = DayField("Due on", [Optional()], description="The last day that is on time. Leave it empty for none.")
    within_days = DaysField(
        "Or due within so many days",
        [Optional(), NumberRange(1, 3_660, "Give 1 to 3,660 days.")],
        description="Counted for each person from the day they are first asked.",
        render_kw={"inputmode": "numeric"},
    )
    submit = SubmitField("See what it would do")


class EndForm(Form):
    on = DayField("First day it asks no more", [InputRequired("Give the day.")])
    reason = StringField(
        "Reason", [InputRequired("Say why, in a few words."), no_longer_than(200)], description="It stays on record."
    )
    submit = SubmitField("End this rule", render_kw={"class_": "btn btn-danger"})


class Target(NamedTuple):
    """Whom a form names."""

    words: str
    unit: Unit | None = None
    craft: str = ""
    member: Member | None = None


@staff.get("/assign")
@staff_and_auditors
def assign() -> str:
    """The form, as it was left where the address tells; and the rules that ask now."""
    form = AssignForm(formdata=request.args if "who" in request.args else None, on=gate.today(), who="unit")
    form.path.data = request.args.get("path") or form.path.data
    return _form_page(form)


@staff.post("/assign")
@staff_only
def preview_assignment() -> str | tuple[str, int]:
    """What it would do, found by doing it and rolling it back."""
    form = _with_choices(AssignForm())
    if form.validate():
        try:
            assigned, target = _assign(form, dry_run=True)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            typed = {name: request.form.get(name, "") for name in form.data if name not in ("csrf_token", "submit")}
            path = find_path(db.session(), form.path.data)
            return render_template(
                "staff/assign_preview.html", form=form, assigned=assigned, target=target, path=path, typed=typed
            )
    return _form_page(form), 422


@staff.post("/assign/apply")
@staff_only
def apply_assignment() -> Response | tuple[str, int]:
    form = _with_choices(AssignForm())
    if form.validate():
        try:
            assigned, target = _assign(form, dry_run=False)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            asked = plural(assigned.members, "member")
            flash(
                f"Done: {target.words}, {asked} asked. To undo it, end the rule below or the member's assignment.", "success"
            )
            return redirect(url_for(".assign", _anchor="rules"), 303)
    return _form_page(form), 422


@staff.route("/assign/<int:rule_id>/end", methods=["GET", "POST"])
@staff_only
def end_rule(rule_id: int) -> Response | tuple[str, int]:
    line = rule_line(db.session(), rule_id, gate.today())
    if line is None:
        abort(404)
    form = EndForm(on=gate.today())
    if form.validate_on_submit():
        try:
            members = _end(rule_id, form)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(f"It asks no more from {in_words(form.on.day)}: {plural(members, 'member')}.", "success")
            return redirect(url_for(".assign", _anchor="rules"), 303)
    return render_template("staff/end_rule.html", form=form, line=line), 422 if form.is_submitted() else 200


@staff.route("/members/<int:member_id>/assignments/<int:assignment_id>/end", methods=["GET", "POST"])
@staff_only
def end_by_name(member_id: int, assignment_id: int) -> Response | tuple[str, int]:
    """End what was asked of one member by name. What a rule asks ends with the rule."""
    member = member_for(db.session(), gate.reach(), member_id, gate.today())
    pair = assignment_by_name(db.session(), member_id, assignment_id)
    if pair is None:
        abort(404)
    form = EndForm(on=gate.today())
    form.submit.label.text = "End this assignment"
    if form.validate_on_submit():
        try:
            _end(assignment_id, form)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(f"{pair[1].title} is asked of {member.name} no more from {in_words(form.on.day)}.", "success")
            return redirect(url_for(".member", member_id=member_id), 303)
    page = render_template("staff/end_by_name.html", form=form, member=member, assignment=pair[0], path=pair[1])
    return page, 422 if form.is_submitted() else 200


def _end(chosen_id: int, form: EndForm) -> int:
    with writing(alone=True) as session:
        actor = gate.actor(Role.STAFF)
        return end_assignment(
            *(session, chosen_id, form.on.day, form.reason.data or "", actor), today=gate.today(), now=datetime.now(UTC)
        )


def _assign(form: AssignForm, *, dry_run: bool) -> tuple[Assigned, Target]:
    """Assign as the form says, or only try it."""
    with trying(dry_run) as session:
        target = _target(session, form.who.data, (form.target.data or "").strip())
        path = find_path(session, form.path.data)
        if path is None:
            raise Refused("unknown_path", "There is no such path any more.", field="path")
        plan = Plan(
            path=path,
            kind=AssignmentKind(form.kind.data),
            on=form.on.day,
            everyone=form.who.data == "everyone",
            units=[target.unit] if target.unit else [],
            crafts=[target.craft] if target.craft else [],
            members=[target.member] if target.member else [],
            due_on=form.due.data,
            within_days=form.within_days.data,
        )
        _refuse_twice(session, plan)
        return assign_path(session, plan, gate.actor(Role.STAFF), today=gate.today(), now=datetime.now(UTC)), target


def _target(session: Session, who: str, text: str) -> Target:
    """Whom the form names.

    Raises:
        Refused: ``nobody``, ``unknown_unit``, ``unknown_member``.
    """
    if who == "everyone":
        return Target("everyone")
    if not text:
        raise Refused("nobody", "Say which one: a local, a district, a craft or a member.", field="target")
    if who == "unit":
        unit = find_unit(session, text)
        if unit is None:
            raise Refused("unknown_unit", f"No local or district is known as {text}.", field="target")
        return Target(unit.title, unit=unit)
    if who == "craft":
        return Target(f"the craft {text}", craft=text)
    member = find_member(session, text)
    if member is None:
        raise Refused("unknown_member", f"No member, or more than one, is known as {text}.", field="target")
    return Target(member.name, member=member)


def _refuse_twice(session: Session, plan: Plan) -> None:
    """A form sent twice asks once."""
    terms = (plan.path, plan.kind, plan.on, plan.due_on)
    same: object = None
    if plan.members:
        same = same_assignment(session, plan.members[0].member_id, *terms)
    else:
        unit = plan.units[0] if plan.units else None
        same = same_rule(session, *terms, plan.within_days, unit, plan.crafts[0] if plan.crafts else "")
    if same is not None:
        raise Refused("already_assigned", "Exactly this is asked already: nothing was added.")


def _with_choices(form: AssignForm) -> AssignForm:
    form.path.choices = [SelectChoice(path.code, path.title) for path in path_choices(db.session(), gate.today())]
    return form


def _form_page(form: AssignForm) -> str:
    session = db.session()
    rules = open_rules(session, gate.today())
    crafts = craft_names(session)
    return render_template("staff/assign.html", form=_with_choices(form), rules=rules, crafts=crafts, kinds=_KINDS)
