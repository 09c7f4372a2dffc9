"""What a view calls that shows someone another person's record or evidence, or hands them a list of names.

    opened(member.member_id, "record")
    opened(member.member_id, "evidence")
    opened([each.member_id for each in lines], "list", unit.id)

It is written at once, in a transaction of its own, before anything is shown. Where the database is busy it is kept aside and
written a little later: the page never fails for it. One's own record opens without a trace.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tracker.access.roles import Reach
from tracker.curriculum.words import Role
from tracker.models import Membership, db, writing
from tracker.operations.opening import (
    Opened,
    are_kept,
    drop_kept_openings,
    keep_opening,
    kept_openings,
    note_opening,
    openings_folder,
    write_kept_openings,
)
from tracker.operations.refused import Refused
from tracker.web import gate

_PATIENCE = 0.2  # seconds: longer than that, the reader does not wait for it
NOT_NOW = (Refused, SQLAlchemyError, sqlite3.Error, psycopg.Error)
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
        unit_id = _through(reach, others[0])
    actor, now = gate.actor(_role(reach, unit_id)), datetime.now(UTC)
    folder = openings_folder(gate.settings().instance)
    try:
        with writing_aside(_PATIENCE) as session:
            note_opening(session, actor, others, what, unit_id, now)
    except NOT_NOW as error:
        _log.warning("an opening waits to be written: %s", error.__class__.__name__)
        try:
            keep_opening(folder, actor, others, what, unit_id, now)
        except OSError:
            _log.exception("an opening could not be kept: user %s, %s of %s", actor.user_id, what, others[:50])
        return
    write_kept(patience=_PATIENCE)


@contextmanager
def writing_aside(patience: float) -> Iterator[Session]:
    """A transaction beside the page's own, which is left as it is: an application context has a session of its own.

    Raises one of :data:`NOT_NOW` where it cannot be written now.
    """
    with current_app.app_context(), writing(patience=patience) as session:
        yield session


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


def _through(reach: Reach, member_id: int) -> int | None:
    """The local through which an officer sees a member: the one whose card began last."""
    if reach.sees_all_units or not reach.locals_with_names:
        return None
    cards = select(Membership.unit_id).where(
        Membership.member_id == member_id,
        Membership.unit_id.in_(reach.locals_with_names),
        Membership.voided_at.is_(None),
    )
    return db.session().scalar(cards.order_by(Membership.from_on.desc()).limit(1))


def _role(reach: Reach, unit_id: int | None) -> Role:
    """The role through which this person sees it."""
    if Role.STAFF in reach.roles:
        return Role.STAFF
    if Role.AUDITOR in reach.roles:
        return Role.AUDITOR
    if unit_id in reach.locals_led:
        return Role.LOCAL_LEAD
    order = [Role.LOCAL_LEAD, Role.LOCAL_VIEWER, Role.DISTRICT_VIEWER, Role.ADMIN, Role.MEMBER]
    if unit_id in reach.locals_with_names:
        order.remove(Role.LOCAL_LEAD)  # they lead another local, not this one
    return next(each for each in order if each in reach.roles)
