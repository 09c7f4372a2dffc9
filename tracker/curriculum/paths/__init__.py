"""What a completion credits, what a section asks, and on which days a path is complete.

This is the one place that knows what "complete" means; the database stores only the spans that :func:`standing` returns.
Courses and paths are named by any integer key (the database's ids), so the same rule serves one member's page and the whole
union. Rules: docs/design.md section 4, "Days", "Renewal", "Versions", "Look-back", "Sections", "Equivalents".

- `shapes`     courses' terms, sections, versions, the curriculum
- `crediting`  what a completion credits, and until when
- `renewing`   courses that are renewed, lapse by the calendar or have days of grace: their cycles
- `sections`   what counts on one day, and whether it is enough
- `standings`  on which days a member has begun or holds a path
"""

from __future__ import annotations

from tracker.curriculum.paths.crediting import credits, cycles
from tracker.curriculum.paths.renewing import Cycle
from tracker.curriculum.paths.sections import courses_held, is_complete, recent_courses
from tracker.curriculum.paths.shapes import (
    Asked,
    ChangePolicy,
    Completed,
    CourseTerms,
    Credit,
    Curriculum,
    Equivalent,
    NeedKind,
    PathVersion,
    Section,
    Standing,
)
from tracker.curriculum.paths.standings import counted, standing, versions_over_time

__all__ = [
    "Asked",
    "ChangePolicy",
    "Completed",
    "CourseTerms",
    "Credit",
    "Curriculum",
    "Cycle",
    "Equivalent",
    "NeedKind",
    "PathVersion",
    "Section",
    "Standing",
    "counted",
    "courses_held",
    "credits",
    "cycles",
    "is_complete",
    "recent_courses",
    "standing",
    "versions_over_time",
]
