"""What a statement says that a member made for others: worked out anew each time it is read, never kept.

It says nothing but what its member chose: their name, the statement, and their locals if they chose so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import MemberFacts, World, current_world, facts_of
from tracker.coverage.published import published
from tracker.coverage.records import path_page
from tracker.coverage.records.asking import held_on
from tracker.coverage.records.counting import FLOOR
from tracker.coverage.records.shapes import CourseRecord
from tracker.coverage.saying import local_called
from tracker.curriculum.days import FOREVER, union
from tracker.curriculum.paths import credits, standing
from tracker.curriculum.states import complete_until
from tracker.curriculum.words import Assurance
from tracker.language import _
from tracker.models import Completion, LearningPath, Member, ProofKind, Unit


@dataclass(frozen=True)
class StatedDay:
    """A day on which a course was completed, and how that is known."""

    on: date
    how: str  # "reported by LinkedIn Learning"


@dataclass(frozen=True)
class StatedCourse:
    """A course that counts, with its days, the first first."""

    title: str
    provider: str
    minutes: int
    days: tuple[StatedDay, ...]
    through: str = ""  # the other course that was completed, where that one counts as it
    until_on: date = FOREVER  # the first day on which it holds no longer

    @property
    def lapses(self) -> bool:
        return self.until_on != FOREVER


@dataclass(frozen=True)
class StatedSection:
    title: str  # "" in a transcript
    courses: tuple[StatedCourse, ...]


@dataclass(frozen=True)
class Statement:
    """What is said of a member on a day."""

    day: date
    kind: ProofKind
    name: str
    locals: tuple[str, ...]
    path: str  # its title, "" in a transcript
    is_complete: bool
    since_on: date | None  # the day since which the path is complete without a break
    until_on: date  # the first day on which it is so no longer; FOREVER: none
    sections: tuple[StatedSection, ...]

    @property
    def courses(self) -> tuple[StatedCourse, ...]:
        return tuple(course for section in self.sections for course in section.courses)


def statement_of(
    session: Session, member: Member, kind: ProofKind, path_id: int | None, with_locals: bool, day: date
) -> Statement:
    """What a statement says on a day.

    Raises:
        NothingApplied: no curriculum was applied yet.
    """
    world = current_world(session)
    facts = next(facts for _, facts in facts_of(session, world, [member.member_id]))
    locals_ = tuple(dict.fromkeys(_local(unit) for _, unit, _ in session.execute(held_on(member.member_id, day))))
    name = f"{member.first_name} {member.last_name}".strip() or _("a member whose name is not on record")
    where = locals_ if with_locals else ()
    if kind is ProofKind.TRANSCRIPT or path_id is None:
        courses = _transcript(session, member, facts, world, day)
        return Statement(day, kind, name, where, "", True, None, FOREVER, (StatedSection("", courses),))
    path = published(session).paths[path_id]
    record = path_page(session, path, member, day)
    since_on = _complete_since(path_id, facts, world, day)
    sections = (
        StatedSection(each.title, tuple(_stated(course, day) for course in each.courses if course.state.is_complete))
        for each in record.sections
    )
    return Statement(
        *(day, kind, name, where, path.title, since_on is not None, since_on, record.until_on),
        tuple(section for section in sections if section.courses),
    )


def provable_paths(session: Session, member: Member, day: date) -> list[LearningPath]:
    """The paths that a member has complete on a day, asked today or not, by title."""
    world = current_world(session)
    facts = next(facts for _, facts in facts_of(session, world, [member.member_id]))
    words = published(session).paths
    done = [words[path] for path in facts.asked if _complete_since(path, facts, world, day) is not None]
    return sorted(done, key=lambda path: path.title)


def _complete_since(path: int, facts: MemberFacts, world: World, day: date) -> date | None:
    if path not in facts.asked:
        return None
    standings = standing(path, facts.asked[path], credits(facts.completed, world.curriculum), world.curriculum)
    if complete_until(standings, FLOOR, day) is None:
        return None
    spans = union((each.from_on, each.until_on) for each in standings if each.level >= FLOOR)
    return next(start for start, end in spans if start <= day < end)


def _transcript(session: Session, member: Member, facts: MemberFacts, world: World, day: date) -> tuple[StatedCourse, ...]:
    """Every course with a completion that counts: reviewed, or reported by its provider."""
    rows = session.execute(
        select(Completion.course_id, Completion.completed_on, Completion.assurance).where(
            Completion.member_id == member.member_id,
            Completion.voided_at.is_(None),
            Completion.completed_on <= day,
            Completion.assurance >= FLOOR,
        )
    )
    found: dict[int, list[tuple[date, Assurance]]] = {}
    for course, on, assurance in rows:
        found.setdefault(course, []).append((on, assurance))
    ends: dict[int, date] = {}
    for each in credits(facts.completed, world.curriculum):
        if each.course == each.through and each.assurance >= FLOOR and each.from_on <= day:
            ends[each.course] = max(each.until_on, ends.get(each.course, each.until_on))
    courses = published(session).courses
    stated = [
        StatedCourse(
            courses[course].title,
            courses[course].provider,
            courses[course].minutes or 0,
            _days(days, courses[course].provider),
            until_on=ends.get(course, FOREVER),
        )
        for course, days in found.items()
    ]
    return tuple(sorted(stated, key=lambda each: (each.days[-1].on, each.title), reverse=True))


def _stated(line: CourseRecord, day: date) -> StatedCourse:
    """A course of a path, by its own completions, or else by those of the course that stands for it."""
    sure = [each for each in line.sightings if each.assurance >= FLOOR and each.on <= day]
    others = [each for each in line.stood_for if each.assurance >= FLOOR and each.on <= day]
    told = sure or others
    course, by = line.course, told[-1].course if told else line.course
    return StatedCourse(
        course.title,
        course.provider,
        course.minutes or 0,
        _days([(each.on, each.assurance) for each in told if each.course.id == by.id], by.provider),
        through="" if sure or not others else by.title,
        until_on=line.until_on,
    )


def _days(days: Iterable[tuple[date, Assurance]], provider: str) -> tuple[StatedDay, ...]:
    surest: dict[date, Assurance] = {}
    for on, assurance in days:
        surest[on] = max(assurance, surest.get(on, assurance))
    return tuple(StatedDay(on, how_known(surest[on], provider)) for on in sorted(surest))


def _local(unit: Unit) -> str:
    """ "Local 80 · Studio Grips": the number in the language that is spoken, the name as it is."""
    called = local_called(unit.number)
    return called if unit.name in ("", unit.number, called) else f"{called} · {unit.name}"


def how_known(assurance: Assurance, provider: str) -> str:
    """How sure a completion is, as someone outside understands it."""
    if assurance is Assurance.PROVIDER:
        return _("reported by %(provider)s", provider=provider)
    return _("checked by the union’s training staff")


def waiting_courses(session: Session, member: Member, statement: Statement) -> Sequence[str]:
    """The courses that a member says they completed and that no statement shows yet: nobody has looked at them."""
    rows = session.scalars(
        select(Completion.course_id).where(
            Completion.member_id == member.member_id,
            Completion.voided_at.is_(None),
            Completion.assurance < FLOOR,
            Completion.completed_on <= statement.day,
        )
    )
    courses = published(session).courses
    shown = {course.title for course in statement.courses}
    return sorted({courses[each].title for each in rows} - shown)
