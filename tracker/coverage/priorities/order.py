"""Where to train next: locals and crafts in the order of AI exposure × people not covered.

Read from the ledger by craft, never from members. Exposure is the policy's (`curriculum.exposure`); where nothing is stated
the order is by people not covered alone, and the report says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import NothingApplied, current_policy
from tracker.coverage.figures import NOBODY, figures_on
from tracker.coverage.heatmap import locals_under
from tracker.coverage.saying import local_called
from tracker.curriculum.coverage import EVERY_CRAFT, Figure
from tracker.curriculum.exposure import NOTHING_STATED, Exposure, ExposurePolicy
from tracker.curriculum.keys import craft_key
from tracker.curriculum.local_numbers import natural
from tracker.curriculum.priorities import Placed, placed
from tracker.curriculum.strict_yaml import close_to
from tracker.curriculum.words import Assurance
from tracker.models import Craft, LearningPath, Membership, Unit


class By(StrEnum):
    """What the rows are."""

    LOCAL = "local"
    CRAFT = "craft"
    BOTH = "both"


@dataclass(frozen=True)
class CraftPart:
    """The people of one craft who are not covered, and what is stated of that craft."""

    craft: Craft
    people: int
    exposure: Exposure | None


@dataclass(frozen=True)
class PriorityRow:
    """A local, a craft, or a craft in a local, with what its place follows from.

    ``people`` are distinct people not covered, asked path by path: who is asked for two paths and holds neither is two. A
    local's ``parts`` may add up to more, for someone with cards of two crafts stands in both. ``place`` is None where no
    exposure is stated for any craft here; ``unstated`` are the people of such crafts.
    """

    unit: Unit | None
    craft: Craft | None
    in_scope: int
    people: int
    parts: Sequence[CraftPart]
    place: Placed | None = None

    @property
    def label(self) -> str:
        """What the row is called: a local's number, a craft, or both."""
        local = local_called(self.unit.number) if self.unit else ""
        return " · ".join(part for part in (local, self.craft.name if self.craft else "") if part)

    @property
    def key(self) -> str:
        """What the next page begins after."""
        return f"{self.unit.id if self.unit else 0}-{self.craft.id if self.craft else 0}"

    @property
    def exposure(self) -> Exposure | None:
        """Of a row of one craft, what is stated of it."""
        return self.parts[0].exposure if self.craft else None

    @property
    def unstated(self) -> int:
        """The people whose craft has no exposure stated."""
        return sum(part.people for part in self.parts if part.exposure is None)

    @property
    def mean_step(self) -> float | None:
        """The step of an average person here, of those whose craft has one."""
        stated = self.people_stated
        return round(self.place.weight / stated, 2) if self.place and stated else None

    @property
    def people_stated(self) -> int:
        return sum(part.people for part in self.parts if part.exposure is not None)


@dataclass(frozen=True)
class Priorities:
    """The order as asked: the same object behind the page, its chart and its files.

    ``ranked`` is in order. ``unranked`` are rows with people not covered and no exposure stated for any of their crafts,
    most people first. Where ``is_by_people`` nothing is stated of any craft here: then all rows are ranked, by people alone.
    """

    by: By
    path: LearningPath | None  # None: every path
    district: Unit | None
    as_of: date
    known: date | None
    floor: Assurance
    policy: ExposurePolicy
    ranked: Sequence[PriorityRow]
    unranked: Sequence[PriorityRow]
    crafts: Sequence[CraftPart]  # the inputs: every craft with people not covered here, the most exposed first
    trained: int  # locals, crafts or both in which everybody is covered: nobody to train, so in no list
    is_by_people: bool
    craft_names: Mapping[str, str]  # by key, for cases

    @property
    def unstated(self) -> Sequence[CraftPart]:
        """The crafts here of which no exposure is stated."""
        return [part for part in self.crafts if part.exposure is None]

    @property
    def unstated_people(self) -> int:
        return sum(part.people for part in self.unstated)

    @property
    def people(self) -> int:
        return sum(row.people for row in (*self.ranked, *self.unranked))

    def rank_of(self, row: PriorityRow) -> int:
        """A ranked row's rank; equals share one."""
        if row.place is not None:
            return row.place.rank
        return 1 + sum(1 for other in self.ranked if other.people > row.people)


def priorities(
    session: Session,
    *,
    by: By,
    as_of: date,
    known: date | None = None,
    floor: Assurance = Assurance.REVIEWED,
    path: LearningPath | None = None,
    district: Unit | None = None,
) -> Priorities:
    """Where to train next.

    Args:
        by: what is put in order.
        path: people not covered on this path; None: on every path, each asking counted.
        district: only the locals under it, and the crafts within it.
    """
    try:
        policy = current_policy(session).exposure
    except NothingApplied:
        policy = NOTHING_STATED  # before there is a policy nobody is in scope, and the page says so
    exposures = policy.exposures()
    crafts = {craft.id: craft for craft in session.scalars(select(Craft))}
    units = session.scalars(select(Unit)).all()
    whole = district or next((unit for unit in units if unit.parent_id is None), None)
    if whole is None:
        return Priorities(by, path, district, as_of, known, floor, policy, [], [], [], 0, True, {})
    under = {each for found in locals_under(session, [whole.id]).values() for each in found}
    locals_ = [] if by is By.CRAFT else [unit for unit in units if unit.id in under]
    locals_.sort(key=lambda unit: natural(unit.number))
    read = figures_on(
        session,
        as_of,
        known=known,
        unit_ids={whole.id, *(unit.id for unit in locals_)},
        crafts={EVERY_CRAFT, *crafts},
    )
    sums = _over_paths(read, {path.id} if path else _asked_paths(session, as_of))

    def left(unit: Unit, craft_id: int) -> tuple[int, int]:
        figure = sums[unit.id].get(craft_id, NOBODY)
        return figure.in_scope, figure.in_scope - figure.covered(floor)

    def parts(unit: Unit) -> list[CraftPart]:
        """The crafts with anyone to train in a unit, the most exposed first."""
        found = [
            CraftPart(craft, people, exposures.get(craft.key))
            for craft in crafts.values()
            if (people := left(unit, craft.id)[1])
        ]
        found.sort(key=_most_exposed)
        return found

    rows: list[PriorityRow] = []
    trained = 0
    for unit in locals_ if by is not By.CRAFT else [whole]:
        here = parts(unit)
        if by is By.LOCAL:
            in_scope, people = left(unit, EVERY_CRAFT)
            trained += bool(in_scope) and not people
            if people:
                rows.append(PriorityRow(unit, None, in_scope, people, here))
            continue
        trained += sum(1 for craft_id in crafts if left(unit, craft_id)[0] and not left(unit, craft_id)[1])
        named = None if by is By.CRAFT else unit
        rows += [PriorityRow(named, part.craft, left(unit, part.craft.id)[0], part.people, [part]) for part in here]
    ranked, unranked = _in_order(rows, {key: each.step for key, each in exposures.items()}, policy.steps)
    return Priorities(
        by,
        path,
        district,
        as_of,
        known,
        floor,
        policy,
        ranked,
        unranked,
        parts(whole),
        trained,
        not any(row.place for row in ranked),
        {craft.key: craft.name for craft in crafts.values()},
    )


def crafts_on_no_card(session: Session, policy: ExposurePolicy) -> list[tuple[str, str]]:
    """The crafts that a policy names and no valid membership card has, each with what was perhaps meant ("" or
    ": did you mean `x`?")."""
    held = select(Membership.craft_id).where(Membership.voided_at.is_(None)).distinct()
    known = {craft.key: craft.name for craft in session.scalars(select(Craft).where(Craft.id.in_(held)))}
    return [(craft, close_to(craft_key(craft), known)) for craft in policy.named_crafts if craft_key(craft) not in known]


def _in_order(
    rows: Sequence[PriorityRow], steps: Mapping[str, int], most: int
) -> tuple[list[PriorityRow], list[PriorityRow]]:
    """The rows that can be ranked, and those of which nothing is stated; if none can be, all of them by people alone.

    Equals in rank stand by people, and then as they came.
    """
    places = placed({row.key: {part.craft.key: part.people for part in row.parts} for row in rows}, steps, most)
    by_people = sorted(rows, key=lambda row: -row.people)
    if not places:
        return by_people, []
    ranked = [replace(row, place=places[row.key]) for row in by_people if row.key in places]
    ranked.sort(key=lambda row: row.place.rank if row.place else 0)
    return ranked, [row for row in by_people if row.key not in places]


def _asked_paths(session: Session, day: date) -> set[int]:
    """Every path but those retired by then: nobody trains for them any more."""
    rows = session.execute(select(LearningPath.id, LearningPath.retired_on))
    return {row.id for row in rows if row.retired_on is None or row.retired_on > day}


def _over_paths(figures: Mapping[tuple[int, int, int], Figure], path_ids: Collection[int]) -> dict[int, dict[int, Figure]]:
    """The figures by unit and craft, those of several paths added up."""
    sums: dict[int, dict[int, Figure]] = defaultdict(dict)
    for (unit_id, craft_id, path_id), figure in figures.items():
        if path_id in path_ids:
            so_far = sums[unit_id].get(craft_id, NOBODY)
            sums[unit_id][craft_id] = Figure(*(a + b for a, b in zip(so_far, figure, strict=True)))
    return sums


def _most_exposed(part: CraftPart) -> tuple[int, int, str]:
    """The most exposed craft first, those of which nothing is stated last; then most people, then by name."""
    return (-part.exposure.step if part.exposure else 1, -part.people, part.craft.key)
