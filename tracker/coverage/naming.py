"""Names for lists: of the members under a count, and of the units that a field offers."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.models import Unit
from tracker.models.loading import read_rows

_FEW = 2_000


class Named(NamedTuple):
    """A member as a list names them."""

    member_id: int
    name: str
    number: str


def first_names(session: Session, members: Collection[int], most: int) -> list[Named]:
    """The first of these members by name, so many at most."""
    if not members:
        return []
    sql = "SELECT member_id, first_name, last_name, number FROM member"
    if len(members) <= _FEW:
        sql += f" WHERE member_id IN ({', '.join(map(str, members))})"
    found: list[Named] = []
    for member, first, last, number in read_rows(session, f"{sql} ORDER BY name_key, member_id"):
        if member in members:
            found.append(Named(member, f"{first} {last}".strip(), number))
            if len(found) == most:
                break
    return found


def units_by_number(session: Session) -> list[Unit]:
    """Every unit, the widest first, then by number."""
    return sorted(session.scalars(select(Unit)), key=lambda unit: (_WIDTH.index(unit.kind.value), unit.number_key))


_WIDTH = ("international", "district", "local")
