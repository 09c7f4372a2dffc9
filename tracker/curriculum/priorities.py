"""The order in which to train: people not covered × their craft's exposure; and how it moves with an exposure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from tracker.curriculum.exposure import STEPS

Row = TypeVar("Row", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Case:
    """What becomes of a row's rank if one craft's exposure were another step."""

    rank: int
    craft: str  # its key
    step: int


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a row stands: ``weight`` is people × step, summed over its crafts; equal weights share a rank.

    ``best`` and ``worst`` are how far it moves up and down if any one exposure is a step higher or lower; None: it does not.
    """

    rank: int
    weight: int
    best: Case | None = None
    worst: Case | None = None

    @property
    def highest(self) -> int:
        return self.best.rank if self.best else self.rank

    @property
    def lowest(self) -> int:
        return self.worst.rank if self.worst else self.rank


def placed(rows: Mapping[Row, Mapping[str, int]], steps: Mapping[str, int], most: int = STEPS) -> dict[Row, Placed]:
    """The rank of every row, and how it moves if one exposure is one step higher or lower.

    Args:
        rows: what is ranked; of each the people not covered, by craft. Crafts without a step do not weigh.
        steps: each craft's step, by the same keys. A step is its own weight: one person at step 4 weighs 4.
        most: the highest step of the scale.

    Returns:
        The rows in which anyone's craft has a step.
    """
    ranked = {row: people for row, people in rows.items() if any(craft in steps for craft in people)}
    weights = {row: _weight(people, steps) for row, people in ranked.items()}
    ranks = _ranks(weights)
    best: dict[Row, Case] = {}
    worst: dict[Row, Case] = {}
    crafts = sorted({craft for people in ranked.values() for craft in people if craft in steps})
    for craft in crafts:
        touched = {row: people[craft] for row, people in ranked.items() if people.get(craft)}
        for step in (steps[craft] - 1, steps[craft] + 1):
            if not 0 <= step <= most or not touched:
                continue
            moved = weights | {row: weights[row] + people * (step - steps[craft]) for row, people in touched.items()}
            for row, rank in _ranks(moved).items():
                own = row in touched
                _note(best, row, Case(-rank, craft, step), -ranks[row], own, ranked)
                _note(worst, row, Case(rank, craft, step), ranks[row], own, ranked)
    return {
        row: Placed(
            ranks[row],
            weights[row],
            Case(-best[row].rank, best[row].craft, best[row].step) if row in best else None,
            worst.get(row),
        )
        for row in ranked
    }


def _note(
    kept: dict[Row, Case], row: Row, case: Case, from_rank: int, own: bool, rows: Mapping[Row, Mapping[str, int]]
) -> None:
    """Keep the case that moves a row furthest; of two alike the one of a craft of its own, for that is the nearer reason."""
    if case.rank <= from_rank:
        return
    before = kept.get(row)
    if before is None or case.rank > before.rank or (case.rank == before.rank and own and before.craft not in rows[row]):
        kept[row] = case


def _weight(people: Mapping[str, int], steps: Mapping[str, int]) -> int:
    return sum(number * steps.get(craft, 0) for craft, number in people.items())


def _ranks(weights: Mapping[Row, int]) -> dict[Row, int]:
    """1 for the heaviest; as many places are left out below equals as there are equals."""
    lightest_first = sorted(weights.values())
    return {row: len(lightest_first) - bisect_right(lightest_first, weight) + 1 for row, weight in weights.items()}
