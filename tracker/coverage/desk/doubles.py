"""Members that may be one person, and two members side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations, groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import FactReader
from tracker.coverage.directory import MemberLine, member_lines, user_names
from tracker.coverage.paging import Page
from tracker.coverage.saying import local_called
from tracker.curriculum.likeness import names_alike
from tracker.language import _, word
from tracker.models import (
    Assignment,
    AuditEntry,
    Batch,
    BatchChange,
    BatchUndone,
    Completion,
    Course,
    Craft,
    Exemption,
    Identifier,
    IdentifierKind,
    LearningPath,
    Member,
    Membership,
    Unit,
    User,
)
from tracker.models.loading import read_rows

_PAGE = 20
_MOST_SHARED = 200


class Double(NamedTuple):
    """Two members who may be one person, and why."""

    one: MemberLine
    other: MemberLine
    reason: str
    is_likely: bool  # an address shared by unlike names is more often a family's


def sharing_an_address(session: Session, day: date) -> list[Double]:
    """Pairs of members with one e-mail address, like names first. The first some hundred addresses."""
    shared = (
        select(Identifier.value)
        .where(Identifier.kind == IdentifierKind.EMAIL)
        .group_by(Identifier.value)
        .having(func.count() > 1)
        .order_by(Identifier.value)
        .limit(_MOST_SHARED)
    )
    values = list(session.scalars(shared))
    holders: dict[str, list[Member]] = {}
    rows = session.execute(
        select(Identifier.value, Member)
        .join(Member, Member.member_id == Identifier.member_id)
        .where(Identifier.kind == IdentifierKind.EMAIL, Identifier.value.in_(values), Member.merged_into_id.is_(None))
        .order_by(Identifier.value, Member.member_id)
    )
    for value, member in rows:
        holders.setdefault(value, []).append(member)
    pairs = [
        (one, other, _("both have the address %(address)s", address=value), names_alike(one.name, other.name))
        for value, members in holders.items()
        for place, one in enumerate(members)
        for other in members[place + 1 :]
    ]
    pairs.sort(key=lambda pair: not pair[3])
    return _doubles(session, pairs, day)


def namesakes_page(session: Session, day: date, after: tuple[int, int] | None = None) -> Page[Double]:
    """Pairs of members with one name whose cards in one local do not overlap: who left and joined anew, perhaps.

    Args:
        after: the pair of members to go on after.
    """
    name = session.scalar(select(Member.name_key).where(Member.member_id == after[0])) if after else None
    found: list[tuple[int, int]] = []
    for its_name, people in _namesakes(session, name or ""):
        pairs = [pair for pair in combinations(sorted(people), 2) if _follow(people[pair[0]], people[pair[1]])]
        found += [pair for pair in pairs if its_name != name or after is None or pair > after]
        if len(found) > _PAGE:
            break
    shown = found[:_PAGE]
    ids = {each for pair in shown for each in pair}
    members = {each.member_id: each for each in session.scalars(select(Member).where(Member.member_id.in_(ids)))}
    reason = _("the same name and local, with cards that do not overlap")
    doubles = _doubles(session, [(members[one], members[other], reason, True) for one, other in shown], day)
    return Page(doubles, f"{shown[-1][0]}-{shown[-1][1]}" if len(found) > _PAGE else None)


class _Card(NamedTuple):
    unit_id: int
    craft_id: int
    from_on: date
    until_on: date


def _namesakes(session: Session, since: str) -> Iterator[tuple[str, dict[int, list[_Card]]]]:
    """The cards of everyone whose name another has, name by name from one on: read as it is asked for."""
    read = FactReader(session, ())
    rows = read_rows(
        session,
        "SELECT m.name_key, m.member_id, c.unit_id, c.craft_id, c.from_on, c.until_on"
        " FROM member m JOIN membership c ON c.member_id = m.member_id AND c.voided_at IS NULL"
        " WHERE m.name_key >= ? AND m.merged_into_id IS NULL AND m.name_key IN"
        " (SELECT name_key FROM member WHERE name_key <> '' GROUP BY name_key HAVING count(*) > 1)"
        " ORDER BY m.name_key, m.member_id",
        [since],
        cursor_name="namesakes",
    )
    for name, cards in groupby(rows, key=itemgetter(0)):
        people: dict[int, list[_Card]] = {}
        for _name, member_id, unit_id, craft_id, from_on, until_on in cards:
            people.setdefault(member_id, []).append(_Card(unit_id, craft_id, read.day(from_on), read.end(until_on)))
        yield name, people


def _follow(one: Sequence[_Card], other: Sequence[_Card]) -> bool:
    """Whether two have cards in one local, and none of the same craft there on the same day."""
    together = [(mine, theirs) for mine in one for theirs in other if mine.unit_id == theirs.unit_id]
    return bool(together) and not any(
        mine.craft_id == theirs.craft_id and mine.from_on < theirs.until_on and theirs.from_on < mine.until_on
        for mine, theirs in together
    )


def _doubles(session: Session, pairs: Sequence[tuple[Member, Member, str, bool]], day: date) -> list[Double]:
    members = {member.member_id: member for pair in pairs for member in pair[:2]}
    lines = {line.member.member_id: line for line in member_lines(session, list(members.values()), day)}
    return [Double(lines[one.member_id], lines[other.member_id], reason, likely) for one, other, reason, likely in pairs]


# --- Side by side ----------------------------------------------------------------------------------------------------


class Told(NamedTuple):
    """A fact as the page of a merge tells it. ``key``: what makes it the same as one of the other member."""

    words: str
    from_on: date
    until_on: date | None
    key: tuple[Any, ...]


@dataclass(frozen=True)
class Side:
    """One of two members, with everything that a merge would move."""

    member: Member
    identifiers: list[Identifier]
    sign_in: str | None
    cards: list[Told]
    completions: list[Told]
    asked: list[Told]
    excuses: list[Told]

    @property
    def keys(self) -> set[tuple[Any, ...]]:
        return {fact.key for fact in (*self.cards, *self.completions, *self.asked, *self.excuses)}


def side_of(session: Session, member: Member) -> Side:
    """One member as the page of a merge shows them."""
    its = member.member_id
    identifiers = select(Identifier).where(Identifier.member_id == its).order_by(Identifier.kind, Identifier.value)
    return Side(
        member,
        list(session.scalars(identifiers)),
        session.scalar(select(User.email).where(User.member_id == its)),
        _cards(session, its),
        _completions(session, its),
        _asked(session, its),
        _excuses(session, its),
    )


def _cards(session: Session, member_id: int) -> list[Told]:
    rows = session.execute(
        select(Membership, Unit.number, Craft.name)
        .join(Unit, Unit.id == Membership.unit_id)
        .join(Craft, Craft.id == Membership.craft_id)
        .where(Membership.member_id == member_id, Membership.voided_at.is_(None))
        .order_by(Membership.from_on, Membership.id)
    )
    return [
        Told(
            f"{local_called(number)} · {craft} · {word(card.status)}",
            *(card.from_on, card.until_on, ("card", card.unit_id, card.craft_id, card.from_on)),
        )
        for card, number, craft in rows
    ]


def _completions(session: Session, member_id: int) -> list[Told]:
    rows = session.execute(
        select(Completion, Course.title)
        .join(Course, Course.id == Completion.course_id)
        .where(Completion.member_id == member_id, Completion.voided_at.is_(None))
        .order_by(Completion.completed_on, Completion.id)
    )
    return [
        Told(
            f"{title} · {word(done.assurance.word)}",
            *(done.completed_on, None, ("completion", done.course_id, done.completed_on, done.assurance)),
        )
        for done, title in rows
    ]


def _asked(session: Session, member_id: int) -> list[Told]:
    rows = session.execute(
        select(Assignment, LearningPath.title)
        .join(LearningPath, LearningPath.id == Assignment.path_id)
        .where(Assignment.member_id == member_id, Assignment.voided_at.is_(None), Assignment.rule_id.is_(None))
        .order_by(Assignment.assigned_on, Assignment.id)
    )
    return [
        Told(
            _("%(path)s, %(kind)s", path=title, kind=word(ask.kind.value)),
            *(ask.assigned_on, ask.until_on),
            ("ask", ask.path_id, ask.version_id, ask.kind, ask.assigned_on, ask.until_on, ask.due_on),
        )
        for ask, title in rows
    ]


def _excuses(session: Session, member_id: int) -> list[Told]:
    rows = session.execute(
        select(Exemption, LearningPath.title)
        .join(LearningPath, LearningPath.id == Exemption.path_id)
        .where(Exemption.member_id == member_id, Exemption.voided_at.is_(None))
        .order_by(Exemption.from_on, Exemption.id)
    )
    return [
        Told(title, *(span := (excuse.from_on, excuse.until_on)), ("excuse", excuse.path_id, excuse.unit_id, *span))
        for excuse, title in rows
    ]


# --- A merge that was done -------------------------------------------------------------------------------------------


class MergeTold(NamedTuple):
    """What a merge did, as it is remembered."""

    batch: Batch
    by: str
    keep: Member
    gone: Member
    moved: dict[str, int]  # facts by table that the kept member has by it
    together: dict[str, int]  # that both had
    settled: int  # reported completions that had waited
    undone_at: datetime | None


def merge_told(session: Session, batch_id: int) -> MergeTold | None:
    """One merge by its batch; None where that is none."""
    batch = session.get(Batch, batch_id)
    change = session.scalars(
        select(BatchChange).where(BatchChange.batch_id == batch_id, BatchChange.what == "merged")
    ).first()
    if batch is None or change is None:
        return None
    keep = session.get_one(Member, int(change.after))
    entries = select(AuditEntry).where(AuditEntry.member_id == keep.member_id, AuditEntry.action == "merge_members")
    entry = session.scalars(entries.where(AuditEntry.object_id == batch_id)).one()
    undone, told = session.get(BatchUndone, batch_id), entry.detail  # which is empty where they were erased since
    return MergeTold(
        *(batch, user_names(session, [batch.recorded_by])[batch.recorded_by], keep),
        session.get_one(Member, change.member_id),
        *(told.get("moved", {}), told.get("together", {}), told.get("settled", 0)),
        undone.undone_at if undone else None,
    )
