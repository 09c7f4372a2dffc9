"""How units stand to each other on the map, and in which order people read them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.curriculum.words import UnitKind
from tracker.models import Unit, UnitClosure


def locals_under(session: Session, unit_ids: Collection[int]) -> dict[int, list[int]]:
    """The locals under each of these units."""
    under: dict[int, list[int]] = {unit_id: [] for unit_id in unit_ids}
    pairs = (
        select(UnitClosure.ancestor_id, UnitClosure.descendant_id)
        .join(Unit, Unit.id == UnitClosure.descendant_id)
        .where(UnitClosure.ancestor_id.in_(unit_ids), Unit.kind == UnitKind.LOCAL)
    )
    for ancestor, descendant in session.execute(pairs):
        under[ancestor].append(descendant)
    return under


def district_number(unit: Unit, units: Mapping[int, Unit]) -> str:
    """The number of the district that a local stands in."""
    parent = units.get(unit.parent_id) if unit.parent_id is not None else None
    return parent.number if parent is not None and parent.kind is UnitKind.DISTRICT else ""
