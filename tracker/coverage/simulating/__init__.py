"""A changed curriculum tried out before it is published: who turns incomplete, who is kept, which locals fall below target.

- `shapes`    what is tried, and what is found
- `running`   deriving everyone touched, as it is and as it would be, under each change policy
- `document`  what was found as tables, for every form of it
- `names`     who the people of a count are
"""

from __future__ import annotations

from tracker.coverage.simulating.document import locals_table, simulation_document, summary_table
from tracker.coverage.simulating.names import PersonLine, named_page, names_document
from tracker.coverage.simulating.running import Watch, simulate
from tracker.coverage.simulating.shapes import (
    Edited,
    Group,
    LocalChange,
    Members,
    Outcome,
    PathChange,
    Simulation,
    TriedCatalogue,
)

__all__ = [
    "Edited",
    "Group",
    "LocalChange",
    "Members",
    "Outcome",
    "PathChange",
    "PersonLine",
    "Simulation",
    "TriedCatalogue",
    "Watch",
    "locals_table",
    "named_page",
    "names_document",
    "simulate",
    "simulation_document",
    "summary_table",
]
