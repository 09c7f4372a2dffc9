"""Classes that were held: whom a sign-in sheet names, and what was recorded of the classes before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from tracker.coverage.directory import user_names
from tracker.coverage.paging import Page
from tracker.coverage.people_of_local import PersonOfLocal, people_of_local
from tracker.curriculum.keys import email_key, member_key, plain_text
from tracker.curriculum.words import Outcome, UnitKind
from tracker.models import (
    Batch,
    BatchOutcome,
    BatchUndone,
    Completion,
    Course,
    Evidence,
    IdentifierKind,
    Member,
    Membership,
    Unit,
    WaitingCompletion,
)
from tracker.models.loading import in_chunks, read_rows

KIND = "class"  # of a batch, and the source of its completions
MOST_LINES = 500
LONGEST_LINE = 200
_PAGE = 20


class Why(StrEnum):
    """Why a line of a sheet finds nobody who can be recorded now."""

    NO_ONE = "no one"
    SEVERAL = "several"
    ONESELF = "oneself"


class Unfound(NamedTuple):
    """A line of a sheet that waits for a person."""

    line: int
    text: str
    why: Why


@dataclass
class Sheet:
    """Whom a sheet names: each member once, and the lines that wait."""

    found: list[PersonOfLocal] = field(default_factory=list)
    unfound: list[Unfound] = field(default_factory=list)
    again: list[str] = field(default_factory=list)  # lines that name somebody who is on it already
    gone: int = 0  # who was ticked and holds no card here on the day

    @property
    def lines(self) -> int:
        """How many the sheet names."""
        return len(self.found) + len(self.unfound)


def read_sheet(
    session: Session,
    unit: Unit | None,
    day: date,
    ticked: Collection[int],
    lines: Sequence[str],
    *,
    oneself: Collection[int] = (),
) -> Sheet:
    """Whom a sign-in sheet names.

    Of a local, only those who held a card there on the day can be found: by number, by an e-mail address that is theirs
    alone, or by their whole name where nobody else there has it. Whoever belongs elsewhere reads like who is nobody. Without
    a local a number and an address find whoever has them, and a name never does.

    Args:
        unit: the local; None: the whole union.
        ticked: members chosen from the local's list.
        lines: what was typed, a number, an address or a name each. Blank ones are left out.
        oneself: the members that whoever records the class is: nobody records their own.
    """
    people = {each.member_id: each for each in people_of_local(session, unit, day)} if unit else {}
    find = _Finder(session, list(people.values()) if unit else None, lines)
    sheet, seen = Sheet(), set[int]()
    for member_id in ticked:
        person = people.get(member_id)
        if person is None:
            sheet.gone += 1
        elif person.member_id in oneself:
            sheet.unfound.append(Unfound(0, person.name, Why.ONESELF))
        elif person.member_id not in seen:
            seen.add(person.member_id)
            sheet.found.append(person)
    for place, text in enumerate(lines, start=1):
        said = " ".join(text.split())
        if not said:
            continue
        found = find(said)
        if isinstance(found, Why):
            sheet.unfound.append(Unfound(place, said, found))
        elif found.member_id in oneself:
            sheet.unfound.append(Unfound(place, said, Why.ONESELF))
        elif found.member_id in seen:
            sheet.again.append(said)
        else:
            seen.add(found.member_id)
            sheet.found.append(found)
    sheet.found.sort(key=lambda each: (each.name_key, each.member_id))
    return sheet


class _Finder:
    """Finds the members that lines name."""

    def __init__(self, session: Session, people: list[PersonOfLocal] | None, lines: Iterable[str]) -> None:
        said = [" ".join(each.split()) for each in lines]
        numbers, emails = {member_key(each) for each in said}, {email_key(each) for each in said if "@" in each}
        self._holders: dict[tuple[str, str], set[int]] = {}
        for kind, values in ((IdentifierKind.NUMBER, numbers), (IdentifierKind.EMAIL, emails)):
            for chunk in in_chunks(sorted(values - {""}), 500):
                sql = f"SELECT value, member_id FROM identifier WHERE kind = ? AND value IN ({', '.join('?' * len(chunk))})"
                for value, member in read_rows(session, sql, [kind.value, *chunk]):
                    self._holders.setdefault((kind.value, value), set()).add(member)
        self._by_name: dict[str, set[int]] = {}
        if people is None:
            everyone = {member for holders in self._holders.values() for member in holders}
            people = _anywhere(session, everyone)
        else:
            for each in people:
                for name in (each.name_key, plain_text(each.name)):
                    self._by_name.setdefault(name, set()).add(each.member_id)
        self._people = {each.member_id: each for each in people}

    def __call__(self, said: str) -> PersonOfLocal | Why:
        kind, key = (IdentifierKind.EMAIL, email_key(said)) if "@" in said else (IdentifierKind.NUMBER, member_key(said))
        holders = self._holders.get((kind.value, key), set())
        if len(holders) > 1:  # an address that two share names nobody; of two elsewhere nothing is said
            return Why.SEVERAL if holders & self._people.keys() else Why.NO_ONE
        if not holders:
            holders = self._by_name.get(plain_text(said.replace(",", " ")), set())
        if len(holders) > 1:
            return Why.SEVERAL
        return next((self._people[each] for each in holders if each in self._people), Why.NO_ONE)


def _anywhere(session: Session, member_ids: Collection[int]) -> list[PersonOfLocal]:
    """Members wherever they belong, as far as they are not somebody else by now."""
    people = []
    for chunk in in_chunks(sorted(member_ids), 500):
        for each in session.scalars(select(Member).where(Member.member_id.in_(chunk), Member.merged_into_id.is_(None))):
            people.append(PersonOfLocal(each.member_id, each.number, each.name, each.name_key))
    return people


# --- Classes that were recorded ------------------------------------------------------------------------------------


class ClassLine(NamedTuple):
    """A class as a list shows it. ``undone`` where it was taken back."""

    batch: Batch
    by: str
    recorded: int
    waiting: int
    undone: BatchUndone | None


class ClassPerson(NamedTuple):
    """Someone of a class, and whether what it recorded of them still stands."""

    completion: Completion
    member: Member

    @property
    def stands(self) -> bool:
        return self.completion.voided_at is None


@dataclass(frozen=True)
class ClassHeld:
    """One class, whole."""

    line: ClassLine
    course: Course | None
    held_on: date | None
    people: list[ClassPerson]
    waiting: list[WaitingCompletion]  # lines that nobody has settled
    elsewhere: list[str]  # of a local's reader: lines that were settled, of people who are not theirs to read about
    counts: dict[Outcome, int]
    evidence: Evidence | None  # the sheet, as it stands behind one of the completions

    @property
    def lines(self) -> int:
        return sum(self.counts.values())


def profile_of(unit: Unit | None) -> str:
    """What a batch of a class says of who recorded it."""
    return f"local {unit.number}" if unit else "staff"


def is_sign_in_sheet(session: Session, evidence: Evidence) -> bool:
    """Whether a file is the sheet of a class: it names everyone who was there, not its member alone."""
    return session.get_one(Completion, (evidence.member_id, evidence.completion_id)).source == KIND


def recorded_with_sheet(session: Session, evidence: Evidence) -> list[int]:
    """The locals that recorded a class with this very sheet; none where only the training staff did."""
    recorded = (
        select(Batch.profile)
        .join(Completion, Completion.batch_id == Batch.id)
        .join(Evidence, (Evidence.member_id == Completion.member_id) & (Evidence.completion_id == Completion.id))
        .where(Batch.kind == KIND, Evidence.sha256 == evidence.sha256)
        .distinct()
    )
    numbers = [each.removeprefix("local ") for each in session.scalars(recorded) if each and each.startswith("local ")]
    return list(session.scalars(select(Unit.id).where(Unit.number.in_(numbers), Unit.kind == UnitKind.LOCAL)))


def classes_page(
    session: Session, unit: Unit | None, before: int | None = None, *, own_on: date | None = None
) -> Page[ClassLine]:
    """Classes of a local (None: of everyone), the newest record first.

    Args:
        own_on: as of :func:`class_held`: nobody else is counted.
    """
    wanted = select(Batch).where(Batch.kind == KIND).order_by(Batch.id.desc()).limit(_PAGE + 1)
    if unit is not None:
        wanted = wanted.where(Batch.profile == profile_of(unit))
    if before is not None:
        wanted = wanted.where(Batch.id < before)
    batches = list(session.scalars(wanted))
    lines = _lines(session, batches[:_PAGE], unit, own_on)
    return Page(lines, str(lines[-1].batch.id) if len(batches) > _PAGE else None)


def class_held(session: Session, unit: Unit | None, batch_id: int, *, own_on: date | None = None) -> ClassHeld | None:
    """One class of a local (None: of anyone); None where there is no such class there.

    Args:
        own_on: today, where the local's own people read it: who held no card there, neither then nor on the day of the
            class, is told by the line that named them alone, as :func:`read_sheet` did, whoever the staff found them to be.
    """
    batch = session.get(Batch, batch_id)
    if batch is None or batch.kind != KIND or (unit is not None and batch.profile != profile_of(unit)):
        return None
    people = [
        ClassPerson(done, member)
        for done, member in session.execute(
            select(Completion, Member)
            .join(Member, Member.member_id == Completion.member_id)
            .where(Completion.batch_id == batch_id)
            .order_by(Member.name_key, Member.member_id)
        )
    ]
    waits = select(WaitingCompletion).where(WaitingCompletion.batch_id == batch_id)
    rows = list(session.scalars(waits.order_by(WaitingCompletion.line, WaitingCompletion.id)))
    course_id = next((each.completion.course_id for each in people), None)
    course = session.get(Course, course_id) if course_id else None
    if course is None and rows:
        course = session.scalar(select(Course).where(Course.code == rows[0].course))
    held_on = next((each.completion.completed_on for each in people), rows[0].completed_on if rows else None)
    held_line = _lines(session, [batch], unit, own_on)[0]
    elsewhere: list[str] = []
    if unit is not None and own_on is not None:
        named = {each.member.member_id for each in people} | {row.settled_member_id for row in rows if row.settled_member_id}
        theirs = _with_card(session, unit, [own_on, held_on or own_on], named)
        people = [each for each in people if each.member.member_id in theirs]
        elsewhere = [
            row.learner_name for row in rows if _was_settled(row, held_line) and row.settled_member_id not in theirs
        ]
    evidence = None
    if people:
        one = people[0].completion
        evidence = session.scalar(
            select(Evidence).where(Evidence.member_id == one.member_id, Evidence.completion_id == one.id).limit(1)
        )
    counts = dict(
        session.execute(select(BatchOutcome.outcome, BatchOutcome.row_count).where(BatchOutcome.batch_id == batch_id)).all()
    )
    waiting = [row for row in rows if row.settled_at is None]
    return ClassHeld(held_line, course, held_on, people, waiting, elsewhere, counts, evidence)


def _was_settled(row: WaitingCompletion, line: ClassLine) -> bool:
    """Whether a person said who a line means; that a class was taken back ends what waits of it, and says so of no one."""
    return row.settled_at is not None and (line.undone is None or row.settled_at < line.undone.undone_at)


def _with_card(session: Session, unit: Unit, days: Collection[date], member_ids: Collection[int]) -> set[int]:
    found: set[int] = set()
    for chunk in in_chunks(sorted(member_ids), 500):
        theirs = select(Membership.member_id).where(Membership.member_id.in_(chunk), *_card_in(unit, days))
        found.update(session.scalars(theirs))
    return found


def _card_in(unit: Unit, days: Iterable[date | InstrumentedAttribute[date]]) -> list[ColumnElement[bool]]:
    """A card in a local on any of these days."""
    held = [and_(Membership.from_on <= day, or_(Membership.until_on.is_(None), Membership.until_on > day)) for day in days]
    return [Membership.unit_id == unit.id, Membership.voided_at.is_(None), or_(*held)]


def class_like(session: Session, sha256: str, unit: Unit | None) -> Batch | None:
    """The class that was recorded of this very sheet and people, if it was and was not undone."""
    stands = Batch.id.not_in(select(BatchUndone.batch_id))
    same = (Batch.kind == KIND, Batch.sha256 == sha256, Batch.profile == profile_of(unit), stands)
    return session.scalar(select(Batch).where(*same).order_by(Batch.id.desc()).limit(1))


def _lines(session: Session, batches: Sequence[Batch], unit: Unit | None, own_on: date | None) -> list[ClassLine]:
    ids = [batch.id for batch in batches]
    counted: list[ColumnElement[bool]] = [Completion.batch_id.in_(ids), Completion.voided_at.is_(None)]
    if unit is not None and own_on is not None:
        cards = _card_in(unit, [own_on, Completion.completed_on])
        counted.append(exists().where(Membership.member_id == Completion.member_id, *cards))
    recorded: dict[int | None, int] = dict(
        session.execute(select(Completion.batch_id, func.count()).where(*counted).group_by(Completion.batch_id)).all()
    )
    waiting: dict[int | None, int] = dict(
        session.execute(
            select(WaitingCompletion.batch_id, func.count())
            .where(WaitingCompletion.batch_id.in_(ids), WaitingCompletion.settled_at.is_(None))
            .group_by(WaitingCompletion.batch_id)
        ).all()
    )
    undone = {each.batch_id: each for each in session.scalars(select(BatchUndone).where(BatchUndone.batch_id.in_(ids)))}
    names = user_names(session, (batch.recorded_by for batch in batches))
    return [
        ClassLine(each, names[each.recorded_by], recorded.get(each.id, 0), waiting.get(each.id, 0), undone.get(each.id))
        for each in batches
    ]
