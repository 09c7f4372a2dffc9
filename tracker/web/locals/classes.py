"""`/locals/<number>/classes`: classes that a local held, and recording one from its sign-in sheet."""

from __future__ import annotations

from flask import abort, url_for
from werkzeug.wrappers import Response

from tracker.models import Unit
from tracker.web import gate
from tracker.web.forms import WITH_EVIDENCE, takes
from tracker.web.locals.door import acting, led, local_leads, locals_
from tracker.web.locals.sheets import ClassForm, Door, classes_list, new_class, one_class, undo_one_class


@locals_.get("/<number>/classes")
@local_leads
def classes(number: str) -> str:
    return classes_list(_door(led(number)))


@locals_.route("/<number>/classes/new", methods=["GET", "POST"])
@local_leads
@takes(WITH_EVIDENCE)
def class_new(number: str) -> Response | str | tuple[str, int]:
    door = _writers(led(number))
    return new_class(door, ClassForm(), door.unit)


@locals_.get("/<number>/classes/<int:batch_id>")
@local_leads
def class_one(number: str, batch_id: int) -> str:
    return one_class(_door(led(number)), batch_id)


@locals_.route("/<number>/classes/<int:batch_id>/undo", methods=["GET", "POST"])
@local_leads
def class_undo(number: str, batch_id: int) -> Response | str | tuple[str, int]:
    return undo_one_class(_writers(led(number)), batch_id)


def _writers(unit: Unit) -> Door:
    """The door of those who record; auditors only look."""
    door = _door(unit)
    if not door.may_write:
        abort(404)
    return door


def _door(unit: Unit) -> Door:
    number = unit.number
    return Door(
        unit=unit,
        actor=lambda: acting(unit),
        list_url=url_for("locals.classes", number=number),
        new_url=url_for("locals.class_new", number=number),
        class_url=lambda batch_id: url_for("locals.class_one", number=number, batch_id=batch_id),
        undo_url=lambda batch_id: url_for("locals.class_undo", number=number, batch_id=batch_id),
        is_staff=gate.reach().is_staff,
        may_write=gate.reach().may_lead(unit.id),
    )
