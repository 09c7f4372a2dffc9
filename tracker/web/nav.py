"""Where a person may go, and where they start."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import Flask, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.access.roles import Reach
from tracker.curriculum.words import UnitKind
from tracker.language import _
from tracker.models import Unit
from tracker.web import gate
from tracker.web.cookies import choice

THEME = "theme"  # the cookie
THEMES = ("auto", "light", "dark")


class Way(NamedTuple):
    """A place in the head of every page."""

    label: str
    path: str
    is_here: bool


def show_on(app: Flask) -> None:
    """Give every template what the frame of a page is drawn from."""
    app.context_processor(_frame)


def ways(reach: Reach, here: str) -> list[Way]:
    """The places open to a person, in the order of the head of the page."""
    places = [
        (_("My record"), "/my/", reach.member_id is not None),
        (_("Reports"), "/reports/", reach.sees_reports),
        (_("Staff"), "/staff/", reach.sees_all_units),
        (_("Users"), "/admin/", reach.is_admin),
        (_("Clients"), "/admin/clients", reach.is_admin or reach.sees_all_units),
        (_("Audit"), "/admin/audit", reach.sees_audit),
    ]
    shown = [(label, path) for label, path, is_open in places if is_open]
    if here.startswith("/locals/"):
        here = "/reports/"  # what a local does for its members is reached from its report
    nearest = max((path for _label, path in shown if here.startswith(path)), key=len, default="")
    return [Way(label, path, path == nearest) for label, path in shown]


def report_ways(reach: Reach, here: str) -> list[Way]:
    """The kinds of report open to a person, in the order of their tabs: every page under `/reports/` belongs to one."""
    places = [
        (_("Coverage"), "/reports/", reach.sees_reports),
        (_("Compare"), "/reports/compare", reach.sees_reports),
        (_("Priorities"), "/reports/priorities", reach.sees_all_units),
        (_("Access"), "/reports/access", reach.sees_all_units),
        (_("Frozen reports"), "/reports/frozen", reach.sees_reports),
    ]
    shown = [(label, path) for label, path, is_open in places if is_open]
    nearest = max((path for _label, path in shown if here.startswith(path)), key=len, default="")
    return [Way(label, path, path == nearest) for label, path in shown]


def home_path(session: Session, reach: Reach) -> str | None:
    """Where a person starts; None for someone who holds no role today."""
    if reach.is_staff:
        return "/staff/"
    if reach.is_officer:
        units = session.scalars(select(Unit).where(Unit.id.in_(reach.own_units)).limit(2)).all()
        if len(units) == 1 and units[0].kind is UnitKind.LOCAL:
            return f"/reports/locals/{units[0].number}"
        return "/reports/"
    if reach.is_auditor:
        return "/reports/"
    if reach.is_admin:
        return "/admin/"
    return "/my/" if reach.member_id is not None else None


def _frame() -> dict[str, Any]:
    theme = choice(THEME)
    return {
        "reach": gate.reach(),
        "ways": ways(gate.reach(), request.path),
        "report_ways": report_ways(gate.reach(), request.path) if request.path.startswith("/reports/") else [],
        "is_demo": gate.settings().is_demo,
        "theme": theme if theme in THEMES else "auto",
        "themes": THEMES,
        "here": gate.safe_path(request.full_path.rstrip("?")) or "/",
    }
