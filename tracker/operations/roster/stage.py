"""Where a roster's rows stand between being read and being recorded: laid out so that all rows of one member come together.

A private database of this process, deleted with it, as for completions: rows of any number are read while nobody is kept
waiting, and none of them stays in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy.orm import Session

from tracker.curriculum.keys import craft_key, member_key
from tracker.models.loading import in_chunks, read_rows
from tracker.operations.faulty import Faults
from tracker.operations.private_store import PrivateStore
from tracker.operations.rows import RosterRow, RowFaults

_LONGEST = 200
_ROWS_AT_ONCE = 5_000


class FaultyRow(NamedTuple):
    """A row that could not be read. It changes nothing; yet whom it names is in the file."""

    line: int
    email: str
    local: str
    reason: str
    has_number: bool


StagedRow: TypeAlias = RosterRow | FaultyRow


class Group(NamedTuple):
    """All rows of one member by line, under whatever numbers. ``member_id`` is None where nobody has that number yet, and
    ``key`` empty where the rows give none."""

    member_id: int | None
    key: str
    rows: list[StagedRow]


class RosterStage(PrivateStore):
    """A roster's rows, laid out. Close it, or use it as a context."""

    def __init__(self) -> None:
        super().__init__(
            "CREATE TABLE staged (key TEXT, line INTEGER, member_number TEXT, first_name TEXT, last_name TEXT, email TEXT,"
            " local TEXT, craft TEXT, status TEXT, kind TEXT, from_on TEXT, until_on TEXT, home INTEGER, reason TEXT)",
            "CREATE TABLE who (key TEXT PRIMARY KEY, member_id INTEGER) WITHOUT ROWID",
        )
        self.faults = Faults()
        self.craft_names: dict[str, str] = {}  # by its key, a craft as the file first writes it
        self._crafts_met: set[str] = set()
        self.groups = 0  # how many there are, about: known after `resolve`

    def put(self, rows: Iterable[RosterRow | RowFaults]) -> None:
        """Lay out the rows of a file."""
        self._store.executemany(
            "INSERT INTO staged VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (self._faulty(row) if isinstance(row, RowFaults) else self._readable(row) for row in rows),
        )

    def _readable(self, row: RosterRow) -> tuple[Any, ...]:
        if row.craft not in self._crafts_met:
            self._crafts_met.add(row.craft)
            self.craft_names.setdefault(craft_key(row.craft), " ".join(row.craft.split()))
        from_on = None if row.from_on is None else row.from_on.isoformat()
        until_on = None if row.until_on is None else row.until_on.isoformat()
        return (member_key(row.member_number), *row[:9], from_on, until_on, row.home, None)

    def _faulty(self, row: RowFaults) -> tuple[Any, ...]:
        self.faults.take(row.faults)
        number, email, local = (text[:_LONGEST].encode("utf-8", "replace").decode() for text in row.named)
        reason = "; ".join(f"{fault.column} {fault.reason}".strip() for fault in row.faults[:3])
        return (member_key(number), row.line, number, "", "", email, local, *[None] * 6, reason)

    def resolve(self, session: Session) -> None:
        """Find the members whom the rows name by number, as the database knows them now."""
        self._store.execute("DELETE FROM who")
        self.groups = 0
        with closing(self._store.execute("SELECT DISTINCT key FROM staged ORDER BY key")) as cursor:
            for chunk in in_chunks((key for (key,) in cursor), _ROWS_AT_ONCE):
                holders = holders_of(session, "number", chunk)
                self._store.executemany("INSERT INTO who VALUES (?, ?)", ((key, holders.get(key)) for key in chunk))
                self.groups += len(chunk)

    def by_member(self) -> Iterator[Group]:
        """The rows by member: first those whose number nobody has, then the members'."""
        sql = (
            "SELECT w.member_id, s.* FROM staged s JOIN who w ON w.key = s.key"
            " ORDER BY w.member_id, CASE WHEN w.member_id IS NULL THEN s.key END, s.line"
        )
        with closing(self._store.execute(sql)) as cursor:
            for (member_id, key), rows in groupby(cursor, key=_whose):
                yield Group(member_id, key, [_row(row) for row in rows])

    def names_none_of(self, member_ids: list[int]) -> list[int]:
        """Those of these members whom no row names."""
        listed = ", ".join(map(str, member_ids))
        named = {member for (member,) in self._store.execute(f"SELECT member_id FROM who WHERE member_id IN ({listed})")}
        return [member for member in member_ids if member not in named]


def holders_of(session: Session, kind: str, values: Iterable[str]) -> dict[str, int]:
    """Who holds each of these identifiers."""
    held: dict[str, int] = {}
    for chunk in in_chunks(values, _ROWS_AT_ONCE):
        marks = ", ".join("?" * len(chunk))
        sql = f"SELECT value, member_id FROM identifier WHERE kind = ? AND value IN ({marks})"
        held.update(read_rows(session, sql, [kind, *chunk]))
    return held


def _whose(found: tuple[Any, ...]) -> tuple[int | None, str]:
    member_id, key = found[0], found[1]
    return (member_id, "" if member_id is not None else key)


def _row(found: tuple[Any, ...]) -> StagedRow:
    _, _, line, number, first, last, email, local, craft, status, kind, from_on, until_on, home, reason = found
    if reason is not None:
        return FaultyRow(line, email, local, reason, bool(number))
    days = (None if from_on is None else _day(from_on), None if until_on is None else _day(until_on))
    is_home = None if home is None else bool(home)
    return RosterRow(line, number, first, last, email, local, craft, status, kind, *days, is_home)


@lru_cache(maxsize=50_000)
def _day(text: str) -> date:
    return date.fromisoformat(text)
