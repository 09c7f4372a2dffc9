"""A unit's coverage as its reader may see it, and the path that the address asks for: what page, sheet and charts share."""

from __future__ import annotations

from tracker.access.reporting import units_seen
from tracker.coverage.local import LocalCoverage, local_coverage
from tracker.models import LearningPath, Unit, db
from tracker.web import gate
from tracker.web.asked import Asked, one_of
from tracker.web.reports.hiding import as_seen


def coverage_seen(unit: Unit, question: Asked) -> LocalCoverage:
    """Every path of a unit that the reader may see, with what stands above it; small crafts hidden where they must be."""
    seen = units_seen(gate.reach())
    coverage = local_coverage(
        db.session(),
        unit,
        as_of=question.as_of,
        known=question.known,
        floor=question.floor,
        whole=seen.whole,
        totals=seen.totals,
    )
    return as_seen(coverage)


def path_asked(coverage: LocalCoverage) -> LearningPath | None:
    """The path asked for, or else the first that asks anyone here."""
    code = one_of("path", tuple(line.path.code for line in coverage.lines))
    if code:
        return next(line.path for line in coverage.lines if line.path.code == code)
    return coverage.asking[0].path if coverage.asking else None
