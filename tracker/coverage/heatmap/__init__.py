"""Units × paths: every figure a reader may see, from one read of the ledger, to be filtered and sorted as they ask.

- `reading`      the map of one reader
- `map`          what can be asked of it: rows, pages, what they add up to, the report
- `wanted`       a line of it, and which lines are wanted
- `summary`      whom the lines add up to
- `totals`       the units above a reader's own
- `small_cells`  figures of one craft that stay hidden
- `units`        how units stand to each other, and in which order
- `document`     what they add up to, as a table
"""

from __future__ import annotations

from tracker.coverage.heatmap.document import summary_table
from tracker.coverage.heatmap.map import CoverageMap
from tracker.coverage.heatmap.reading import coverage_map, hidden_cells
from tracker.coverage.heatmap.summary import PathSummary, Summary, people_to_go
from tracker.coverage.heatmap.totals import LOCALS_OF_A_TOTAL, Figures, Total, Totals, open_totals
from tracker.coverage.heatmap.units import district_number, locals_under
from tracker.coverage.heatmap.wanted import UnitRow, Wanted

__all__ = [
    "LOCALS_OF_A_TOTAL",
    "CoverageMap",
    "Figures",
    "PathSummary",
    "Summary",
    "Total",
    "Totals",
    "UnitRow",
    "Wanted",
    "coverage_map",
    "district_number",
    "hidden_cells",
    "locals_under",
    "open_totals",
    "people_to_go",
    "summary_table",
]
