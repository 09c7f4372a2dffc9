"""Deriving everyone whom a changed curriculum touches, as it is and as it would be. Writes nothing and holds no lock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import NamedTuple, Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import Derived, MemberFacts, World, derive, facts_of
from tracker.coverage.simulating.shapes import (
    Edited,
    Group,
    LocalChange,
    Members,
    Outcome,
    PathChange,
    Simulation,
    TriedCatalogue,
)
from tracker.curriculum.paths import ChangePolicy, Standing
from tracker.curriculum.words import STARTED, Assurance
from tracker.language import mark
from tracker.models import Assignment, Completion, Unit
from tracker.models.loading import many_rows

T = TypeVar("T")

_ALL_MOVE = ChangePolicy.REQUIRE
_NOTHING = Derived([], {})  # what follows for someone who completed nothing


class Watch(Protocol):
    """Told how far it is: the rows come through it."""

    def __call__(self, label: str, rows: Iterable[T], length: int, /) -> Iterator[T]: ...


class _Count(NamedTuple):
    """One policy's outcome on one day while members go by, with each local's numbers: in scope, before, after."""

    policy: ChangePolicy
    outcome: Outcome
    locals: dict[int, list[int]]


class _Told(NamedTuple):
    """One path with a new version while members go by."""

    change: PathChange
    days: list[tuple[date, list[_Count]]]


def simulate(
    session: Session, tried: TriedCatalogue, *, floor: Assurance, today: date, now: datetime, watch: Watch
) -> tuple[Simulation, Members]:
    """What becomes of everyone's standing if the curriculum changes, under each change policy.

    Both sides are told on the same day, so that what lapses by itself until then is no effect of the change.

    Args:
        floor: the least assurance at which a path counts as complete.

    Returns:
        What was found, and who the people of each count are, by :class:`Group` key and in order of id.
    """
    before, after = tried.before, tried.after
    told = {
        path_id: _told(_path_change(path_id, tried))
        for path_id in sorted(tried.stated, key=lambda each: tried.titles[each][0])
    }
    edits = _edited_courses(before, after[_ALL_MOVE])
    edited: dict[int, Edited] = {}
    members: dict[str, list[int]] = {}
    people = _touched(session, told.keys(), edits)
    courses = _courses_of(told.keys(), before, after)
    with many_rows():
        for member, facts in watch(mark("Working out"), facts_of(session, before, people), len(people)):
            narrow = facts if edits else _only(facts, told.keys(), courses)
            old = derive(narrow, before)
            # what the policies share is who is in scope: it follows from no course
            bare = MemberFacts(asked=narrow.asked, completed=narrow.completed)
            new = {policy: derive(bare, world) if narrow.completed else _NOTHING for policy, world in after.items()}
            for path_id in narrow.asked:
                if path_id in told:
                    _tell(told[path_id], member, path_id, old, new, floor, members)
                elif edits:
                    _tell_edit(edited, path_id, old, new[_ALL_MOVE], tried, floor, today)
    names = _unit_names(session)
    for each in told.values():
        for _, counts in each.days:
            for count in counts:
                count.outcome.locals = _changed(count.locals, names)
    return (
        Simulation(
            today,
            now,
            floor,
            tried.force_id,
            len(people),
            tried.changes,
            tried.adds_courses,
            [each.change for each in told.values()],
            sorted(edited.values(), key=lambda each: each.code),
        ),
        members,
    )


def _path_change(path_id: int, tried: TriedCatalogue) -> PathChange:
    old = tried.before.curriculum.paths[path_id][-1]
    new = tried.after[ChangePolicy.GRACE].curriculum.paths[path_id][-1]
    grace_day = max(new.grace_on or new.from_on, new.from_on)
    code, title = tried.titles[path_id]
    change = PathChange(
        path_id,
        code,
        title,
        old.number,
        new.number,
        new.from_on,
        grace_day,
        tried.targets.get(path_id),
        tried.stated[path_id],
        [],
    )
    change.outcomes = [Outcome(policy, day) for policy in ChangePolicy for day in change.days]
    return change


def _edited_courses(before: World, after: World) -> set[int]:
    """The courses that anyone may hold already and that are worth something else after, by themselves or through another."""
    old, new = before.curriculum, after.curriculum
    changed = {course for course, terms in old.courses.items() if new.courses[course] != terms}
    rules = set(old.equivalents) ^ set(new.equivalents)
    changed |= {rule.course for rule in rules if rule.course in old.courses}
    through = {rule.course for rule in (*old.equivalents, *new.equivalents) if rule.stands_for in changed}
    return changed | (through & old.courses.keys())


def _touched(session: Session, paths: Iterable[int], courses: Iterable[int]) -> list[int]:
    """Everyone assigned one of the paths, or holding one of the courses."""
    assigned = select(Assignment.member_id).where(Assignment.path_id.in_([*paths]), Assignment.voided_at.is_(None))
    holding = select(Completion.member_id).where(Completion.course_id.in_([*courses]), Completion.voided_at.is_(None))
    return sorted({*session.scalars(assigned), *session.scalars(holding)})


def _courses_of(paths: Collection[int], before: World, after: Mapping[ChangePolicy, World]) -> set[int]:
    """The courses that count for these paths, in the curriculum as it is or as it would be."""
    courses: set[int] = set()
    for world in (before, *after.values()):
        listed = {course for path in paths for course in world.curriculum.listed(path)}
        courses |= listed | {rule.course for rule in world.curriculum.equivalents if rule.stands_for in listed}
    return courses


def _only(facts: MemberFacts, paths: Collection[int], courses: Collection[int]) -> MemberFacts:
    """The facts that bear on these paths."""
    return MemberFacts(
        facts.cards,
        [ask for ask in facts.asks if ask.path in paths],
        {path: asked for path, asked in facts.asked.items() if path in paths},
        [excuse for excuse in facts.excuses if excuse.path in paths],
        [done for done in facts.completed if done.course in courses],
    )


def _told(change: PathChange) -> _Told:
    days = [(day, [_Count(policy, change.outcome(policy, day), {}) for policy in ChangePolicy]) for day in change.days]
    return _Told(change, days)


def _tell(
    told: _Told,
    member: int,
    path_id: int,
    old: Derived,
    new: Mapping[ChangePolicy, Derived],
    floor: Assurance,
    members: dict[str, list[int]],
) -> None:
    """Add one member to every count of one path."""
    standings = old.standings.get(path_id, ())
    for day, counts in told.days:
        units = {row.unit for row in old.scope if row.path == path_id and row.from_on <= day < row.until_on}
        was = _is_complete(standings, day, floor)
        would = {policy: _is_complete(each.standings.get(path_id, ()), day, floor) for policy, each in new.items()}
        for policy, outcome, locals_ in counts:
            now = would[policy]
            outcome.assigned += 1
            outcome.in_scope += bool(units)
            outcome.before += bool(units) and was
            outcome.after += bool(units) and now
            for unit in units:
                numbers = locals_.setdefault(unit, [0, 0, 0])
                numbers[0] += 1
                numbers[1] += was
                numbers[2] += now
            who = _who(was, now, would[_ALL_MOVE])
            if who:
                setattr(outcome, who, getattr(outcome, who) + 1)
                setattr(outcome, f"{who}_in_scope", getattr(outcome, f"{who}_in_scope") + bool(units))
                members.setdefault(Group(path_id, policy, day, who).key, []).append(member)


def _who(was: bool, now: bool, if_all_moved: bool) -> str:
    if was == now:
        return "kept" if now and not if_all_moved else ""
    return "gained" if now else "lost"


def _tell_edit(
    edited: dict[int, Edited],
    path_id: int,
    old: Derived,
    new: Derived,
    tried: TriedCatalogue,
    floor: Assurance,
    today: date,
) -> None:
    before = _level_on(old.standings.get(path_id, ()), today)
    after = _level_on(new.standings.get(path_id, ()), today)
    if before == after:
        return
    row = edited.setdefault(path_id, Edited(path_id, *tried.titles[path_id]))
    was, now = (before or STARTED) >= floor, (after or STARTED) >= floor
    if was == now:
        row.other += 1
    elif now:
        row.gained += 1
    else:
        row.lost += 1


def _level_on(rows: Iterable[Standing], day: date) -> int | None:
    return next((row.level for row in rows if row.from_on <= day < row.until_on), None)


def _is_complete(rows: Iterable[Standing], day: date, floor: Assurance) -> bool:
    return any(row.level >= floor and row.from_on <= day < row.until_on for row in rows)


def _unit_names(session: Session) -> dict[int, tuple[str, str]]:
    return {unit.id: (unit.number, unit.title) for unit in session.scalars(select(Unit))}


def _changed(numbers: Mapping[int, list[int]], names: Mapping[int, tuple[str, str]]) -> list[LocalChange]:
    """The locals whose figure changes, those first that lose most."""
    rows = [
        LocalChange(unit, *names[unit], in_scope, was, now) for unit, (in_scope, was, now) in numbers.items() if was != now
    ]
    return sorted(rows, key=lambda row: (row.after - row.before, row.number))
