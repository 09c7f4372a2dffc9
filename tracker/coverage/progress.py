"""How far one member is on one path, on one day and at one floor: what counts, and what is still to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import MemberFacts, World
from tracker.curriculum.paths import (
    Asked,
    Completed,
    Credit,
    Curriculum,
    PathVersion,
    counted,
    courses_held,
    credits,
    recent_courses,
    versions_over_time,
)
from tracker.curriculum.push import Remaining
from tracker.curriculum.remaining import fewest_minutes, surest_levels, used
from tracker.curriculum.words import Assurance
from tracker.models import Course


@dataclass(frozen=True)
class Progress:
    """What a member holds of the version that binds them on the day."""

    version: PathVersion
    counting: tuple[Credit, ...]  # begun by the day, and taken by the version: lapsed ones too
    too_old: tuple[Credit, ...]  # begun by the day, listed, and beyond the version's look-back
    missing: tuple[int, ...] | None  # the courses that finish it in the fewest minutes; None where none that can be taken do
    missing_minutes: int
    by_equivalent: bool  # whether it needs a course that another stands for

    def credits_of(self, course: int) -> list[Credit]:
        return [credit for credit in self.counting if credit.course == course]


def takeable_minutes(session: Session, day: date) -> dict[int, int]:
    """The courses that can be taken on a day, and their minutes (0 where none are stated)."""
    rows = session.execute(
        select(Course.id, Course.minutes).where(or_(Course.retired_on.is_(None), Course.retired_on > day))
    )
    return {row.id: row.minutes or 0 for row in rows}


def progress_of(
    facts: MemberFacts, path_id: int, *, day: date, floor: Assurance, world: World, takeable: Mapping[int, int]
) -> Progress | None:
    """A member's progress; None for one who was never asked for the path, and so is bound by no version."""
    asked = facts.asked.get(path_id)
    if asked is None:
        return None
    curriculum = world.curriculum
    version, held, taken = _bound(asked, facts.completed, path_id, day, curriculum)
    begun = [credit for credit in held if credit.from_on <= day and credit.course in version.courses]
    sure = [credit for credit in taken if day < credit.until_on and credit.assurance >= floor]
    recent = recent_courses(version, (credit for credit in taken if credit.assurance >= floor), day)
    missing = fewest_minutes(version, {credit.course for credit in sure}, curriculum.courses, takeable, recent)
    return Progress(
        version,
        tuple(sorted(taken, key=lambda credit: (credit.from_on, credit.assurance))),
        tuple(credit for credit in begun if credit not in taken),
        missing,
        sum(takeable[course] for course in missing or ()),
        _needs_equivalent(version, taken, day, floor, world),
    )


class Way(NamedTuple):
    """By which course another can be held from now on, and its minutes."""

    minutes: int
    course: int


def ways_to(path_id: int, *, day: date, world: World, takeable: Mapping[int, int]) -> dict[int, Way]:
    """How each course of a path can be held by who takes one on that day: itself while it is offered, else the shortest one
    that stands for it. What cannot be held any more is left out."""
    curriculum = world.curriculum
    ways = {course: Way(takeable[course], course) for course in curriculum.listed(path_id) if course in takeable}
    for rule in curriculum.equivalents:
        is_wanted = rule.stands_for in curriculum.listed(path_id) and rule.stands_for not in takeable
        if is_wanted and rule.course in takeable and rule.from_on <= day < rule.until_on:
            way = Way(takeable[rule.course], rule.course)
            ways[rule.stands_for] = min(way, ways.get(rule.stands_for, way))
    return ways


def remaining_of(
    asked: Asked,
    completed: Iterable[Completed],
    path_id: int,
    *,
    day: date,
    floor: Assurance,
    world: World,
    ways: Mapping[int, Way],
) -> Remaining:
    """What a member has still to do: courses to take, and those done that are not as sure yet as the floor asks."""
    terms = world.curriculum.courses
    version, _, taken = _bound(asked, completed, path_id, day, world.curriculum)
    levels, recent = courses_held(taken, day), recent_courses(version, taken, day)
    missing = fewest_minutes(version, levels, terms, {course: way.minutes for course, way in ways.items()}, recent)
    if missing is None:
        return Remaining(None)
    taken_now = dict.fromkeys(missing, int(Assurance.PROVIDER))
    finished, lately = levels | taken_now, {months: each | taken_now for months, each in recent.items()}
    surest = surest_levels(finished, *lately.values())
    unsure = tuple(course for course in used(version, finished, terms, lately) if surest[course] < floor)
    chosen = {ways[course] for course in missing}  # one course may stand for two
    return Remaining(
        tuple(sorted(way.course for way in chosen)),
        sum(way.minutes for way in chosen),
        unsure,
    )


def _bound(
    asked: Asked, completed: Iterable[Completed], path_id: int, day: date, curriculum: Curriculum
) -> tuple[PathVersion, Sequence[Credit], list[Credit]]:
    """The version that binds on the day, the credits that any version lists, and those begun that this one takes."""
    versions, listed = curriculum.paths[path_id], curriculum.listed(path_id)
    held = [credit for credit in credits(completed, curriculum) if credit.course in listed]
    version = next(each for since, each in reversed(versions_over_time(versions, asked, held)) if since <= day)
    return version, held, [credit for credit in counted(version, asked, held) if credit.from_on <= day]


def _needs_equivalent(version: PathVersion, taken: Iterable[Credit], day: date, floor: Assurance, world: World) -> bool:
    sure = [credit for credit in taken if credit.assurance >= floor]
    mine = [credit for credit in sure if credit.through == credit.course]
    own = {*courses_held(mine, day), *surest_levels(*recent_courses(version, mine, day).values())}
    counting = used(version, courses_held(sure, day), world.curriculum.courses, recent_courses(version, sure, day))
    return any(course not in own for course in counting)
