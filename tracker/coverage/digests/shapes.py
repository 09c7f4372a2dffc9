"""What a digest is made of. Each line knows by which key it is told, once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from tracker.curriculum.words import AssignmentKind
from tracker.models import About, CorrectionState, Review


class Asked(NamedTuple):
    """A path that is newly asked of the member."""

    keys: tuple[str, ...]
    path: str  # its title
    kind: AssignmentKind
    unit: str  # whose rule it is: "Local 80 · Grips"; "" where it is everyone's, a craft's or a person's
    craft: str  # only of this craft; "" where the rule does not look at it
    is_by_name: bool  # a person asked, not a rule
    due_on: date | None


class Due(NamedTuple):
    """A path to be done by a day, or that should have been."""

    keys: tuple[str, ...]
    path: str
    due_on: date


class Expiring(NamedTuple):
    """A complete path that will lapse."""

    keys: tuple[str, ...]
    path: str
    last_on: date  # the last day on which it is complete without any grace
    renewed_by: tuple[tuple[str, tuple[str, ...]], ...]  # the courses that lapse, each with others that renew it


class Decided(NamedTuple):
    """A claim that staff decided."""

    keys: tuple[str, ...]
    course: str
    on: date
    decision: Review
    reason: str  # a stock reason's code, or ""
    words: str
    decided_at: datetime


class TakenBack(NamedTuple):
    """A recorded completion that a person voided."""

    keys: tuple[str, ...]
    course: str
    on: date
    why: str


class Recorded(NamedTuple):
    """Courses that reports from providers brought."""

    keys: tuple[str, ...]
    courses: tuple[str, ...]  # their titles, each once


class Answered(NamedTuple):
    """A correction the member asked for, with its answer."""

    keys: tuple[str, ...]
    about: About
    shown: str  # what their record said when they asked
    state: CorrectionState
    answer: str


Line = Asked | Due | Expiring | Decided | TakenBack | Recorded | Answered


@dataclass
class Digest:
    """What one member is told."""

    member_id: int
    asked: list[Asked] = field(default_factory=list)
    overdue: list[Due] = field(default_factory=list)
    due: list[Due] = field(default_factory=list)
    expiring: list[Expiring] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    taken_back: list[TakenBack] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)
    recorded: list[Recorded] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        """By what each of its lines is remembered as told."""
        return [key for line in self.lines for key in line.keys]

    @property
    def lines(self) -> list[Line]:
        """Everything it tells."""
        found: list[Line] = []
        for some in (self.asked, self.due, self.overdue, self.expiring):
            found += some
        for others in (self.decided, self.taken_back, self.answered, self.recorded):
            found += others
        return found

    def without(self, told: frozenset[str] | set[str]) -> Digest:
        """The same without the lines that were told before."""

        def new(lines: list) -> list:  # type: ignore[type-arg]  # of any of the lines above
            return [line for line in lines if line.keys[0] not in told]

        return Digest(
            self.member_id,
            *(new(self.asked), new(self.overdue), new(self.due), new(self.expiring)),
            *(new(self.decided), new(self.taken_back), new(self.answered), new(self.recorded)),
        )

    def __bool__(self) -> bool:
        return bool(self.keys)
