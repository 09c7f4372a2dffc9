"""Where people stop on a path: how many of those in scope hold each course and each section, and how many hold all.

Counted by the pure rule, member by member, on the version that binds each: those bound by different versions are told apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tracker.coverage.derivation import FactReader, World, current_world, derive, facts_of, world_as_known
from tracker.coverage.figures import end_of, is_restated_since, listed
from tracker.curriculum import paths as rule
from tracker.curriculum.paths import Asked, Completed, CourseTerms, Curriculum, NeedKind
from tracker.curriculum.paths.sections import counting_for
from tracker.curriculum.words import AssignmentKind, Assurance
from tracker.language import _, ngettext
from tracker.language import number as written
from tracker.models import Course, LearningPath, PathVersion, Section, SectionCourse, Unit
from tracker.models.loading import read_rows

_ALIKE = 20_000  # histories remembered: those who did the same on the same days are asked of once


class CourseHeld(NamedTuple):
    """One course of a section, and how many in scope hold it on the day: by itself or by an equivalent."""

    course: Course
    held: int
    stops: int  # who have begun, and hold everything before it but not it


@dataclass(frozen=True)
class SectionHeld:
    """One section, and how many in scope meet it on the day."""

    section: Section
    met: int
    stops: int  # who have begun, meet every section before it but not it
    courses: Sequence[CourseHeld]

    @property
    def asks(self) -> str:
        """What it takes, in words."""
        number, need = self.section.number, self.section.need
        if need is NeedKind.ALL:
            return _("every course") if len(self.courses) > 1 else _("its course")
        if need is NeedKind.ANY:
            return _("any %(number)s of %(courses)s", number=written(number), courses=written(len(self.courses)))
        if need is NeedKind.MINUTES:
            return ngettext("%(n)s minute", "%(n)s minutes", number)
        return ngettext(
            "%(credits)s credits within %(n)s month",
            "%(credits)s credits within %(n)s months",
            self.section.within_months or 0,
            credits=written(number / 100),
        )


@dataclass(frozen=True)
class VersionFunnel:
    """Those in scope whom one version binds on the day."""

    number: int
    in_scope: int
    begun: int  # hold at least one of its courses
    sections: Sequence[SectionHeld]
    complete: int  # meet every section


@dataclass(frozen=True)
class SectionFunnel:
    """One path in one unit on one day."""

    unit: Unit
    path: LearningPath
    as_of: date
    known: date | None
    floor: Assurance
    versions: Sequence[VersionFunnel]  # those that bind anyone in scope, the newest first

    @property
    def in_scope(self) -> int:
        return sum(each.in_scope for each in self.versions)

    @property
    def begun(self) -> int:
        return sum(each.begun for each in self.versions)

    @property
    def complete(self) -> int:
        return sum(each.complete for each in self.versions)

    def most_stop_at(self) -> tuple[str, int, bool]:
        """The course, or the section where it may be any of several, at which most stop who have begun; how many do, and
        whether it is the only one at which so many do."""
        stops: Counter[str] = Counter()
        for version in self.versions:
            for section in version.sections:
                if section.section.need is NeedKind.ALL:
                    for each in section.courses:
                        stops[each.course.title] += each.stops
                else:
                    stops[section.section.title] += section.stops
        (title, most), *others = stops.most_common(2) or [("", 0)]
        return title, most, not others or others[0][1] < most


class _Holding(NamedTuple):
    """What counts for a member on the day, at the floor."""

    version: int
    courses: frozenset[int]
    recent: tuple[tuple[int, frozenset[int]], ...]  # for sections of credits: by months, the courses completed in them


_People: TypeAlias = Iterable[tuple[Asked, tuple[Completed, ...]]]


def section_funnel(
    session: Session, unit: Unit, path: LearningPath, *, as_of: date, known: date | None, floor: Assurance
) -> SectionFunnel:
    """How many of those in scope in a unit hold each course and each section of the version that binds them.

    Those complete are those that the unit's figure counts as covered.

    Args:
        known: count only facts recorded by the end of that day, UTC. None: all.
    """
    moment = end_of(known) if known is not None and is_restated_since(session, known) else None
    if moment is None:
        world = current_world(session)
        people = _kept(session, unit, path.id, as_of, world)
    else:
        world = world_as_known(session, moment)
        people = _derived(session, unit, path.id, as_of, world, moment)
    counting = _counting(path.id, as_of, floor, world.curriculum)
    holdings = Counter(counting(asked, completed) for asked, completed in people)
    versions = session.scalars(
        select(PathVersion)
        .where(PathVersion.path_id == path.id, PathVersion.number.in_({each.version for each in holdings}))
        .options(selectinload(PathVersion.sections).selectinload(Section.courses).joinedload(SectionCourse.course))
        .order_by(PathVersion.number.desc())
    )
    rules = {each.number: each for each in world.curriculum.paths[path.id]}
    return SectionFunnel(
        unit,
        path,
        as_of,
        known,
        floor,
        [_funnel(version, rules[version.number], holdings, world.curriculum.courses) for version in versions],
    )


def _counting(
    path_id: int, day: date, floor: Assurance, curriculum: Curriculum
) -> Callable[[Asked, tuple[Completed, ...]], _Holding]:
    """What a member's completions count for on the day: as the rule says, in the words of `curriculum.paths`."""
    versions, on_path = curriculum.paths[path_id], curriculum.listed(path_id)
    if _counts_alone(path_id, curriculum):
        return _counting_alone(versions[0], day, floor, curriculum)

    @lru_cache(_ALIKE)
    def counting(asked: Asked, completed: tuple[Completed, ...]) -> _Holding:
        held = [credit for credit in rule.credits(completed, curriculum) if credit.course in on_path]
        timeline = rule.versions_over_time(versions, asked, held)
        version = next(each for since, each in reversed(timeline) if since <= day)
        sure = [credit for credit in rule.counted(version, asked, held) if credit.assurance >= floor]
        recent = rule.recent_courses(version, sure, day)
        return _Holding(
            version.number,
            frozenset(rule.courses_held(sure, day)),
            tuple((months, frozenset(courses)) for months, courses in sorted(recent.items())),
        )

    return counting


def _counting_alone(
    version: rule.PathVersion, day: date, floor: Assurance, curriculum: Curriculum
) -> Callable[[Asked, tuple[Completed, ...]], _Holding]:
    """As :func:`_counting`, where what a completion counts for does not depend on any other: asked of each but once."""
    anyhow = Asked(date.min, version.number)

    @lru_cache(None)
    def courses_through(completed: Completed) -> frozenset[int]:
        credits = rule.counted(version, anyhow, rule.credits((completed,), curriculum))
        return frozenset(rule.courses_held((credit for credit in credits if credit.assurance >= floor), day))

    def counting(_asked: Asked, completed: tuple[Completed, ...]) -> _Holding:
        return _Holding(version.number, frozenset().union(*map(courses_through, completed)), ())

    return counting


def _counts_alone(path_id: int, curriculum: Curriculum) -> bool:
    (version, *others) = curriculum.paths[path_id]
    if others or _terms_matter(path_id, curriculum):
        return False
    if any(section.need is NeedKind.CREDITS for section in version.sections):
        return False
    return all(course in curriculum.plain for course in _credited(path_id, curriculum))


def _credited(path_id: int, curriculum: Curriculum) -> set[int]:
    """The courses whose completion may count on a path: those listed, and those that stand for one."""
    on_path = curriculum.listed(path_id)
    return {*on_path, *(each.course for each in curriculum.equivalents if each.stands_for in on_path)}


def _funnel(
    version: PathVersion, rules: rule.PathVersion, holdings: Mapping[_Holding, int], terms: Mapping[int, CourseTerms]
) -> VersionFunnel:
    in_scope = begun = complete = 0
    held: Counter[int] = Counter()
    met: Counter[int] = Counter()  # by the section's place
    stops: Counter[int] = Counter()
    course_stops: Counter[tuple[int, int]] = Counter()
    for holding, people in holdings.items():
        if holding.version != version.number:
            continue
        in_scope += people
        recent = dict(holding.recent)
        has_begun = bool(holding.courses) or any(recent.values())
        begun += people if has_begun else 0
        held.update(dict.fromkeys(holding.courses, people))
        is_stopped = False
        for place, (section, rule_of) in enumerate(zip(version.sections, rules.sections, strict=True)):
            if rule_of.is_met(counting_for(rule_of, holding.courses, recent), terms):
                met[place] += people
            elif has_begun and not is_stopped:
                is_stopped = True
                stops[place] += people
                missing = next((each.course_id for each in section.courses if each.course_id not in holding.courses), None)
                if section.need is NeedKind.ALL and missing is not None:
                    course_stops[place, missing] += people
        complete += people if rule.is_complete(rules, holding.courses, terms, recent) else 0
    sections = [
        SectionHeld(
            section,
            met[place],
            stops[place],
            [CourseHeld(each.course, held[each.course_id], course_stops[place, each.course_id]) for each in section.courses],
        )
        for place, section in enumerate(version.sections)
    ]
    return VersionFunnel(version.number, in_scope, begun, sections, complete)


# --- Who is in scope, and what they completed ------------------------------------------------------------------------


def _kept(session: Session, unit: Unit, path_id: int, day: date, world: World) -> _People:
    """Those in scope as it is kept, each with since when they are asked and what they completed that may count."""
    curriculum = world.curriculum
    here = (
        "(SELECT DISTINCT member_id FROM scope WHERE unit_id IN"
        " (SELECT descendant_id FROM unit_closure WHERE ancestor_id = ?) AND path_id = ? AND from_on <= ? AND until_on > ?)"
    )
    values = [unit.id, path_id, day, day]
    first_asked = _first_asked(session, here, values, path_id, world) if _terms_matter(path_id, curriculum) else {}
    anyhow = Asked(date.min, curriculum.paths[path_id][0].number)  # of one version without look-back: no matter since when
    courses = listed(sorted(_credited(path_id, curriculum)))
    sql = (
        f"SELECT s.member_id, c.course_id, c.completed_on, c.assurance FROM {here} s"
        f" LEFT JOIN completion c ON c.member_id = s.member_id AND c.course_id IN ({courses})"
        " AND c.voided_at IS NULL AND c.completed_on <= ? ORDER BY s.member_id"
    )
    rows = read_rows(session, sql, [*values, day], cursor_name="sections")
    day_of = lru_cache(None)(FactReader(session, ()).day)
    known: dict[tuple[int, object, int], Completed] = {}

    def completed(course: int, on: object, assurance: int) -> Completed:
        key = (course, on, assurance)
        found = known.get(key)
        if found is None:
            found = known[key] = Completed(course, day_of(on), assurance)
        return found

    for member, lines in groupby(rows, key=itemgetter(0)):
        done = tuple([completed(*line[1:]) for line in lines if line[1] is not None])
        yield first_asked.get(member, anyhow), done


def _terms_matter(path_id: int, curriculum: Curriculum) -> bool:
    """Whether what binds a member depends on since when they are asked."""
    versions = curriculum.paths[path_id]
    return len(versions) > 1 or any(version.lookback_months is not None for version in versions)


def _first_asked(session: Session, here: str, values: Sequence[object], path_id: int, world: World) -> dict[int, Asked]:
    """The first required assignment of each member in scope: its terms are theirs."""
    sql = (
        f"SELECT a.member_id, a.assigned_on, a.version_id FROM {here} s JOIN assignment a ON a.member_id = s.member_id"
        " WHERE a.path_id = ? AND a.kind = ? AND a.voided_at IS NULL AND (a.until_on IS NULL OR a.until_on > a.assigned_on)"
    )
    day_of = FactReader(session, ()).day
    alike: dict[tuple[object, int], Asked] = {}
    first: dict[int, Asked] = {}
    for member, on, version in read_rows(session, sql, [*values, path_id, AssignmentKind.REQUIRED.value]):
        asked = alike.get((on, version))
        if asked is None:
            asked = alike[on, version] = Asked(day_of(on), world.version_numbers[version])
        before = first.get(member)
        if before is None or asked < before:
            first[member] = asked
    return first


def _derived(
    session: Session, unit: Unit, path_id: int, day: date, world: World, moment: datetime
) -> Iterator[tuple[Asked, tuple[Completed, ...]]]:
    """The same, derived from what was known by a moment."""
    sql = (
        "SELECT DISTINCT member_id FROM membership WHERE unit_id IN"
        " (SELECT descendant_id FROM unit_closure WHERE ancestor_id = ?)"
    )
    members = [member for (member,) in read_rows(session, sql, [unit.id])]
    for _member, facts in facts_of(session, world, members, known_at=moment):
        if any(
            row.path == path_id and unit.id in world.above[row.unit] and row.from_on <= day < row.until_on
            for row in derive(facts, world).scope
        ):
            yield facts.asked[path_id], tuple(sorted(each for each in facts.completed if each.on <= day))
