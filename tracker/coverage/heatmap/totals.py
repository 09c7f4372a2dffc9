"""The units above a reader's own, of which they may see totals: none that tells a single local's figure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from tracker.coverage.figures import NOBODY
from tracker.curriculum.coverage import Figure
from tracker.curriculum.local_numbers import natural
from tracker.curriculum.words import UnitKind
from tracker.models import LearningPath, Unit

LOCALS_OF_A_TOTAL = 5  # to whom a unit is a parent of their own sees a total only if so many locals contribute

Figures: TypeAlias = Mapping[tuple[int, int], Figure]  # by unit and path


class Total(NamedTuple):
    """One path's figure in a unit above the reader's own, or above them all."""

    path: LearningPath
    figure: Figure | None  # None: too few locals contribute for this reader to see it


class Totals(NamedTuple):
    unit: Unit
    lines: Sequence[Total]


def open_totals(
    figures: Figures, path_id: int, under: Mapping[int, Sequence[int]], whole: Collection[int] | None
) -> set[int]:
    """The units of which a reader who may see only totals may see this path's.

    At least five locals contribute to a total, and what it adds to everything else the reader sees (their own locals, a
    smaller total) never comes from one local alone: else taking one figure from the other would tell that local's.

    Args:
        under: the locals under each unit of which the reader sees at most a total.
        whole: the units whose figures the reader sees.
    """
    opened: set[int] = set()
    told = {unit_id for unit_id in whole or () if figures.get((unit_id, path_id), NOBODY).in_scope}
    for unit_id, locals_ in sorted(under.items(), key=lambda each: len(each[1])):
        contributing = {each for each in locals_ if figures.get((each, path_id), NOBODY).in_scope}
        more = contributing - told
        if len(contributing) >= LOCALS_OF_A_TOTAL and len(more) != 1:
            opened.add(unit_id)
            told |= contributing
    return opened


def totals_above(
    paths: Sequence[LearningPath],
    above: Iterable[Unit],
    under: Mapping[int, Sequence[int]],
    whole: Collection[int] | None,
    figures: Figures,
) -> list[Totals]:
    """Each path's figure in the units above, the whole union first.

    Args:
        above: these units; one that is not in ``under`` is seen whole.
        under: the locals under each unit of which the reader sees at most a total.
    """
    opened = {path.id: open_totals(figures, path.id, under, whole) for path in paths} if under else {}
    return [
        Totals(
            unit,
            [
                Total(
                    path,
                    None if unit.id in under and unit.id not in opened[path.id] else figures.get((unit.id, path.id), NOBODY),
                )
                for path in paths
            ],
        )
        for unit in sorted(above, key=lambda unit: (unit.kind is not UnitKind.INTERNATIONAL, natural(unit.number)))
    ]
