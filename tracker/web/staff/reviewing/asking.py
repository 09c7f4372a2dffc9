"""What an address asks of the queue, and the forms in which a claim is decided."""

from __future__ import annotations

from typing import Any

from flask import request
from wtforms import SelectField, SubmitField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from tracker.coverage.catalogue import find_path
from tracker.coverage.finding import find_unit
from tracker.coverage.reviewing import REJECTING, RETURNING, Question
from tracker.language import _, lazy, word
from tracker.models import db
from tracker.web.fields import no_longer_than
from tracker.web.forms import Form

AGES = (7, 14, 30, 90)


class ReasonForm(Form):
    reason = SelectField(lazy("Reason"), validate_choice=False)
    words = TextAreaField(
        lazy("In your own words"),
        [no_longer_than(1_000)],
        description=lazy("Instead of a reason, or besides it. The member reads it."),
        render_kw={"rows": 3, "dir": "auto"},
    )

    @staticmethod
    def choices(reasons: dict[str, str]) -> list[SelectChoice]:
        return [SelectChoice("", _("Choose a reason")), *(SelectChoice(code, word(text)) for code, text in reasons.items())]


class ReturnForm(ReasonForm):
    submit = SubmitField(lazy("Return it to the member"), render_kw={"class_": "btn btn-outline-primary"})


class RejectForm(ReasonForm):
    submit = SubmitField(lazy("Reject it"), render_kw={"class_": "btn btn-danger"})


def returning() -> ReturnForm:
    """The form that returns a claim; the other one stands on the same page, so its fields have names of their own."""
    form = ReturnForm(prefix="return-")
    form.reason.choices = ReasonForm.choices(RETURNING)
    return form


def rejecting() -> RejectForm:
    """The form that rejects a claim."""
    form = RejectForm(prefix="reject-")
    form.reason.choices = ReasonForm.choices(REJECTING)
    return form


class PlainForm(Form):
    """A form with nothing but its token."""


class Asked:
    """What the address asks of the queue: read once, and carried from page to page."""

    def __init__(self) -> None:
        session = db.session()
        self.local = request.args.get("local", "").strip()
        self.unit = find_unit(session, self.local) if self.local else None
        path = find_path(session, request.args.get("path", "").strip()) if request.args.get("path") else None
        age = request.args.get("age", type=int)
        evidence = request.args.get("evidence", "")
        self.path_code = path.code if path is not None else ""
        self.age = age if age in AGES else None
        self.evidence = evidence if evidence in ("yes", "no") else ""
        self.question = Question(self.unit, path, self.age, {"yes": True, "no": False}.get(self.evidence))

    @property
    def is_unknown_local(self) -> bool:
        return bool(self.local) and self.unit is None

    @property
    def args(self) -> dict[str, Any]:
        """The same, for the next address."""
        told = {"local": self.local, "path": self.path_code, "age": str(self.age or ""), "evidence": self.evidence}
        return {name: value for name, value in told.items() if value}
