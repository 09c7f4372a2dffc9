"""The rows about one member. Other people are told by their role alone, and what guards the sign-in is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import cached_property
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, false, func, or_, select
from sqlalchemy.orm import Session

from tracker.coverage.archive.tables import GIVEN, Given
from tracker.coverage.former import all_ids_of
from tracker.curriculum.keys import email_key
from tracker.curriculum.words import Assurance, Role
from tracker.models import (
    Base,
    Course,
    Craft,
    Identifier,
    IdentifierKind,
    LearningPath,
    Member,
    PathVersion,
    RoleGrant,
    Unit,
    User,
)

_ROWS_AT_ONCE = 500
_OTHER_ADDRESS = "another address"
_STATED_BY_OTHERS = ("instructor", "team", "authority")  # of a statement: people beside the learner


@dataclass(frozen=True)
class Whose:
    """Whose archive it is: by which ids and addresses the member is known."""

    member: Member
    member_ids: tuple[int, ...]
    user_ids: tuple[int, ...]
    addresses: frozenset[str]  # with case ignored


def whose(session: Session, member: Member) -> Whose:
    """By what everything of a member is found."""
    ids = all_ids_of(session, member.member_id)
    users = session.execute(select(User.id, User.email_key).where(User.member_id.in_(ids))).all()
    emails = session.scalars(
        select(Identifier.value).where(Identifier.member_id.in_(ids), Identifier.kind == IdentifierKind.EMAIL)
    )
    return Whose(member, ids, tuple(each.id for each in users), frozenset([*emails, *(each.email_key for each in users)]))


def counts_of(session: Session, who: Whose) -> dict[str, int]:
    """How many rows of each table there are about them."""
    return {
        name: session.scalar(select(func.count()).select_from(_table(name)).where(_which(name, given, who))) or 0
        for name, given in GIVEN.items()
    }


class Rows:
    """Rows as plain values, by the names of their columns."""

    def __init__(self, session: Session, who: Whose) -> None:
        self._session = session
        self._who = who

    def of(self, name: str) -> Iterator[dict[str, Any]]:
        """The rows of a table, the oldest first, some hundreds read at a time."""
        given, table = GIVEN[name], _table(name)
        columns = [each for each in table.columns if each.name not in given.without]
        wanted = select(*columns).where(_which(name, given, self._who)).order_by(*table.primary_key.columns)
        for row in _in_pieces(self._session, wanted):
            told: dict[str, Any] = {}
            for column, value in zip(columns, row, strict=True):
                told |= self._told(name, column, value)
            yield told

    def _told(self, table: str, column: Column[Any], value: Any) -> dict[str, Any]:
        """A value under its column's name; beside an id of the curriculum or the union, what it is called."""
        name = column.name
        if name.endswith("_by") or name == "actor_id":
            return {name.removesuffix("_id"): self._person(value)}
        if table == "xapi_statement" and name == "raw":
            return {name: _without_others(value)}
        if table == "notice" and name == "address":
            return {name: value if email_key(str(value)) in self._who.addresses else _OTHER_ADDRESS}
        if name == "detail":
            return {name: self._scrubbed(_plain(value))}
        if name == "assurance":
            return {name: None if value is None else Assurance(value).word}
        called = self._called.get(name)
        plain = str(value) if value is not None and (name == "id" or name.endswith("_id")) else _plain(value)
        return {name: plain} if called is None else {name: plain, name.removesuffix("_id"): called.get(value, "")}

    def _person(self, user_id: int | None) -> str | None:
        """Who did something, as what they are to the member; None: the program itself, or an operator."""
        if user_id is None:
            return None
        if user_id in self._who.user_ids:
            return "you"
        return self._roles.get(user_id, "someone")

    def _scrubbed(self, value: Any) -> Any:
        """Without anybody else's address."""
        if isinstance(value, str):
            is_others = "@" in value and email_key(value) not in self._who.addresses
            return _OTHER_ADDRESS if is_others else value
        if isinstance(value, list):
            return [self._scrubbed(each) for each in value]
        if isinstance(value, dict):
            return {key: self._scrubbed(each) for key, each in value.items()}
        return value

    @cached_property
    def _roles(self) -> Mapping[int, str]:
        """What everyone who works for the union is, by the strongest of their roles."""
        rank = [Role.STAFF, Role.ADMIN, Role.AUDITOR, Role.LOCAL_LEAD, Role.LOCAL_VIEWER, Role.DISTRICT_VIEWER]
        found: dict[int, Role] = {}
        for user_id, role in self._session.execute(
            select(RoleGrant.user_id, RoleGrant.role).where(RoleGrant.role != Role.MEMBER)
        ):
            if user_id not in found or rank.index(role) < rank.index(found[user_id]):
                found[user_id] = role
        return {user_id: role.value for user_id, role in found.items()}

    @cached_property
    def _called(self) -> Mapping[str, Mapping[Any, Any]]:
        pairs = {
            "course_id": select(Course.id, Course.title),
            "unit_id": select(Unit.id, Unit.number),
            "craft_id": select(Craft.id, Craft.name),
            "path_id": select(LearningPath.id, LearningPath.title),
            "version_id": select(PathVersion.id, PathVersion.number),
        }
        return {name: {row[0]: row[1] for row in self._session.execute(each)} for name, each in pairs.items()}


def _in_pieces(session: Session, wanted: Select[Any]) -> Iterator[Any]:
    start = 0
    while rows := session.execute(wanted.offset(start).limit(_ROWS_AT_ONCE)).all():
        yield from rows
        start += len(rows)


def _table(name: str) -> Table:
    return Base.metadata.tables[name]


def _which(name: str, given: Given, who: Whose) -> ColumnElement[bool]:
    """The condition that a row is theirs."""
    columns = _table(name).columns
    found = [columns[each].in_(who.member_ids) for each in given.by_member]
    found += [columns[each].in_(who.user_ids) for each in given.by_user if who.user_ids]
    found += [columns[each].in_(sorted(who.addresses)) for each in given.by_address if who.addresses]
    return or_(false(), *found)


def _plain(value: Any) -> Any:
    """As JSON holds it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value


def _without_others(raw: Any) -> Any:
    """A statement without the people in it besides the learner."""
    try:
        said = json.loads(raw) if isinstance(raw, (str, bytes)) else raw
    except ValueError:
        return None
    if not isinstance(said, dict):
        return None
    context = {key: value for key, value in (said.get("context") or {}).items() if key not in _STATED_BY_OTHERS}
    kept = {key: value for key, value in said.items() if key not in _STATED_BY_OTHERS}
    return {**kept, "context": context} if context else {key: value for key, value in kept.items() if key != "context"}
