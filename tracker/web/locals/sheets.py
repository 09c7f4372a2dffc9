"""The form of a class: who was there, what recording it would do, and the class that was recorded. A local records its own
members, the training staff anyone; the pages are the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from flask import abort, flash, redirect, render_template, request
from flask_wtf.file import FileField
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import Field, HiddenField, StringField, SubmitField, TextAreaField, ValidationError
from wtforms.validators import InputRequired

from tracker.coverage.catalogue import course_choices, find_course
from tracker.coverage.classes import Why, class_held, classes_page
from tracker.coverage.finding import find_unit
from tracker.coverage.people_of_local import people_of_local, some_of
from tracker.curriculum.words import UnitKind
from tracker.language import _, lazy, mark, ngettext
from tracker.models import Unit, db, trying, writing
from tracker.operations.actor import Actor
from tracker.operations.classes import ClassRecorded, HeldClass, record_class, undo_class, why_not_undone
from tracker.operations.evidence import LARGEST_FILE, StoredFile
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.evidence import ACCEPTED, file_of_note, file_sent, note_of
from tracker.web.fields import DayField, no_longer_than, possible_day
from tracker.web.forms import Form
from tracker.web.ids import row_id
from tracker.web.opened import opened
from tracker.web.reports.door import here

WHY_WORDS = {
    Why.NO_ONE: mark("no member found"),
    Why.SEVERAL: mark("fits several members"),
    Why.ONESELF: mark("yourself: somebody else records what you completed"),
}


class ClassForm(Form):
    """A class, and who was there. Ticked members come beside it, as ``who``."""

    course = StringField(
        lazy("Course"),
        [InputRequired(lazy("Say which course: begin to type its title, then choose it."))],
        description=lazy("Begin to type its title, then choose it."),
        render_kw={"list": "courses", "autocomplete": "off", "maxlength": 2000},
    )
    held_on = DayField(lazy("Day of the class"), [InputRequired(lazy("Give the day of the class.")), possible_day])
    note = StringField(
        lazy("Who taught it, and where"),
        [InputRequired(lazy("Say who taught it and where, in a few words.")), no_longer_than(200)],
        render_kw={"autocomplete": "off", "dir": "auto"},
    )
    sheet = FileField(
        lazy("Sign-in sheet"),
        description=lazy("A photo or a PDF, up to 10 MB. It stands behind each course that is recorded."),
        render_kw={"accept": ACCEPTED, "data-most-bytes": LARGEST_FILE},
    )
    kept = HiddenField()
    lines = TextAreaField(
        lazy("Numbers or names, one a line"),
        description=lazy("Member numbers are surest. What finds no one, or several, waits for a person to say who it is."),
        render_kw={"rows": 6, "dir": "auto", "spellcheck": "false"},
    )
    q = StringField(lazy("Name or member number"), render_kw={"autocomplete": "off", "type": "search"})

    stored: StoredFile | None = None

    def keep_sheet(self) -> bool:
        """Keep the sheet that came, or go on with the one that came before; whether nothing was wrong with it."""
        self.stored = file_of_note(self.kept.data or "")
        try:
            self.stored = file_sent(self.sheet) or self.stored
        except Refused as refusal:
            self.sheet.errors = [*self.sheet.errors, refusal.message]
            return False
        finally:
            self.kept.data = note_of(self.stored) if self.stored else ""
        return True


def local_of(form: StaffClassForm) -> Unit | None:
    """The local that the form names, if there is one of that number."""
    number = (form.local.data or "").strip()
    unit = find_unit(db.session(), number) if number else None
    return unit if unit is not None and unit.kind is UnitKind.LOCAL else None


def known_local(form: StaffClassForm, field: Field) -> None:
    """Whether there is such a local, where one is named."""
    if (field.data or "").strip() and local_of(form) is None:
        raise ValidationError(_("No local is known as %(number)s.", number=field.data.strip()))


class StaffClassForm(ClassForm):
    """The same for the training staff, who say whose members to choose from."""

    local = StringField(
        lazy("Local (to choose from its members)"),
        [known_local],
        description=lazy("Leave it empty for people of several locals: then write their member numbers."),
        render_kw={"autocomplete": "off"},
    )


class UndoForm(Form):
    submit = SubmitField(lazy("Take this class back"), render_kw={"class_": "btn btn-danger"})


@dataclass(frozen=True)
class Door:
    """Whose pages these are: the addresses, and who acts."""

    unit: Unit | None  # None: the training staff's
    actor: Callable[[], Actor]
    list_url: str
    new_url: str
    class_url: Callable[[int], str]
    undo_url: Callable[[int], str]
    is_staff: bool
    may_write: bool


def classes_list(door: Door) -> str:
    page = classes_page(db.session(), door.unit, request.args.get("before", type=row_id), own_on=_own_on())
    return render_template(
        "locals/classes.html",
        door=door,
        page=page,
        first_url=here(before=None) if request.args.get("before") else None,
        next_url=here(before=page.next_key) if page.next_key else None,
    )


def new_class(door: Door, form: ClassForm, unit: Unit | None) -> Response | str | tuple[str, int]:
    """Ask who was there; then show what recording it would do; then record it.

    Args:
        unit: the local to whose members it is bound.
    """
    if not form.is_submitted():
        return _form_page(door, form, unit, [])
    step, ticked = request.form.get("step", ""), _ticked()
    if step in ("find", "next", "first", "change"):
        form.keep_sheet()
        if isinstance(form, StaffClassForm):
            form.local.validate(form)
        return _form_page(door, form, unit, ticked)
    is_valid = form.validate()  # it clears what was said of the fields before
    if form.keep_sheet() and is_valid:
        try:
            if step == "record":
                with writing() as session:
                    done = record_class(
                        session, _held(session, form, unit, ticked), door.actor(), today=gate.today(), now=datetime.now(UTC)
                    )
                flash(_said(done), "success")
                return redirect(door.class_url(done.batch_id), 303)
            with trying(True, alone=False) as session:
                done = record_class(
                    session, _held(session, form, unit, ticked), door.actor(), today=gate.today(), now=datetime.now(UTC)
                )
            return _preview_page(door, form, unit, ticked, done)
        except Refused as refusal:
            form.refuse(refusal)
    return _form_page(door, form, unit, ticked), 422


def one_class(door: Door, batch_id: int) -> str:
    held = class_held(db.session(), door.unit, batch_id, own_on=_own_on())
    if held is None:
        abort(404)
    why_not = why_not_undone(held.line.batch, gate.reach().user_id, is_staff=door.is_staff, now=datetime.now(UTC))
    opened([each.member.member_id for each in held.people], "list", door.unit.id if door.unit else None)
    return render_template(
        "locals/class.html",
        door=door,
        held=held,
        may_undo=door.may_write and held.line.undone is None and why_not is None,
        why_not_undone=why_not[1] if why_not else "",
    )


def undo_one_class(door: Door, batch_id: int) -> Response | str | tuple[str, int]:
    held = class_held(db.session(), door.unit, batch_id)
    if held is None:
        abort(404)
    form = UndoForm()
    if form.validate_on_submit():
        try:
            with writing(alone=True) as session:
                again = class_held(session, door.unit, batch_id)
                assert again is not None
                undo_class(
                    session,
                    again.line.batch,
                    door.actor(),
                    is_staff=door.is_staff,
                    today=gate.today(),
                    now=datetime.now(UTC),
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(_("The class was taken back: nothing of it counts any more. The record of it stays."), "success")
            return redirect(door.class_url(batch_id), 303)
    page = render_template("locals/class_undo.html", door=door, held=held, form=form)
    return (page, 422) if form.is_submitted() else page


def _own_on() -> date | None:
    """Today, where this reader may read of a local's own people alone."""
    return None if gate.reach().sees_all_units else gate.today()


def _held(session: Session, form: ClassForm, unit: Unit | None, ticked: list[int]) -> HeldClass:
    return HeldClass(
        unit=unit,
        course=find_course(session, form.course.data or ""),
        held_on=form.held_on.day,
        note=form.note.data or "",
        ticked=ticked,
        lines=(form.lines.data or "").splitlines(),
        sheet=form.stored,
    )


def _said(done: ClassRecorded) -> str:
    recorded = ngettext("Recorded for %(n)s person.", "Recorded for %(n)s people.", len(done.recorded))
    if not done.waiting:
        return recorded
    waits = ngettext(
        "%(n)s line waits for a person to say who it is.", "%(n)s lines wait for a person to say who they are.", done.waiting
    )
    return f"{recorded} {waits}"


def _ticked() -> list[int]:
    """The members that are ticked, on this page of the list or on one before, each once."""
    found: dict[int, None] = {}
    for each in request.form.getlist("who"):
        try:
            found[row_id(each)] = None
        except ValueError:
            continue
    return list(found)


def _form_page(door: Door, form: ClassForm, unit: Unit | None, ticked: list[int]) -> str:
    """The form, with a page of the local's members on the day of the class."""
    session = db.session()
    day = min(form.held_on.data or gate.today(), gate.today())
    people = people_of_local(session, unit, day) if unit else []
    words = (form.q.data or "")[:100].strip()
    after = request.form.get("after", type=row_id) if request.form.get("step") == "next" else None
    page = some_of(people, words, after)
    shown = {each.member_id for each in page.rows}
    names = {each.member_id: each for each in people}
    return render_template(
        "locals/class_new.html",
        door=door,
        form=form,
        unit=unit,
        page=page,
        on_day=day,
        after=after,
        ticked=set(ticked),
        elsewhere=[names[each] for each in ticked if each not in shown and each in names],
        courses=course_choices(session),
        today=gate.today(),
    )


def _preview_page(door: Door, form: ClassForm, unit: Unit | None, ticked: list[int], done: ClassRecorded) -> str:
    course = find_course(db.session(), form.course.data or "")
    return render_template(
        "locals/class_preview.html",
        door=door,
        form=form,
        unit=unit,
        ticked=ticked,
        done=done,
        course=course,
        why_words=WHY_WORDS,
    )
