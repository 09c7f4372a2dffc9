"""How far those in scope of a path have got: in one unit with its people, or local by local."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.access_funnel.accounts import (
    NO_ACCOUNT,
    Access,
    AccountsKnown,
    accounts_known,
    accounts_of_all,
    accounts_sql,
    accounts_under,
)
from tracker.coverage.access_funnel.steps import Funnel, Step, Who, level_on, step_of
from tracker.coverage.derivation import derive, facts_of, world_as_known
from tracker.coverage.figures import end_of, figures_on, is_restated_since
from tracker.coverage.people import PersonHere, people_here
from tracker.coverage.people_told import Officer, people_told
from tracker.curriculum.local_numbers import natural
from tracker.curriculum.words import STARTED, Assurance, UnitKind
from tracker.models import LearningPath, Unit
from tracker.models.loading import read_rows


class AccessRow(NamedTuple):
    """One path in one unit."""

    path: LearningPath
    unit: Unit
    funnel: Funnel


@dataclass(frozen=True)
class AccessReport:
    """Funnels as asked: the same object behind the page and every export."""

    as_of: date
    known: date | None
    floor: Assurance
    accounts: AccountsKnown
    rows: Sequence[AccessRow]


class PersonsAccess(NamedTuple):
    """Someone in scope, their accounts and how far they got."""

    person: PersonHere
    access: Access
    step: Step


@dataclass(frozen=True)
class UnitAccess:
    """One unit on one path."""

    report: AccessReport
    people: Sequence[PersonsAccess]  # everyone in scope: of a local, by name; none for a reader from outside
    adds_up: bool = True  # whether the reader is told of everyone what the figures count

    @property
    def funnel(self) -> Funnel:
        return self.report.rows[0].funnel

    def chosen(self, who: Who) -> list[PersonsAccess]:
        """Some of those in scope."""
        return [
            each for each in self.people if each.step in who.steps and (who is not Who.TWO_ACCOUNTS or each.access.has_two)
        ]


class Stands(NamedTuple):
    """Where someone stands, as far as it decides the step. Many stand where many others do."""

    level: int | None
    has_account: bool
    is_activated: bool

    def step(self, floor: Assurance) -> Step:
        return step_of(self.level, floor, has_account=self.has_account, is_activated=self.is_activated)


class PathChoice(NamedTuple):
    """A path to ask about, and whether it asks anyone in the unit on the day."""

    path: LearningPath
    is_asked: bool


def paths_in(session: Session, unit: Unit | None, day: date) -> list[PathChoice]:
    """Every path, those that ask someone in a unit (None: in the whole union) first."""
    if unit is None:
        unit = session.scalar(select(Unit).where(Unit.parent_id.is_(None)))
    figures = figures_on(session, day, unit_ids={unit.id}) if unit else {}
    asked = {path for (_, _, path), figure in figures.items() if figure.in_scope}
    paths = session.scalars(select(LearningPath).order_by(LearningPath.id))
    return sorted((PathChoice(path, path.id in asked) for path in paths), key=lambda choice: not choice.is_asked)


def unit_access(
    session: Session,
    unit: Unit,
    path: LearningPath,
    *,
    as_of: date,
    known: date | None,
    floor: Assurance,
    officer: Officer | None = None,
) -> UnitAccess:
    """How far those in scope of a path in a unit have got, with names where the unit is a local.

    Args:
        officer: who reads the names; None: someone to whom every unit is open.
    """
    moment = end_of(known) if known is not None else None
    access = {known: accounts_under(session, unit, as_of, moment)}
    everyone = people_here(session, unit, path.id, as_of, known)
    told = people_told(session, everyone, unit, path.id, as_of, known, officer)
    for then in {person.known for person in told if person.known}:
        access[then] = accounts_under(session, unit, as_of, end_of(then))

    def got(people: Iterable[PersonHere]) -> tuple[list[PersonsAccess], Funnel]:
        found = []
        counts: Counter[Stands] = Counter()
        for person in people:
            if person.is_in_scope:
                own = access[person.known or known].get(person.member_id, NO_ACCOUNT)
                stands = Stands(level_on(person.standings, as_of), own.has_account, own.is_activated)
                found.append(PersonsAccess(person, own, stands.step(floor)))
                counts[stands] += 1
        return found, _funnel(counts, floor)

    people, funnel_told = got(told)
    funnel = funnel_told if told == everyone else got(everyone)[1]
    report = AccessReport(as_of, known, floor, accounts_known(session, moment), [AccessRow(path, unit, funnel)])
    return UnitAccess(report, people, funnel_told == funnel)


def locals_access(
    session: Session, path: LearningPath, *, as_of: date, known: date | None, floor: Assurance
) -> AccessReport:
    """The same of every local with anyone in scope, the one where most cannot get in first."""
    moment = end_of(known) if known is not None else None
    if moment is not None and known is not None and is_restated_since(session, known):
        counts = _derived(session, path.id, as_of, moment)
    else:
        counts = _kept(session, path.id, as_of, moment)
    units = session.scalars(select(Unit).where(Unit.kind == UnitKind.LOCAL, Unit.id.in_(counts)))
    rows = [AccessRow(path, unit, _funnel(counts[unit.id], floor)) for unit in units]
    rows.sort(key=lambda row: (-row.funnel.cannot_get_in, natural(row.unit.number)))
    return AccessReport(as_of, known, floor, accounts_known(session, moment), rows)


def _funnel(counts: Mapping[Stands, int], floor: Assurance) -> Funnel:
    steps: Counter[Step] = Counter()
    without = 0
    for stands, people in counts.items():
        steps[stands.step(floor)] += people
        if stands.step(floor) is Step.COMPLETE and not stands.has_account:
            without += people
    return Funnel(steps, without)


def _kept(session: Session, path_id: int, day: date, moment: datetime | None) -> dict[int, Counter[Stands]]:
    """How many in scope stand where, by local, as it is kept."""
    accounts, values = accounts_sql(session, day, moment)
    sql = (
        "SELECT s.unit_id, t.level, a.is_activated, count(*)"
        " FROM (SELECT DISTINCT unit_id, member_id FROM scope WHERE path_id = ? AND from_on <= ? AND until_on > ?) s"
        f" LEFT JOIN (SELECT member_id, max(CASE WHEN until_on > ? THEN level ELSE {STARTED} END) AS level FROM standing"
        " WHERE path_id = ? AND from_on <= ? GROUP BY member_id) t ON t.member_id = s.member_id"
        f" LEFT JOIN (SELECT member_id, max(is_activated) AS is_activated FROM ({accounts}) b WHERE b.is_open"
        " GROUP BY member_id) a ON a.member_id = s.member_id GROUP BY s.unit_id, t.level, a.is_activated"
    )
    found: dict[int, Counter[Stands]] = {}
    for unit, level, is_activated, people in read_rows(session, sql, [path_id, day, day, day, path_id, day, *values]):
        stands = Stands(level, is_activated is not None, bool(is_activated))
        found.setdefault(unit, Counter())[stands] += people
    return found


def _derived(session: Session, path_id: int, day: date, moment: datetime) -> dict[int, Counter[Stands]]:
    """The same, derived from what was known by a moment."""
    world = world_as_known(session, moment)
    access = accounts_of_all(session, day, moment)
    found: dict[int, Counter[Stands]] = {}
    for member, facts in facts_of(session, world, known_at=moment):
        derived = derive(facts, world)
        own = access.get(member, NO_ACCOUNT)
        level = level_on(derived.standings.get(path_id, ()), day)
        stands = Stands(level, own.has_account, own.is_activated)
        for unit in {row.unit for row in derived.scope if row.path == path_id and row.from_on <= day < row.until_on}:
            found.setdefault(unit, Counter())[stands] += 1
    return found
