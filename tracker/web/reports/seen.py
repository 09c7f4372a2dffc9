"""A unit's coverage as its reader may see it, and the path that the address asks for: what page, sheet and charts share."""

from __future__ import annotations

from tracker.access.hiding import coverage_for
from tracker.coverage.local import LocalCoverage
from tracker.models import LearningPath, Unit, db
from tracker.web import gate
from tracker.web.asked import Asked, one_of


def coverage_seen(unit: Unit, question: Asked) -> LocalCoverage:
    """Every path of a unit that the reader may see, with what stands above it; small crafts hidden where they must be."""
    return coverage_for(db.session(), gate.reach(), unit, as_of=question.as_of, known=question.known, floor=question.floor)


def path_asked(coverage: LocalCoverage) -> LearningPath | None:
    """The path asked for, or else the first that asks anyone here."""
    code = one_of("path", tuple(line.path.code for line in coverage.lines))
    if code:
        return next(line.path for line in coverage.lines if line.path.code == code)
    return coverage.asking[0].path if coverage.asking else None
