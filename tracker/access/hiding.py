"""What stays hidden from a reader without names: figures of one craft, and of how people stand, that are about too few."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.access.former import officer
from tracker.access.reporting import units_seen
from tracker.access.roles import Reach
from tracker.coverage.access_funnel import UnitAccess, unit_access, without_small_steps
from tracker.coverage.derivation import current_policy
from tracker.coverage.district import without_hidden_crafts
from tracker.coverage.figures import NOBODY, figures_on
from tracker.coverage.heatmap import hidden_cells, locals_under
from tracker.coverage.local import LocalCoverage, local_coverage
from tracker.curriculum.coverage import EVERY_CRAFT
from tracker.curriculum.small_groups import hide
from tracker.curriculum.words import Assurance, UnitKind
from tracker.models import Craft, LearningPath, Unit


def coverage_for(
    session: Session, reach: Reach, unit: Unit, *, as_of: date, known: date | None, floor: Assurance
) -> LocalCoverage:
    """Every path of a unit that the reader may see, with what stands above it; small crafts hidden where they must be.

    All the units that a reader sees without names are one table to them, so that no answer gives away what another hides.
    """
    seen = units_seen(reach)
    coverage = local_coverage(session, unit, as_of=as_of, known=known, floor=floor, whole=seen.whole, totals=seen.totals)
    if seen.whole is None or reach.may_see_names(unit.id) or reach.totals_of(unit.id):
        return coverage
    crafts = {craft.id: craft.name for craft in session.scalars(select(Craft))}
    paths = [line.path for line in coverage.lines]
    cells = hidden_cells(session, seen.whole - reach.locals_with_names, paths, as_of=as_of, known=known)
    hidden = {path: {crafts[craft] for unit_id, craft in each if unit_id == unit.id} for path, each in cells.items()}
    return without_hidden_crafts(coverage, hidden)


def hides_how_people_stand(
    session: Session, reach: Reach, unit: Unit, path: LearningPath, as_of: date, known: date | None
) -> bool:
    """Whether how its people stand on a path stays hidden from this reader: they are too few, or what stands there, taken
    from the district's, would tell of another local whose people are."""
    district = unit.parent_id if unit.kind is UnitKind.LOCAL else unit.id
    if district is None or reach.may_see_names(unit.id):
        return False
    locals_ = [each for each in locals_under(session, {district})[district] if not reach.may_see_names(each)]
    figures = figures_on(session, as_of, known=known, unit_ids={district, *locals_})
    cells = {each: figures.get((each, EVERY_CRAFT, path.id), NOBODY).in_scope for each in (district, *locals_)}
    return unit.id in hide(cells, (), current_policy(session).small_group, wholes=[(district, locals_)])


def access_for(
    session: Session,
    reach: Reach,
    unit: Unit,
    path: LearningPath,
    *,
    as_of: date,
    known: date | None,
    floor: Assurance,
) -> UnitAccess:
    """How far those in scope of a path in a unit have got, as far as the reader may know."""

    def access_of(each: Unit) -> UnitAccess:
        reader = officer(reach) if reach.may_see_names(each.id) else None  # of others no name is told
        return unit_access(session, each, path, as_of=as_of, known=known, floor=floor, officer=reader)

    found = access_of(unit)
    if reach.may_see_names(unit.id):
        return found
    is_part = unit.kind is UnitKind.LOCAL
    below = [] if is_part else [each for each in locals_under(session, {unit.id})[unit.id] if reach.may_see_names(each)]
    named = {each.person.member_id for local in below for each in access_of(session.get_one(Unit, local)).people}
    return without_small_steps(found, current_policy(session).small_group, is_part=is_part, named=named)
