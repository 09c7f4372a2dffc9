"""What every form stands on: a token against forgery, faults told to every reader, refusals beside their field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request
from flask_wtf import CSRFProtect, FlaskForm
from markupsafe import Markup
from wtforms import BooleanField, Field, RadioField, SelectField, SubmitField

from tracker.operations.evidence import LARGEST_FILE
from tracker.operations.refused import Refused

csrf = CSRFProtect()

View = TypeVar("View", bound=Callable[..., Any])

LARGEST_FORM = 2**20  # bytes: what a form without a file has at most. Reading one takes time, and strangers send them too
WITH_EVIDENCE = 2 * LARGEST_FILE + 2 * LARGEST_FORM  # a photo and a file, one of which is asked to be left out


def takes(most: int, otherwise: Callable[[], str] | None = None) -> Callable[[View], View]:
    """Let a page take more than a form has.

    Args:
        most: bytes of the whole request.
        otherwise: what is told to whoever sends more, where that is not the usual.
    """

    def mark(view: View) -> View:
        view.takes, view.takes_otherwise = most, otherwise  # type: ignore[attr-defined]
        return view

    return mark


def said_of_larger() -> str | None:
    """What the page of this request tells whoever sends more than it takes; None: the usual."""
    otherwise = getattr(_view(), "takes_otherwise", None)
    return otherwise() if otherwise is not None else None


def guard(app: Flask) -> None:
    """Ask every request that changes something for the token its page was given, and read none that is too large for it."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_FORM
    app.before_request(_bound)  # before the token, for which the whole form is read
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # as long as the session: a page left open overnight still works
    csrf.init_app(app)


def _bound() -> None:
    most = getattr(_view(), "takes", None)
    if most is not None:
        request.max_content_length = most


def _view() -> Callable[..., Any] | None:
    return current_app.view_functions.get(request.endpoint or "")


class Form(FlaskForm):  # type: ignore[misc]  # it has no types of its own
    """A form whose fields carry what assistive technology needs. Draw each with the macro `field`, in `_macros.html`.

    A field's ``description`` is its help text. ``refuse`` shows an operation's refusal where the person can mend it.
    """

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def render_field(self, field: Field, render_kw: dict[str, Any]) -> Markup:
            """Add the classes, and tie help and errors to the field by the ids that the macro gives them."""
            kind = (field.render_kw or {}).get("class_") or _css_class(field)
            render_kw.setdefault("class_", f"{kind} is-invalid" if field.errors else kind)
            told_by = [f"{field.id}-help"] if field.description else []
            if field.errors:
                render_kw.setdefault("aria-invalid", "true")
                told_by.append(f"{field.id}-error")
            if told_by:
                render_kw.setdefault("aria-describedby", " ".join(told_by))
            drawn: Markup = super().render_field(field, render_kw)
            return drawn

    def refuse(self, refusal: Refused) -> None:
        """Show a refusal at the field it names, or above the form if it names none of this form's."""
        if refusal.field is not None and refusal.field in self._fields:
            field = self._fields[refusal.field]
            field.errors = [*field.errors, refusal.message]
        else:
            self.form_errors.append(refusal.message)


def _css_class(field: Field) -> str:
    if isinstance(field, SubmitField):
        return "btn btn-primary"
    if isinstance(field, BooleanField):
        return "form-check-input"
    if isinstance(field, RadioField):
        return "radio-list"
    return "form-select" if isinstance(field, SelectField) else "form-control"
