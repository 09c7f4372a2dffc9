"""Which local a person may work for: find and authorise in one step, as in `finding`."""

from __future__ import annotations

from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from tracker.access.finding import local_for
from tracker.access.roles import Reach
from tracker.coverage.corrections import CorrectionLine, correction_line
from tracker.models import Unit


def local_named_for(session: Session, reach: Reach, number: str) -> Unit:
    """A local whose members the reader may see by name."""
    unit = local_for(session, reach, number)
    if not reach.may_see_names(unit.id):
        raise NotFound
    return unit


def local_led_for(session: Session, reach: Reach, number: str) -> Unit:
    """A local whose classes, corrections and eligibility are this person's: they lead it, or are training staff; auditors
    may look."""
    unit = local_named_for(session, reach, number)
    if not (reach.may_lead(unit.id) or reach.is_auditor):
        raise NotFound
    return unit


def correction_for(session: Session, reach: Reach, unit: Unit | None, member_id: int, correction_id: int) -> CorrectionLine:
    """A correction that a local is asked; of the training staff (``unit`` None) any. What another local is asked is not
    there, nor what was passed on."""
    line = correction_line(session, member_id, correction_id)
    if line is None or (unit is not None and line.correction.unit_id != unit.id):
        raise NotFound
    if unit is None and not reach.sees_all_units:
        raise NotFound
    return line
