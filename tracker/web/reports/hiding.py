"""What stays hidden from a reader without names: figures of one craft that are about too few people."""

from __future__ import annotations

from sqlalchemy import select

from tracker.access.reporting import units_seen
from tracker.coverage.district import without_hidden_crafts
from tracker.coverage.heatmap import hidden_cells
from tracker.coverage.local import LocalCoverage
from tracker.models import Craft, db
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
