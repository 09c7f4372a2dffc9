"""Saying who is asked for what, seeing what it would do, and doing it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import NamedTuple

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from tracker.coverage.catalogue import path_choices
from tracker.coverage.naming import Named, first_names, units_by_number
from tracker.coverage.rules import craft_names, same_assignment, same_rule
from tracker.curriculum.words import AssignmentKind, Role
from tracker.language import _, ngettext
from tracker.models import db, trying
from tracker.operations.assignments import Assigned, Group, Plan, assign_path
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.staff.assigning.forms import AssignForm, Target, plan_of
from tracker.web.staff.door import staff

MOST_NAMES = 200


@staff.get("/assign")
@staff_and_auditors
def assign() -> str | Response:
    """The form, as it was left where the address tells. Who only reads sees what is asked."""
    if not gate.reach().is_staff:
        return redirect(url_for(".rules"), 303)
    form = AssignForm(formdata=_left() if "who" in request.args else None, on=gate.today(), who="unit")
    if form.path.data is None:
        form.path.data = request.args.get("path")
    if form.on.data is None and not form.on.raw_data:
        form.on.data = gate.today()
    return _form_page(form)


def _left() -> MultiDict[str, str]:
    """The form's fields as an address tells them; ``target`` is whichever the answer to "who" asks for."""
    args = MultiDict(request.args)
    if target := args.get("target"):
        args.setdefault(args.get("who", ""), target)
    for name, default in (("kind", "required"), ("until", "none"), ("leaving", "end"), ("on", gate.today().isoformat())):
        args.setdefault(name, default)
    return args


@staff.post("/assign")
@staff_only
def preview_assignment() -> str | tuple[str, int]:
    """What it would do, found by doing it and rolling it back."""
    form = _with_choices(AssignForm())
    if form.validate():
        try:
            assigned, target, words = _assign(form, dry_run=True)
        except Refused as refusal:
            return _refused(form, refusal)
        typed = {name: value for name, value in request.form.items() if name in form.data and name != "csrf_token"}
        typed.pop("submit", None)
        return render_template(
            "staff/assign_preview.html",
            assigned=assigned,
            target=target,
            sentence=words,
            is_required=form.kind.data == AssignmentKind.REQUIRED.value,
            is_past=form.due.data is not None and form.due.data < gate.today(),
            rows=_rows(db.session(), assigned),
            typed=typed,
            most=MOST_NAMES,
        )
    return _form_page(form), 422


@staff.post("/assign/apply")
@staff_only
def apply_assignment() -> Response | tuple[str, int]:
    """Do what was seen."""
    form = _with_choices(AssignForm())
    if form.validate():
        try:
            assigned, target, _words = _assign(form, dry_run=False)
        except Refused as refusal:
            return _refused(form, refusal)
        words = ngettext("Done: %(n)s member is asked.", "Done: %(n)s members are asked.", assigned.members)
        flash(words, "success")
        if target.member:
            member_id, made = target.member.member_id, assigned.by_name[0].id
            return redirect(url_for(".asked_by_name", member_id=member_id, assignment_id=made), 303)
        return redirect(url_for(".rule", rule_id=assigned.rules[0].id), 303)
    return _form_page(form), 422


class Row(NamedTuple):
    """A count of a preview, and who they are."""

    label: str
    is_within: bool  # a part of the row above
    number: int
    names: list[Named]


def _rows(session: Session, assigned: Assigned) -> list[Row]:
    """The counts of what it would do, those that are nobody's left out where they would say nothing."""

    def row(label: str, group: Group, *, is_within: bool = True) -> Row:
        members = assigned.groups[group]
        return Row(label, is_within, len(members), first_names(session, members, MOST_NAMES))

    reached: Collection[int] = frozenset().union(
        *(assigned.groups[group] for group in Group if group not in (Group.COMPLETE, Group.LATE, Group.TOLD))
    )
    rows = [Row(_("members it reaches"), False, assigned.members, first_names(session, reached, MOST_NAMES))]
    if reached:
        rows += [
            row(_("newly asked for this path"), Group.NEW),
            row(_("asked for it already"), Group.ALREADY),
            row(_("not counted: exempt"), Group.EXEMPT),
            row(_("not counted: a status that does not count"), Group.STATUS),
            row(_("not counted: no card that day"), Group.NO_CARD),
        ]
    rows.append(row(_("complete already, of those asked"), Group.COMPLETE, is_within=False))
    if assigned.due_impossible:
        rows.append(row(_("joined after the due date"), Group.LATE, is_within=False))
    if assigned.groups[Group.TOLD] or reached:
        rows.append(row(_("told by their next digest"), Group.TOLD, is_within=False))
    return rows


def _assign(form: AssignForm, *, dry_run: bool) -> tuple[Assigned, Target, str]:
    """Assign as the form says, or only try it."""
    with trying(dry_run) as session:
        plan, target, words = plan_of(session, form)
        _refuse_twice(session, plan)
        today, now = gate.today(), datetime.now(UTC)
        assigned = assign_path(session, plan, gate.actor(Role.STAFF), today=today, now=now, counts_told=dry_run)
        return assigned, target, words


def _refuse_twice(session: Session, plan: Plan) -> None:
    """A form sent twice asks once."""
    path, kind, on, due_on = plan.path, plan.kind, plan.on, plan.due_on
    same: object = None
    if plan.members:
        same = same_assignment(session, plan.members[0].member_id, path, kind, on, due_on)
    else:
        unit = plan.units[0] if plan.units else None
        craft = plan.crafts[0] if plan.crafts else ""
        same = same_rule(session, path, kind, on, due_on, plan.within_days, unit, craft, leaving=plan.leaving)
    if same is not None:
        raise Refused("already_assigned", _("Exactly this is asked already: nothing was added."))


def _refused(form: AssignForm, refusal: Refused) -> tuple[str, int]:
    form.refuse(refusal)
    return _form_page(form, asks_of_craft=refusal.code == "unknown_craft"), 422


def _with_choices(form: AssignForm) -> AssignForm:
    form.path.choices = [SelectChoice(path.code, path.title) for path in path_choices(db.session(), gate.today())]
    return form


def _form_page(form: AssignForm, *, asks_of_craft: bool = False) -> str:
    session = db.session()
    return render_template(
        "staff/assign.html",
        form=_with_choices(form),
        crafts=craft_names(session),
        units=units_by_number(session),
        asks_of_craft=asks_of_craft or bool(form.new_craft.data),
    )
