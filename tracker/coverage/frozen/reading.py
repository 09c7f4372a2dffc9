"""Everything a frozen report tells, read in one go. The door holds off other writers, so that all of it is of one moment."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tracker.coverage.derivation import current_policy
from tracker.coverage.figures import figures_on
from tracker.coverage.frozen.denominators import denominators
from tracker.coverage.frozen.shapes import PackFigures, PathFigures, TextInForce, UnitHere
from tracker.coverage.frozen.wording import version_words
from tracker.coverage.heatmap import hidden_cells, locals_under
from tracker.coverage.trends import trend
from tracker.curriculum.coverage import EVERY_CRAFT, Figure
from tracker.curriculum.local_numbers import natural
from tracker.curriculum.words import Assurance, UnitKind
from tracker.language import mark
from tracker.models import AppliedText, Craft, LearningPath, PathVersion, Section, SectionCourse, Unit, UnitClosure

_MONTHS = 24  # of the trend


def pack_figures(
    session: Session,
    unit: Unit,
    paths: Collection[LearningPath] | None,
    *,
    as_of: date,
    floor: Assurance,
    frozen_at: datetime,
) -> PackFigures:
    """The figures of a unit, of all under it and of its crafts, with everything that says how they were counted.

    Args:
        paths: which; None for every path that asks anyone here.
        frozen_at: this moment: all that is known by now is in the figures.
    """
    units = units_under(session, unit.id)
    by_unit = figures_on(session, as_of, unit_ids=[each.id for each in units])
    crafts = {row.id: row.name for row in session.execute(select(Craft.id, Craft.name))}
    by_craft = figures_on(session, as_of, unit_ids={unit.id}, crafts=crafts.keys())
    if paths is None:
        asked = {path for (_, _, path), figure in by_unit.items() if figure.in_scope}
        paths = [path for path in session.scalars(select(LearningPath)) if path.id in asked]
    policy = current_policy(session)
    whys = denominators(session, unit.id, [path.id for path in paths], as_of, policy)
    versions = _versions(session, [path.id for path in paths], as_of)
    # who reads the whole district sees another table of these crafts: what is hidden in that one would stand here else
    district = _district_of(session, unit)
    beside = {district, *locals_under(session, {district})[district]} if district else ()
    cells = hidden_cells(session, beside, paths, as_of=as_of, known=None)
    read = [
        PathFigures(
            path.id,
            path.code,
            path.title,
            path.target,
            versions[path.id],
            {unit_id: figure for (unit_id, _, path_id), figure in by_unit.items() if path_id == path.id},
            _crafts_of(by_craft, path.id),
            whys[path.id],
            trend(session, unit.id, path.id, as_of=as_of, months=_MONTHS),
            frozenset(craft for unit_id, craft in cells.get(path.id, ()) if unit_id == unit.id),
        )
        for path in sorted(paths, key=lambda path: path.code)
    ]
    return PackFigures(
        units,
        crafts,
        read,
        as_of,
        floor,
        frozen_at,
        policy.small_group,
        [status for status in policy.statuses if status in policy.counts],
        texts_in_force(session),
    )


def units_under(session: Session, unit_id: int) -> list[UnitHere]:
    """A unit, then all under it by their numbers."""
    found = session.scalars(
        select(Unit).join(UnitClosure, UnitClosure.descendant_id == Unit.id).where(UnitClosure.ancestor_id == unit_id)
    )
    rows = [UnitHere(each.id, each.number, each.title, each.kind, each.parent_id) for each in found]
    return sorted(rows, key=lambda each: (each.id != unit_id, natural(each.number)))


def _district_of(session: Session, unit: Unit) -> int | None:
    """The district that a unit is, or stands in; None for the whole union."""
    above = select(Unit.id).join(UnitClosure, UnitClosure.ancestor_id == Unit.id)
    return session.scalar(above.where(UnitClosure.descendant_id == unit.id, Unit.kind == UnitKind.DISTRICT).limit(1))


def texts_in_force(session: Session) -> list[TextInForce]:
    """The catalogue and the policy as they stand."""
    found = []
    for kind in (mark("catalogue"), mark("policy")):
        text = session.execute(
            select(AppliedText.sha256, AppliedText.applied_at)
            .where(AppliedText.kind == kind)
            .order_by(AppliedText.id.desc())
            .limit(1)
        ).one_or_none()
        if text is not None:
            found.append(TextInForce(kind, text.sha256, text.applied_at))
    return found


def _crafts_of(figures: dict[tuple[int, int, int], Figure], path_id: int) -> dict[int, Figure]:
    return {
        craft: figure
        for (_, craft, path), figure in figures.items()
        if path == path_id and craft != EVERY_CRAFT and figure.in_scope
    }


def _versions(session: Session, path_ids: Sequence[int], as_of: date) -> dict[int, list[str]]:
    """What each path's versions up to the day ask, in words."""
    found: dict[int, list[str]] = {path_id: [] for path_id in path_ids}
    rows = session.scalars(
        select(PathVersion)
        .options(selectinload(PathVersion.sections).selectinload(Section.courses).selectinload(SectionCourse.course))
        .where(PathVersion.path_id.in_(path_ids))
        .order_by(PathVersion.path_id, PathVersion.number)
    )
    for version in rows:
        if version.from_on is None or version.from_on <= as_of:
            found[version.path_id].append(version_words(version))
    return found
