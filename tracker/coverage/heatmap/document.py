"""What the lines of the map add up to, as a table of a document."""

from __future__ import annotations

from tracker.coverage.exports import Column, Kind, Table
from tracker.coverage.heatmap.summary import Summary
from tracker.curriculum.words import Assurance
from tracker.language import _, lazy


def summary_table(summary: Summary, floor: Assurance, title: str) -> Table:
    """What the locals add up to, path by path."""
    columns = (
        Column("path"),
        Column("in_scope", Kind.COUNT),
        Column("covered", Kind.COUNT),
        Column("share", Kind.SHARE),
        Column("target", Kind.SHARE),
        Column("to_go", Kind.COUNT),
        Column("locals", Kind.COUNT, lazy("Locals with anyone in scope")),
        Column("locals_at_target", Kind.COUNT, lazy("Locals at their target")),
        Column("locals_add_up_to", Kind.COUNT),
    )
    rows = [
        (
            line.path.code,
            line.figure.in_scope,
            line.figure.covered(floor),
            line.figure.share(floor),
            None if line.path.target is None else float(line.path.target),
            line.to_go,
            line.locals,
            line.at_target,
            line.added_up,
        )
        for line in summary.lines
    ]
    note = _("The locals’ figures added up: whoever holds cards in several of them counts in each.")
    return Table(columns, rows, title, "" if summary.unit else note)
