"""What a view calls that shows someone another person's record or evidence, or hands them a list of names.

    opened(member.member_id, "record")
    opened(member.member_id, "evidence")
    opened([each.member_id for each in lines], "list", unit.id)

It is written at once, in a transaction of its own, before anything is shown. Where the database is busy it is kept aside and
written a little later: the page never fails for it. One's own record opens without a trace.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import UTC, datetime

from flask import g, request

from tracker.access.openings import role_through, unit_through
from tracker.models import db
from tracker.models.aside import NOT_NOW, PATIENCE, writing_aside
from tracker.operations.opening import (
    Opened,
    address_kept,
    are_kept,
    drop_kept_openings,
    keep_opening,
    kept_openings,
    note_opening,
    openings_folder,
    write_kept_openings,
)
from tracker.web import gate

_log = logging.getLogger(__name__)


def opened(member_id: int | Collection[int], what: str, unit_id: int | None = None) -> None:
    """Note that the person of this request sees this of a member, or takes a list of these members.

    Args:
        what: ``record``, ``evidence`` or ``list``.
        unit_id: the unit through which they may see it, or of which the list is. None: found out.
    """
    reach = gate.reach()
    listed = [member_id] if isinstance(member_id, int) else list(member_id)
    others = [each for each in listed if not reach.is_own_record(each)]
    if not others:
        return
    if unit_id is None and Opened(what) is not Opened.LIST:
        unit_id = unit_through(db.session(), reach, others[0])
    actor, now = gate.actor(role_through(reach, unit_id)), datetime.now(UTC)
    asked = address_asked() if Opened(what) is Opened.LIST else ""
    g.is_noted = True
    folder = openings_folder(gate.settings().instance)
    try:
        with writing_aside() as session:
            note_opening(session, actor, others, what, unit_id, now, asked=asked)
    except NOT_NOW as error:
        _log.warning("an opening waits to be written: %s", error.__class__.__name__)
        try:
            keep_opening(folder, actor, others, what, unit_id, now, asked=asked)
        except OSError:
            _log.exception("an opening could not be kept: user %s, %s of %s", actor.user_id, what, others[:50])
        return
    write_kept(patience=PATIENCE)


def address_asked() -> str:
    """The address of this request, as the trail keeps it."""
    return address_kept(request.path, request.args.items(multi=True))


def write_kept(patience: float) -> bool:
    """Write the openings that wait, if the database can take them now; whether any were written."""
    folder = openings_folder(gate.settings().instance)
    if not are_kept(folder):
        return False
    kept = kept_openings(folder)
    try:
        with writing_aside(patience) as session:
            write_kept_openings(session, kept)
    except NOT_NOW as error:
        _log.warning("openings still wait to be written: %s", error.__class__.__name__)
        return False
    drop_kept_openings(kept)
    return True
