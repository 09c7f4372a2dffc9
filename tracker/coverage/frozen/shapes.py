"""What a frozen report holds: its figures as they were read, in plain values, with nobody's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from tracker.coverage.local.denominator import Denominator
from tracker.coverage.trends import Trend
from tracker.curriculum.coverage import Figure
from tracker.curriculum.words import Assurance, UnitKind


class UnitHere(NamedTuple):
    """A unit of the scope."""

    id: int
    number: str
    title: str
    kind: UnitKind
    parent_id: int | None


@dataclass(frozen=True)
class PathFigures:
    """One path on the day."""

    id: int
    code: str
    title: str
    target: float | None
    versions: Sequence[str]  # what each version asks, in words
    units: Mapping[int, Figure]  # by unit, where anyone ever was in scope
    crafts: Mapping[int, Figure]  # by craft within the scope, likewise
    denominator: Denominator
    trend: Trend
    hidden_crafts: frozenset[int] = frozenset()  # those of the scope that pages hide from who reads the whole district

    def figure(self, unit_id: int) -> Figure:
        return self.units.get(unit_id, Figure(0, 0, 0, 0))


class TextInForce(NamedTuple):
    """The text that the figures were made with."""

    kind: str  # catalogue, policy
    sha256: str
    applied_at: datetime


@dataclass(frozen=True)
class PackFigures:
    """Everything that a frozen report tells, from one consistent read."""

    units: Sequence[UnitHere]  # the scope itself first, then those under it by their numbers
    crafts: Mapping[int, str]  # by id
    paths: Sequence[PathFigures]
    as_of: date
    floor: Assurance
    frozen_at: datetime
    smallest: int  # a group of fewer is hidden
    counts: Sequence[str]  # the statuses that count
    texts: Sequence[TextInForce]

    @property
    def scope(self) -> UnitHere:
        return self.units[0]


@dataclass(frozen=True)
class Hidden:
    """What stays hidden of one path."""

    units: frozenset[int]
    crafts: frozenset[int]
    left_out: frozenset[str]  # groups of the denominator
    hides_cards: bool  # how many hold a card
    is_whole: bool  # the scope's own figure, and with it everything about the path
