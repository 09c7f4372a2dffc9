"""Who may have an account at a provider, as their locals say: whom a local is asked about, and whom staff may invite."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import current_policy
from tracker.coverage.directory import MemberLine, member_lines
from tracker.coverage.paging import Page
from tracker.coverage.people_of_local import PersonOfLocal, people_of_local
from tracker.curriculum.keys import plain_text
from tracker.curriculum.words import Assurance
from tracker.models import Course, Eligibility, Member, PathVersion, Section, SectionCourse, Unit
from tracker.models.loading import read_rows

PROVIDER = "linkedin"  # at whom the union gives its members accounts
_PAGE = 50


class EligibleLine(NamedTuple):
    """Someone of the local who is asked for a path and has no account; ``said`` is what this very local said of them."""

    person: PersonOfLocal
    said: Eligibility | None


@dataclass(frozen=True)
class LocalEligibility:
    """Everyone of a local whom it is asked about, by name."""

    lines: list[EligibleLine]

    @property
    def waiting(self) -> list[EligibleLine]:
        return [line for line in self.lines if line.said is None]

    @property
    def eligible(self) -> list[EligibleLine]:
        return [line for line in self.lines if line.said is not None and line.said.is_eligible]

    @property
    def not_eligible(self) -> list[EligibleLine]:
        return [line for line in self.lines if line.said is not None and not line.said.is_eligible]


def local_eligibility(session: Session, unit: Unit, day: date, provider: str = PROVIDER) -> LocalEligibility:
    """Who in a local is asked for a path at the provider, is not complete, and has no open account there."""
    wanted = asked_without_account(session, unit, day, provider)
    said = {
        each.member_id: each
        for each in session.scalars(
            select(Eligibility).where(
                Eligibility.unit_id == unit.id, Eligibility.provider == provider, Eligibility.voided_at.is_(None)
            )
        )
    }
    people = people_of_local(session, unit, day)
    return LocalEligibility([EligibleLine(each, said.get(each.member_id)) for each in people if each.member_id in wanted])


def eligibility_waiting(session: Session, unit: Unit, day: date, provider: str = PROVIDER) -> int:
    """Of how many the local is still to say whether they may have an account."""
    sql = "SELECT member_id FROM eligibility WHERE unit_id = ? AND provider = ? AND voided_at IS NULL"
    said = {member for (member,) in read_rows(session, sql, [unit.id, provider])}
    return len(asked_without_account(session, unit, day, provider) - said)


def asked_without_account(session: Session, unit: Unit, day: date, provider: str = PROVIDER) -> set[int]:
    """Who is in scope in a local of any path with a course at the provider, not complete, and without an open account."""
    paths = _paths_at(session, provider)
    if not paths:
        return set()
    listed = ", ".join(map(str, sorted(paths)))
    sql = (
        f"SELECT DISTINCT s.member_id FROM scope s WHERE s.unit_id = ? AND s.path_id IN ({listed})"
        " AND s.from_on <= ? AND s.until_on > ?"
        " AND NOT EXISTS (SELECT 1 FROM standing t WHERE t.member_id = s.member_id AND t.path_id = s.path_id"
        " AND t.from_on <= ? AND t.until_on > ? AND t.level >= ?)"
        f" AND NOT EXISTS ({_OPEN_ACCOUNT.format(member='s.member_id')})"
    )
    values = [unit.id, day, day, day, day, int(Assurance.REVIEWED), provider]
    return {member for (member,) in read_rows(session, sql, values)}


_OPEN_ACCOUNT = (
    "SELECT 1 FROM provider_account a WHERE a.member_id = {member} AND a.provider = ? AND a.is_open AND a.voided_at IS NULL"
)


def _paths_at(session: Session, provider: str) -> set[int]:
    """The paths that list a course of the provider, in any version: "linkedin" is in "LinkedIn Learning"."""
    rows = session.execute(
        select(PathVersion.path_id, Course.provider)
        .join(Section, Section.version_id == PathVersion.id)
        .join(SectionCourse, SectionCourse.section_id == Section.id)
        .join(Course, Course.id == SectionCourse.course_id)
        .distinct()
    )
    return {path for path, name in rows if plain_text(provider) in plain_text(name)}


# --- Confirmed, and not invited ------------------------------------------------------------------------------------


def eligible_uninvited(session: Session, day: date | None = None, provider: str = PROVIDER) -> int:
    """How many a local has confirmed who have no open account yet (``day``: see :func:`uninvited_ids`)."""
    return len(uninvited_ids(session, day, provider))


def uninvited_ids(session: Session, day: date | None = None, provider: str = PROVIDER) -> set[int]:
    """The members whom a local of theirs has confirmed, and who have no open account.

    Args:
        day: on which they hold a card there whose status counts, or covers them as a worker. None: one without an end.
    """
    policy = current_policy(session)
    statuses = sorted(policy.counts | policy.covered_workers)
    held, days = ("c.until_on IS NULL", []) if day is None else _held(day)
    marks = ", ".join("?" * len(statuses))
    sql = (
        # in this order: few are confirmed, and everyone holds a card
        "SELECT DISTINCT e.member_id FROM eligibility e CROSS JOIN membership c WHERE c.member_id = e.member_id"
        f" AND c.unit_id = e.unit_id AND c.voided_at IS NULL AND c.status IN ({marks}) AND {held}"
        " AND e.is_eligible AND e.voided_at IS NULL AND e.provider = ?"
        f" AND NOT EXISTS ({_OPEN_ACCOUNT.format(member='e.member_id')})"
    )
    return {member for (member,) in read_rows(session, sql, [*statuses, *days, provider, provider])}


def _held(day: date) -> tuple[str, list[Any]]:
    return "c.from_on <= ? AND (c.until_on IS NULL OR c.until_on > ?)", [day, day]


class ConfirmedLine(NamedTuple):
    """Someone to invite, and which locals said so."""

    line: MemberLine
    locals: list[Unit]


def uninvited_page(session: Session, day: date, after: int | None = None) -> Page[ConfirmedLine]:
    """Those to invite, by name: some, from the one after the member ``after``."""
    ids = uninvited_ids(session, day)
    members = sorted(_members(session, ids), key=lambda each: (each.name_key, each.member_id))
    start = next((place + 1 for place, each in enumerate(members) if each.member_id == after), 0)
    shown = members[start : start + _PAGE]
    locals_: dict[int, list[Unit]] = {}
    rows = session.execute(
        select(Eligibility.member_id, Unit)
        .join(Unit, Unit.id == Eligibility.unit_id)
        .where(
            Eligibility.member_id.in_([each.member_id for each in shown]),
            Eligibility.provider == PROVIDER,
            Eligibility.is_eligible.is_(True),
            Eligibility.voided_at.is_(None),
        )
        .order_by(Unit.number)
    )
    for member, unit in rows:
        locals_.setdefault(member, []).append(unit)
    lines = [ConfirmedLine(line, locals_.get(line.member.member_id, [])) for line in member_lines(session, shown, day)]
    return Page(lines, str(shown[-1].member_id) if start + _PAGE < len(members) else None)


def _members(session: Session, ids: Collection[int]) -> list[Member]:
    listed = sorted(ids)
    found: list[Member] = []
    for start in range(0, len(listed), 500):
        found += session.scalars(select(Member).where(Member.member_id.in_(listed[start : start + 500])))
    return found


class Confirmed(NamedTuple):
    """Of some members, how many a local has confirmed, and of how many it said no."""

    eligible: int
    not_eligible: int


def confirmed_among(session: Session, members: Collection[int], units: Collection[int] | None = None) -> Confirmed:
    """What locals have said of these members. Whom one local confirmed is confirmed, whatever another said.

    Args:
        units: only what these locals said; None: any.
    """
    sql = "SELECT member_id, unit_id, is_eligible FROM eligibility WHERE provider = ? AND voided_at IS NULL"
    said: dict[int, bool] = {}
    for member, unit, is_eligible in read_rows(session, sql, [PROVIDER]):
        if member in members and (units is None or unit in units):
            said[member] = said.get(member, False) or bool(is_eligible)
    counts = Counter(said.values())
    return Confirmed(counts[True], counts[False])


def said_of(session: Session, unit: Unit, members: Collection[int]) -> Mapping[int, bool]:
    """What one local said of these members: whether they may have an account."""
    sql = "SELECT member_id, is_eligible FROM eligibility WHERE unit_id = ? AND provider = ? AND voided_at IS NULL"
    return {
        member: bool(is_eligible)
        for member, is_eligible in read_rows(session, sql, [unit.id, PROVIDER])
        if member in members
    }
