"""The form in which a catalogue is given to be tried out, and the process of its own that tries it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from flask import current_app
from flask_wtf.file import FileField
from wtforms import SelectField, SubmitField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from tracker.curriculum.words import Assurance
from tracker.intake.progress import hold
from tracker.intake.simulations import AskedTrial, keep_trial
from tracker.models import new_id
from tracker.web import gate
from tracker.web.fields import no_longer_than
from tracker.web.forms import Form

LONGEST = 2_000_000  # characters: what a catalogue may have
_WAIT = 3.0  # seconds a request waits for what it began, so that a small union needs no page in between
_COMMAND = (sys.executable, "-P", "-c", "from tracker.cli import main; main()", "catalogue", "try")

_FLOORS = [
    SelectChoice(Assurance.CLAIMED.word, "claimed or surer"),
    SelectChoice(Assurance.REVIEWED.word, "reviewed or surer"),
    SelectChoice(Assurance.PROVIDER.word, "by provider only"),
]


class TryForm(Form):
    """A catalogue, as a file or as text."""

    file = FileField(
        "File", description="Your changed courses.yaml.", render_kw={"accept": ".yaml,.yml,.txt,text/yaml,text/plain"}
    )
    text = TextAreaField(
        "Or its text",
        [no_longer_than(LONGEST)],
        description="The whole file, not only what you changed: what it leaves out would be retired.",
        render_kw={"rows": 8, "spellcheck": "false", "autocomplete": "off"},
    )
    floor = SelectField("Floor", choices=_FLOORS, default=Assurance.REVIEWED.word)
    submit = SubmitField("See what would change")

    def take(self) -> tuple[str, str] | None:
        """The name and the text that came; None, and a fault at the field, where there is none to read.

        What came as a file stays in the form as text, so that a try again does not ask for it.
        """
        name, text = "courses.yaml", self.text.data or ""
        if self.file.data:
            name = Path(self.file.data.filename or "").name[:120] or name
            try:
                text = self.file.data.stream.read().decode("utf-8-sig")
            except UnicodeDecodeError as error:
                self.file.errors = [f"This is not UTF-8 text: byte {error.start + 1} is none. Save it as UTF-8."]
                return None
            self.text.data = text
        if not text.strip():
            self.file.errors = ["Choose a file, or paste its text below."]
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
    lock = hold(trials_folder(), trial_id)
    if lock is None:
        return
    try:
        process = subprocess.Popen(  # noqa: S603 — our own program, with numbers of our own
            [*_COMMAND, str(trial_id), "--lock", str(lock)],
            env={**os.environ, **gate.settings().as_environment()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(lock,),
            start_new_session=True,
        )
    except OSError as error:  # too many processes, no memory: the page says that it stopped
        current_app.logger.error("no process for trial %s: %s", trial_id, error)
        return
    finally:
        os.close(lock)  # from here on the process holds it alone
    try:
        process.wait(_WAIT)
    except subprocess.TimeoutExpired:
        threading.Thread(target=process.wait, daemon=True).start()
