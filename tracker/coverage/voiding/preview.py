"""What voiding would do, in counts and names. Nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import World, current_world, derive, facts_of
from tracker.coverage.figures import NOBODY, figures_on
from tracker.coverage.voiding.question import MOST_VOIDED, VoidQuestion, count_of, matching
from tracker.curriculum.coverage import EVERY_CRAFT
from tracker.curriculum.paths import Completed, Standing
from tracker.curriculum.scope import InScope
from tracker.curriculum.words import Assurance
from tracker.models import Completion, Course, LearningPath, Member, Unit

_MOST_NAMES = 50
_FLOOR = Assurance.REVIEWED


class VoidLine(NamedTuple):
    """One completion that would be voided."""

    completion: Completion
    member: Member
    course: Course


class Fall(NamedTuple):
    """A unit's figure on a path, at the floor ``reviewed``, before and after."""

    path: LearningPath
    unit: Unit
    in_scope: int
    before: int
    after: int


@dataclass(frozen=True)
class VoidPreview:
    """What voiding would do, in counts and names."""

    completions: int
    members: int
    lines: tuple[VoidLine, ...]  # the first some, by name
    falls: tuple[Fall, ...]  # the units whose figure falls today, the largest fall first

    @property
    def more(self) -> int:
        """How many are not listed."""
        return self.completions - len(self.lines)


def void_preview(
    session: Session,
    question: VoidQuestion,
    day: date,
    recorded_by_moment: datetime | None = None,
) -> VoidPreview:
    """What voiding these would do to today's figures. Nothing is written."""
    rows = session.execute(
        select(Completion.member_id, Completion.course_id, Completion.completed_on, Completion.assurance)
        .where(*matching(question, recorded_by_moment))
        .limit(MOST_VOIDED + 1)
    ).all()
    gone: dict[int, set[Completed]] = {}
    for member_id, course_id, on, assurance in rows:
        gone.setdefault(member_id, set()).add(Completed(course_id, on, int(assurance)))
    lines = session.execute(
        select(Completion, Member, Course)
        .join(Member, Member.member_id == Completion.member_id)
        .join(Course, Course.id == Completion.course_id)
        .where(*matching(question, recorded_by_moment))
        .order_by(Member.name_key, Member.member_id, Completion.completed_on, Completion.id)
        .limit(_MOST_NAMES)
    )
    return VoidPreview(
        completions=count_of(session, question, recorded_by_moment),
        members=len(gone),
        lines=tuple(VoidLine(*row) for row in lines),
        falls=_falls(session, gone, day) if len(rows) <= MOST_VOIDED else (),
    )


def _falls(session: Session, gone: dict[int, set[Completed]], day: date) -> tuple[Fall, ...]:
    """The figures that fall today, at the floor ``reviewed``: each person counts once in a unit."""
    world = current_world(session)
    fallen: Counter[tuple[int, int]] = Counter()
    for member_id, facts in facts_of(session, world, gone):
        before = derive(facts, world)
        facts.completed = [each for each in facts.completed if each not in gone[member_id]]
        after = derive(facts, world)
        for path, spans in before.standings.items():
            if _is_covered(spans, day) and not _is_covered(after.standings.get(path, []), day):
                units = _units_of(before.scope, path, day, world)
                fallen.update((unit, path) for unit in units)
    if not fallen:
        return ()
    figures = figures_on(session, day, unit_ids={unit for unit, _ in fallen})
    named = {each.id: each for each in session.scalars(select(Unit).where(Unit.id.in_({unit for unit, _ in fallen})))}
    paths = {each.id: each for each in session.scalars(select(LearningPath))}
    falls = []
    for (unit, path), number in fallen.items():
        figure = figures.get((unit, EVERY_CRAFT, path), NOBODY)
        falls.append(Fall(paths[path], named[unit], figure.in_scope, figure.reviewed, figure.reviewed - number))
    return tuple(sorted(falls, key=lambda each: (each.path.title, each.after - each.before, each.unit.number)))


def _is_covered(spans: list[Standing], on: date) -> bool:
    return any(span.from_on <= on < span.until_on and span.level >= _FLOOR for span in spans)


def _units_of(scope: Iterable[InScope], path: int, on: date, world: World) -> set[int]:
    cards = (each.unit for each in scope if each.path == path and each.from_on <= on < each.until_on)
    return {above for unit in cards for above in world.above[unit]}
