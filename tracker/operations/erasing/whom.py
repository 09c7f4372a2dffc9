"""By what everything about a member is found before it is erased."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Table, Text, and_, cast, false, func, or_, select, text
from sqlalchemy.orm import Session

from tracker.models import AuditEntry, Identifier, IdentifierKind, Member, RowFault, User, WaitingCompletion
from tracker.operations.erasing.tables import Erased

_TELLING = 5  # signs that an id of theirs must have to be looked for inside another text


@dataclass(frozen=True)
class Whom:
    """Who is erased: the member, whoever was merged into them, their sign-ins, and what they are known by."""

    member: Member
    member_ids: tuple[int, ...]
    user_ids: tuple[int, ...]
    addresses: frozenset[str]  # with case ignored
    ids: frozenset[str]  # numbers, a provider's ids and learners' keys, as written and as matched
    named: frozenset[str]  # "Ana Example (0001)": how a sentence names them

    @cached_property
    def whole(self) -> frozenset[str]:
        """What names them where it is all that a text says."""
        return self.addresses | self.ids | self.named

    @cached_property
    def within(self) -> frozenset[str]:
        """What names them wherever it stands."""
        long_ids = {each for each in self.ids if len(each) >= _TELLING and not each.isdigit()}
        return self.addresses | self.named | long_ids


def whom(session: Session, member: Member) -> Whom:
    """By what everything about a member is found, and about whoever was merged into them."""
    ids = [member.member_id]
    for each in ids:  # it grows while it is walked
        merged = select(Member.member_id).where(Member.merged_into_id == each)
        ids += [other for other in session.scalars(merged) if other not in ids]
    members = session.scalars(select(Member).where(Member.member_id.in_(ids))).all()
    users = session.execute(select(User.id, User.email_key).where(User.member_id.in_(ids))).all()
    known = session.scalars(select(Identifier).where(Identifier.member_id.in_(ids))).all()
    emails = {each.value for each in known if each.kind is IdentifierKind.EMAIL}
    others = select(Identifier.value).where(Identifier.kind == IdentifierKind.EMAIL, Identifier.value.in_(emails))
    emails -= set(session.scalars(others.where(Identifier.member_id.not_in(ids))))  # what two share names neither
    own = {text for each in known if each.kind is not IdentifierKind.EMAIL for text in (each.value, each.shown)}
    rows = select(WaitingCompletion.learner_key).where(WaitingCompletion.settled_member_id.in_(ids)).distinct()
    own |= {each.number for each in members} | set(session.scalars(rows))
    named = {f"{each.name} ({each.number})" for each in members}
    addresses = frozenset([*emails, *(each.email_key for each in users)])
    return Whom(
        *(member, tuple(ids), tuple(each.id for each in users), addresses),
        *(frozenset(each for each in own if each.strip()), frozenset(named)),
    )


def about(table: Table, how: Erased, who: Whom) -> ColumnElement[bool]:
    """The condition that a row of a table is about them, by its keys."""
    found = [table.c[each].in_(who.member_ids) for each in how.by_member]
    found += [table.c[each].in_(who.user_ids) for each in how.by_user if who.user_ids]
    found += [func.lower(func.trim(table.c[each])).in_(sorted(who.addresses)) for each in how.by_address if who.addresses]
    mine = or_(false(), *found)
    return and_(mine, text(how.but)) if how.but else mine


def says(column: ColumnElement[str], who: Whom) -> ColumnElement[bool]:
    """The condition that a text names them: it says nothing else, or tells it within a sentence."""
    said = func.lower(column)
    whole = sorted({form for each in who.whole for form in _lowered(each)})
    within = sorted({form for each in who.within for form in _lowered(each)})
    return or_(func.trim(said).in_(whole), *(said.contains(each, autoescape=True) for each in within))


def told_in(column: ColumnElement[Any], who: Whom) -> ColumnElement[bool]:
    """The condition that a JSON names them: as one of its texts, or within one."""
    said = func.lower(cast(column, Text))
    looked_for = {form for each in who.within for form in _written(each)}
    looked_for |= {f'"{form}"' for each in who.whole for form in _written(each)}
    return or_(false(), *(said.contains(each, autoescape=True) for each in sorted(looked_for)))


def _lowered(words: str) -> set[str]:
    """In small letters, as either engine writes them: SQLite knows those of ASCII alone."""
    return {words.lower(), "".join(each.lower() if each.isascii() else each for each in words)}


def _written(words: str) -> set[str]:
    """As JSON may hold it, in small letters."""
    said = {json.dumps(words, ensure_ascii=is_plain)[1:-1] for is_plain in (True, False)}
    return {form for each in said for form in _lowered(each)}


def entries_of_none(who: Whom) -> ColumnElement[bool]:
    """The condition that an entry of the trail, of no member, tells of them: of their sign-in, or in its details."""
    own_sign_in = (AuditEntry.object_kind == "user") & AuditEntry.object_id.in_(who.user_ids)
    return and_(AuditEntry.member_id.is_(None), or_(own_sign_in, told_in(AuditEntry.__table__.c.detail, who)))


def faults_about(who: Whom) -> ColumnElement[bool]:
    """The condition that a faulty row names them."""
    return or_(says(RowFault.__table__.c.value, who), says(RowFault.__table__.c.reason, who))


def waiting_about(who: Whom) -> ColumnElement[bool]:
    """The condition that a reported row names them as no other: by number, a provider's id, or the key of the learner."""
    columns, ids = WaitingCompletion.__table__.c, sorted({form for each in who.ids for form in _lowered(each)})
    numbers = sorted({each.lstrip("0") for each in ids} - {""})
    return or_(
        func.ltrim(func.lower(func.trim(columns.member_number)), "0").in_(numbers),
        *(func.lower(func.trim(columns[each])).in_(ids) for each in ("provider_id", "learner_key")),
    )
