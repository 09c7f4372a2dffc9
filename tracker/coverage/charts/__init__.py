"""Pictures of the figures: one Vega-Lite specification each, from which page, SVG, PNG and PDF are made.

A specification has no colours and no font of its own: :func:`themed` gives it those of a theme. Its data is inline, its
width that of whatever it stands in. Each chart comes with its finding (a true sentence, computed), a text that stands for
it, and its table. Nothing is drawn where no one is in scope: that is no 0 %.

- `trend`       coverage month by month, with target and version marks
- `assurance`   how sure: a bar each, in patterned parts
- `heat`        units × paths
- `funnel`      sections and courses of a path
- `slope`       the same on two days
- `priorities`  exposure × people not covered
- `rows`, `wording`, `themes`  what they share
"""

from __future__ import annotations

from tracker.coverage.charts.assurance import assurance_chart
from tracker.coverage.charts.funnel import funnel_chart
from tracker.coverage.charts.heat import heat_chart
from tracker.coverage.charts.priorities import priorities_chart
from tracker.coverage.charts.slope import slope_chart
from tracker.coverage.charts.themes import FILE_WIDTH, THEMES, themed
from tracker.coverage.charts.trend import trend_chart

__all__ = [
    "FILE_WIDTH",
    "THEMES",
    "assurance_chart",
    "funnel_chart",
    "heat_chart",
    "priorities_chart",
    "slope_chart",
    "themed",
    "trend_chart",
]
