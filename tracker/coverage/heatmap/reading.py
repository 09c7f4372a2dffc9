"""The map of one reader, from one read of the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import current_policy
from tracker.coverage.figures import figures_on, is_restated_since
from tracker.coverage.heatmap.map import CoverageMap
from tracker.coverage.heatmap.small_cells import hidden_crafts
from tracker.coverage.heatmap.totals import totals_above
from tracker.coverage.heatmap.units import district_number, locals_under
from tracker.coverage.heatmap.wanted import UnitRow
from tracker.curriculum.coverage import EVERY_CRAFT, Figure
from tracker.curriculum.words import Assurance
from tracker.models import Craft, LearningPath, Unit


def coverage_map(
    session: Session,
    *,
    as_of: date,
    known: date | None,
    floor: Assurance,
    whole: Collection[int] | None,
    totals: Collection[int],
    craft: Craft | None = None,
    named: Collection[int] | None = None,
) -> CoverageMap:
    """The map of the units that a reader may see.

    Args:
        whole: the units whose figures they may see; None for all.
        totals: the units of which they may see a total, if at least five locals contribute to it: never a craft's, and none
            as known on a day since which anything was recorded.
        craft: only those in scope through a card of this craft. Its small groups stay hidden outside ``named``.
        named: the locals whose members they may see by name; None for all.
    """
    if known is not None and whole is not None and is_restated_since(session, known):
        totals = ()  # counted from the facts: for a total, of everyone in the union, at any officer's word
    paths = list(session.scalars(select(LearningPath).order_by(LearningPath.id)))
    units = {unit.id: unit for unit in session.scalars(select(Unit))}
    under = locals_under(session, totals)
    read = None if whole is None else {*whole, *totals, *(each for locals_ in under.values() for each in locals_)}
    crafts = (EVERY_CRAFT,) if craft is None else (craft.id,)
    figures: dict[tuple[int, int], Figure] = {}
    by_unit: dict[int, dict[int, Figure]] = {}
    for (unit_id, _, path_id), figure in figures_on(session, as_of, known=known, unit_ids=read, crafts=crafts).items():
        if under:
            figures[unit_id, path_id] = figure
        if figure[0]:
            here = by_unit.get(unit_id)
            if here is None:
                here = by_unit[unit_id] = {}
            here[path_id] = figure
    hidden: dict[int, set[int]] = {}
    if craft is not None and whole is not None and named is not None:
        for path_id, cells in hidden_cells(session, {*whole} - {*named}, paths, as_of=as_of, known=known).items():
            for unit_id, craft_id in cells:
                if craft_id == craft.id:
                    hidden.setdefault(unit_id, set()).add(path_id)
    rows = []
    for unit in units.values():
        if whole is None or unit.id in whole:
            unseen = frozenset(hidden.get(unit.id, ()))
            shown = by_unit.get(unit.id, {})
            if unseen:
                shown = {path_id: figure for path_id, figure in shown.items() if path_id not in unseen}
            rows.append(UnitRow(unit, district_number(unit, units), shown, unseen))
    above = [units[each] for each in under] if craft is None else []
    return CoverageMap(as_of, known, floor, paths, rows, totals_above(paths, above, under, whole, figures), craft)


def hidden_cells(
    session: Session, unit_ids: Collection[int], paths: Iterable[LearningPath], *, as_of: date, known: date | None
) -> dict[int, set[tuple[int, int]]]:
    """The units and crafts whose figure stays hidden, by path, from a reader who sees these units and no names in them.

    They are one table on every page: so ask for all the units that the reader sees so, wherever only some of them are shown.
    """
    if not unit_ids:
        return {}
    crafts = list(session.scalars(select(Craft.id)))
    figures = figures_on(session, as_of, known=known, unit_ids=unit_ids, crafts=crafts)
    under = {
        unit_id: [each for each in locals_ if each in unit_ids and each != unit_id]
        for unit_id, locals_ in locals_under(session, unit_ids).items()
    }
    smallest = current_policy(session).small_group
    return {path.id: hidden_crafts(figures, path.id, under, crafts, smallest) for path in paths}
