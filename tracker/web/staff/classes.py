"""`/staff/classes`: every class that was held, and recording one for people of any local."""

from __future__ import annotations

from flask import request, url_for
from werkzeug.wrappers import Response

from tracker.curriculum.words import Role
from tracker.web import gate
from tracker.web.forms import WITH_EVIDENCE, takes
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.locals.sheets import Door, StaffClassForm, classes_list, local_of, new_class, one_class, undo_one_class
from tracker.web.staff.door import staff


@staff.get("/classes")
@staff_and_auditors
def classes() -> str:
    return classes_list(_door())


@staff.route("/classes/new", methods=["GET", "POST"])
@staff_only
@takes(WITH_EVIDENCE)
def class_new() -> Response | str | tuple[str, int]:
    form = StaffClassForm()
    if not form.is_submitted():
        form.local.data = request.args.get("local", "")
    return new_class(_door(), form, local_of(form))


@staff.get("/classes/<int:batch_id>")
@staff_and_auditors
def class_one(batch_id: int) -> str:
    return one_class(_door(), batch_id)


@staff.route("/classes/<int:batch_id>/undo", methods=["GET", "POST"])
@staff_only
def class_undo(batch_id: int) -> Response | str | tuple[str, int]:
    return undo_one_class(_door(), batch_id)


def _door() -> Door:
    return Door(
        unit=None,
        actor=lambda: gate.actor(Role.STAFF),
        list_url=url_for("staff.classes"),
        new_url=url_for("staff.class_new"),
        class_url=lambda batch_id: url_for("staff.class_one", batch_id=batch_id),
        undo_url=lambda batch_id: url_for("staff.class_undo", batch_id=batch_id),
        is_staff=gate.reach().is_staff,
        may_write=gate.reach().is_staff,
    )
