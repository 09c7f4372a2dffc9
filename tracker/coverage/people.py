"""The members of a unit on a day, where each stands on a path, and a page of them with what each has still to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import (
    FactReader,
    MemberFacts,
    World,
    current_policy,
    current_world,
    derive,
    facts_of,
    world_as_known,
)
from tracker.coverage.figures import end_of, is_restated_since
from tracker.coverage.paging import Page
from tracker.coverage.progress import Progress, progress_of, takeable_minutes
from tracker.coverage.records.asking import valid
from tracker.curriculum.keys import member_key, plain_text
from tracker.curriculum.paths import Standing
from tracker.curriculum.policy import Policy
from tracker.curriculum.states import State, path_state
from tracker.curriculum.words import AssignmentKind, Assurance, UnitKind
from tracker.models import Craft, LearningPath, Member, Membership, Unit, UnitClosure
from tracker.models.loading import read_rows

# "Complete by equivalent" is told only member by member: among the counts it is complete.
COUNTED_STATES = (
    State.COMPLETE,
    State.EXPIRING,
    State.UNDER_REVIEW,
    State.EXPIRED,
    State.OVERDUE,
    State.DUE_SOON,
    State.IN_PROGRESS,
    State.NOT_STARTED,
)
_PAGE = 50
_UNDER = "(SELECT descendant_id FROM unit_closure WHERE ancestor_id = ?)"


@dataclass(slots=True)
class PersonHere:
    """Someone who holds a card in the unit on the day, and where they stand on the path."""

    member_id: int
    name_key: str
    number: str
    statuses: list[str] = field(default_factory=list)  # of their cards here
    is_in_scope: bool = False
    is_asked: bool = False  # through a card here whose status counts
    due_on: date | None = None  # the earliest of those that ask
    standings: list[Standing] = field(default_factory=list)  # only where in scope
    known: date | None = None  # by the end of which day all this was recorded, where that is earlier than what is asked

    def state(self, day: date, floor: Assurance, policy: Policy) -> State:
        return path_state(day=day, floor=floor, standings=self.standings, due_on=self.due_on, is_exempt=False, policy=policy)


class MemberLine(NamedTuple):
    """One member of a page."""

    member: Member
    crafts: Sequence[str]
    statuses: Sequence[str]
    state: State
    missing: int | None  # how many courses are still to do; None where none that can be taken would finish it
    missing_minutes: int
    due_on: date | None


def people_here(
    session: Session,
    unit: Unit,
    path_id: int,
    day: date,
    known: date | None = None,
    *,
    among: Collection[int] | None = None,
) -> list[PersonHere]:
    """Everyone with a card in a unit on a day, and where they stand on a path: of a local, by name.

    A few statements, whatever the number of members. "As known" is derived afresh from the facts known then.

    Args:
        among: of these members alone; None: of all.
    """
    moment = _moment(session, known)
    people = _cards(session, unit, day, moment)
    if among is not None:
        people = {member: person for member, person in people.items() if member in among}
    world = current_world(session) if moment is None else world_as_known(session, moment)
    _asks(session, people, unit, path_id, day, world.policy, moment)
    if moment is None:
        _kept(session, people, unit, path_id, day)
    else:
        _derived(session, people, unit, path_id, day, world, moment)
    return sorted(people.values(), key=lambda person: (person.name_key, person.member_id))


def facts_told(
    session: Session, people: Iterable[PersonHere], known: date | None
) -> Iterator[tuple[World, Iterator[tuple[int, MemberFacts]]]]:
    """The facts of these people, each as known on the day asked or on their own earlier one, with the world of that day."""
    by_day: dict[date | None, list[int]] = {}
    for person in people:
        by_day.setdefault(person.known or known, []).append(person.member_id)
    for day, ids in by_day.items():
        moment = _moment(session, day)
        world = current_world(session) if moment is None else world_as_known(session, moment)
        yield world, facts_of(session, world, ids, known_at=moment)


def _moment(session: Session, known: date | None) -> datetime | None:
    """The moment by which something was recorded; None where everything may count: nothing was recorded since."""
    return end_of(known) if known is not None and is_restated_since(session, known) else None


def _valid(moment: datetime | None, fact: str) -> tuple[str, list[Any]]:
    """The condition that a fact holds, as we know it or as we knew it by a moment."""
    if moment is None:
        return f"{fact}.voided_at IS NULL", []
    return f"{fact}.recorded_at <= ? AND ({fact}.voided_at IS NULL OR {fact}.voided_at > ?)", [moment, moment]


def _cards(session: Session, unit: Unit, day: date, moment: datetime | None) -> dict[int, PersonHere]:
    valid, known = _valid(moment, "c")
    named = unit.kind is UnitKind.LOCAL  # nobody is listed by name in a larger unit, and there are many more to look up
    columns, names = ("m.name_key, m.number", " JOIN member m ON m.member_id = c.member_id") if named else ("'', ''", "")
    sql = (
        f"SELECT c.member_id, {columns}, c.status FROM membership c{names}"
        f" WHERE c.unit_id IN {_UNDER} AND {valid} AND c.from_on <= ? AND (c.until_on IS NULL OR c.until_on > ?)"
    )
    people: dict[int, PersonHere] = {}
    for member, name_key, number, status in read_rows(session, sql, [unit.id, *known, day, day]):
        if member not in people:
            people[member] = PersonHere(member, name_key, number)
        people[member].statuses.append(status)
    return people


def _asks(
    session: Session,
    people: Mapping[int, PersonHere],
    unit: Unit,
    path_id: int,
    day: date,
    policy: Policy,
    moment: datetime | None,
) -> None:
    """Note who is asked on the day through a card here that counts, and by when."""
    valid_card, known_card = _valid(moment, "c")
    valid_ask, known_ask = _valid(moment, "a")
    sql = (
        "SELECT c.member_id, c.status, a.due_on FROM membership c JOIN assignment a ON a.member_id = c.member_id"
        " AND (a.membership_id IS NULL OR a.membership_id = c.id)"
        f" WHERE c.unit_id IN {_UNDER} AND {valid_card} AND c.from_on <= ? AND (c.until_on IS NULL OR c.until_on > ?)"
        f" AND a.path_id = ? AND a.kind = ? AND {valid_ask} AND a.assigned_on <= ?"
        " AND (a.until_on IS NULL OR a.until_on > ?)"
    )
    values = [unit.id, *known_card, day, day, path_id, AssignmentKind.REQUIRED.value, *known_ask, day, day]
    read = FactReader(session, ())
    for member, status, due in read_rows(session, sql, values):
        if status not in policy.counts:
            continue
        person = people.get(member)
        if person is None:
            continue
        person.is_asked = True
        if due is not None:
            due_on = read.day(due)
            person.due_on = due_on if person.due_on is None else min(person.due_on, due_on)


def _kept(session: Session, people: Mapping[int, PersonHere], unit: Unit, path_id: int, day: date) -> None:
    """Note who is in scope and their standings, as they are kept."""
    here = f"FROM scope s WHERE s.unit_id IN {_UNDER} AND s.path_id = ? AND s.from_on <= ? AND s.until_on > ?"
    values = [unit.id, path_id, day, day]
    for (member,) in read_rows(session, f"SELECT s.member_id {here}", values):
        if member in people:
            people[member].is_in_scope = True
    sql = (
        "SELECT t.member_id, t.from_on, t.until_on, t.level FROM standing t"
        f" WHERE t.path_id = ? AND t.member_id IN (SELECT s.member_id {here}) ORDER BY t.member_id, t.from_on"
    )
    read = FactReader(session, ())
    for member, start, end, level in read_rows(session, sql, [path_id, *values]):
        if member in people:
            people[member].standings.append(Standing(read.day(start), read.day(end), level))


def _derived(
    session: Session,
    people: Mapping[int, PersonHere],
    unit: Unit,
    path_id: int,
    day: date,
    world: World,
    moment: datetime,
) -> None:
    """The same, derived from what was known by a moment."""
    for member, facts in facts_of(session, world, people.keys(), known_at=moment):
        derived = derive(facts, world)
        if any(
            row.path == path_id and unit.id in world.above[row.unit] and row.from_on <= day < row.until_on
            for row in derived.scope
        ):
            people[member].is_in_scope = True
            people[member].standings = derived.standings.get(path_id, [])


# --- Their states --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """Which of the members in scope: in a state, by some words of their name or their number; from the one after."""

    state: State | None = None
    words: str = ""
    after: int | None = None

    def takes(self, person: PersonHere) -> bool:
        """Whether a person is among those whose words these are."""
        if not self.words:
            return True
        if member_key(self.words) == member_key(person.number):
            return True
        return all(word in person.name_key for word in plain_text(self.words).split())


@dataclass(frozen=True)
class MembersByState:
    """How many in scope are in each state, and some of them by name."""

    counts: Mapping[State, int]
    people: Sequence[PersonHere]  # those wanted, all of them

    @property
    def in_scope(self) -> int:
        return sum(self.counts.values())


def by_state(people: Iterable[PersonHere], wanted: Wanted, *, day: date, floor: Assurance, policy: Policy) -> MembersByState:
    """Count those in scope by state, and pick those wanted."""
    counts: Counter[State] = Counter()
    picked: list[PersonHere] = []
    alike: dict[Hashable, State] = {}  # many stand where many others do: who has not begun, to begin with
    for person in people:
        if not person.is_in_scope:
            continue
        where = (person.due_on, *person.standings)
        state = alike.get(where) or alike.setdefault(where, person.state(day, floor, policy))
        counts[state] += 1
        if wanted.state in (None, state) and wanted.takes(person):
            picked.append(person)
    return MembersByState(counts, picked)


def members_page(
    session: Session,
    people: Sequence[PersonHere],
    unit: Unit,
    path: LearningPath,
    *,
    day: date,
    known: date | None,
    floor: Assurance,
    after: int | None = None,
    size: int | None = _PAGE,
) -> Page[MemberLine]:
    """Some of these people with all there is to tell of each: ``size`` of them, from the one after the member ``after``."""
    start = next((place + 1 for place, person in enumerate(people) if person.member_id == after), 0)
    end = len(people) if size is None else start + size
    shown = people[start:end]
    policy = current_policy(session)
    ids = [person.member_id for person in shown]
    progress: dict[int, Progress | None] = {}
    takeable = takeable_minutes(session, day)
    for world, rows in facts_told(session, shown, known):
        for member, facts in rows:
            progress[member] = progress_of(facts, path.id, day=day, floor=floor, world=world, takeable=takeable)
    members = {}
    for start_at in range(0, len(ids), 500):
        found = session.scalars(select(Member).where(Member.member_id.in_(ids[start_at : start_at + 500])))
        members.update({member.member_id: member for member in found})
    crafts = _crafts(session, shown, unit, day)
    lines = []
    for person in shown:
        mine = progress[person.member_id]
        state = person.state(day, floor, policy)
        if state is State.COMPLETE and mine is not None and mine.by_equivalent:
            state = State.BY_EQUIVALENT
        missing = None if mine is None or mine.missing is None else len(mine.missing)
        lines.append(
            MemberLine(
                members[person.member_id],
                crafts.get(person.member_id, ()),
                sorted(set(person.statuses)),
                state,
                missing,
                mine.missing_minutes if mine else 0,
                person.due_on,
            )
        )
    return Page(lines, str(shown[-1].member_id) if shown and end < len(people) else None)


def _crafts(session: Session, people: Iterable[PersonHere], unit: Unit, day: date) -> dict[int, list[str]]:
    """The crafts of these people's cards here, by member: of who has left, as they were known."""
    crafts: dict[int, list[str]] = {}
    by_known: dict[date | None, list[int]] = {}
    for person in people:
        by_known.setdefault(person.known, []).append(person.member_id)
    for known, ids in by_known.items():
        _note_crafts(session, crafts, ids, unit, day, None if known is None else end_of(known))
    return crafts


def _note_crafts(
    session: Session, crafts: dict[int, list[str]], ids: Sequence[int], unit: Unit, day: date, moment: datetime | None
) -> None:
    for start in range(0, len(ids), 500):
        rows = session.execute(
            select(Membership.member_id, Craft.name)
            .join(Craft, Craft.id == Membership.craft_id)
            .join(UnitClosure, UnitClosure.descendant_id == Membership.unit_id)
            .where(
                UnitClosure.ancestor_id == unit.id,
                Membership.member_id.in_(ids[start : start + 500]),
                valid(Membership, moment),
                Membership.from_on <= day,
                or_(Membership.until_on.is_(None), Membership.until_on > day),
            )
            .order_by(Craft.name)
        )
        for member, craft in rows:
            if craft not in crafts.setdefault(member, []):
                crafts[member].append(craft)
