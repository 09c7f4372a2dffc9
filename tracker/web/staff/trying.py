"""The form in which a catalogue is given to be tried out, and the process of its own that tries it."""

from __future__ import annotations

from pathlib import Path

from flask_wtf.file import FileField
from wtforms import SelectField, SubmitField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from tracker.curriculum.strict_yaml import LONGEST_TEXT
from tracker.curriculum.words import Assurance
from tracker.intake.simulations import AskedTrial, keep_trial
from tracker.language import _, lazy
from tracker.models import new_id
from tracker.web import gate, processes
from tracker.web.fields import no_longer_than
from tracker.web.forms import Form

_FLOORS = [
    SelectChoice(Assurance.CLAIMED.word, lazy("claimed or surer")),
    SelectChoice(Assurance.REVIEWED.word, lazy("reviewed or surer")),
    SelectChoice(Assurance.PROVIDER.word, lazy("by provider only")),
]


class TryForm(Form):
    """A catalogue, as a file or as text."""

    file = FileField(
        lazy("File"),
        description=lazy("Your changed courses.yaml."),
        render_kw={"accept": ".yaml,.yml,.txt,text/yaml,text/plain"},
    )
    text = TextAreaField(
        lazy("Or its text"),
        [no_longer_than(LONGEST_TEXT)],
        description=lazy("The whole file, not only what you changed: what it leaves out would be retired."),
        render_kw={"rows": 8, "spellcheck": "false", "autocomplete": "off"},
    )
    floor = SelectField(lazy("Floor"), choices=_FLOORS, default=Assurance.REVIEWED.word)
    submit = SubmitField(lazy("See what would change"))

    def take(self) -> tuple[str, str] | None:
        """The name and the text that came; None, and a fault at the field, where there is none to read.

        What came as a file stays in the form as text, so that a try again does not ask for it.
        """
        name, text = "courses.yaml", self.text.data or ""
        if self.file.data:
            name = Path(self.file.data.filename or "").name[:120] or name
            try:
                text = self.file.data.stream.read().decode("utf-8-sig")  # no longer than a form may be
            except UnicodeDecodeError as error:
                self.file.errors = [
                    _("This is not UTF-8 text: byte %(place)s is none. Save it as UTF-8.", place=error.start + 1)
                ]
                return None
            self.text.data = text
        if not text.strip():
            self.file.errors = [_("Choose a file, or paste its text below.")]
            return None
        return name, text.replace("\r\n", "\n")


def trials_folder() -> Path:
    return gate.settings().instance / "simulations"


def begin_trial(name: str, text: str, floor: str, by: str) -> int:
    """Keep the text and let a process of its own try it; waits a little for it.

    Returns:
        The trial's number.

    Raises:
        OSError: the disk is full, or cannot be written.
    """
    trial_id = new_id()
    keep_trial(trials_folder(), trial_id, text, AskedTrial(name, floor, by))
    start(trial_id)
    return trial_id


def start(trial_id: int) -> None:
    """Let a process of its own work on a trial, unless one does already."""
    processes.start("trial", trial_id)
