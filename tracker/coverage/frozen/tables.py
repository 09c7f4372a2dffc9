"""The tables of a frozen report, with what is small left empty and said so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from tracker.coverage.exports import Column, For, Kind, Table
from tracker.coverage.exports.shapes import Cell
from tracker.coverage.frozen.shapes import Hidden, PackFigures, PathFigures
from tracker.coverage.frozen.wording import HIDDEN, hiding_words
from tracker.coverage.local.denominator import EXEMPT, NOT_ASKED
from tracker.curriculum.coverage import Figure
from tracker.curriculum.words import Assurance
from tracker.language import _, lazy, word

_FIGURES = (
    Column("in_scope", Kind.COUNT),
    Column("covered", Kind.COUNT),
    Column("share", Kind.SHARE),
    Column("claimed", Kind.COUNT, lazy("Claimed or surer")),
    Column("reviewed", Kind.COUNT, lazy("Reviewed or surer")),
    Column("provider", Kind.COUNT, lazy("By provider")),
    Column("shown", Kind.WORD),
)
_PATH = (Column("path", whom=For.PROGRAMS), Column("path_title", title=lazy("Path"), whom=For.PEOPLE))
_NOTHING: tuple[Cell, ...] = (None,) * 6


def figure_cells(figure: Figure, floor: Assurance, is_hidden: bool) -> tuple[Cell, ...]:
    """A figure in the columns that every table has: of a hidden one nothing but that it is."""
    if is_hidden:
        return (*_NOTHING, HIDDEN)
    return (figure.in_scope, figure.covered(floor), figure.share(floor), *figure[1:], "")


def coverage_by_unit(
    pack: PackFigures, hidden: Mapping[int, Hidden], only: Collection[int] | None = None, *, all_of_them: bool = True
) -> Table:
    """Each path in the scope and in each unit under it.

    Args:
        only: only in these units.
        all_of_them: also where no one is in scope, but in the scope itself.
    """
    rows = [
        (
            *(path.code, path.title, unit.number, unit.title, unit.kind.value),
            *figure_cells(path.figure(unit.id), pack.floor, unit.id in hidden[path.id].units),
        )
        for path in pack.paths
        for unit in pack.units
        if only is None or unit.id in only
        if all_of_them or unit.id == pack.scope.id or path.figure(unit.id).in_scope
    ]
    columns = (
        Column("path", whom=For.PROGRAMS),
        Column("path_title", title=lazy("Path")),
        Column("unit", whom=For.PROGRAMS),
        Column("unit_title", title=lazy("Unit")),
        Column("unit_kind", whom=For.PROGRAMS),
        *_FIGURES,
    )
    return Table(columns, rows, _("Coverage"), _note(pack, rows))


def coverage_by_craft(pack: PackFigures, hidden: Mapping[int, Hidden]) -> Table:
    """Each path in each craft of the scope."""
    rows = []
    for path in pack.paths:
        of = hidden[path.id]
        for craft, figure in sorted(path.crafts.items(), key=lambda each: pack.crafts[each[0]].casefold()):
            rows.append(
                (
                    path.code,
                    path.title,
                    pack.crafts[craft],
                    *figure_cells(figure, pack.floor, of.is_whole or craft in of.crafts),
                )
            )
    return Table((*_PATH, Column("craft"), *_FIGURES), rows, _("By craft"), _note(pack, rows))


def denominators_table(pack: PackFigures, hidden: Mapping[int, Hidden]) -> Table:
    """Why so many are in scope: those who hold a card, less those left out."""
    rows: list[tuple[Cell, ...]] = []
    for path in pack.paths:
        of, why = hidden[path.id], path.denominator
        rows.append((path.code, path.title, _("hold a card here"), *_counted(why.with_card, of.is_whole or of.hides_cards)))
        for group in why.left_out:
            rows.append(
                (
                    path.code,
                    path.title,
                    _group(group.why),
                    *_counted(-group.members, of.is_whole or group.why in of.left_out),
                )
            )
        rows.append((path.code, path.title, _("in scope"), *_counted(why.in_scope, of.is_whole)))
    columns = (*_PATH, Column("who"), Column("members", Kind.COUNT), Column("shown", Kind.WORD))
    return Table(columns, rows, _("Why so many"), _note(pack, rows))


def assurance_table(pack: PackFigures, hidden: Mapping[int, Hidden]) -> Table:
    """How sure: those in scope, each in one part."""
    rows: list[tuple[Cell, ...]] = []
    for path in pack.paths:
        figure = path.figure(pack.scope.id)
        if hidden[path.id].is_whole:
            rows.append((path.code, path.title, None, None, None, None, None, HIDDEN))
        else:
            reviewed, claimed = figure.reviewed - figure.provider, figure.claimed - figure.reviewed
            parts = (figure.provider, reviewed, claimed, figure.in_scope - figure.claimed)
            rows.append((path.code, path.title, figure.in_scope, *parts, ""))
    columns = (
        *_PATH,
        Column("in_scope", Kind.COUNT),
        Column("by_provider", Kind.COUNT),
        Column("reviewed_only", Kind.COUNT, lazy("Reviewed, no more")),
        Column("claimed_only", Kind.COUNT, lazy("Claimed, no more")),
        Column("not_complete", Kind.COUNT),
        Column("shown", Kind.WORD),
    )
    return Table(columns, rows, _("How sure"), _note(pack, rows))


def trend_table(pack: PackFigures, hidden: Mapping[int, Hidden]) -> Table:
    """The scope's figure at the end of each month."""
    rows = []
    for path in pack.paths:
        for day, figure in shown_points(path, hidden[path.id], pack.smallest):
            known = figure or Figure(0, 0, 0, 0)
            rows.append((path.code, path.title, day, *figure_cells(known, pack.floor, figure is None)))
    return Table((*_PATH, Column("day", Kind.DAY), *_FIGURES), rows, _("Month by month"), _note(pack, rows))


def shown_points(path: PathFigures, hidden: Hidden, smallest: int) -> list[tuple[date, Figure | None]]:
    """The trend's points; None where the group is small, or the scope's own figure is hidden."""
    return [
        (day, None if figure is None or hidden.is_whole or 0 < figure.in_scope < smallest else figure)
        for day, figure in path.trend.points
    ]


def _counted(number: int, is_hidden: bool) -> tuple[Cell, str]:
    return (None, HIDDEN) if is_hidden else (number, "")


def _group(why: str) -> str:
    if why == EXEMPT:
        return _("exempt from the path")
    if why == NOT_ASKED:
        return _("not asked for the path")
    return _("with the status %(status)s", status=word(why))


def _note(pack: PackFigures, rows: Iterable[tuple[Cell, ...]]) -> str:
    return hiding_words(pack.smallest) if any(row[-1] == HIDDEN for row in rows) else ""
