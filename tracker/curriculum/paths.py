"""What a completion credits, what a section asks, and on which days a path is complete.

This is the one place that knows what "complete" means; the database stores only the spans that :func:`standing` returns.
Courses and paths are named by any integer key (the database's ids), so the same rule serves one member's page and the whole
union. Rules: docs/design.md section 4, "Days", "Versions", "Look-back", "Sections", "Equivalents".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from tracker.curriculum.days import FOREVER, Span, add_months
from tracker.curriculum.words import STARTED, Assurance

_LEVELS = tuple(sorted((int(each) for each in Assurance), reverse=True))


class NeedKind(StrEnum):
    ALL = "all"
    ANY = "any"
    MINUTES = "minutes"


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


@dataclass(frozen=True, slots=True)
class CourseTerms:
    """What a course is worth: minutes (0 where none are stated) and for how many months it holds (None: for ever)."""

    minutes: int = 0
    valid_months: int | None = None


@dataclass(frozen=True, slots=True)
class Section:
    need: NeedKind
    courses: frozenset[int]
    number: int = 0  # courses for ``any``, minutes for ``minutes``; without meaning for ``all``

    def is_met(self, held: set[int], courses: Mapping[int, CourseTerms]) -> bool:
        """Whether the courses held meet what this section asks."""
        if self.need is NeedKind.ALL:
            return self.courses <= held
        listed = self.courses & held
        if self.need is NeedKind.ANY:
            return len(listed) >= self.number
        return sum(courses[course].minutes for course in listed) >= self.number


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


@dataclass(frozen=True)
class Curriculum:
    """Every course's terms, the equivalents, and each path's versions in order, by key."""

    courses: Mapping[int, CourseTerms]
    equivalents: tuple[Equivalent, ...]
    paths: Mapping[int, tuple[PathVersion, ...]]
    _stands_for: dict[int, list[Equivalent]] = field(default_factory=dict, compare=False, repr=False)
    _listed: dict[int, frozenset[int]] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        for equivalent in self.equivalents:
            self._stands_for.setdefault(equivalent.course, []).append(equivalent)
        for path, versions in self.paths.items():
            self._listed[path] = frozenset().union(*(version.courses for version in versions))

    def stands_for(self, course: int) -> Sequence[Equivalent]:
        return self._stands_for.get(course, ())

    def listed(self, path: int) -> frozenset[int]:
        """Every course that any version of the path lists."""
        return self._listed[path]

    def paths_touched_by(self, course: int) -> set[int]:
        """The paths whose standing a completion of this course may change."""
        credited = {course} | {equivalent.stands_for for equivalent in self.stands_for(course)}
        return {path for path, listed in self._listed.items() if listed & credited}


class Completed(NamedTuple):
    """One completion, as the rule needs it."""

    course: int
    on: date
    assurance: int


class Credit(NamedTuple):
    """One course held through one completion: its own, or one it stands for."""

    course: int
    from_on: date  # the day of the completion
    until_on: date
    assurance: int
    through: int  # the course that was completed


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


def credits(completions: Iterable[Completed], curriculum: Curriculum) -> list[Credit]:
    """What each completion credits: the course itself and every course it stands for.

    An equivalent's credit lapses with the shorter of the two validities.
    """
    held: list[Credit] = []
    for course, on, assurance in completions:
        own = curriculum.courses[course].valid_months
        held.append(Credit(course, on, add_months(on, own) if own else FOREVER, assurance, course))
        for rule in curriculum.stands_for(course):
            if rule.from_on <= on < rule.until_on:
                theirs = curriculum.courses[rule.stands_for].valid_months
                months = min((each for each in (own, theirs) if each), default=None)
                until = add_months(on, months) if months else FOREVER
                held.append(Credit(rule.stands_for, on, until, assurance, course))
    return held


def is_complete(version: PathVersion, held: set[int], courses: Mapping[int, CourseTerms]) -> bool:
    """Whether these courses, held on one day, complete the version: every section is met."""
    return all(section.is_met(held, courses) for section in version.sections)


def _complete_spans(version: PathVersion, held: Sequence[Credit], courses: Mapping[int, CourseTerms]) -> list[Span]:
    """The days on which these credits complete the version."""
    if not is_complete(version, {credit.course for credit in held}, courses):
        return []  # not even all of them at once would do: the common case, and cheap
    edges: list[tuple[date, int, int]] = []  # day, +1 or −1, course; a course may be held twice over
    for credit in held:
        edges.append((credit.from_on, 1, credit.course))
        if credit.until_on != FOREVER:
            edges.append((credit.until_on, -1, credit.course))
    edges.sort()
    spans: list[Span] = []
    times: dict[int, int] = {}
    now: set[int] = set()
    since: date | None = None
    last = len(edges) - 1
    for index, (day, step, course) in enumerate(edges):
        times[course] = count = times.get(course, 0) + step
        if count > 0:
            now.add(course)
        else:
            now.discard(course)
        if index < last and edges[index + 1][0] == day:
            continue
        complete = is_complete(version, now, courses)
        if complete and since is None:
            since = day
        elif not complete and since is not None:
            spans.append((since, day))
            since = None
    if since is not None:
        spans.append((since, FOREVER))
    return spans


def counted(version: PathVersion, asked: Asked, held: Sequence[Credit]) -> list[Credit]:
    """The credits that this version lists and its look-back lets count for a member asked on that day."""
    listed = version.courses
    if version.lookback_months is None:
        return [credit for credit in held if credit.course in listed]
    oldest = add_months(asked.on, -version.lookback_months)
    return [credit for credit in held if credit.course in listed and credit.from_on >= oldest]


def versions_over_time(
    versions: Sequence[PathVersion], asked: Asked, held: Sequence[Credit]
) -> list[tuple[date, PathVersion]]:
    """Which version binds a member from which day on: the pinned one first, then as each later one's policy says.

    Under ``keep`` a member who holds a course that their version lists, completed before the new version's first day, has
    begun and stays. Theirs is the one that binds them on that day, not one that waits for its day of grace.
    """
    timeline = [(date.min, next(version for version in versions if version.number == asked.version))]
    for version in versions:
        if version.number <= asked.version:
            continue
        if version.change is ChangePolicy.KEEP:
            theirs = next(each for since, each in reversed(timeline) if since <= version.from_on)
            if any(credit.from_on < version.from_on for credit in counted(theirs, asked, held)):
                continue
            moves_on = version.from_on
        elif version.change is ChangePolicy.GRACE and version.grace_on:
            moves_on = max(version.grace_on, version.from_on)
        else:
            moves_on = version.from_on
        # a version that binds sooner than one before it takes that one's place
        while timeline and timeline[-1][0] >= moves_on and timeline[-1][0] != date.min:
            timeline.pop()
        timeline.append((moves_on, version))
    return timeline


def standing(path: int, asked: Asked, held: Sequence[Credit], curriculum: Curriculum) -> list[Standing]:
    """The spans of days in which a member has begun or holds a path, each at its highest level.

    Args:
        path: the path's key.
        asked: since when, and with which version.
        held: all the member's credits, as :func:`credits` returns them.

    Returns:
        Spans sorted by day that do not overlap; days before the first are "not started". Once begun, a path stays at
        least ``STARTED``: a lapse does not undo the beginning.
    """
    versions = curriculum.paths[path]
    listed = curriculum.listed(path)
    held = [credit for credit in held if credit.course in listed]
    if not held:
        return []
    timeline = versions_over_time(versions, asked, held) if len(versions) > 1 else [(date.min, versions[0])]
    rows: list[Standing] = []
    begun: date | None = None
    for index, (from_on, version) in enumerate(timeline):
        until_on = timeline[index + 1][0] if index + 1 < len(timeline) else FOREVER
        mine = counted(version, asked, held)
        if not mine:
            continue
        first = max(min(credit.from_on for credit in mine), from_on)
        if first < until_on:  # else completed after this version was left, and for this one too late to begin
            begun = first if begun is None else min(begun, first)
        rows += _levels(version, mine, curriculum.courses, from_on, until_on)
    if begun is None:
        return []
    return _with_started(rows, begun)


def _levels(
    version: PathVersion, held: Sequence[Credit], courses: Mapping[int, CourseTerms], from_on: date, until_on: date
) -> list[Standing]:
    """The complete spans within ``[from_on, until_on)``, each day at the highest assurance that completes it."""
    present = {credit.assurance for credit in held}
    rows: list[Standing] = []
    for level in _LEVELS:
        if level not in present:
            continue  # nothing is gained by going down to this floor
        spans = _complete_spans(version, [credit for credit in held if credit.assurance >= level], courses)
        for start, end in spans:
            start, end = max(start, from_on), min(end, until_on)
            if start < end:
                rows += _uncovered(start, end, level, rows)
    rows.sort()
    return rows


def _uncovered(start: date, end: date, level: int, taken: list[Standing]) -> list[Standing]:
    """The parts of ``[start, end)`` that no higher level has taken."""
    free: list[Standing] = []
    for other in sorted(taken):
        if other.until_on <= start:
            continue
        if other.from_on >= end:
            break
        if other.from_on > start:
            free.append(Standing(start, other.from_on, level))
        start = max(start, other.until_on)
        if start >= end:
            break
    if start < end:
        free.append(Standing(start, end, level))
    return free


def _with_started(rows: list[Standing], begun: date) -> list[Standing]:
    """The levels with ``STARTED`` in every gap from the first credit on, neighbours of one level joined."""
    whole: list[Standing] = []

    def add(row: Standing) -> None:
        if whole and whole[-1].level == row.level and whole[-1].until_on == row.from_on:
            whole[-1] = Standing(whole[-1].from_on, row.until_on, row.level)
        else:
            whole.append(row)

    day = begun
    for row in rows:
        if row.from_on > day:
            add(Standing(day, row.from_on, STARTED))
        add(row)
        day = row.until_on
    if day != FOREVER:
        add(Standing(day, FOREVER, STARTED))
    return whole
