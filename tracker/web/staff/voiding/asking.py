"""Which of many completions are meant, as a form asks it."""

from __future__ import annotations

from flask import request
from sqlalchemy.orm import Session
from wtforms import HiddenField, SelectField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Optional

from tracker.coverage.batches import batch_of
from tracker.coverage.catalogue import find_course
from tracker.coverage.directory import user_of_address
from tracker.coverage.finding import find_unit
from tracker.coverage.voiding import VoidQuestion
from tracker.curriculum.words import Assurance
from tracker.language import _, lazy, mark, word
from tracker.operations.refused import Refused
from tracker.web.fields import DayField, no_longer_than
from tracker.web.forms import Form
from tracker.web.ids import row_id

_ANY = "any"
_ASSURANCES = {
    _ANY: mark("however sure"),
    Assurance.CLAIMED.word: mark("claimed only"),
    Assurance.REVIEWED.word: mark("reviewed only"),
    Assurance.PROVIDER.word: mark("by provider only"),
}


class QuestionForm(Form):
    course = StringField(
        lazy("Course"),
        [Optional()],
        description=lazy("Its code or title. Leave it empty for all of an import, or of a person."),
        render_kw={"list": "courses", "autocomplete": "off"},
    )
    from_on = DayField(lazy("Completed on this day or later"), [Optional()])
    until = DayField(lazy("Completed on this day or before"), [Optional()])
    unit = StringField(
        lazy("Local or district"),
        [Optional()],
        description=lazy("The number. Of who held a card there on the day of the completion. Empty for everywhere."),
        render_kw={"autocomplete": "off"},
    )
    batch = HiddenField()
    recorded_by = StringField(
        lazy("Recorded by"),
        [Optional()],
        description=lazy("The e-mail address with which they sign in. Empty for anyone."),
        render_kw={"autocomplete": "off", "autocapitalize": "none"},
    )
    assurance = SelectField(lazy("How sure"), default=_ANY)
    submit = SubmitField(lazy("See what it would do"))


class ReasonForm(Form):
    reason = StringField(
        lazy("Reason"),
        [InputRequired(lazy("Say why, in a few words.")), no_longer_than(200)],
        description=lazy("It stays on record, and the members read it."),
    )
    submit = SubmitField(lazy("Propose this"))


class PlainForm(Form):
    """A form with nothing but its token."""


def question_form() -> QuestionForm:
    form = QuestionForm(batch=request.args.get("batch", ""))
    form.assurance.choices = [SelectChoice(code, word(text)) for code, text in _ASSURANCES.items()]
    return form


def question_of(session: Session, form: QuestionForm) -> VoidQuestion:
    """What the form asks for.

    Raises:
        Refused: ``unknown_course``, ``unknown_unit``, ``unknown_user``, ``unknown_batch``.
    """
    asked = (form.course.data or "").strip()
    course = find_course(session, asked) if asked else None
    if asked and course is None:
        raise Refused("unknown_course", _("No course has that code or title."), field="course")
    number = (form.unit.data or "").strip()
    unit = find_unit(session, number) if number else None
    if number and unit is None:
        raise Refused("unknown_unit", _("No local or district is known as %(number)s.", number=number), field="unit")
    address = (form.recorded_by.data or "").strip()
    user = user_of_address(session, address) if address else None
    if address and user is None:
        raise Refused("unknown_user", _("Nobody signs in as %(address)s.", address=address), field="recorded_by")
    batch_id = batch_id_of(form)
    if batch_id is not None and batch_of(session, batch_id) is None:
        raise Refused("unknown_batch", _("There is no such import."))
    assurance = form.assurance.data
    return VoidQuestion(
        course_id=course.id if course else None,
        from_on=form.from_on.data,
        until_on=form.until.data,
        unit_id=unit.id if unit else None,
        batch_id=batch_id,
        recorded_by=user.id if user else None,
        assurance=None if assurance == _ANY else Assurance.from_word(assurance),
    )


def batch_id_of(form: QuestionForm) -> int | None:
    try:
        return row_id(form.batch.data or "")
    except ValueError:
        return None
