"""A unit's coverage as a document: what its page tells."""

from __future__ import annotations

from collections.abc import Sequence

from tracker.coverage.exports import Chart, Column, Document, Kind, Table, coverage_document
from tracker.coverage.local.figures import CraftFigure, LocalCoverage, PathLine
from tracker.coverage.local.members import Counts
from tracker.coverage.people import COUNTED_STATES
from tracker.coverage.saying import plain_percent
from tracker.curriculum.coverage import whole_percent
from tracker.curriculum.policy import Policy
from tracker.curriculum.words import Assurance
from tracker.language import _, lazy, mark, ngettext, number

TOO_FEW = mark("left out in groups too small to tell apart")


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
        return _("%(path)s: no one in scope.", path=line.path.title)
    covered, in_scope = line.covered, line.figure.in_scope
    values = {
        "path": line.path.title,
        "covered": number(covered),
        "in_scope": number(in_scope),
        "share": plain_percent(whole_percent(covered, in_scope)),
    }
    if line.to_go is None or line.target_percent is None:
        return _("%(path)s: %(covered)s of %(in_scope)s are covered, %(share)s.", **values)
    values["target"] = plain_percent(line.target_percent)
    if line.to_go == 0:
        return _(
            "%(path)s: %(covered)s of %(in_scope)s are covered, %(share)s; the target of %(target)s is reached.", **values
        )
    return ngettext(
        "%(path)s: %(covered)s of %(in_scope)s are covered, %(share)s; %(n)s more person reaches the target of %(target)s.",
        "%(path)s: %(covered)s of %(in_scope)s are covered, %(share)s; %(n)s more people reach the target of %(target)s.",
        line.to_go,
        **values,
    )


def _targets(coverage: LocalCoverage) -> Table:
    columns = (
        Column("path"),
        Column("target", Kind.SHARE),
        Column("to_go", Kind.COUNT, lazy("People to go")),
        Column("district_median", Kind.SHARE, lazy("Median of the district’s locals")),
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
    return Table(columns, rows, _("Targets"))


def _crafts(crafts: Sequence[CraftFigure], floor: Assurance, policy: Policy | None) -> Table:
    columns = (
        Column("craft"),
        Column("in_scope", Kind.COUNT),
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
    note = ""
    if hides and policy:
        note = _("Empty: hidden, so that no group of fewer than %(count)s people can be told.", count=policy.small_group)
    elif hides:
        note = _("Empty: hidden, so that no group of few people can be told.")
    return Table(columns, rows, _("By craft"), note)


def _states(counts: Counts) -> Table:
    rows = [(state.value, counts.states[state]) for state in COUNTED_STATES if state in counts.states]
    return Table((Column("state", Kind.WORD), Column("members", Kind.COUNT)), rows, _("Members by state"))


def why_table(counts: Counts) -> Table:
    """Whom the number in scope leaves out, line by line as the page does."""
    rows: list[tuple[str, int | None]] = [(mark("hold a card here"), counts.with_card)]
    rows += [(group.why, -group.members) for group in counts.left_out]
    if counts.too_few and counts.with_card is None:
        rows.append((mark("left out"), None))
    elif counts.too_few:
        rows.append((TOO_FEW, -counts.too_few))
    rows.append((mark("in scope"), counts.in_scope))
    return Table((Column("who", Kind.WORD), Column("members", Kind.COUNT)), rows, _("Why so many"))
