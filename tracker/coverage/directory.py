"""Finding members among all of them, and everything that was ever recorded about one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from tracker.coverage.paging import Page
from tracker.curriculum.keys import email_key, member_key, plain_text
from tracker.language import _, word
from tracker.models import (
    Batch,
    Completion,
    Course,
    Craft,
    Evidence,
    Identifier,
    IdentifierKind,
    Member,
    Membership,
    Unit,
    UnitClosure,
    User,
)

_PAGE = 50
_MOST_BY_IDENTIFIER = 200


class MemberLine(NamedTuple):
    """A member, with the cards of the day and the e-mail addresses that tell namesakes apart."""

    member: Member
    cards: list[str]
    emails: list[str]


class PastCompletion(NamedTuple):
    """A completion as it was recorded, voided or not."""

    completion: Completion
    course: Course
    recorded_by: str
    voided_by: str | None
    batch: Batch | None
    evidence_url: str | None
    files: tuple[int, ...] = ()  # the evidence that is a file, by its id


def members_page(session: Session, query: str, unit: Unit | None, day: date, after: int | None = None) -> Page[MemberLine]:
    """Members by last name: those whose name holds every word of ``query``, or whose number or e-mail begins with it.

    Args:
        unit: only those with a card in this local, or under this district, on the day.
        after: the member to go on after.
    """
    wanted = (
        select(Member).where(Member.merged_into_id.is_(None)).order_by(Member.name_key, Member.member_id).limit(_PAGE + 1)
    )
    if query:
        named = and_(*(Member.name_key.contains(word, autoescape=True) for word in plain_text(query).split()))
        wanted = wanted.where(or_(named, Member.member_id.in_(_holders(session, query))))
    if unit is not None:
        under = select(UnitClosure.descendant_id).where(UnitClosure.ancestor_id == unit.id)
        cards = select(Membership.member_id).where(Membership.unit_id.in_(under), *_held_on(day))
        wanted = wanted.where(Member.member_id.in_(cards))
    members = list(session.scalars(_after(session, wanted, after)))
    shown = members[:_PAGE]
    lines = member_lines(session, shown, day)
    return Page(lines, str(shown[-1].member_id) if len(members) > _PAGE else None)


def _after(session: Session, wanted: Select[Member], after: int | None) -> Select[Member]:
    last = session.scalar(select(Member).where(Member.member_id == after)) if after is not None else None
    if last is None:
        return wanted
    later = and_(Member.name_key == last.name_key, Member.member_id > last.member_id)
    return wanted.where(or_(Member.name_key > last.name_key, later))


def _holders(session: Session, query: str) -> list[int]:
    keys = {(IdentifierKind.EMAIL, email_key(query)), (IdentifierKind.NUMBER, member_key(query))}
    begins = or_(
        *(
            and_(Identifier.kind == kind, Identifier.value.startswith(value, autoescape=True))
            for kind, value in keys
            if value
        )
    )
    return list(session.scalars(select(Identifier.member_id).where(begins).distinct().limit(_MOST_BY_IDENTIFIER)))


def _held_on(day: date) -> tuple[ColumnElement[bool], ...]:
    return (
        Membership.voided_at.is_(None),
        Membership.from_on <= day,
        or_(Membership.until_on.is_(None), Membership.until_on > day),
    )


def member_lines(session: Session, members: Sequence[Member], day: date) -> list[MemberLine]:
    """These members with what a list shows of them, in their order."""
    ids = [member.member_id for member in members]
    cards: dict[int, list[str]] = {}
    rows = session.execute(
        select(Membership.member_id, Unit, Craft.name, Membership.status)
        .join(Unit, Unit.id == Membership.unit_id)
        .join(Craft, Craft.id == Membership.craft_id)
        .where(Membership.member_id.in_(ids), *_held_on(day))
        .order_by(Membership.is_home.desc(), Membership.from_on, Membership.id)
    )
    for member_id, unit, craft, status in rows:
        told = {"number": unit.number, "craft": craft, "status": word(status)}
        said = (
            _("Local %(number)s · %(craft)s", **told)
            if status == "active"
            else _("Local %(number)s · %(craft)s · %(status)s", **told)
        )
        cards.setdefault(member_id, []).append(said)
    emails: dict[int, list[str]] = {}
    for member_id, kind, shown in session.execute(
        select(Identifier.member_id, Identifier.kind, Identifier.shown).where(Identifier.member_id.in_(ids))
    ):
        if kind is IdentifierKind.EMAIL:  # asked for in SQL, SQLite would look through every address
            emails.setdefault(member_id, []).append(shown)
    return [MemberLine(each, cards.get(each.member_id, []), emails.get(each.member_id, [])) for each in members]


def identifiers_of(session: Session, member_id: int) -> list[Identifier]:
    """Everything a member is found by."""
    return list(
        session.scalars(
            select(Identifier).where(Identifier.member_id == member_id).order_by(Identifier.kind, Identifier.value)
        )
    )


def history_of(session: Session, member_id: int) -> list[PastCompletion]:
    """Every completion ever recorded for a member, voided ones too, the newest record first."""
    rows = session.execute(
        select(Completion, Course, Batch)
        .join(Course, Course.id == Completion.course_id)
        .outerjoin(Batch, Batch.id == Completion.batch_id)
        .where(Completion.member_id == member_id)
        .order_by(Completion.recorded_at.desc(), Completion.id.desc())
    ).all()
    people = user_names(session, (by for done, _, _ in rows for by in (done.recorded_by, done.voided_by)))
    proofs = session.execute(
        select(Evidence.id, Evidence.completion_id, Evidence.url, Evidence.sha256)
        .where(Evidence.member_id == member_id)
        .order_by(Evidence.id)
    ).all()
    links = {row.completion_id: row.url for row in proofs if row.url}
    files: dict[int, list[int]] = {}
    for row in proofs:
        if row.sha256:
            files.setdefault(row.completion_id, []).append(row.id)
    return [
        PastCompletion(
            *(done, course, people[done.recorded_by], people[done.voided_by] if done.voided_at else None),
            *(batch, links.get(done.id), tuple(files.get(done.id, ()))),
        )
        for done, course, batch in rows
    ]


def user_names(session: Session, ids: Iterable[int | None]) -> dict[int | None, str]:
    """What users are called, by id; None is the operator at the command line."""
    wanted: Collection[int] = {each for each in ids if each is not None}
    names: dict[int | None, str] = dict.fromkeys(wanted, _("someone who signs in no more"))
    names[None] = _("the operator")
    if wanted:
        names.update({row.id: row.email for row in session.execute(select(User.id, User.email).where(User.id.in_(wanted)))})
    return names


def user_of_address(session: Session, address: str) -> User | None:
    """Who signs in with that address, however it is written."""
    return session.scalar(select(User).where(User.email_key == email_key(address)))


def completion_of(session: Session, member_id: int, completion_id: int) -> tuple[Completion, Course] | None:
    """One completion of that very member, with its course."""
    row = session.execute(
        select(Completion, Course)
        .join(Course, Course.id == Completion.course_id)
        .where(Completion.member_id == member_id, Completion.id == completion_id)
    ).first()
    return (row[0], row[1]) if row else None
