"""A district on one path: its locals ranked, what they add up to, and all of it as a document."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import median
from typing import NamedTuple

from tracker.coverage.exports import Chart, Column, Document, Kind, Table, coverage_table
from tracker.coverage.figures import CoverageReport, CoverageRow
from tracker.coverage.heatmap import PathSummary, people_to_go
from tracker.coverage.local import Counts, LocalCoverage, PathLine, local_document
from tracker.curriculum.coverage import Figure
from tracker.curriculum.policy import Policy
from tracker.curriculum.words import Assurance
from tracker.language import _
from tracker.models import LearningPath, Unit


class RankedLocal(NamedTuple):
    """A local of the district with anyone in scope."""

    unit: Unit
    figure: Figure
    to_go: int | None  # people until the target is reached; None where there is none


@dataclass(frozen=True)
class RankedLocals:
    """The locals of a district on one path, the highest share first."""

    path: LearningPath
    floor: Assurance
    locals: Sequence[RankedLocal]

    @property
    def median(self) -> Fraction | None:
        """The middle of their shares; None where no one is in scope."""
        shares = [Fraction(each.figure.covered(self.floor), each.figure.in_scope) for each in self.locals]
        return median(shares) if shares else None


def ranked_locals(coverage: LocalCoverage, path: LearningPath) -> RankedLocals:
    """The district's locals on a path."""
    floor = coverage.floor
    ranked = [
        RankedLocal(each.unit, each.figure, people_to_go(path, each.figure, floor))
        for each in coverage.locals.get(path.id, ())
    ]
    ranked.sort(key=lambda each: -(each.figure.share(floor) or 0.0))
    return RankedLocals(path, floor, ranked)


def path_summary(coverage: LocalCoverage, line: PathLine) -> PathSummary:
    """What the district's locals add up to on one path, beside its distinct people."""
    figures = [each.figure for each in coverage.locals.get(line.path.id, ())]
    reached = sum(people_to_go(line.path, figure, coverage.floor) == 0 for figure in figures)
    return PathSummary(
        line.path,
        line.figure,
        len(figures),
        None if line.path.target is None else reached,
        sum(figure.in_scope for figure in figures),
        line.to_go,
    )


def without_hidden_crafts(coverage: LocalCoverage, hidden: Mapping[int, Collection[str]]) -> LocalCoverage:
    """The same with the figures of these crafts, by path, told as too few people."""
    crafts = {
        path_id: [each._replace(figure=None) if each.craft in hidden.get(path_id, ()) else each for each in figures]
        for path_id, figures in coverage.crafts.items()
    }
    return replace(coverage, crafts=crafts)


def district_report(coverage: LocalCoverage) -> CoverageReport:
    """The district's figures and, where the reader sees them, its locals', as every export takes them."""
    rows = [*coverage.report().rows]
    for line in coverage.lines:
        for unit, figure in coverage.locals.get(line.path.id, ()):
            rows.append(CoverageRow(line.path.code, unit.number, unit.kind.value, figure, line.path.title, unit.name))
    rows.sort(key=lambda row: (row.path, row.unit_kind != "district", row.unit))
    return CoverageReport(coverage.as_of, coverage.known, coverage.floor, tuple(rows))


def district_document(
    coverage: LocalCoverage,
    line: PathLine | None = None,
    counts: Counts | None = None,
    policy: Policy | None = None,
    charts: Sequence[Chart] = (),
) -> Document:
    """Every path of the district and of its locals; then of one path what its page tells besides."""
    document = local_document(coverage, line, counts, policy, charts)
    tables = [coverage_table(district_report(coverage))]
    if line is not None and coverage.locals.get(line.path.id):
        tables.append(_ranking(ranked_locals(coverage, line.path)))
    return replace(document, tables=[*tables, *document.tables[1:]])


def _ranking(ranked: RankedLocals) -> Table:
    columns = (
        Column("rank", Kind.COUNT),
        Column("local"),
        Column("name"),
        Column("in_scope", Kind.COUNT),
        Column("covered", Kind.COUNT),
        Column("share", Kind.SHARE),
        Column("to_go", Kind.COUNT),
    )
    rows = [
        (
            place,
            each.unit.number,
            each.unit.name,
            each.figure.in_scope,
            each.figure.covered(ranked.floor),
            each.figure.share(ranked.floor),
            each.to_go,
        )
        for place, each in enumerate(ranked.locals, start=1)
    ]
    return Table(columns, rows, _("Locals, the highest share first"))
