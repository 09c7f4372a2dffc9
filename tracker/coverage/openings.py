"""Who has looked at a member's record, as the member reads it: by role and unit, never by a private address."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, tzinfo
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import ColumnElement, Text, and_, cast, or_, select
from sqlalchemy.orm import Session

from tracker.coverage.former import all_ids_of
from tracker.coverage.paging import Page
from tracker.coverage.saying import called
from tracker.curriculum.words import PROGRAM, Role
from tracker.language import _
from tracker.models import AuditEntry, Membership, Unit, UnitClosure, User

RECORD, EVIDENCE, LIST = "open_record", "open_evidence", "download_list"
_PAGE = 50


class OpeningLine(NamedTuple):
    """What someone looked at on one day, in words."""

    on: date
    who: str
    what: str
    reason: str  # the one they gave, "" where none is asked for
    times: int


def openings_page(
    session: Session, member_id: int, zone: tzinfo, before: int | None = None, size: int = _PAGE
) -> Page[OpeningLine]:
    """Who has opened a member's record, or taken a list that held their name, the newest first.

    What the same person did again on the same day is one line. One's own openings are not told.

    Args:
        zone: whose days are told.
        before: the entry from before which to go on.
    """
    found = openings_of(session, member_id, before, size + 1)
    shown = found[:size]
    units = _units(session, {each.unit_id for each in shown if each.unit_id is not None})
    lines = [
        OpeningLine(
            on,
            who_in_words(role, units.get(unit or 0)),
            what_in_words(action, units.get(unit or 0), sure),
            why,
            len([*same]),
        )
        for (on, _actor, role, action, unit, sure, why), same in groupby(shown, key=lambda each: _alike(each, zone))
    ]
    return Page(lines, str(shown[-1].id) if len(found) > size else None)


def openings_of(session: Session, member_id: int, before: int | None, most: int) -> list[AuditEntry]:
    """The entries of the trail about it, the newest first."""
    ids = all_ids_of(session, member_id)
    own_users = list(session.scalars(select(User.id).where(User.member_id.in_(ids))))
    wanted: list[ColumnElement[bool]] = [AuditEntry.id < before] if before is not None else []
    if own_users:
        wanted.append(or_(AuditEntry.actor_id.is_(None), AuditEntry.actor_id.not_in(own_users)))
    mine = and_(AuditEntry.member_id.in_(ids), AuditEntry.action.in_((RECORD, EVIDENCE)))
    # two questions, for each has an index of its own
    return sorted(
        (
            each
            for where in (mine, _lists_with(session, ids))
            for each in session.scalars(select(AuditEntry).where(where, *wanted).order_by(AuditEntry.id.desc()).limit(most))
        ),
        key=lambda each: -each.id,
    )[:most]


def who_in_words(role: str, unit: Unit | None) -> str:
    """Who it was: by what they are to the union."""
    if role == Role.STAFF:
        return _("the union’s training staff")
    if role == Role.AUDITOR:
        return _("an auditor of the union")
    if role == Role.ADMIN:
        return _("an administrator of this tracker")
    if role == Role.LOCAL_LEAD:
        return _("the training lead of %(unit)s", unit=called(unit)) if unit else _("the training lead of a local")
    if role in (Role.LOCAL_VIEWER, Role.DISTRICT_VIEWER):
        return _("an officer of %(unit)s", unit=called(unit)) if unit else _("an officer of a local")
    if role.startswith(PROGRAM):
        return _("the program “%(name)s”, let in by an administrator", name=role.removeprefix(PROGRAM))
    return _("someone of the union")


def what_in_words(action: str, unit: Unit | None, is_named: bool = True) -> str:
    """What they looked at. ``is_named``: whether it is known that a list held the name."""
    if action == EVIDENCE:
        return _("the evidence of a course")
    if action == LIST and not is_named:
        return _("a very long list of members, which may have held your name")
    if action == LIST and unit is not None:
        return _("a list with your name in it, of members of %(unit)s", unit=called(unit))
    return _("a list with your name in it") if action == LIST else _("your record")


def _alike(entry: AuditEntry, zone: tzinfo) -> tuple[date, int | None, str, str, int | None, bool, str]:
    """What must be the same for two openings to be one line."""
    detail = entry.detail or {}
    is_named, reason = detail.get("members", ()) is not None, str(detail.get("reason", ""))
    on = entry.at.astimezone(zone).date()
    return on, entry.actor_id, entry.actor_role, entry.action, entry.unit_id, is_named, reason


def _lists_with(session: Session, ids: Collection[int]) -> ColumnElement[bool]:
    """The lists that held one of these names. Of a very long list it is not kept who was in it."""
    units: Sequence[int] = session.scalars(
        select(UnitClosure.ancestor_id)
        .join(Membership, Membership.unit_id == UnitClosure.descendant_id)
        .where(Membership.member_id.in_(ids))
        .distinct()
    ).all()
    detail = cast(AuditEntry.detail, Text)
    named = or_(*(detail.contains(f'"{each}"') for each in ids), detail.contains('"members": null'))
    return and_(AuditEntry.action == LIST, or_(AuditEntry.unit_id.in_(units), AuditEntry.unit_id.is_(None)), named)


def _units(session: Session, ids: Collection[int]) -> dict[int, Unit]:
    return {each.id: each for each in session.scalars(select(Unit).where(Unit.id.in_(ids)))} if ids else {}
