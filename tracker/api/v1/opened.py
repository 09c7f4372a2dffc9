"""That a program looked at somebody's record, or took a list that names people: the member reads it as they do of pages. And
that it asked for what is not its own.

Written in a transaction of its own before the answer is given. Where the database is busy it is kept aside, and written a
little later: the answer never fails for it. One's own record opens without a trace.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from flask import request
from sqlalchemy.orm import Session

from tracker.access.openings import unit_through
from tracker.api.door import settings
from tracker.api.v1.callers import Caller
from tracker.models.aside import NOT_NOW, writing_aside
from tracker.operations.actor import Actor
from tracker.operations.opening import Opened, address_kept, keep_opening, note_opening, openings_folder
from tracker.operations.refusing import note_refusal

_LONGEST = 100  # characters of what stood in an address
_log = logging.getLogger(__name__)


def opened_record(session: Session, caller: Caller, member_id: int) -> None:
    """Note that the caller sees this member's record."""
    if not caller.reach.is_own_record(member_id):
        _note(caller, [member_id], Opened.RECORD, unit_through(session, caller.reach, member_id))


def opened_list(caller: Caller, member_ids: Collection[int], unit_id: int | None) -> None:
    """Note that the caller takes a list of these members, of a unit or (None) of the union."""
    others = [each for each in member_ids if not caller.reach.is_own_record(each)]
    if others:
        _note(caller, others, Opened.LIST, unit_id)


def note_refused(caller: Caller, operation: str, asked: Mapping[str, str]) -> None:
    """Note that the caller was told: nothing is here. Seldom, however often it asks."""
    actor = caller.actor() if caller.reach.roles or caller.client else Actor(caller.reach.user_id, "none", caller.name)
    said = {name: value[:_LONGEST] for name, value in asked.items()}
    try:
        with writing_aside() as session:
            note_refusal(session, actor, f"api_v1.{operation}", asked=said, now=datetime.now(UTC))
    except NOT_NOW as error:
        _log.warning("a refusal could not be written down: %s", error.__class__.__name__)


def _note(caller: Caller, members: list[int], what: Opened, unit_id: int | None) -> None:
    actor, now = caller.actor(unit_id), datetime.now(UTC)
    asked = address_kept(request.path, request.args.items(multi=True)) if what is Opened.LIST else ""
    whose: int | list[int] = members if what is Opened.LIST else members[0]
    try:
        with writing_aside() as session:
            note_opening(session, actor, whose, what, unit_id, now, asked=asked)
    except NOT_NOW as error:
        _log.warning("an opening waits to be written: %s", error.__class__.__name__)
        try:
            keep_opening(openings_folder(settings().instance), actor, whose, what, unit_id, now, asked=asked)
        except OSError:
            _log.exception("an opening could not be kept: %s, %s of %s", actor.role, what, members[:50])
