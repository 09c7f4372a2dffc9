"""How far one member is on one path, on one day and at one floor: what counts, and what is still to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import MemberFacts, World
from tracker.curriculum.paths import Credit, PathVersion, counted, credits, versions_over_time
from tracker.curriculum.remaining import fewest_minutes, used
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
    versions, listed = curriculum.paths[path_id], curriculum.listed(path_id)
    held = [credit for credit in credits(facts.completed, curriculum) if credit.course in listed]
    version = next(each for since, each in reversed(versions_over_time(versions, asked, held)) if since <= day)
    taken = [credit for credit in counted(version, asked, held) if credit.from_on <= day]
    begun = [credit for credit in held if credit.from_on <= day and credit.course in version.courses]
    sure = [credit for credit in taken if day < credit.until_on and credit.assurance >= floor]
    missing = fewest_minutes(version, {credit.course for credit in sure}, curriculum.courses, takeable)
    return Progress(
        version,
        tuple(sorted(taken, key=lambda credit: (credit.from_on, credit.assurance))),
        tuple(credit for credit in begun if credit not in taken),
        missing,
        sum(takeable[course] for course in missing or ()),
        _needs_equivalent(version, sure, world),
    )


def _needs_equivalent(version: PathVersion, sure: Iterable[Credit], world: World) -> bool:
    own = {credit.course for credit in sure if credit.through == credit.course}
    surest = {credit.course: credit.assurance for credit in sorted(sure, key=lambda each: each.assurance)}
    return any(course not in own for course in used(version, surest, world.curriculum.courses))
