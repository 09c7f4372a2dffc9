"""`/locals/<number>/corrections`: what members of a local say is wrong. Its leads answer; its viewers see how many wait."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import RadioField, SubmitField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired

from tracker.access.leading import correction_for
from tracker.coverage.corrections import ABOUT_WORDS, CorrectionLine, corrections_page, corrections_waiting
from tracker.curriculum.words import Role
from tracker.language import _, lazy, mark
from tracker.models import CorrectionState, Unit, db, writing
from tracker.operations.actor import Actor
from tracker.operations.corrections import LONGEST, answer_correction, pass_on_correction
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.asked import one_of
from tracker.web.fields import no_longer_than
from tracker.web.forms import Form
from tracker.web.ids import row_id
from tracker.web.locals.door import acting, led, local_leads, local_people, locals_, seen
from tracker.web.opened import opened
from tracker.web.reports.door import here

DONE, DECLINED, PASS_ON = "done", "declined", "pass-on"
STATE_WORDS = {
    CorrectionState.OPEN: mark("waiting"),
    CorrectionState.DONE: mark("corrected"),
    CorrectionState.DECLINED: mark("declined"),
}


class AnswerForm(Form):
    """What came of a correction."""

    outcome = RadioField(lazy("What came of it?"), [InputRequired(lazy("Say what came of it."))])
    answer = TextAreaField(
        lazy("What was done, or why not"),
        [no_longer_than(LONGEST)],
        description=lazy("The member reads this on their record, and nobody else but you and the training staff."),
        render_kw={"rows": 4, "dir": "auto"},
    )
    submit = SubmitField(lazy("Send this answer"))


@locals_.get("/<number>/corrections")
@local_people
def corrections(number: str) -> str:
    unit = seen(number)
    reach, session = gate.reach(), db.session()
    waiting, oldest = corrections_waiting(session, [unit.id])
    page = None
    state = state_asked()
    if reach.may_lead(unit.id) or reach.is_auditor:
        page = corrections_page(session, [unit.id], state, after=request.args.get("after", type=row_id))
    return render_template(
        "locals/corrections.html",
        unit=unit,
        waiting=waiting,
        oldest=oldest,
        page=page,
        **list_words(state),
        address_of=lambda line: url_for(
            "locals.correction",
            number=unit.number,
            member_id=line.correction.member_id,
            correction_id=line.correction.id,
        ),
        first_url=here(after=None) if request.args.get("after") else None,
        next_url=here(after=page.next_key) if page and page.next_key else None,
    )


@locals_.route("/<number>/corrections/<int:member_id>/<int:correction_id>", methods=["GET", "POST"])
@local_leads
def correction(number: str, member_id: int, correction_id: int) -> Response | str | tuple[str, int]:
    unit = led(number)
    line = correction_for(db.session(), gate.reach(), unit, member_id, correction_id)
    back = url_for(".corrections", number=unit.number)
    return answering(unit, line, back)


def answering(unit: Unit | None, line: CorrectionLine, back: str) -> Response | str | tuple[str, int]:
    """The page of one correction: a local's, or (``unit`` None) as the training staff see it."""
    form = AnswerForm()
    form.outcome.choices = [
        SelectChoice(DONE, _("It is corrected")),
        SelectChoice(DECLINED, _("It stays as it is")),
        *([SelectChoice(PASS_ON, _("The training staff should look at it"))] if unit else []),
    ]
    if form.validate_on_submit():
        try:
            said = _answer(form, unit, line)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(said, "success")
            return redirect(back, 303)
    opened(line.member.member_id, "record", unit.id if unit else None)  # also where the form comes back: it shows as much
    may_answer = gate.reach().is_staff if unit is None else gate.reach().may_lead(unit.id)
    page = render_template(
        "locals/correction.html",
        form=form,
        unit=unit,
        line=line,
        back_url=back,
        may_answer=may_answer and line.correction.state is CorrectionState.OPEN,
        about_words=ABOUT_WORDS,
        state_words=STATE_WORDS,
        today=gate.today(),
    )
    return (page, 422) if form.is_submitted() else page


def _answer(form: AnswerForm, unit: Unit | None, line: CorrectionLine) -> str:
    """Answer it; what to say of that."""
    actor, words, name = _actor(unit), form.answer.data or "", line.member.name
    with writing() as session:
        correction = correction_for(session, gate.reach(), unit, line.correction.member_id, line.correction.id).correction
        if form.outcome.data == PASS_ON:
            pass_on_correction(session, correction, words, actor, now=datetime.now(UTC))
            return _("Passed on to the training staff.")
        state = CorrectionState.DONE if form.outcome.data == DONE else CorrectionState.DECLINED
        answer_correction(session, correction, state, words, actor, now=datetime.now(UTC))
    return _("%(name)s reads your answer on their record.", name=name)


def _actor(unit: Unit | None) -> Actor:
    return acting(unit) if unit else gate.actor(Role.STAFF)


def state_asked() -> CorrectionState | None:
    """Which corrections the address asks for; None for all of them."""
    word = one_of("state", ("all", *(each.value for each in CorrectionState)))
    return None if word == "all" else CorrectionState(word) if word else CorrectionState.OPEN


def list_words(state: CorrectionState | None) -> dict[str, object]:
    """What every list of corrections is drawn with."""
    return {
        "state": state,
        "states": [*CorrectionState],
        "about_words": ABOUT_WORDS,
        "state_words": STATE_WORDS,
        "page_with": here,
    }
