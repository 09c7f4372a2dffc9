"""What a simulation found, as tables: the same for the terminal, CSV, a workbook and the page."""

from __future__ import annotations

from tracker.coverage.exports.shapes import Cell, Column, Document, Kind, Table, floor_words
from tracker.coverage.simulating.shapes import PathChange, Simulation
from tracker.language import _, lazy, mark, number

DEFINITIONS = (
    mark(
        "Turns incomplete: complete on the day as the curriculum is, and not as it would be. What lapses by itself"
        " until then "
        "is not counted."
    ),
    mark("Kept: stays complete under this policy, and would not if all had to move at once."),
    mark("Falls below target: the local meets the path’s target on the day as the curriculum is, and not as it would be."),
    mark("Counted from what is recorded today: what anyone completes until the day is not known."),
)

_SUMMARY = (
    Column("path"),
    Column("version", Kind.COUNT),
    Column("policy", Kind.WORD),
    Column("day", Kind.DAY),
    Column("assigned", Kind.COUNT),
    Column("turn_incomplete", Kind.COUNT),
    Column("turn_incomplete_in_scope", Kind.COUNT, lazy("of them in scope")),
    Column("kept", Kind.COUNT),
    Column("become_complete", Kind.COUNT),
    Column("in_scope", Kind.COUNT),
    Column("covered_before", Kind.COUNT),
    Column("covered_after", Kind.COUNT),
    Column("locals_below_target", Kind.COUNT, lazy("Locals that fall below target")),
)
_LOCALS = (
    Column("path"),
    Column("policy", Kind.WORD),
    Column("day", Kind.DAY),
    Column("local"),
    Column("name"),
    Column("in_scope", Kind.COUNT),
    Column("covered_before", Kind.COUNT),
    Column("covered_after", Kind.COUNT),
    Column("share_before", Kind.SHARE),
    Column("share_after", Kind.SHARE),
    Column("target", Kind.SHARE),
    Column("falls_below", Kind.WORD, lazy("Falls below target")),
)


def simulation_document(found: Simulation, first: Table | None = None) -> Document:
    """The whole finding: policies side by side, then every local whose figure changes, then what edited courses change.

    Args:
        first: the table that stands first, and that a CSV file holds, if it is not the policies'.
    """
    facts = [
        (mark("What"), _("a catalogue tried out, not applied")),
        (mark("Worked out"), found.made_at.strftime("%Y-%m-%d %H:%M UTC")),
        (mark("Floor"), floor_words(found.floor)),
        (mark("Members looked at"), number(found.members)),
    ]
    tables = [first] if first else []
    tables += [table for table in (summary_table(found), locals_table(found)) if not first or table.title != first.title]
    if found.edited:
        rows = [(each.code, each.gained, each.lost, each.other) for each in found.edited]
        columns = (
            Column("path"),
            Column("become_complete", Kind.COUNT),
            Column("turn_incomplete", Kind.COUNT),
            Column("change_otherwise", Kind.COUNT),
        )
        tables.append(Table(columns, rows, _("Edited courses"), _("Under every policy alike, told today.")))
    return Document(_("What a change of the catalogue would do"), facts, tables, DEFINITIONS)


def summary_table(found: Simulation) -> Table:
    """A row a path, policy and day."""
    rows: list[tuple[Cell, ...]] = [
        (
            path.code,
            path.version_after,
            outcome.policy.value,
            outcome.day,
            outcome.assigned,
            outcome.lost,
            outcome.lost_in_scope,
            outcome.kept,
            outcome.gained,
            outcome.in_scope,
            outcome.before,
            outcome.after,
            len(outcome.below(path.target)),
        )
        for path in found.paths
        for outcome in path.outcomes
    ]
    return Table(_SUMMARY, rows, _("Change policies"))


def locals_table(found: Simulation) -> Table:
    """Every local whose figure changes, a row a path, policy and day."""
    rows: list[tuple[Cell, ...]] = []
    for path in found.paths:
        rows += _local_rows(path)
    return Table(_LOCALS, rows, _("Locals whose figure changes"))


def _local_rows(path: PathChange) -> list[tuple[Cell, ...]]:
    return [
        (
            path.code,
            outcome.policy.value,
            outcome.day,
            each.number,
            each.title,
            each.in_scope,
            each.before,
            each.after,
            round(each.before / each.in_scope, 6),
            round(each.after / each.in_scope, 6),
            path.target,
            mark("yes") if each.is_below(path.target) else mark("no"),
        )
        for outcome in path.outcomes
        for each in outcome.locals
    ]
