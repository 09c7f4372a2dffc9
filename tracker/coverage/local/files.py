"""A unit's coverage as a document: what its page tells."""

from __future__ import annotations

from collections.abc import Sequence

from tracker.coverage.exports import Chart, Column, Document, Kind, Table, coverage_document
from tracker.coverage.local.figures import CraftFigure, LocalCoverage, PathLine
from tracker.coverage.local.members import Counts
from tracker.coverage.people import COUNTED_STATES
from tracker.curriculum.coverage import whole_percent
from tracker.curriculum.policy import Policy
from tracker.curriculum.words import Assurance

TOO_FEW = "left out in groups too small to tell apart"


def local_document(
    coverage: LocalCoverage,
    line: PathLine | None = None,
    counts: Counts | None = None,
    policy: Policy | None = None,
    charts: Sequence[Chart] = (),
) -> Document:
    """Every path of the unit; then of one path what its page tells besides.

    Args:
        line: the path that is looked at, with its ``counts``, under the ``policy`` in force.
    """
    unit, floor = coverage.unit, coverage.floor
    title = unit.title if line is None else f"{unit.title} · {line.path.title}"
    tables = [_targets(coverage)]
    if line is not None and counts is not None:
        if crafts := coverage.crafts.get(line.path.id):
            tables.append(_crafts(crafts, floor, policy))
        tables += [_states(counts), why_table(counts)]
    found = () if line is None else (finding(line),)
    return coverage_document(coverage.report(), title, unit.title, tables=tables, charts=charts, findings=found)


def finding(line: PathLine) -> str:
    """The answer, in a sentence."""
    if not line.figure.in_scope:
        return f"{line.path.title}: no one in scope."
    covered, in_scope = line.covered, line.figure.in_scope
    said = f"{line.path.title}: {covered:,} of {in_scope:,} are covered, {whole_percent(covered, in_scope)} %"
    if line.to_go is None:
        return f"{said}."
    if line.to_go == 0:
        return f"{said}; the target of {line.target_percent} % is reached."
    people = "1 more person reaches" if line.to_go == 1 else f"{line.to_go:,} more people reach"
    return f"{said}; {people} the target of {line.target_percent} %."


def _targets(coverage: LocalCoverage) -> Table:
    columns = (
        Column("path"),
        Column("target", Kind.SHARE),
        Column("to_go", Kind.COUNT, "People to go"),
        Column("district_median", Kind.SHARE, "Median of the district’s locals"),
    )
    rows = [
        (
            line.path.code,
            None if line.path.target is None else float(line.path.target),
            line.to_go,
            None if line.median is None else round(float(line.median.share), 6),
        )
        for line in coverage.asking
    ]
    return Table(columns, rows, "Targets")


def _crafts(crafts: Sequence[CraftFigure], floor: Assurance, policy: Policy | None) -> Table:
    columns = (
        Column("craft"),
        Column("in_scope", Kind.COUNT, "In scope"),
        Column("covered", Kind.COUNT),
        Column("share", Kind.SHARE),
        *(Column(each.word, Kind.COUNT) for each in Assurance),
    )
    rows = [
        (craft, None, None, None, None, None, None)
        if figure is None
        else (craft, figure.in_scope, figure.covered(floor), figure.share(floor), *figure[1:])
        for craft, figure in crafts
    ]
    hides = any(each.figure is None for each in crafts)
    least = f"fewer than {policy.small_group} people" if policy else "few people"
    return Table(columns, rows, "By craft", f"Empty: hidden, so that no group of {least} can be told." if hides else "")


def _states(counts: Counts) -> Table:
    rows = [(state.value, counts.states[state]) for state in COUNTED_STATES if state in counts.states]
    return Table((Column("state"), Column("members", Kind.COUNT)), rows, "Members by state")


def why_table(counts: Counts) -> Table:
    """Whom the number in scope leaves out, line by line as the page does."""
    rows: list[tuple[str, int | None]] = [("hold a card here", counts.with_card)]
    rows += [(group.why, -group.members) for group in counts.left_out]
    if counts.too_few and counts.with_card is None:
        rows.append(("left out", None))
    elif counts.too_few:
        rows.append((TOO_FEW, -counts.too_few))
    rows.append(("in scope", counts.in_scope))
    return Table((Column("who"), Column("members", Kind.COUNT)), rows, "Why so many")
