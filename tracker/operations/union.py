"""The union's units, as its file says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from tracker.curriculum.keys import unit_key
from tracker.curriculum.words import UnitKind
from tracker.language import _
from tracker.models import Unit, UnitClosure, new_id
from tracker.operations.actor import Actor
from tracker.operations.applied import apply_policy, keep_text
from tracker.operations.assignments import match_rules_anew
from tracker.operations.refused import Refused
from tracker.operations.rows import UnitRow
from tracker.operations.standings import rebuild

_TEXTS = ("name", "kind", "city", "region", "country", "sector", "time_zone")


class UnitsApplied(NamedTuple):
    added: int
    changed: int
    unchanged: int


def apply_units(
    session: Session, rows: Sequence[UnitRow], text: str, policy: str, actor: Actor, *, today: date, now: datetime
) -> UnitsApplied:
    """Make the union's units what the file says. A unit that the file does not name stays as it is.

    Args:
        rows: checked rows, in any order; ``parent`` names another row or a unit that is there already.
        text: the file as it was read, kept.
        policy: ``policy.yaml``'s text, put in force with the units.

    Raises:
        Refused: ``faulty_units`` where a unit would stand under itself or under a local; ``faulty_policy``.

    Needs ``writing(alone=True)``: a unit that moves restates every figure above it, and whom the rules of units ask.
    """
    units = {unit.number: unit for unit in session.scalars(select(Unit))}
    added = changed = 0
    for row in rows:
        unit = units.get(row.number)
        if unit is None:
            unit = units[row.number] = Unit(id=new_id(), number=row.number, number_key=unit_key(row.number))
            session.add(unit)
            added += 1
        elif any(getattr(unit, name) != getattr(row, name) for name in _TEXTS):
            changed += 1
        for name in _TEXTS:
            setattr(unit, name, getattr(row, name))
    session.flush()
    moved = 0
    for row in rows:
        parent_id = units[row.parent].id if row.parent else None
        if units[row.number].parent_id != parent_id:
            units[row.number].parent_id = parent_id
            moved += 1
    _refuse_impossible_tree(units.values())
    session.flush()
    if added or moved:
        _close(session, units.values())
    keep_text(session, "union", text, actor, now)
    counts_otherwise = apply_policy(session, policy, actor, now)
    if moved > added:
        match_rules_anew(session, actor, now)
    if (moved > added) or counts_otherwise:
        rebuild(session, today)
    return UnitsApplied(added, changed, len(rows) - added - changed)


def _refuse_impossible_tree(units: Collection[Unit]) -> None:
    """What the file alone cannot show: a circle through units it does not name, or a unit under one of its locals."""
    by_id = {unit.id: unit for unit in units}
    for unit in units:
        met = {unit.id}
        above_id = unit.parent_id
        while above_id is not None:
            above = by_id[above_id]
            if above.kind is UnitKind.LOCAL:
                reason = _(
                    "would stand under %(number)s, a local: only districts and the international have units below",
                    number=above.number,
                )
                raise Refused("faulty_units", _("Unit %(number)s %(reason)s.", number=unit.number, reason=reason))
            if above_id in met:
                reason = _(
                    "would stand under itself, through %(number)s: give the whole branch in one file", number=above.number
                )
                raise Refused("faulty_units", _("Unit %(number)s %(reason)s.", number=unit.number, reason=reason))
            met.add(above_id)
            above_id = above.parent_id


def _close(session: Session, units: Iterable[Unit]) -> None:
    """Write every unit under every unit above it."""
    parents = {unit.id: unit.parent_id for unit in units}
    pairs = []
    for unit_id in parents:
        above: int | None = unit_id
        depth = 0
        while above is not None:
            pairs.append({"ancestor_id": above, "descendant_id": unit_id, "depth": depth})
            above = parents[above]
            depth += 1
    session.execute(delete(UnitClosure))
    if pairs:
        session.execute(insert(UnitClosure).values(pairs))
