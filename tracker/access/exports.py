"""Whose file an export is, and whether they may still have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from tracker.access.roles import Reach
from tracker.models import ExportJob

_SETS = ("own_units", "units_with_figures", "locals_with_names", "locals_led", "units_with_totals")
_MOST = 100


def export_for(session: Session, reach: Reach, its_id: int) -> ExportJob:
    """A file that this person asked for."""
    job = session.get(ExportJob, its_id)
    if job is None or reach.user_id is None or job.requested_by != reach.user_id:
        raise NotFound
    return job


def exports_of(session: Session, reach: Reach) -> list[ExportJob]:
    """The files that this person asked for, the newest first."""
    mine = select(ExportJob).where(ExportJob.requested_by == reach.user_id)
    return list(session.scalars(mine.order_by(ExportJob.requested_at.desc(), ExportJob.id.desc()).limit(_MOST)))


def reach_as_json(reach: Reach) -> dict[str, Any]:
    """With what reach a file was made, as plain JSON."""
    units = {name: sorted(getattr(reach, name)) for name in _SETS}
    return {"roles": sorted(role.value for role in reach.roles), "member_id": reach.member_id, **units}


def still_reaches(reach: Reach, kept: Mapping[str, Any]) -> bool:
    """Whether this person still may see all that they might when a file was made: else it tells them too much."""
    if not {*kept.get("roles", ("unknown",))} <= {role.value for role in reach.roles}:
        return False
    if kept.get("member_id") not in (None, reach.member_id):
        return False
    return reach.sees_all_units or all({*kept.get(name, ())} <= getattr(reach, name) for name in _SETS)
