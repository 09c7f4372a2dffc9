"""How one member's days become deltas of the coverage ledger, and how deltas become figures.

A ledger key is ``(unit, craft, path)``; craft ``EVERY_CRAFT`` is the unit's figure over all crafts. A delta on a day is four
numbers: in scope, and covered at each floor. A figure on a day is the sum of the deltas up to and including that day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple, TypeAlias

from tracker.curriculum.days import FOREVER, Span, intersect, union
from tracker.curriculum.paths import Standing
from tracker.curriculum.scope import InScope
from tracker.curriculum.words import Assurance

EVERY_CRAFT = 0

Key: TypeAlias = tuple[int, int, int, date]  # unit, craft, path, day
Deltas: TypeAlias = dict[Key, list[int]]  # in scope, claimed, reviewed, provider

_FLOORS = tuple(int(each) for each in Assurance)


class Figure(NamedTuple):
    """Counts of distinct members on one day."""

    in_scope: int
    claimed: int
    reviewed: int
    provider: int

    def covered(self, floor: Assurance) -> int:
        return self[int(floor)]

    def share(self, floor: Assurance) -> float | None:
        """Covered of those in scope, 0 to 1 and rounded to six places; None where no one is in scope."""
        return round(self.covered(floor) / self.in_scope, 6) if self.in_scope else None


def whole_percent(covered: int, in_scope: int) -> int:
    """A share as people say it, in whole percent: 100 only when it is all of them, 0 only when it is none (or no one)."""
    if not in_scope:
        return 0
    nearest = (200 * covered + in_scope) // (2 * in_scope)
    return nearest if covered in (0, in_scope) else min(max(nearest, 1), 99)


def _mark(deltas: Deltas, unit: int, craft: int, path: int, spans: Iterable[Span], column: int, sign: int) -> None:
    for start, end in spans:
        deltas.setdefault((unit, craft, path, start), [0, 0, 0, 0])[column] += sign
        if end != FOREVER:
            deltas.setdefault((unit, craft, path, end), [0, 0, 0, 0])[column] -= sign


def _mark_key(
    deltas: Deltas, unit: int, craft: int, path: int, scope: list[Span], standings: Sequence[Standing], sign: int
) -> None:
    """One member's days under one key: in scope, and of these the covered ones per floor."""
    _mark(deltas, unit, craft, path, scope, 0, sign)
    for floor in _FLOORS:
        spans = [(row.from_on, row.until_on) for row in standings if row.level >= floor]
        if not spans:
            break  # floors nest: nothing at this one, nothing above
        spans = union(spans) if len(spans) > 1 else spans
        _mark(deltas, unit, craft, path, intersect(scope, spans), floor, sign)


def contribute(
    leaves: Deltas,
    wholes: Deltas,
    scope: Sequence[InScope],
    standings: Mapping[int, Sequence[Standing]],
    above: Mapping[int, Collection[int]],
    sign: int = 1,
) -> None:
    """Add one member's share of every figure (take it away with ``sign`` −1).

    A member whose days on a path come from one card counts alike in every unit above it, so they go into ``leaves``, which
    :func:`roll_up` later spreads in one sweep. A member with several cards must be counted once in each unit that two of
    them share, so they go into ``wholes``, unit by unit.

    Args:
        leaves: deltas by local and craft, still to be rolled up; changed in place.
        wholes: deltas of finished keys; changed in place.
        scope: the member's days in scope.
        standings: the member's standing per path.
        above: for each unit, itself and every unit above it.
    """
    by_path: dict[int, list[InScope]] = {}
    for row in scope:
        by_path.setdefault(row.path, []).append(row)
    for path, rows in by_path.items():
        levels = standings.get(path, ())
        if len(rows) == 1:
            row = rows[0]
            _mark_key(leaves, row.unit, row.craft, path, [(row.from_on, row.until_on)], levels, sign)
            continue
        spans_of: dict[tuple[int, int], list[Span]] = {}
        for row in rows:
            for unit in above[row.unit]:
                spans_of.setdefault((unit, row.craft), []).append((row.from_on, row.until_on))
                spans_of.setdefault((unit, EVERY_CRAFT), []).append((row.from_on, row.until_on))
        for (unit, craft), spans in spans_of.items():
            _mark_key(wholes, unit, craft, path, union(spans), levels, sign)


def roll_up(leaves: Deltas, wholes: Deltas, above: Mapping[int, Collection[int]]) -> Deltas:
    """All deltas by finished key: the leaves spread over the units above them and over "every craft"."""
    total: Deltas = {key: list(numbers) for key, numbers in wholes.items()}
    for (local, craft, path, day), numbers in leaves.items():
        for unit in above[local]:
            for each_craft in (craft, EVERY_CRAFT):
                row = total.setdefault((unit, each_craft, path, day), [0, 0, 0, 0])
                for column in range(4):
                    row[column] += numbers[column]
    return {key: numbers for key, numbers in total.items() if any(numbers)}
