"""What one member is asked by name: what came of asking, ending it, and taking it back."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from tracker.access.finding import member_for
from tracker.coverage.asking_words import RuleWords, sentence
from tracker.coverage.rules import assignment_by_name
from tracker.curriculum.words import Role
from tracker.language import _, lazy
from tracker.models import Assignment, LearningPath, Member, db, writing
from tracker.models.base import lock_member
from tracker.operations.assignments import UNDO_WITHIN, undo_by_name
from tracker.operations.assignments.undoing import is_first_recording
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.gate import staff_only
from tracker.web.showing import day as in_words
from tracker.web.staff.assigning.made import EndForm, UndoForm, end_what
from tracker.web.staff.door import staff


@staff.get("/members/<int:member_id>/assignments/<int:assignment_id>")
@staff_only
def asked_by_name(member_id: int, assignment_id: int) -> str:
    """What a member was asked by name, and how to take it back."""
    return _page(*_found(member_id, assignment_id), UndoForm(formdata=None))


@staff.post("/members/<int:member_id>/assignments/<int:assignment_id>/undo")
@staff_only
def undo_asking_by_name(member_id: int, assignment_id: int) -> Response | tuple[str, int]:
    """Take back what was asked by name."""
    member, assignment, path = _found(member_id, assignment_id)
    form = UndoForm()
    if form.validate():
        try:
            with writing() as session:
                lock_member(session, member_id)
                pair = assignment_by_name(session, member_id, assignment_id)
                if pair is None:
                    raise Refused("already_undone", _("This assignment was undone already."))
                undo_by_name(session, pair[0], gate.actor(Role.STAFF), now=datetime.now(UTC))
        except Refused as refusal:
            form.refuse(refusal)
        else:
            words = _("Undone: %(path)s is asked of %(member)s by name no more.", path=path.title, member=member.name)
            flash(words, "success")
            return redirect(url_for(".member", member_id=member_id), 303)
    return _page(member, assignment, path, form), 422


@staff.route("/members/<int:member_id>/assignments/<int:assignment_id>/end", methods=["GET", "POST"])
@staff_only
def end_by_name(member_id: int, assignment_id: int) -> Response | tuple[str, int]:
    """End what was asked of one member by name. What a rule asks ends with the rule."""
    member, assignment, path = _found(member_id, assignment_id)
    form = EndForm(on=gate.today())
    form.submit.label.text = lazy("End this assignment")
    if form.validate_on_submit():
        try:
            end_what(assignment_id, form)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            words = _(
                "%(path)s is asked of %(member)s no more from %(day)s.",
                path=path.title,
                member=member.name,
                day=in_words(form.on.day),
            )
            flash(words, "success")
            return redirect(url_for(".member", member_id=member_id), 303)
    page = render_template("staff/end_by_name.html", form=form, member=member, assignment=assignment, path=path)
    return page, 422 if form.is_submitted() else 200


def _found(member_id: int, assignment_id: int) -> tuple[Member, Assignment, LearningPath]:
    member = member_for(db.session(), gate.reach(), member_id, gate.today())
    pair = assignment_by_name(db.session(), member_id, assignment_id)
    if pair is None:
        abort(404)
    return member, *pair


def _page(member: Member, assignment: Assignment, path: LearningPath, form: UndoForm) -> str:
    undo_until = assignment.recorded_at + UNDO_WITHIN
    can_undo = datetime.now(UTC) < undo_until and is_first_recording(db.session(), assignment)
    said = RuleWords(
        *(member.name, path.title, assignment.kind, assignment.assigned_on, assignment.due_on),
        within_days=None,
        leaving=None,
    )
    return render_template(
        "staff/asked_by_name.html",
        form=form,
        member=member,
        assignment=assignment,
        path=path,
        sentence=sentence(said),
        undo_until=undo_until if can_undo else None,
    )
