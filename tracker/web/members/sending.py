"""The form of a completed course, and what came with it."""

from __future__ import annotations

from flask_wtf.file import FileField
from wtforms import HiddenField, StringField, SubmitField
from wtforms.validators import InputRequired

from tracker.language import _, lazy
from tracker.operations.evidence import LARGEST_FILE, OF_A_MEMBER, StoredFile
from tracker.operations.refused import Refused
from tracker.web.evidence import ACCEPTED, file_of_note, file_sent, note_of
from tracker.web.fields import DayField, possible_day, web_address
from tracker.web.forms import Form

_STATUS = {"evidence_busy": 503, "evidence_quota": 429}  # what is no fault of the form


def _link_field() -> StringField:
    return StringField(
        lazy("Link to the certificate (if there is one)"),
        [web_address],
        description=lazy("For example the link that LinkedIn Learning gives you to share it."),
        render_kw={"inputmode": "url", "autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"},
    )


class CompletionForm(Form):
    """A course, the day it was completed, and a link: for its member and for staff."""

    course = StringField(
        lazy("Course"),
        [InputRequired(lazy("Say which course: begin to type its title, then choose it."))],
        description=lazy("Begin to type its title, then choose it. Its code or its web address does as well."),
        render_kw={"list": "courses", "autocomplete": "off", "maxlength": 2000},
    )
    completed_on = DayField(
        lazy("Day it was completed"), [InputRequired(lazy("Give the day it was completed.")), possible_day]
    )
    evidence_url = _link_field()
    submit = SubmitField(lazy("Log this course"))


class ProofForm(Form):
    """A photo, a file or a link behind a completion. ``kept`` carries a file over to the next sending of the form."""

    photo = FileField(
        lazy("Take a photo of it"),
        render_kw={"accept": "image/*", "capture": "environment", "data-most-bytes": LARGEST_FILE},
    )
    file = FileField(
        lazy("Photo, screenshot or PDF (if you have one)"),
        description=lazy("JPG, PNG, WebP or PDF, up to 10 MB. Where a photo was taken is removed from it."),
        render_kw={"accept": ACCEPTED, "data-most-bytes": LARGEST_FILE},
    )
    evidence_url = _link_field()
    kept = HiddenField()
    submit = SubmitField(lazy("Add this proof"))

    stored: StoredFile | None = None  # the file that came with this form, or with the one before
    status = 422  # of the answer, where something was wrong

    def keep_what_was_sent(self) -> bool:
        """Check and keep the file that came, and carry it on; whether nothing was wrong with it. After validating.

        A fault stands at its field. What came with an earlier sending stays, unless another took its place.
        """
        is_fine = True
        self.stored = file_of_note(self.kept.data or "")
        if self._sends(self.photo) and self._sends(self.file):  # neither is kept: nobody knows which was meant
            self.file.errors = [*self.file.errors, _("Send one of the two: the photo or the file.")]
            is_fine = False
        for field in (self.photo, self.file) if is_fine else ():
            try:
                self.stored = file_sent(field, OF_A_MEMBER) or self.stored
            except Refused as refusal:
                field.errors = [*field.errors, refusal.message]
                self.status = _STATUS.get(refusal.code, self.status)
                is_fine = False
        self.carry(self.stored)
        return is_fine

    def carry(self, file: StoredFile | None) -> None:
        """Let the next sending of the form hold a file that is kept already."""
        self.stored = file
        self.kept.data = note_of(file) if file else ""

    @property
    def link(self) -> str:
        return (self.evidence_url.data or "").strip()

    @staticmethod
    def _sends(field: FileField) -> bool:
        return bool(field.data is not None and getattr(field.data, "filename", ""))


class LogForm(CompletionForm, ProofForm):
    """What a member sends when they log a course. ``again``: the claim that was returned. ``sure``: they were told already
    that they hold the course."""

    again = HiddenField()
    sure = HiddenField()
    submit = SubmitField(lazy("Log this course"))
