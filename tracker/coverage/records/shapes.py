"""What a record is made of. Templates read these; nothing here asks the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from tracker.curriculum.days import FOREVER
from tracker.curriculum.states import State
from tracker.curriculum.words import AssignmentKind, Assurance, MembershipKind
from tracker.language import _, mark
from tracker.models import Course, LearningPath, Principle, Review, Unit


@dataclass(frozen=True)
class HeldCard:
    """A card, as of the record's day."""

    unit: Unit
    craft: str
    status: str
    kind: MembershipKind
    is_home: bool
    from_on: date
    until_on: date | None
    counts: bool  # whether its status is one that the figures count
    membership_id: int = 0


@dataclass(frozen=True)
class Reason:
    """Why a path is asked: one rule or person, however many cards it came through."""

    words: str  # "required by Local 80"
    kind: AssignmentKind
    assignment_id: int
    is_by_person: bool
    assigned_on: date
    due_on: date | None
    is_excused: bool  # by an exemption, on every card it came through
    is_dormant: bool  # no card it came through counts on the day
    rule_id: int | None = None  # None where a person asks it
    has_left: bool = False  # the card it came through has ended, or matches the rule no more

    @property
    def asks(self) -> bool:
        return not self.is_excused and not self.is_dormant


class Recorded(NamedTuple):
    """What a record needs of a completion that is one of its member's."""

    id: int
    member_id: int
    course_id: int
    completed_on: date
    assurance: Assurance
    source: str
    recorded_at: datetime


class How(StrEnum):
    """How a completion came, beside what came before it."""

    LOGGED = "logged"
    RECORDED = "recorded by staff"
    CHECKED = "checked by staff"
    REPORTED = "reported"
    CONFIRMED = "confirmed"


# Each on its own ("10 January · reported by …") and in a row ("logged 1 February, confirmed by … 20 February").
VERBS = {
    How.LOGGED: mark("logged"),
    How.RECORDED: mark("recorded by staff"),
    How.CHECKED: mark("checked by staff"),
    How.REPORTED: mark("reported by %(provider)s"),
    How.CONFIRMED: mark("confirmed by %(provider)s"),
}


@dataclass(frozen=True)
class Sighting:
    """One recorded completion, as a line says it: "logged 1 Feb, confirmed 20 Feb"."""

    completion: Recorded
    course: Course
    evidence_url: str | None = None
    files: tuple[int, ...] = ()  # ids of its evidence that is a file
    how: How = How.LOGGED

    @property
    def verb(self) -> str:
        """ "logged", "confirmed by LinkedIn Learning", in the language that is spoken now."""
        return _(VERBS[self.how], provider=self.course.provider)

    @property
    def on(self) -> date:
        return self.completion.completed_on

    @property
    def assurance(self) -> Assurance:
        return self.completion.assurance

    @property
    def recorded_at(self) -> datetime:
        return self.completion.recorded_at


@dataclass(frozen=True)
class ReturnedClaim:
    """A claim that was returned or rejected, and that nothing has taken the place of."""

    completion_id: int
    course: Course
    on: date
    decision: Review
    why: str  # in words; "" where nothing was said
    decided_at: datetime

    @property
    def is_rejected(self) -> bool:
        return self.decision is Review.REJECTED


@dataclass(frozen=True)
class HeldCycle:
    """The days for which one completion of a course that lapses was good: one line of its history."""

    from_on: date
    last_on: date  # grace left out
    grace_last_on: date | None  # where it has days of grace
    completed_on: date
    through: Course | None  # another course, that stood for it

    @property
    def is_renewal(self) -> bool:
        """Whether it was completed before the days for which it counts."""
        return self.completed_on < self.from_on


@dataclass(frozen=True)
class Renewal:
    """Until when a course that lapses is held, and what renews it."""

    last_on: date  # grace left out
    grace_last_on: date | None
    counts_from: date | None  # completed again on or after this day it counts for the next cycle; None: from its own day
    is_in_grace: bool
    by: tuple[Course, ...]  # other courses that would renew it: they count as it, and are offered


@dataclass(frozen=True)
class CourseCredits:
    """What a course brings a section that asks for credits."""

    words: str  # "1.5 credits of rigging"
    last_on: date | None  # the last day on which those completed count; None: none count


@dataclass(frozen=True)
class CourseRecord:
    """A course of a path, and what a member holds of it."""

    course: Course
    state: State
    sightings: tuple[Sighting, ...] = ()  # its own records that count
    stood_for: tuple[Sighting, ...] = ()  # records of other courses that count as this one
    rules: tuple[str, ...] = ()  # by which rules, in words
    too_old: tuple[Sighting, ...] = ()  # records from before the look-back
    until_on: date = FOREVER  # the first day on which it holds no longer
    instead: tuple[Course, ...] = ()  # other courses that would count as this one
    is_proposed: bool = False  # where there is a choice: among the courses that finish the path in the fewest minutes
    is_retired: bool = False
    replaced_by: Course | None = None  # what its provider offers in its place, whether or not it counts
    returned: ReturnedClaim | None = None  # the member's own claim, where it was returned or rejected
    validity: str = ""  # by its own terms, in words; empty where it holds for ever
    cycles: tuple[HeldCycle, ...] = ()  # where it lapses: every one of them, the oldest first
    renewal: Renewal | None = None  # where it lapses and is held
    credits: CourseCredits | None = None  # in a section that asks for credits

    @property
    def lapses(self) -> bool:
        return self.until_on != FOREVER


@dataclass(frozen=True)
class SectionRecord:
    title: str
    needs: str  # "all 2 courses", "any 2 of 5 courses", "40 credits in 60 months, 10 of them rigging"
    is_met: bool
    courses: tuple[CourseRecord, ...]
    so_far: str = ""  # of credits, in words: "12.5 of 40 credits count"
    asks_all: bool = False  # every one of its courses is needed


@dataclass(frozen=True)
class Progress:
    """How many courses count, each number including the surer ones, of those that are needed."""

    needed: int
    claimed: int
    reviewed: int
    provider: int
    minutes_to_go: int | None  # None: no course that can still be taken would finish it
    without_length: int  # of the courses to go, those whose minutes are not known

    @property
    def waiting(self) -> int:
        return self.claimed - self.reviewed


@dataclass(frozen=True)
class PathRecord:
    """A path that is asked of a member, or that they look at, and where they stand on it."""

    path: LearningPath
    principle: Principle | None
    state: State
    version: int
    sections: tuple[SectionRecord, ...]
    progress: Progress
    reasons: tuple[Reason, ...] = ()
    due_on: date | None = None
    until_on: date = FOREVER  # if it is complete: the first day on which it is so no longer
    oldest_on: date | None = None  # completions from before this day do not count
    lookback_months: int | None = None  # for that many months before they were asked
    next_version: tuple[date, int] | None = None  # another version asks from that day
    exemptions: tuple[str, ...] = ()  # in words

    @property
    def kind(self) -> AssignmentKind | None:
        """The strongest of the kinds in which it is asked; None where it is not."""
        kinds = {reason.kind for reason in self.reasons if reason.asks}
        return next((kind for kind in AssignmentKind if kind in kinds), None)

    @property
    def asking(self) -> tuple[Reason, ...]:
        return tuple(reason for reason in self.reasons if reason.asks)


@dataclass(frozen=True)
class MemberRecord:
    """Everything that My record shows."""

    day: date
    cards: tuple[HeldCard, ...]
    paths: tuple[PathRecord, ...]
    elsewhere: tuple[CourseRecord, ...]  # what counts toward none of these paths
    returned: tuple[ReturnedClaim, ...] = ()  # claims that wait for the member, the newest first

    @property
    def wanted(self) -> tuple[int, ...]:
        """Ids of the courses that are asked and still missing, the most urgent first."""
        missing: dict[int, None] = {}
        for path in self.paths:
            if path.state.is_complete or not path.asking:
                continue
            for section in path.sections:
                for line in section.courses:
                    if not (section.is_met or line.state.is_complete or line.state is State.UNDER_REVIEW):
                        missing[line.course.id] = None
        return tuple(missing)
