"""Who may read a file of evidence: asked at each reading, so that a role that ended opens nothing."""

from __future__ import annotations

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from tracker.access.roles import Reach
from tracker.coverage.classes import is_sign_in_sheet, recorded_with_sheet
from tracker.models import Evidence, Membership


def evidence_for(session: Session, reach: Reach, member_id: int, evidence_id: int, day: date) -> Evidence:
    """That very member's file: for themselves, staff, auditors, and leads of a local where they hold a card on the day.

    A sign-in sheet names everyone who was there: it is for staff, auditors, and leads of the local that recorded the class.
    """
    found = _file(session, member_id, evidence_id)
    if reach.sees_all_units:
        return found
    if is_sign_in_sheet(session, found):
        if not any(reach.may_see_evidence(unit_id) for unit_id in recorded_with_sheet(session, found)):
            raise NotFound
    elif not may_read_evidence(session, reach, member_id, day):
        raise NotFound
    return found


def evidence_with_reason_for(session: Session, reach: Reach, member_id: int, evidence_id: int) -> Evidence:
    """The same for an administrator, who must say why before they are given it."""
    if not reach.is_admin:
        raise NotFound
    return _file(session, member_id, evidence_id)


def may_read_evidence(session: Session, reach: Reach, member_id: int, day: date) -> bool:
    """Whether a person may read this member's evidence without saying why; of a sign-in sheet :func:`evidence_for` knows."""
    if reach.sees_all_units or reach.is_own_record(member_id):
        return True
    if not reach.locals_led:
        return False
    card = select(Membership.unit_id).where(
        Membership.member_id == member_id,
        Membership.voided_at.is_(None),
        Membership.from_on <= day,
        or_(Membership.until_on.is_(None), Membership.until_on > day),
    )
    return any(reach.may_see_evidence(unit_id) for unit_id in session.scalars(card))


def _file(session: Session, member_id: int, evidence_id: int) -> Evidence:
    found = session.get(Evidence, (member_id, evidence_id))
    if found is None or found.sha256 is None:
        raise NotFound
    return found
