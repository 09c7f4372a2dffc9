"""Whom to call: the fewest people who take a unit to its target, those nearest to finishing first.

Everyone who finishes adds one to the covered, so the fewest are as many as are lacking; of all the groups of that size this
one has the fewest minutes before it. Who has done all it takes and only waits for someone to look at it needs no call.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key")


class Remaining(NamedTuple):
    """What one person has still to do on a path."""

    courses: (
        tuple[int, ...] | None
    )  # to take; none where they have done all it takes; None where nothing on offer finishes it
    minutes: int = 0  # of those courses, where stated
    unsure: tuple[int, ...] = ()  # done, and counted only once they are as sure as the floor asks

    @property
    def only_waits(self) -> bool:
        """Whether they have done all it takes, and it is not as sure yet as the floor asks."""
        return self.courses == ()


@dataclass(frozen=True)
class Candidate(Generic[Key]):
    """Someone in scope who is not covered. ``name`` is what a list is sorted by."""

    key: Key
    remaining: Remaining
    due_on: date | None = None
    name: str = ""


@dataclass(frozen=True)
class Push(Generic[Key]):
    """Who takes the unit to its target."""

    needed: int  # how many more must be covered
    waiting: tuple[Candidate[Key], ...]  # of these so many only wait: they need no call
    calls: tuple[Candidate[Key], ...]  # the others, nearest to finishing first
    beyond: int  # how many more could finish, but are not needed
    stuck: tuple[Candidate[Key], ...]  # those whom nothing on offer finishes

    @property
    def chosen(self) -> tuple[Candidate[Key], ...]:
        return self.waiting + self.calls

    @property
    def is_enough(self) -> bool:
        """Whether the target is reached when all these finish."""
        return len(self.waiting) + len(self.calls) >= self.needed


def people_to_go(target: float, in_scope: int, covered: int) -> int:
    """How many more must be covered to reach a target, a share: 0 once it is reached."""
    return max(ceil(Fraction(str(target)) * in_scope) - covered, 0)


def fewest_people(candidates: Iterable[Candidate[Key]], needed: int) -> Push[Key]:
    """The ``needed`` people nearest to finishing: fewest minutes, then fewest courses, then the nearest due day, then name.

    Who only waits comes before everyone who has a course to take. With fewer who can finish than are needed, all of them.
    """
    able: list[Candidate[Key]] = []
    stuck: list[Candidate[Key]] = []
    for each in candidates:
        (stuck if each.remaining.courses is None else able).append(each)
    able.sort(key=_distance)
    stuck.sort(key=lambda each: each.name)
    chosen = able[:needed]
    return Push(
        needed,
        tuple(each for each in chosen if each.remaining.only_waits),
        tuple(each for each in chosen if not each.remaining.only_waits),
        len(able) - len(chosen),
        tuple(stuck),
    )


def _distance(candidate: Candidate[Key]) -> tuple[bool, int, int, date, str]:
    left = candidate.remaining
    return not left.only_waits, left.minutes, len(left.courses or ()), candidate.due_on or date.max, candidate.name
