"""Whom the lines of the map add up to: the distinct people of one unit where there is one, else the locals' sum, said so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from tracker.coverage.figures import NOBODY
from tracker.coverage.heatmap.wanted import UnitRow
from tracker.curriculum import push
from tracker.curriculum.coverage import Figure
from tracker.curriculum.words import Assurance
from tracker.models import LearningPath, Unit


class PathSummary(NamedTuple):
    """One path in all the locals that are asked about."""

    path: LearningPath
    figure: Figure  # of the unit they stand under, people counted once; else the locals' figures added up
    locals: int  # those with anyone in scope
    at_target: int | None  # of these; None where the path has no target
    added_up: int  # the in scope of the locals, one by one
    to_go: int | None  # people until the target is reached; None where there is none

    @property
    def excess(self) -> int:
        """How many more the locals add up to: one for each second card, two for each third …"""
        return self.added_up - self.figure.in_scope

    @property
    def target_percent(self) -> int | None:
        return None if self.path.target is None else round(100 * self.path.target)


@dataclass(frozen=True)
class Summary:
    unit: Unit | None  # whose distinct people the figures count; None: the locals' figures, added up
    locals: int  # how many are asked about, with anyone in scope or not
    lines: Sequence[PathSummary]  # the paths for which anyone is in scope

    @property
    def most(self) -> PathSummary | None:
        """The path whose second cards are the most."""
        return max(self.lines, key=lambda line: line.excess, default=None)


def people_to_go(path: LearningPath, figure: Figure, floor: Assurance) -> int | None:
    """How many more must be covered to reach the path's target: 0 once it is reached; None without a target."""
    if path.target is None:
        return None
    return push.people_to_go(path.target, figure.in_scope, figure.covered(floor))


def summary_of(
    rows: Iterable[UnitRow],
    unit: Unit | None,
    figures: Mapping[int, Figure],
    paths: Sequence[LearningPath],
    floor: Assurance,
) -> Summary:
    """Add the locals up, path by path.

    Args:
        rows: the locals' lines.
        unit: the unit that holds exactly these locals, if there is one; ``figures`` are its own, by path.
    """
    parts = {path.id: Fraction(str(path.target)) for path in paths if path.target is not None}
    targets = {path_id: (share.numerator, share.denominator) for path_id, share in parts.items()}
    sums: dict[int, list[int]] = {}
    at = int(floor)
    number = 0
    for row in rows:
        number += 1
        for path_id, figure in row.figures.items():
            so_far = sums.get(path_id)
            if so_far is None:
                so_far = sums[path_id] = [0, 0, 0, 0, 0, 0]
            so_far[0] += figure[0]
            so_far[1] += figure[1]
            so_far[2] += figure[2]
            so_far[3] += figure[3]
            so_far[4] += 1
            if path_id in targets:
                over, under = targets[path_id]
                so_far[5] += figure[at] * under >= figure[0] * over
    lines = []
    for path in paths:
        in_scope, claimed, reviewed, provider, locals_, reached = sums.get(path.id, (0, 0, 0, 0, 0, 0))
        added = Figure(in_scope, claimed, reviewed, provider)
        figure = added if unit is None else figures.get(path.id, NOBODY)
        if figure.in_scope:
            at_target = reached if path.id in targets else None
            lines.append(PathSummary(path, figure, locals_, at_target, in_scope, people_to_go(path, figure, floor)))
    return Summary(unit, number, lines)
