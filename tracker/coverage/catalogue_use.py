"""Who uses what of the catalogue: a course's paths, completions and successors, and whom a retired course leaves behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from tracker.coverage.naming import Named
from tracker.coverage.paging import Page
from tracker.coverage.sections import SectionFunnel, section_funnel
from tracker.curriculum.words import Assurance
from tracker.models import (
    Course,
    CourseAlias,
    CourseReference,
    Equivalent,
    LearningPath,
    PathVersion,
    ReferenceKind,
    Section,
    SectionCourse,
    Unit,
)
from tracker.models.loading import read_rows

_MANY = 100_000  # completions, from which on counting them is not done unasked
_PAGE = 100


class CourseLine(NamedTuple):
    """A course in the list of all."""

    course: Course
    paths: int  # whose version in force lists it


def course_lines(session: Session, day: date, search: str = "") -> list[CourseLine]:
    """Every course by title; of a search, those whose title, code or provider has each of its words."""
    uses = Counter(course for _, course in _in_force(session, day))
    words = search.casefold().split()
    return [
        CourseLine(course, uses[course.id])
        for course in session.scalars(select(Course).order_by(Course.title, Course.code))
        if all(word in f"{course.title} {course.code} {course.provider}".casefold() for word in words)
    ]


def _in_force(session: Session, day: date) -> set[tuple[int, int]]:
    """Path and course, of the version of each path that is in force on a day."""
    newest: dict[int, int] = {}
    wanted = select(PathVersion.path_id, PathVersion.id).join(LearningPath, LearningPath.id == PathVersion.path_id)
    wanted = wanted.where(
        or_(PathVersion.from_on.is_(None), PathVersion.from_on <= day),
        or_(LearningPath.retired_on.is_(None), LearningPath.retired_on > day),
    )
    for path, version in session.execute(wanted.order_by(PathVersion.number)):
        newest[path] = version
    listed = select(PathVersion.path_id, SectionCourse.course_id).join(Section, Section.version_id == PathVersion.id)
    listed = listed.join(SectionCourse, SectionCourse.section_id == Section.id).where(PathVersion.id.in_(newest.values()))
    return {(path, course) for path, course in session.execute(listed)}


class PathUse(NamedTuple):
    """A path that lists a course."""

    path: LearningPath
    versions: list[int]  # their numbers
    is_in_force: bool  # whether the version in force is one of them


class StandsFor(NamedTuple):
    """A course that counts as another, completed in ``[from_on, until_on)``."""

    course: Course
    from_on: date | None
    until_on: date | None


class CourseUse(NamedTuple):
    """Everything of a course but its completions."""

    course: Course
    paths: list[PathUse]
    ids: list[tuple[ReferenceKind, str]]
    reported_as: list[str]  # as reports call it, and a person recognised
    counts_as: list[StandsFor]
    stood_for_by: list[StandsFor]
    replaced_by: Course | None
    replaces: list[Course]


def course_use(session: Session, course: Course, day: date) -> CourseUse:
    """Who uses a course, and what it is called."""
    rows = session.execute(
        select(LearningPath, PathVersion.number)
        .join(PathVersion, PathVersion.path_id == LearningPath.id)
        .join(Section, Section.version_id == PathVersion.id)
        .join(SectionCourse, SectionCourse.section_id == Section.id)
        .where(SectionCourse.course_id == course.id)
        .distinct()
        .order_by(LearningPath.title, PathVersion.number)
    ).all()
    paths: dict[int, PathUse] = {}
    in_force = {path for path, each in _in_force(session, day) if each == course.id}
    for path, number in rows:
        paths.setdefault(path.id, PathUse(path, [], path.id in in_force)).versions.append(number)
    references = session.execute(
        select(CourseReference.kind, CourseReference.value)
        .where(CourseReference.course_id == course.id, CourseReference.kind != ReferenceKind.TITLE)
        .order_by(CourseReference.kind, CourseReference.value)
    )
    aliases = select(CourseAlias.shown).where(CourseAlias.course_id == course.id).order_by(CourseAlias.shown)
    return CourseUse(
        course,
        list(paths.values()),
        [(kind, value) for kind, value in references],
        list(session.scalars(aliases)),
        _standing_in(session, Equivalent.course_id == course.id, Equivalent.stands_for_id),
        _standing_in(session, Equivalent.stands_for_id == course.id, Equivalent.course_id),
        session.get(Course, course.replaced_by_id) if course.replaced_by_id else None,
        list(session.scalars(select(Course).where(Course.replaced_by_id == course.id).order_by(Course.title))),
    )


def _standing_in(session: Session, which: ColumnElement[bool], other: InstrumentedAttribute[int]) -> list[StandsFor]:
    rows = session.execute(
        select(Course, Equivalent.from_on, Equivalent.until_on)
        .join(Equivalent, Course.id == other)
        .where(which)
        .order_by(Course.title)
    )
    return [StandsFor(course, from_on, until_on) for course, from_on, until_on in rows]


def has_many_completions(session: Session) -> bool:
    """Whether counting completions takes so long that it waits to be asked for."""
    sql = "SELECT count(*) FROM (SELECT 1 FROM completion LIMIT ?) first_ones"
    ((count,),) = read_rows(session, sql, [_MANY])
    return bool(count == _MANY)


class YearOfCompletions(NamedTuple):
    """How many completed a course in a year, each counted at their surest."""

    year: int
    by: dict[Assurance, int]

    @property
    def total(self) -> int:
        return sum(self.by.values())


def completions_by_year(session: Session, course_id: int) -> list[YearOfCompletions]:
    """The newest year first. Who has several records of one year is counted once, at the surest of them."""
    year = "substr(completed_on, 1, 4)"
    if session.get_bind().dialect.name != "sqlite":
        year = "extract(year FROM completed_on)"
    sql = (
        "SELECT year, assurance, count(*) FROM"
        f" (SELECT {year} AS year, member_id, max(assurance) AS assurance FROM completion"
        f" WHERE course_id = ? AND voided_at IS NULL GROUP BY {year}, member_id) best GROUP BY year, assurance"
    )
    years: dict[int, dict[Assurance, int]] = {}
    for on, assurance, count in read_rows(session, sql, [course_id]):
        years.setdefault(int(on), dict.fromkeys(reversed(Assurance), 0))[Assurance(assurance)] = count
    return [YearOfCompletions(on, years[on]) for on in sorted(years, reverse=True)]


class LostCourse(NamedTuple):
    """A retired course that the version in force of a path still lists."""

    path: LearningPath
    course: Course
    replaced_by: Course | None


def lost_courses(session: Session, day: date) -> list[LostCourse]:
    """Every one, by path and title."""
    in_force = _in_force(session, day)
    retired = {course.id: course for course in session.scalars(select(Course).where(Course.retired_on <= day))}
    lost = [(path, course) for path, course in in_force if course in retired]
    ids = {path for path, _ in lost}
    paths = {path.id: path for path in session.scalars(select(LearningPath).where(LearningPath.id.in_(ids)))}
    successors = {course.replaced_by_id for course in retired.values()} - {None}
    by_id = {course.id: course for course in session.scalars(select(Course).where(Course.id.in_(successors)))}
    found = [
        LostCourse(paths[path], retired[course], by_id.get(retired[course].replaced_by_id or 0)) for path, course in lost
    ]
    return sorted(found, key=lambda each: (each.path.title, each.course.title))


# Those in scope of a path today who are not complete at the reviewed floor, and hold neither the course nor one that counts
# as it, at any assurance.
_UNFINISHED = (
    "(SELECT DISTINCT s.member_id FROM scope s WHERE s.path_id = ? AND s.from_on <= ? AND s.until_on > ?"
    " AND NOT EXISTS (SELECT 1 FROM standing t WHERE t.member_id = s.member_id AND t.path_id = s.path_id"
    " AND t.from_on <= ? AND t.until_on > ? AND t.level >= 2)"
    " AND NOT EXISTS (SELECT 1 FROM completion c WHERE c.member_id = s.member_id AND c.voided_at IS NULL"
    " AND c.course_id IN ({courses}))) u"
)


def unfinished(session: Session, path_id: int, course: Course, day: date) -> int:
    """How many need another course than this one to finish a path."""
    sql = f"SELECT count(*) FROM {_unfinished(session, course)}"
    ((count,),) = read_rows(session, sql, [path_id, day, day, day, day])
    return int(count)


def unfinished_page(session: Session, path_id: int, course: Course, day: date, after: int | None = None) -> Page[Named]:
    """Who they are, by name, a page at a time."""
    values: list[object] = [path_id, day, day, day, day]
    beyond = ""
    if after is not None:
        last = "(SELECT k.name_key FROM member k WHERE k.member_id = ?)"
        beyond = f" WHERE m.name_key > {last} OR (m.name_key = {last} AND m.member_id > ?)"
        values += [after, after, after]
    sql = (
        f"SELECT m.member_id, m.first_name, m.last_name, m.number FROM {_unfinished(session, course)}"
        f" JOIN member m ON m.member_id = u.member_id{beyond} ORDER BY m.name_key, m.member_id LIMIT ?"
    )
    rows = [
        Named(member, f"{first} {last}".strip(), number)
        for member, first, last, number in read_rows(session, sql, [*values, _PAGE + 1])
    ]
    return Page(rows[:_PAGE], str(rows[_PAGE - 1].member_id) if len(rows) > _PAGE else None)


def _unfinished(session: Session, course: Course) -> str:
    counting: Collection[int] = {
        course.id,
        *session.scalars(select(Equivalent.course_id).where(Equivalent.stands_for_id == course.id)),
    }
    return _UNFINISHED.format(courses=", ".join(map(str, sorted(counting))))


def people_by_version(session: Session, path: LearningPath, day: date) -> SectionFunnel:
    """How many of all in scope each version of a path binds on a day, and how many of them hold it."""
    root = session.scalars(select(Unit).where(Unit.parent_id.is_(None)).limit(1)).one()
    return section_funnel(session, root, path, as_of=day, known=None, floor=Assurance.REVIEWED)


class SideBySide(NamedTuple):
    """A course as the versions of a path list it: in which of them, the newest first."""

    course: Course
    listed: list[bool]


def side_by_side(session: Session, path: LearningPath, numbers: Sequence[int]) -> list[SideBySide]:
    """Every course that any of these versions lists, in the order of the newest that does."""
    rows = session.execute(
        select(Course, PathVersion.number)
        .join(SectionCourse, SectionCourse.course_id == Course.id)
        .join(Section, Section.id == SectionCourse.section_id)
        .join(PathVersion, PathVersion.id == Section.version_id)
        .where(PathVersion.path_id == path.id)
        .order_by(PathVersion.number.desc(), Section.position, SectionCourse.position)
    )
    found: dict[int, tuple[Course, set[int]]] = {}
    for course, number in rows:
        found.setdefault(course.id, (course, set()))[1].add(number)
    return [SideBySide(course, [number in listed for number in numbers]) for course, listed in found.values()]
