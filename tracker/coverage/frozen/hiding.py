"""Which figures of a frozen report stay hidden: the rule is `curriculum.small_groups`, whoever reads it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

from tracker.coverage.frozen.shapes import Hidden, PackFigures, PathFigures, UnitHere
from tracker.coverage.local.denominator import EXEMPT, NOT_ASKED
from tracker.curriculum.coverage import Figure
from tracker.curriculum.small_groups import hide

Key: TypeAlias = tuple[str, int]  # ("unit", its id) or ("craft", its id)


def hidden_keys(
    units: Collection[UnitHere],
    by_unit: Mapping[int, Figure],
    by_craft: Mapping[int, Figure],
    scope_id: int,
    smallest: int,
    also: Collection[Key] = (),
) -> set[Key]:
    """The cells of one path's tables that stay hidden: units under units, and the scope's crafts."""
    cells: dict[Key, int] = {("unit", unit.id): _in_scope(by_unit, unit.id) for unit in units}
    cells.update((("craft", craft), figure.in_scope) for craft, figure in by_craft.items())
    parts: dict[int, list[Key]] = {}
    for unit in units:
        if unit.parent_id is not None and unit.id != scope_id:
            parts.setdefault(unit.parent_id, []).append(("unit", unit.id))
    wholes: list[tuple[Key, Collection[Key]]] = [(("unit", above), under) for above, under in parts.items()]
    if by_craft:
        wholes.append((("unit", scope_id), [("craft", craft) for craft in by_craft]))
    return hide(cells, (), smallest, wholes=wholes, also=[key for key in also if key in cells])


def hidden_of(pack: PackFigures) -> dict[int, Hidden]:
    """What stays hidden, by path."""
    keys = {
        path.id: hidden_keys(
            pack.units,
            path.units,
            path.crafts,
            pack.scope.id,
            pack.smallest,
            [("craft", craft) for craft in path.hidden_crafts],
        )
        for path in pack.paths
    }
    told = [path for path in pack.paths if ("unit", pack.scope.id) not in keys[path.id]]
    groups, hides_cards = _hidden_groups(told, pack.smallest)
    return {
        path.id: Hidden(
            frozenset(number for kind, number in keys[path.id] if kind == "unit"),
            frozenset(number for kind, number in keys[path.id] if kind == "craft"),
            groups.get(path.id, frozenset()),
            hides_cards,
            path not in told,
        )
        for path in pack.paths
    }


def _hidden_groups(paths: Sequence[PathFigures], smallest: int) -> tuple[dict[int, frozenset[str]], bool]:
    """The groups of the denominators that stay hidden, by path, and whether how many hold a card does too.

    How many hold a card is the same on every path, and nearly always so is how many hold one of a status: so all paths are
    one table, lest one of them tell what another hides. How many are in scope is shown in any case.
    """
    counts: dict[str, set[int]] = {}
    for path in paths:
        for group in path.denominator.left_out:
            counts.setdefault(group.why, set()).add(group.members)

    def key_of(path: PathFigures, why: str) -> tuple[int, str]:
        is_same = why not in (EXEMPT, NOT_ASKED) and len(counts[why]) == 1
        return (0 if is_same else path.id, why)

    cards = (0, "")
    cells = {cards: paths[0].denominator.with_card} if paths else {}
    lines = []
    for path in paths:
        parts = {key_of(path, group.why): group.members for group in path.denominator.left_out}
        cells.update(parts)
        lines.append((cards, list(parts)))
    hidden = hide(cells, (), smallest, wholes=lines)
    groups = {
        path.id: frozenset(g.why for g in path.denominator.left_out if key_of(path, g.why) in hidden) for path in paths
    }
    return groups, cards in hidden


def _in_scope(figures: Mapping[int, Figure], unit_id: int) -> int:
    figure = figures.get(unit_id)
    return figure.in_scope if figure else 0
