"""Facts in, derived spans out: the one place where the database's facts meet the pure rules.

`operations.standings` keeps what this returns, `coverage.checks` compares it with what is kept, and a figure "as we knew it"
is counted from it afresh.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tracker.curriculum.days import FOREVER
from tracker.curriculum.paths import (
    Asked,
    Completed,
    CourseTerms,
    Curriculum,
    Equivalent,
    PathVersion,
    Section,
    Standing,
    credits,
    standing,
)
from tracker.curriculum.policy import Policy, read_policy
from tracker.curriculum.scope import Ask, Card, Excuse, InScope, in_scope
from tracker.curriculum.words import AssignmentKind
from tracker.models import AppliedText, Course, LearningPath, UnitClosure
from tracker.models import Equivalent as EquivalentRow
from tracker.models import PathVersion as PathVersionRow
from tracker.models import Section as SectionRow
from tracker.models.loading import in_chunks, read_rows, read_together

MEMBERS_AT_ONCE = 1_000


class NothingApplied(Exception):
    """The database holds no curriculum and no policy yet."""


@dataclass(frozen=True)
class World:
    """What the rules need besides a member's facts."""

    curriculum: Curriculum
    above: dict[int, tuple[int, ...]]  # each unit → itself and every unit above it
    policy: Policy
    version_numbers: dict[int, int]  # path version id → its number


@dataclass
class MemberFacts:
    """One member's valid facts, as the rules take them."""

    cards: list[Card] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    asked: dict[int, Asked] = field(default_factory=dict)  # path → since when they were first asked for it
    excuses: list[Excuse] = field(default_factory=list)
    completed: list[Completed] = field(default_factory=list)


class Derived(NamedTuple):
    """What follows from one member's facts."""

    scope: list[InScope]
    standings: dict[int, list[Standing]]  # by path, only where there is any


_worlds: dict[int, World] = {}  # the newest one, by the id of the text that was applied last


def current_world(session: Session) -> World:
    """The curriculum as applied, the units, and the policy in force; read again only after a text was applied."""
    stamp = last_applied(session)
    world = _worlds.get(stamp)
    if world is None:
        world = world_as_known(session)
        _worlds.clear()
        _worlds[stamp] = world
    return world


def last_applied(session: Session) -> int:
    """The text that was applied last, by its id: whatever only changes with one may be kept until this does."""
    ((stamp,),) = read_rows(session, "SELECT coalesce(max(id), 0) FROM applied_text")
    return int(stamp)


def current_policy(session: Session) -> Policy:
    """The policy in force.

    Raises:
        NothingApplied: none was applied yet.
    """
    content = session.scalar(
        select(AppliedText.content).where(AppliedText.kind == "policy").order_by(AppliedText.id.desc()).limit(1)
    )
    if content is None:
        raise NothingApplied("No policy is applied yet: run `tracker union apply` or `tracker catalogue apply` first.")
    return _read_policy(content)


_read_policy = functools.lru_cache(maxsize=4)(read_policy)  # a page asks for it, and a text never changes


def world_as_known(session: Session, known_at: datetime | None = None) -> World:
    """The world, without the path versions that were applied after ``known_at``."""
    courses = {
        row.id: CourseTerms(
            row.minutes or 0,
            row.valid_months,
            row.lapses_each,
            row.renewal_days or 0,
            row.grace_days or 0,
            row.credit_hundredths or 0,
            row.credit_kind or "",
        )
        for row in session.scalars(select(Course))
    }
    equivalents = tuple(
        Equivalent(row.course_id, row.stands_for_id, row.from_on or date.min, row.until_on or FOREVER)
        for row in session.scalars(select(EquivalentRow))
    )
    paths: dict[int, list[PathVersion]] = {path_id: [] for path_id in session.scalars(select(LearningPath.id))}
    numbers: dict[int, int] = {}
    for row in session.scalars(
        select(PathVersionRow)
        .options(selectinload(PathVersionRow.sections).selectinload(SectionRow.courses))
        .order_by(PathVersionRow.path_id, PathVersionRow.number)
    ):
        numbers[row.id] = row.number
        if known_at is None or row.applied_at <= known_at or not paths[row.path_id]:
            paths[row.path_id].append(_version(row))
    above: dict[int, list[int]] = {}
    for pair in session.execute(select(UnitClosure.descendant_id, UnitClosure.ancestor_id)):
        above.setdefault(pair.descendant_id, []).append(pair.ancestor_id)
    return World(
        Curriculum(courses, equivalents, {path: tuple(versions) for path, versions in paths.items()}),
        {unit: tuple(units) for unit, units in above.items()},
        current_policy(session),
        numbers,
    )


def section_rule(row: SectionRow) -> Section:
    """What a section asks, as the rules take it."""
    return Section(
        row.need,
        frozenset(each.course_id for each in row.courses),
        row.number,
        row.within_months or 0,
        tuple(sorted((row.of_kinds or {}).items())),
    )


def _version(row: PathVersionRow) -> PathVersion:
    return PathVersion(
        row.number,
        tuple(section_rule(section) for section in row.sections),
        row.lookback_months,
        row.from_on or date.min,
        row.change,
        row.grace_on,
    )


def derive(facts: MemberFacts, world: World) -> Derived:
    """One member's days in scope and standings, by the pure rules."""
    held = credits(facts.completed, world.curriculum) if facts.completed else []
    standings = {}
    if held:
        for path, asked in facts.asked.items():
            if rows := standing(path, asked, held, world.curriculum):
                standings[path] = rows
    return Derived(in_scope(facts.cards, facts.asks, facts.excuses, world.above), standings)


def facts_of(
    session: Session, world: World, member_ids: Iterable[int] | None = None, *, known_at: datetime | None = None
) -> Iterator[tuple[int, MemberFacts]]:
    """The facts of these members (of all, if None), by member in rising order, some thousands read at a time.

    A member without any fact still comes, with none. With ``known_at`` the facts are those recorded by that moment and not
    voided by then.
    """
    if member_ids is None:
        member_ids = (row[0] for row in read_rows(session, "SELECT member_id FROM member ORDER BY member_id"))
        member_ids = list(member_ids)
    else:
        member_ids = sorted(set(member_ids))
    for chunk in in_chunks(member_ids, MEMBERS_AT_ONCE):
        yield from _chunk_facts(session, world, chunk, known_at).items()


def _chunk_facts(session: Session, world: World, chunk: list[int], known_at: datetime | None) -> dict[int, MemberFacts]:
    read = FactReader(session, chunk, known_at)
    people = {member: MemberFacts() for member in chunk}
    counting = world.policy.counts
    cards, asks, excuses, completions = read.together(
        ("membership", "id, unit_id, craft_id, status, from_on, until_on"),
        ("assignment", "path_id, version_id, kind, assigned_on, until_on, membership_id"),
        ("exemption", "path_id, unit_id, from_on, until_on"),
        ("completion", "course_id, completed_on, assurance"),
    )
    for member, card, unit, craft, status, start, end in cards:
        people[member].cards.append(Card(card, unit, craft, read.day(start), read.end(end), status in counting))
    required: set[tuple[int, int]] = set()  # a required assignment's terms outweigh those of any other
    for member, path, version, kind, start, end, card in asks:
        facts = people[member]
        asked, until = Asked(read.day(start), world.version_numbers[version]), read.end(end)
        if until <= asked.on:
            continue  # ended before it began: it asked on no day
        is_required = kind == AssignmentKind.REQUIRED
        before = facts.asked.get(path)
        outweighs = is_required and (member, path) not in required
        if before is None or outweighs or (is_required == ((member, path) in required) and asked < before):
            facts.asked[path] = asked
        if is_required:
            required.add((member, path))
            facts.asks.append(Ask(path, card, asked.on, until))
    for member, path, unit, start, end in excuses:
        people[member].excuses.append(Excuse(path, unit, read.day(start), read.end(end)))
    for member, course, on, assurance in completions:
        people[member].completed.append(Completed(course, read.day(on), assurance))
    return people


class FactReader:
    """Reads the valid facts of some members straight from the driver, days as days on every engine."""

    def __init__(self, session: Session, member_ids: Collection[int], known_at: datetime | None = None) -> None:
        self._session = session
        is_text = session.get_bind().dialect.name == "sqlite"  # where a day comes as ISO text
        self.day: Callable[[Any], date] = date.fromisoformat if is_text else _as_it_is
        if len(member_ids) == 1:
            self._which, self._values = "member_id = ?", [*member_ids]
        else:
            listed = ", ".join(str(int(each)) for each in member_ids) or "NULL"  # PostgreSQL takes no empty list
            self._which, self._values = f"member_id IN ({listed})", []
        self._valid = "voided_at IS NULL"
        self._known: list[Any] = []
        if known_at is not None:
            self._valid = "recorded_at <= ? AND (voided_at IS NULL OR voided_at > ?)"
            self._known = [known_at, known_at]

    def rows(self, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
        """``member_id`` and the columns of each valid fact."""
        return read_rows(self._session, *self._valid_facts(table, columns))

    def together(self, *asked: tuple[str, str]) -> list[list[tuple[Any, ...]]]:
        """The valid facts of several tables, each with its columns, as :meth:`rows` gives them."""
        return read_together(self._session, [self._valid_facts(table, columns) for table, columns in asked])

    def _valid_facts(self, table: str, columns: str) -> tuple[str, list[Any]]:
        sql = f"SELECT member_id, {columns} FROM {table} WHERE {self._which} AND {self._valid}"
        return sql, [*self._values, *self._known]

    def voided(self, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
        """``member_id`` and the columns of each fact that was voided."""
        sql = f"SELECT member_id, {columns} FROM {table} WHERE {self._which} AND voided_at IS NOT NULL"
        return read_rows(self._session, sql, self._values)

    def derived(self, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
        """``member_id`` and the columns of each row of a derived table."""
        return read_rows(self._session, f"SELECT member_id, {columns} FROM {table} WHERE {self._which}", self._values)

    def derived_together(self, *asked: tuple[str, str]) -> list[list[tuple[Any, ...]]]:
        """The rows of several derived tables, each with its columns, as :meth:`derived` gives them."""
        sql = "SELECT member_id, {} FROM {} WHERE " + self._which
        return read_together(self._session, [(sql.format(columns, table), self._values) for table, columns in asked])

    def end(self, value: Any) -> date:
        """A span's end, ``FOREVER`` where there is none."""
        return FOREVER if value is None else self.day(value)


def _as_it_is(value: date) -> date:
    return value


def kept(session: Session, member_ids: Collection[int]) -> dict[int, Derived]:
    """What is kept as derived for these members, in the shape of :func:`derive`."""
    read = FactReader(session, member_ids)
    people = {member: Derived([], {}) for member in member_ids}
    scope, standings = read.derived_together(
        ("scope", "membership_id, path_id, unit_id, craft_id, from_on, until_on"),
        ("standing", "path_id, from_on, until_on, level"),
    )
    for member, card, path, unit, craft, start, end in scope:
        people[member].scope.append(InScope(card, path, unit, craft, read.day(start), read.day(end)))
    for member, path, start, end, level in standings:
        people[member].standings.setdefault(path, []).append(Standing(read.day(start), read.day(end), level))
    for derived in people.values():
        for spans in derived.standings.values():
            spans.sort()
    return people
