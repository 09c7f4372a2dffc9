"""Which paths are newly asked, due, overdue or expiring, of a range of members."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import World, facts_of
from tracker.coverage.digests.shapes import Asked, Due, Expiring
from tracker.coverage.published import Published
from tracker.curriculum.days import FOREVER
from tracker.curriculum.paths import Credit, Standing, credits
from tracker.curriculum.states import complete_until
from tracker.curriculum.words import STARTED, AssignmentKind, Assurance
from tracker.models import Assignment, AssignmentRule, Craft, Exemption, ScopeSpan, StandingSpan, Unit

MILESTONES = (7, 30, 60)  # days before a day on which it is told, the nearest first
FLOOR = Assurance.REVIEWED  # at which a path is complete for its member
_DAY = timedelta(days=1)

Asking = tuple[int, Asked | Due]


class Standings(NamedTuple):
    """Where the members of a range stand today."""

    held: dict[tuple[int, int], list[Standing]]  # by member and path: what has not ended
    is_asked: set[tuple[int, int]]  # member and path: in scope today, or chosen or recommended

    def is_done(self, member_id: int, path_id: int, today: date) -> bool:
        """Whether a path is complete, if only by what still waits for review: then nobody needs to be reminded of it."""
        return any(
            row.level > STARTED and row.from_on <= today < row.until_on for row in self.held.get((member_id, path_id), ())
        )


def milestone(day: date, today: date) -> int | None:
    """How near a day is: the smallest of the milestones it lies within; None where it has passed, or is farther off."""
    left = (day - today).days
    return next((each for each in MILESTONES if 0 <= left <= each), None)


def standings_among(session: Session, first: int, last: int, today: date) -> Standings:
    """Where the members from ``first`` to ``last`` stand."""
    held: dict[tuple[int, int], list[Standing]] = {}
    for member_id, path_id, start, end, level in session.execute(
        select(
            *(StandingSpan.member_id, StandingSpan.path_id, StandingSpan.from_on, StandingSpan.until_on, StandingSpan.level)
        ).where(StandingSpan.member_id.between(first, last), StandingSpan.until_on > today, StandingSpan.level > STARTED)
    ):
        held.setdefault((member_id, path_id), []).append(Standing(start, end, level))
    asked = {
        (member_id, path_id)
        for member_id, path_id in session.execute(
            select(ScopeSpan.member_id, ScopeSpan.path_id)
            .where(ScopeSpan.member_id.between(first, last), ScopeSpan.from_on <= today, ScopeSpan.until_on > today)
            .distinct()
        )
    }
    by_choice = select(Assignment.member_id, Assignment.path_id).where(
        *_open(first, last, today), Assignment.kind != AssignmentKind.REQUIRED
    )
    chosen = {(member_id, path_id) for member_id, path_id in session.execute(by_choice)}
    return Standings(held, asked | (chosen - _exempt(session, first, last, today)))


def asking_among(
    session: Session, first: int, last: int, today: date, since: datetime, standings: Standings, words: Published
) -> Iterator[Asking]:
    """What is newly asked of these members and what is due, each once a path, the nearest day of several."""
    nearest: dict[tuple[int, int], Due] = {}
    new: dict[tuple[int, int], Asked] = {}
    for row, unit, craft in _asks(session, first, last, today, since):
        member_id, path_id, its_id, rule_id, kind, assigned_on, due_on, recorded_at = row
        key = (member_id, path_id)
        if key not in standings.is_asked or standings.is_done(member_id, path_id, today) or path_id not in words.paths:
            continue
        title = words.paths[path_id].title
        is_new = (recorded_at >= since or assigned_on >= since.date()) and kind is not AssignmentKind.VOLUNTARY
        if is_new and (due_on is None or due_on >= today):
            what = (f"asked:{path_id}:{rule_id or its_id}",)
            before = new.get(key)
            if before is None or (due_on or date.max) < (before.due_on or date.max):
                unit_title = unit.title if unit is not None and unit.parent_id is not None else ""
                new[key] = Asked(
                    (*what, *(before.keys if before else ())),
                    *(title, kind, unit_title, craft or "", rule_id is None, due_on),
                )
            elif what[0] not in before.keys:
                new[key] = before._replace(keys=(*before.keys, *what))
        if due_on is not None and (key not in nearest or due_on < nearest[key].due_on):
            near = milestone(due_on, today)
            if near is not None:
                nearest[key] = Due((f"due-{near}:{path_id}:{due_on}",), title, due_on)
            elif since.date() <= due_on < today:
                nearest[key] = Due((f"overdue:{path_id}:{due_on}",), title, due_on)
    for (member_id, _), asked in new.items():
        yield member_id, asked
    for (member_id, _), due in nearest.items():
        yield member_id, due


def _asks(
    session: Session, first: int, last: int, today: date, since: datetime
) -> Iterable[tuple[tuple[Any, ...], Unit | None, str | None]]:
    """The open assignments that are new, or due within the milestones or since."""
    units = {unit.id: unit for unit in session.scalars(select(Unit))}
    crafts = {craft.id: craft.name for craft in session.scalars(select(Craft))}
    rules = {rule.id: rule for rule in session.scalars(select(AssignmentRule))}
    rows = session.execute(
        select(
            *(Assignment.member_id, Assignment.path_id, Assignment.id, Assignment.rule_id, Assignment.kind),
            *(Assignment.assigned_on, Assignment.due_on, Assignment.recorded_at),
        ).where(
            *_open(first, last, today),
            or_(
                Assignment.recorded_at >= since,
                Assignment.assigned_on >= since.date(),
                Assignment.due_on.between(since.date(), today + timedelta(days=MILESTONES[-1])),
            ),
        )
    )
    for row in rows:
        rule = rules.get(row.rule_id)
        unit = units.get(rule.unit_id) if rule is not None and rule.unit_id is not None else None
        craft = crafts.get(rule.craft_id) if rule is not None and rule.craft_id is not None else None
        yield tuple(row), unit, craft


def expiring_among(
    session: Session, standings: Standings, today: date, world: World, words: Published
) -> Iterator[tuple[int, Expiring]]:
    """Which complete paths will lapse soon, and what renews them."""
    lapsing: dict[int, list[tuple[int, date]]] = {}
    for (member_id, path_id), rows in standings.held.items():
        if (member_id, path_id) not in standings.is_asked or path_id not in words.paths:
            continue
        until = complete_until(rows, FLOOR, today)
        if until is not None and until != FOREVER and milestone(until - _DAY, today) is not None:
            lapsing.setdefault(member_id, []).append((path_id, until))
    for member_id, facts in facts_of(session, world, lapsing):
        held = [each for each in credits(facts.completed, world.curriculum) if each.assurance >= FLOOR]
        for path_id, until in lapsing[member_id]:
            listed = world.curriculum.listed(path_id)
            ending = [each for each in held if each.course in listed and each.until_on == until]
            last_on = min((each.grace_on or each.until_on for each in ending), default=until) - _DAY
            key = f"expiring-{milestone(until - _DAY, today)}:{path_id}:{until}"
            yield (
                member_id,
                Expiring((key,), words.paths[path_id].title, last_on, _renewing(ending, today, world, words)),
            )


def _renewing(
    ending: Collection[Credit], today: date, world: World, words: Published
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The courses that lapse, each with those on offer that count as it."""
    told = []
    for course in sorted({each.course for each in ending}, key=lambda each: words.courses[each].title):
        others = [
            words.courses[rule.course].title
            for rule in world.curriculum.equivalents
            if rule.stands_for == course and rule.from_on <= today < rule.until_on and _is_offered(words, rule.course, today)
        ]
        told.append((words.courses[course].title, tuple(sorted(others))))
    return tuple(told)


def _is_offered(words: Published, course: int, today: date) -> bool:
    retired_on = words.courses[course].retired_on
    return retired_on is None or today <= retired_on


def _open(first: int, last: int, today: date) -> tuple[ColumnElement[bool], ...]:
    return (
        Assignment.member_id.between(first, last),
        Assignment.voided_at.is_(None),
        Assignment.assigned_on <= today,
        or_(Assignment.until_on.is_(None), Assignment.until_on > today),
    )


def _exempt(session: Session, first: int, last: int, today: date) -> set[tuple[int, int]]:
    """Who need not do which path, wherever they hold a card."""
    rows = session.execute(
        select(Exemption.member_id, Exemption.path_id).where(
            Exemption.member_id.between(first, last),
            Exemption.voided_at.is_(None),
            Exemption.unit_id.is_(None),
            Exemption.from_on <= today,
            or_(Exemption.until_on.is_(None), Exemption.until_on > today),
        )
    )
    return {(member_id, path_id) for member_id, path_id in rows}
