"""A line of the map, and which lines are wanted in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tracker.coverage.figures import NOBODY
from tracker.curriculum.coverage import Figure
from tracker.models import LearningPath, Unit


class UnitRow(NamedTuple):
    """One unit's line of the map."""

    unit: Unit
    district: str  # the number of the district it stands in, "" where it stands in none
    figures: Mapping[int, Figure]  # by path, where anyone is in scope
    hidden: frozenset[int] = frozenset()  # paths whose figure of one craft is too small a group for this reader

    def figure(self, path: LearningPath) -> Figure:
        return self.figures.get(path.id, NOBODY)


@dataclass(frozen=True)
class Wanted:
    """Which rows of the map, in which order. ``sort`` is "unit", "district", a path's code (lowest first) or "-" and it."""

    kind: str = ""
    district: str = ""
    words: str = ""
    sort: str = "unit"
    sector: str = ""
    country: str = ""

    @property
    def is_all(self) -> bool:
        return not (self.kind or self.district or self.words or self.sector or self.country)

    def takes(self, row: UnitRow) -> bool:
        """Whether a row is among those wanted."""
        unit = row.unit
        if self.kind and unit.kind != self.kind:
            return False
        if self.district and self.district not in (row.district, unit.number):
            return False
        if (self.sector and unit.sector != self.sector) or (self.country and unit.country != self.country):
            return False
        if not self.words:
            return True
        said = " ".join((unit.title, unit.number, unit.city, unit.region, unit.sector)).casefold()
        return all(word in said for word in self.words.casefold().split())
