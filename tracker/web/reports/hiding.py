"""What stays hidden from a reader without names: figures of one craft that are about too few people."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from tracker.access.reporting import units_seen
from tracker.coverage.derivation import current_policy
from tracker.coverage.district import without_hidden_crafts
from tracker.coverage.figures import NOBODY, figures_on
from tracker.coverage.heatmap import hidden_cells, locals_under
from tracker.coverage.local import LocalCoverage
from tracker.curriculum.coverage import EVERY_CRAFT
from tracker.curriculum.small_groups import hide
from tracker.curriculum.words import UnitKind
from tracker.models import Craft, LearningPath, Unit, db
from tracker.web import gate


def as_seen(coverage: LocalCoverage) -> LocalCoverage:
    """A unit's coverage as far as this reader may see its crafts.

    All their units are one table to them, so that no page gives away what another hides.
    """
    reach, unit = gate.reach(), coverage.unit
    seen = units_seen(reach)
    if seen.whole is None or reach.may_see_names(unit.id) or reach.totals_of(unit.id):
        return coverage
    session = db.session()
    crafts = {craft.id: craft.name for craft in session.scalars(select(Craft))}
    paths = [line.path for line in coverage.lines]
    cells = hidden_cells(session, seen.whole - reach.locals_with_names, paths, as_of=coverage.as_of, known=coverage.known)
    hidden = {path: {crafts[craft] for unit_id, craft in each if unit_id == unit.id} for path, each in cells.items()}
    return without_hidden_crafts(coverage, hidden)


def hides_how_people_stand(unit: Unit, path: LearningPath, as_of: date, known: date | None) -> bool:
    """Whether how its people stand on a path stays hidden from this reader: they are too few, or what stands there, taken
    from the district's, would tell of another local whose people are."""
    reach, session = gate.reach(), db.session()
    district = unit.parent_id if unit.kind is UnitKind.LOCAL else unit.id
    if district is None or reach.may_see_names(unit.id):
        return False
    locals_ = [each for each in locals_under(session, {district})[district] if not reach.may_see_names(each)]
    figures = figures_on(session, as_of, known=known, unit_ids={district, *locals_})
    cells = {each: figures.get((each, EVERY_CRAFT, path.id), NOBODY).in_scope for each in (district, *locals_)}
    return unit.id in hide(cells, (), current_policy(session).small_group, wholes=[(district, locals_)])
