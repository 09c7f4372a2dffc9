"""What is frozen, and by whom."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy.orm import Session

from tracker.coverage.frozen.hiding import hidden_of
from tracker.coverage.frozen.pack import Pack
from tracker.coverage.frozen.reading import pack_figures
from tracker.coverage.frozen.shapes import PackFigures
from tracker.curriculum.words import Assurance
from tracker.language import _
from tracker.models import FrozenReport, LearningPath, Unit
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.refused import Refused, refuse_impossible_day

LONGEST_TITLE = 150


def new_code() -> str:
    """What a public page is found by: 130 bits that nobody guesses, in letters and digits that can be read from paper."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def figures_to_freeze(
    session: Session,
    *,
    title: str,
    unit: Unit,
    path: LearningPath | None,
    as_of: date,
    floor: Assurance,
    today: date,
    now: datetime,
) -> PackFigures:
    """The figures of this moment, to be frozen. Other writers must be held off (``writing(alone=True)``).

    Args:
        path: None for every path that asks anyone here.
        now: the moment; taken after the writers were held off, so that whatever is recorded later counts as later.

    Raises:
        Refused: ``no_title``, ``long_title``, ``impossible_day``, ``day_to_come``, ``no_one_asked``, ``small_group``.
    """
    refuse_wrong_title(title)
    refuse_impossible_day(as_of, "as_of")
    if as_of > today:
        raise Refused(
            "day_to_come", _("%(as_of)s is still to come: freeze a day that is over, or today.", as_of=as_of), field="as_of"
        )
    figures = pack_figures(session, unit, None if path is None else [path], as_of=as_of, floor=floor, frozen_at=now)
    if not any(each.figure(unit.id).in_scope for each in figures.paths):
        raise Refused(
            "no_one_asked",
            _(
                "No one in %(title)s is asked for %(path)s on %(as_of)s: there is nothing to freeze.",
                title=unit.title,
                path=path.title,
                as_of=as_of,
            )
            if path
            else _(
                "No one in %(title)s is asked on %(as_of)s: there is nothing to freeze.",
                title=unit.title,
                as_of=as_of,
            ),
        )
    hidden = hidden_of(figures)
    if all(hidden[each.id].is_whole for each in figures.paths if each.figure(unit.id).in_scope):
        raise Refused(
            "small_group",
            _(
                "Fewer than %(smallest)s people are in scope in %(title)s: their figures would tell of "
                "single people, and are not frozen.",
                smallest=figures.smallest,
                title=unit.title,
            ),
        )
    return figures


def refuse_wrong_title(title: str) -> None:
    """Say no to a title that cannot stand at the head of a report.

    Raises:
        Refused: ``no_title``, ``long_title``.
    """
    if not title.strip() or not title.isprintable():
        raise Refused("no_title", _("Give the report a title, on one line."), field="title")
    if len(title) > LONGEST_TITLE:
        raise Refused(
            "long_title",
            _(
                "Keep the title to %(longest_title)s characters: these are %(count)s.",
                longest_title=LONGEST_TITLE,
                count=len(title),
            ),
            field="title",
        )


def record_frozen(
    session: Session, report_id: int, figures: PackFigures, pack: Pack, actor: Actor, *, title: str, code: str
) -> FrozenReport:
    """Record a report whose files are kept, with the moment of which its figures are."""
    report = FrozenReport(
        id=report_id,
        code=code,
        title=title,
        unit_id=figures.scope.id,
        as_of=figures.as_of,
        known=None,  # all that was known at ``frozen_at``
        floor=figures.floor,
        manifest=pack.manifest,
        sha256=pack.sha256,
        frozen_at=figures.frozen_at,
        frozen_by=actor.user_id,
    )
    session.add(report)
    session.flush()
    detail = {
        "title": title,
        "as_of": figures.as_of.isoformat(),
        "floor": figures.floor.word,
        "paths": _codes(figures),
        "sha256": pack.sha256,
    }
    audit(
        session,
        actor,
        "freeze_report",
        object_kind="frozen_report",
        object_id=report.id,
        unit_id=report.unit_id,
        detail=detail,
        at=figures.frozen_at,
    )
    return report


def _codes(figures: PackFigures) -> Collection[str]:
    return [path.code for path in figures.paths]
