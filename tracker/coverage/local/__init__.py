"""One unit's coverage. Everything but the files is asked of a local or of a district alike; who may see what, the door says.

- `figures`      its figures beside those above it
- `denominator`  whom they count, and whom they leave out
- `members`      how its members stand, in counts
- `files`        all of it as a document
- `one_page`     one path on one page, for the local’s meeting
"""

from __future__ import annotations

from tracker.coverage.local.denominator import Denominator, LeftOut, denominator, denominator_of, left_out_for, why_words
from tracker.coverage.local.figures import LocalCoverage, LocalFigure, Median, PathLine, local_coverage
from tracker.coverage.local.files import local_document
from tracker.coverage.local.members import Counts, DueDay, counts_of, in_scope_through

__all__ = [
    "Counts",
    "Denominator",
    "DueDay",
    "LeftOut",
    "LocalCoverage",
    "LocalFigure",
    "Median",
    "PathLine",
    "counts_of",
    "denominator",
    "denominator_of",
    "in_scope_through",
    "left_out_for",
    "local_coverage",
    "local_document",
    "why_words",
]
