"""Figures of one craft that are too small a group for a reader outside the local, and those that would give them away."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tracker.coverage.figures import NOBODY
from tracker.curriculum.coverage import Figure
from tracker.curriculum.small_groups import hide


def hidden_crafts(
    figures: Mapping[tuple[int, int, int], Figure],
    path_id: int,
    under: Mapping[int, Collection[int]],
    crafts: Collection[int],
    smallest: int,
) -> set[tuple[int, int]]:
    """The units and crafts whose figure on a path stays hidden from a reader who sees these units and no names in them.

    One table for all pages: whatever a page shows of it, another page shows no more.

    Args:
        figures: by unit, craft and path, of all these units and crafts.
        under: for each unit that the reader sees, its locals that they see no names in; a local has none under it.
        smallest: policy's ``small_group``.
    """
    cells = {
        (unit_id, craft_id): figure.in_scope
        for unit_id in under
        for craft_id in crafts
        if (figure := figures.get((unit_id, craft_id, path_id), NOBODY)).in_scope
    }
    by_unit: dict[int, list[tuple[int, int]]] = {}
    for unit_id, craft_id in cells:
        by_unit.setdefault(unit_id, []).append((unit_id, craft_id))
    wholes = []
    for unit_id, locals_ in under.items():
        for craft_id in crafts if locals_ else ():
            if (unit_id, craft_id) in cells:
                parts = [(each, craft_id) for each in locals_ if (each, craft_id) in cells]
                if parts:
                    wholes.append(((unit_id, craft_id), parts))
    return hide(cells, by_unit.values(), smallest, wholes=wholes)
