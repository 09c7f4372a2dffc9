"""Finding members by how their name or address begins, for many beginnings at once and by index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from tracker.models import IdentifierKind
from tracker.models.loading import in_chunks, read_rows

_AT_ONCE = 500


class Beginning(NamedTuple):
    """What to look for, and for whom: ``place`` comes back with every find."""

    place: int
    text: str
    holds: str = ""  # further text, anywhere after the beginning


def members_named(session: Session, beginnings: Sequence[Beginning]) -> Iterator[tuple[int, int, str]]:
    """Place, member and ``name_key`` of every member whose name, last name first, begins so."""
    for chunk in in_chunks(sorted(set(beginnings)), _AT_ONCE):
        marks = ", ".join(["(?, ?, ?, ?)"] * len(chunk))
        values = [
            value
            for each in chunk
            for value in (each.place, each.text, _beyond(each.text), f"%{each.holds.replace('%', '_')}%")
        ]
        for place, text, member_id, name_key in read_rows(
            session,
            f"WITH asked (place, low, high, holds) AS (VALUES {marks})"
            " SELECT a.place, a.low, m.member_id, m.name_key FROM asked a CROSS JOIN member m"
            " WHERE m.name_key >= a.low AND m.name_key < a.high AND m.name_key LIKE a.holds",
            values,
        ):
            if name_key.startswith(text):  # how a database orders texts is its own affair
                yield place, member_id, name_key


def members_called(session: Session, names: dict[str, list[int]]) -> Iterator[tuple[int, int, str]]:
    """The same for whole names, each with the places it is looked for."""
    for chunk in in_chunks(sorted(names), 5_000):
        marks = ", ".join("?" * len(chunk))
        for member_id, name_key in read_rows(
            session, f"SELECT member_id, name_key FROM member WHERE name_key IN ({marks})", chunk
        ):
            yield from ((place, member_id, name_key) for place in names[name_key])


def addresses_beginning(session: Session, beginnings: Sequence[Beginning]) -> Iterator[tuple[int, int, str]]:
    """Place, member and address, as it is shown, of every e-mail address that begins so."""
    for chunk in in_chunks(sorted(set(beginnings)), _AT_ONCE):
        marks = ", ".join(["(?, ?, ?)"] * len(chunk))
        values = [value for each in chunk for value in (each.place, each.text, _beyond(each.text))]
        yield from read_rows(
            session,
            f"WITH asked (place, low, high) AS (VALUES {marks})"
            " SELECT a.place, i.member_id, i.shown FROM asked a CROSS JOIN identifier i"
            f" WHERE i.kind = '{IdentifierKind.EMAIL}' AND i.value >= a.low AND i.value < a.high",
            values,
        )


def _beyond(beginning: str) -> str:
    """A text that comes after every one that begins so, in the order of bytes and in that of a language."""
    last = beginning[-1]
    if "a" <= last < "z" or not last.isascii():
        return beginning[:-1] + chr(ord(last) + 1)
    return f"{beginning}zzzz"
