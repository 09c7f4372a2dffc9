"""Saved profiles: how providers' tables are read, found again by their headings."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import HiddenField
from wtforms.validators import InputRequired

from tracker.curriculum.words import Role
from tracker.intake.reading import Reading
from tracker.language import _
from tracker.models import db, writing
from tracker.operations.profiles import SavedProfile, profiles_of, remove_profile
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.forms import Form
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.staff.door import staff
from tracker.web.staff.importing.asking import LABELS


class RemoveForm(Form):
    name = HiddenField(validators=[InputRequired()])


@staff.get("/imports/profiles")
@staff_and_auditors
def import_profiles() -> str:
    return _page(RemoveForm(formdata=None))


@staff.post("/imports/profiles/remove")
@staff_only
def remove_import_profile() -> Response | tuple[str, int]:
    form = RemoveForm()
    name = request.form.get("name", "")
    try:
        with writing() as session:
            remove_profile(session, name, gate.actor(Role.STAFF), datetime.now(UTC))
    except Refused as refusal:
        form.form_errors.append(refusal.message)
        return _page(form), 422
    flash(_("The profile %(name)s is removed. What was read by it stays.", name=name), "success")
    return redirect(url_for(".import_profiles"), 303)


def _page(form: RemoveForm) -> str:
    profiles = profiles_of(db.session())
    return render_template(
        "staff/profiles.html", form=form, profiles=[(each, _columns(each)) for each in profiles], labels=LABELS
    )


def _columns(profile: SavedProfile) -> list[tuple[str, str]]:
    """What each column of the file is, in our words."""
    reading = Reading.from_json(profile.reading)
    columns = [(heading, LABELS[field]) for field, heading in reading.columns.items()]
    return columns + [
        (_("“%(value)s” in every row", value=value), LABELS[field]) for field, value in reading.constants.items()
    ]
