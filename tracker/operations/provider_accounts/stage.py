"""Where a list of accounts stands between being read and being recorded: its rows, laid out by member.

A private database of this process, deleted with it, as for completions and rosters: a list of any length is read and matched
while nobody is kept waiting, and none of it stays in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date
from enum import IntEnum
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from tracker.curriculum.keys import email_key
from tracker.operations.private_store import PrivateStore


class FoundBy(IntEnum):
    """How a row's member was found, as far as it matters for teaching the provider's id."""

    KNOWN_ID = 0  # the id is known, there is none, a person said whose it is not, or the row says two things of whose it is
    NUMBER = 1
    EMAIL = 2


class Listed(NamedTuple):
    """A row whose member is known."""

    line: int
    provider_id: str
    email: str
    name: str
    is_open: bool
    invited_on: date | None
    activated_on: date | None
    found_by: FoundBy

    @property
    def id_key(self) -> str:
        return id_key(self.provider_id)

    @property
    def email_key(self) -> str:
        return email_key(self.email)


def id_key(provider_id: str) -> str:
    """A provider's id of a learner without regard to case and outer spaces, as matching takes it."""
    return provider_id.strip().casefold()


class AccountStage(PrivateStore):
    """The rows of a list, laid out. Close it in the end."""

    def __init__(self) -> None:
        super().__init__(
            "CREATE TABLE listed (member_id INTEGER, line INTEGER, provider_id TEXT, email TEXT, name TEXT, is_open INTEGER,"
            " invited_on TEXT, activated_on TEXT, found_by INTEGER, id_key TEXT)",
            "CREATE INDEX of_members ON listed (member_id, line)",
            "CREATE TABLE nobodys (key TEXT PRIMARY KEY) WITHOUT ROWID",
        )

    def clear(self) -> None:
        """Forget every row, to read the list again."""
        self._store.execute("DELETE FROM listed")
        self._store.execute("DELETE FROM nobodys")

    def add(self, rows: Iterable[tuple[int, Listed]]) -> None:
        """Rows with their members."""
        self._store.executemany(
            "INSERT INTO listed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    *(member_id, row.line, row.provider_id, row.email, row.name, row.is_open),
                    *(_text(row.invited_on), _text(row.activated_on), row.found_by.value, row.id_key),
                )
                for member_id, row in rows
            ),
        )

    def add_nobodys(self, keys: Iterable[str]) -> None:
        """What rows without a member call their accounts: whoever had one of that name before still has it."""
        self._store.executemany("INSERT OR IGNORE INTO nobodys VALUES (?)", ((key,) for key in keys))

    def members(self) -> int:
        """How many members the list names."""
        (count,) = self._store.execute("SELECT count(DISTINCT member_id) FROM listed").fetchone()
        return int(count)

    def by_member(self) -> Iterator[tuple[int, list[Listed]]]:
        """The rows, member by member in rising order, each one's by line."""
        with closing(self._store.execute("SELECT * FROM listed ORDER BY member_id, line")) as cursor:
            for member_id, rows in groupby(cursor, key=itemgetter(0)):
                yield member_id, [_listed(row) for row in rows]

    def names_none_of(self, member_ids: list[int]) -> list[int]:
        """Those of these members whom no row names."""
        marks = ", ".join(map(str, member_ids))
        named = {each for (each,) in self._store.execute(f"SELECT member_id FROM listed WHERE member_id IN ({marks})")}
        return [each for each in member_ids if each not in named]

    def is_nobodys(self, key: str) -> bool:
        return self._store.execute("SELECT 1 FROM nobodys WHERE key = ?", (key,)).fetchone() is not None

    def ids_of_several(self) -> set[str]:
        """Ids that the list gives to two members: taught to neither."""
        sql = "SELECT id_key FROM listed WHERE id_key <> '' GROUP BY id_key HAVING count(DISTINCT member_id) > 1"
        return {key for (key,) in self._store.execute(sql)}


def _listed(found: tuple[Any, ...]) -> Listed:
    _, line, provider_id, email, name, is_open, invited_on, activated_on, found_by, _ = found
    return Listed(line, provider_id, email, name, bool(is_open), _day(invited_on), _day(activated_on), FoundBy(found_by))


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
