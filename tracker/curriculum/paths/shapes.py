"""Courses' terms, sections, versions, and what a member's facts come to, by integer keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from tracker.curriculum.days import FOREVER


class NeedKind(StrEnum):
    ALL = "all"
    ANY = "any"
    MINUTES = "minutes"
    CREDITS = "credits"


class ChangePolicy(StrEnum):
    """What a new version means for those already asked for the path."""

    KEEP = "keep"  # who has begun or finished stays on theirs; who has not begun moves
    GRACE = "grace"  # all move on the day of grace
    REQUIRE = "require"  # all move on the version's first day


@dataclass(frozen=True, slots=True)
class Equivalent:
    """``course`` stands for ``stands_for`` when it was completed in ``[from_on, until_on)``. One way and one step."""

    course: int
    stands_for: int
    from_on: date = date.min
    until_on: date = FOREVER

    def counts_on(self, completed_on: date) -> bool:
        return self.from_on <= completed_on < self.until_on


@dataclass(frozen=True, slots=True)
class CourseTerms:
    """What a course is worth, and for how long.

    It holds for some months from its completion (``valid_months``), or through the first ``lapses_each`` ("MM-DD") on or
    after it, or for ever.
    """

    minutes: int = 0  # 0 where none are stated
    valid_months: int | None = None
    lapses_each: str | None = None
    renewal_days: int = 0  # before the end, in which a completion counts from the end, not from its own day
    grace_days: int = 0  # after the end, in which it still holds
    credit_hundredths: int = 0
    credit_kind: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether a completion's own day and the months say alone how long it holds."""
        return self.lapses_each is None and not self.renewal_days and not self.grace_days

    @property
    def lapses(self) -> bool:
        return self.valid_months is not None or self.lapses_each is not None

    @property
    def is_chained(self) -> bool:
        """Whether how long a completion holds may depend on those before it."""
        return bool(self.valid_months and self.renewal_days)


@dataclass(frozen=True, slots=True)
class Section:
    """Courses, and how many or how much of them is needed.

    ``credits`` asks for credits of courses completed within the last ``within_months``, each listed course counted once, and
    for so much of each kind among them. The cycle rolls: on every day the months up to it are looked at, so that nobody has
    to know when somebody's cycle began, and a spare credit counts until its own months are over. How long a course holds
    does not matter to its credits, for they are given for having learnt it: both are asked of it only where another section
    asks for the course itself.
    """

    need: NeedKind
    courses: frozenset[int]
    number: int = 0  # courses for ``any``, minutes, hundredths of credits; without meaning for ``all``
    within_months: int = 0  # of ``credits`` alone
    of_kinds: tuple[tuple[str, int], ...] = ()  # of ``credits`` alone: at least so many hundredths of that kind

    def is_met(self, held: Iterable[int], courses: Mapping[int, CourseTerms]) -> bool:
        """Whether courses meet what this section asks.

        Args:
            held: the courses held; for ``credits`` those completed within its months (:func:`sections.recent_courses`).
        """
        if self.need is NeedKind.ALL:
            return self.courses.issubset(held)
        listed = self.courses.intersection(held)
        if self.need is NeedKind.ANY:
            return len(listed) >= self.number
        if self.need is NeedKind.MINUTES:
            return sum(courses[course].minutes for course in listed) >= self.number
        return all(self.credits_of(kind, listed, courses) >= needed for kind, needed in self.credit_needs)

    @property
    def credit_needs(self) -> tuple[tuple[str | None, int], ...]:
        """The hundredths of credits asked for, in all (None) and of each kind; none for the other needs."""
        return ((None, self.number), *self.of_kinds) if self.need is NeedKind.CREDITS else ()

    def credits_of(self, kind: str | None, held: Iterable[int], courses: Mapping[int, CourseTerms]) -> int:
        """The hundredths of credits of a kind (None: of any) that these courses bring, each listed one counted once."""
        terms = [courses[course] for course in self.courses.intersection(held)]
        return sum(each.credit_hundredths for each in terms if kind is None or each.credit_kind == kind)


@dataclass(frozen=True, slots=True)
class PathVersion:
    number: int
    sections: tuple[Section, ...]
    lookback_months: int | None = None
    from_on: date = date.min  # a path's first version holds for all days
    change: ChangePolicy = ChangePolicy.KEEP
    grace_on: date | None = None

    @property
    def courses(self) -> frozenset[int]:
        return frozenset().union(*(section.courses for section in self.sections))


# What one course credits where only days and months matter: its own months, and by each equivalent the shorter months.
Worth = tuple[int | None, tuple[tuple[Equivalent, int | None], ...]]


@dataclass(frozen=True)
class Curriculum:
    """Every course's terms, the equivalents, and each path's versions in order, by key."""

    courses: Mapping[int, CourseTerms]
    equivalents: tuple[Equivalent, ...]
    paths: Mapping[int, tuple[PathVersion, ...]]
    plain: dict[int, Worth] = field(default_factory=dict, compare=False, repr=False)
    _stands_for: dict[int, list[Equivalent]] = field(default_factory=dict, compare=False, repr=False)
    _listed: dict[int, frozenset[int]] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        for equivalent in self.equivalents:
            self._stands_for.setdefault(equivalent.course, []).append(equivalent)
        for path, versions in self.paths.items():
            self._listed[path] = frozenset().union(*(version.courses for version in versions))
        chained = {course for course, terms in self.courses.items() if terms.is_chained}
        chained |= {each.stands_for for each in self.equivalents if each.course in chained}
        for course, terms in self.courses.items():
            credited = [course, *(each.stands_for for each in self.stands_for(course))]
            if chained.isdisjoint(credited) and all(self.courses[each].is_plain for each in credited):
                self.plain[course] = (terms.valid_months, tuple(self._shorter(each) for each in self.stands_for(course)))

    def _shorter(self, equivalent: Equivalent) -> tuple[Equivalent, int | None]:
        months = (self.courses[equivalent.course].valid_months, self.courses[equivalent.stands_for].valid_months)
        return equivalent, min((each for each in months if each), default=None)

    def stands_for(self, course: int) -> Sequence[Equivalent]:
        return self._stands_for.get(course, ())

    def listed(self, path: int) -> frozenset[int]:
        """Every course that any version of the path lists."""
        return self._listed[path]


class Completed(NamedTuple):
    """One completion, as the rule needs it."""

    course: int
    on: date
    assurance: int


class Credit(NamedTuple):
    """One course held through one completion: its own, or one it stands for.

    A completion may come with several credits of one course: where less sure ones before it make it last longer, a further
    one of their assurance.
    """

    course: int
    from_on: date  # the day of the completion
    until_on: date  # grace included
    assurance: int
    through: int  # the course that was completed
    grace_on: date | None = None  # from this day it holds by grace alone; None: no grace


class Standing(NamedTuple):
    """The days of one level. ``level`` is the highest assurance at which the path is complete, or ``STARTED``."""

    from_on: date
    until_on: date
    level: int


class Asked(NamedTuple):
    """Since when a member has been asked for a path, and the version that was pinned that day.

    The first time counts, whatever came after: who transfers, changes status or comes back keeps the terms they began with.
    """

    on: date
    version: int
