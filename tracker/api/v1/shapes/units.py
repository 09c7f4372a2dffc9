"""Units and their figures."""

from __future__ import annotations

from typing import Literal

from tracker.api.v1.shapes.base import Day, Floor, Id, Listed, Shape, UnitName, said
from tracker.api.v1.shapes.curriculum import PathName
from tracker.curriculum.coverage import Figure as Counts
from tracker.curriculum.words import Assurance

TOO_FEW_LOCALS = "fewer than five locals contribute"
SMALL_GROUP = "a small group, or it would tell of one"


class Unit(UnitName):
    """The international, a district or a local."""

    id: Id = said("Its id.", "731204859102834688")
    parent: str | None = said("The number of the unit it stands under; null for the international.", None)
    city: str = said("Its city; often empty.", "Los Angeles")
    region: str = said("Its state or province; often empty.", "CA")
    country: str = said("Its country; often empty.", "US")
    sector: str = said("Its sector; often empty.", "Camera")
    sees: Literal["figures", "totals"] = said("What this token sees of it: all figures, or totals alone.", "figures")
    sees_names: bool = said("Whether it sees the members of this local by name.", True)


class Units(Listed):
    """Units, by number."""

    items: list[Unit] = said("The units of this page.", [])


class Figure(Shape):
    """Counts of distinct members on a day."""

    in_scope: int = said("Who is asked: holds a card that counts, and is not exempt.", 512)
    covered: int = said("Who of them holds the path complete, at the floor asked.", 312)
    share: float | None = said("covered ÷ in_scope, six places; null: no one in scope.", 0.609375)
    claimed: int = said("Covered if claims and surer count.", 340)
    reviewed: int = said("Covered if what was reviewed and surer counts.", 312)
    provider: int = said("Covered if only what the provider reported counts.", 280)

    @classmethod
    def of(cls, counts: Counts, floor: Assurance) -> Figure:
        return cls(
            in_scope=counts.in_scope,
            covered=counts.covered(floor),
            share=counts.share(floor),
            claimed=counts.claimed,
            reviewed=counts.reviewed,
            provider=counts.provider,
        )


class OfUnit(Shape):
    """A unit's figure beside another's."""

    unit: UnitName = said("The unit.", {"number": "D2", "kind": "district", "name": "District 2"})
    figure: Figure | None = said("Its figure; null where it is hidden.", None)
    hidden: str | None = said("Why the figure is null.", None)


class OfCraft(Shape):
    """A craft's figure within a unit."""

    craft: str = said("The craft.", "grip")
    figure: Figure | None = said("Its figure; null where it is hidden.", None)
    hidden: str | None = said("Why the figure is null.", None)


class PathCoverage(Shape):
    """One path in a unit."""

    path: PathName = said("The path.", {"code": "ai-fundamentals", "title": "AI Fundamentals"})
    figure: Figure | None = said("The unit's figure; null where it is hidden.", None)
    hidden: str | None = said("Why the figure is null.", None)
    target: float | None = said("The share that is aimed at, 0 to 1; null: none.", None)
    to_go: int | None = said("How many more people reach the target; null without one.", None)
    district_median: float | None = said(
        "The median of the shares of the district's locals; null where there is none.", None
    )
    above: list[OfUnit] = said("The units above, the nearest first.", [])
    by_craft: list[OfCraft] = said("Of each craft with anyone in scope.", [])
    by_local: list[OfUnit] = said("Of a district: its locals with anyone in scope.", [])


class UnitCoverage(Shape):
    """A unit's coverage on every path."""

    unit: UnitName = said("The unit.", {"number": "600", "kind": "local", "name": "International Cinematographers Guild"})
    as_of: Day = said("The day the figures tell of.", "2026-07-31")
    known: Day | None = said("As known on that day; null: all that is known.", None)
    floor: Floor = said("What counts: completions of at least this assurance.", "reviewed")
    paths: list[PathCoverage] = said("Each path.", [])


class CoverageRow(Shape):
    """A unit's figure on a path, as a line of the map."""

    unit: UnitName = said("The unit.", {"number": "600", "kind": "local", "name": "International Cinematographers Guild"})
    path: str = said("The path's code.", "ai-fundamentals")
    figure: Figure | None = said("The figure; null where it is hidden.", None)
    hidden: str | None = said("Why the figure is null.", None)


class Coverage(Listed):
    """The figures of every unit the token sees, by path and unit."""

    as_of: Day = said("The day the figures tell of.", "2026-07-31")
    known: Day | None = said("As known on that day; null: all that is known.", None)
    floor: Floor = said("What counts: completions of at least this assurance.", "reviewed")
    items: list[CoverageRow] = said("The rows of this page.", [])


class TrendPoint(Shape):
    """A unit's figure at the end of a month."""

    day: Day = said("The day.", "2026-06-30")
    figure: Figure | None = said("The figure; null where it is hidden.", None)


class Trend(Shape):
    """How a path's coverage came about in a unit: the end of each of the last 24 months, and the day itself."""

    unit: UnitName = said("The unit.", {"number": "600", "kind": "local", "name": "International Cinematographers Guild"})
    path: PathName = said("The path.", {"code": "ai-fundamentals", "title": "AI Fundamentals"})
    known: Day | None = said("As known on that day; null: all that is known.", None)
    floor: Floor = said("What counts: completions of at least this assurance.", "reviewed")
    points: list[TrendPoint] = said("By day, the last on the day asked.", [])
    changes: list[Day] = said("The days from which the path asks something else.", ["2026-01-01"])
