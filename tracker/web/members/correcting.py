"""`/my/wrong`: "this is wrong", of anything on one's own record; and what came of what one asked before."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import SubmitField, TextAreaField

from tracker.coverage.catalogue import find_course
from tracker.coverage.corrections import ABOUT_WORDS, Subject, cards_of, corrections_of, open_about, subject_of
from tracker.curriculum.words import Role
from tracker.language import _, lazy
from tracker.models import About, db, writing
from tracker.operations.corrections import LONGEST, ask_correction
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.fields import no_longer_than
from tracker.web.forms import Form
from tracker.web.gate import member_only
from tracker.web.ids import row_id
from tracker.web.locals.corrections import STATE_WORDS
from tracker.web.members.door import members, own_record


class WrongForm(Form):
    """What is right, in the member's own words."""

    words = TextAreaField(
        lazy("What is right?"),
        [no_longer_than(LONGEST)],
        description=lazy("In your own words. No health details: a person reads this."),
        render_kw={"rows": 5, "dir": "auto"},
    )
    submit = SubmitField()


@members.route("/my/wrong", methods=["GET", "POST"])
@member_only
def wrong() -> Response | str | tuple[str, int]:
    """With ``?about=`` (and ``object=``, the id of the card, course or path): the form; of cards without one, which.
    Without either: what was asked before."""
    if not request.args.get("about"):
        if request.method == "POST":
            return redirect(url_for(".wrong"), 303)
        return render_template("members/corrections.html", lines=_asked_before(), **_words())
    if request.args["about"] == About.CARD.value and not request.args.get("object") and request.method == "GET":
        cards = cards_of(db.session(), own_record(), gate.today())
        return render_template("members/correct_which.html", member=own_record(), cards=cards)
    subject = _subject()
    form = WrongForm()
    form.submit.label.text = _asking(subject)
    if subject.about is About.MISSING:
        form.words.label.text = _("What is missing?")
        form.words.description = _("The course, the day and where it was. No health details: a person reads this.")
        _begin_with_its_course(form)
    if form.validate_on_submit():
        try:
            with writing() as session:
                ask_correction(
                    session,
                    own_record(),
                    subject,
                    form.words.data or "",
                    gate.actor(Role.MEMBER),
                    now=datetime.now(UTC),
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(_("Asked. The answer will stand here, and on your record."), "success")
            return redirect(url_for(".wrong"), 303)
    waiting = open_about(db.session(), own_record().member_id, subject.about, subject.object_id)
    if subject.about in (About.MISSING, About.OTHER):
        waiting = None  # of these there can be several
    page = render_template("members/correct.html", form=form, subject=subject, waiting=waiting, **_words())
    return (page, 422) if form.is_submitted() else page


def _subject() -> Subject:
    """The thing that the address names; 404 where it is not on this person's record."""
    try:
        about = About(request.args["about"])
        written = request.args.get("object", "")
        object_id = row_id(written) if written else None
    except ValueError:
        abort(404)
    subject = subject_of(db.session(), own_record(), about, object_id, gate.today())
    if subject is None:
        abort(404)
    return subject


def _begin_with_its_course(form: WrongForm) -> None:
    """From a course's own row its title already stands there: the page has no other place that names it."""
    course = find_course(db.session(), request.args.get("course", ""))
    if course is not None and not form.is_submitted():
        form.words.data = _("%(course)s, completed on", course=course.title) + " "


def _asking(subject: Subject) -> str:
    if subject.unit is None:
        return _("Ask the training staff to correct this")
    return _("Ask Local %(number)s to correct this", number=subject.unit.number)


def _asked_before() -> object:
    return corrections_of(db.session(), own_record().member_id)


def _words() -> dict[str, object]:
    return {"about_words": ABOUT_WORDS, "state_words": STATE_WORDS}
