"""What the lines of the map add up to, as a table of a document."""

from __future__ import annotations

from tracker.coverage.exports import Column, Kind, Table
from tracker.coverage.heatmap.summary import Summary
from tracker.curriculum.words import Assurance


def summary_table(summary: Summary, floor: Assurance, title: str) -> Table:
    """What the locals add up to, path by path."""
    columns = (
        Column("path"),
        Column("in_scope", Kind.COUNT, "In scope"),
        Column("covered", Kind.COUNT),
        Column("share", Kind.SHARE),
        Column("target", Kind.SHARE),
        Column("to_go", Kind.COUNT, "To go"),
        Column("locals", Kind.COUNT, "Locals with anyone in scope"),
        Column("locals_at_target", Kind.COUNT, "Locals at their target"),
        Column("locals_add_up_to", Kind.COUNT, "Locals add up to"),
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
    note = "" if summary.unit else "The locals’ figures added up: whoever holds cards in several of them counts in each."
    return Table(columns, rows, title, note)
