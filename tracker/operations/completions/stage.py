"""Where an import's rows stand between being read and being recorded.

A private database of this process, on disk and deleted with it: so reading, matching and laying out millions of rows keep no
one waiting and hold none of them in memory, and they are then walked member by member. It is SQLite on either engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from tracker.curriculum.words import Assurance, Outcome
from tracker.operations.private_store import PrivateStore
from tracker.operations.rows import CompletionRow


class Staged(NamedTuple):
    """A row whose member and course are known, on its way to being recorded."""

    member_id: int
    line: int
    course_id: int
    completed_on: date
    assurance: int
    source: str
    external_id: str | None
    evidence_url: str
    batch_id: int | None
    recorded_by: int | None


class Stage(PrivateStore):
    """Rows laid out: those to record by member, those that wait as they were read. Close it, or use it as a context."""

    def __init__(self) -> None:
        super().__init__(
            "CREATE TABLE matched (member_id INTEGER, line INTEGER, course_id INTEGER, completed_on TEXT, assurance INTEGER,"
            " external_id TEXT, evidence_url TEXT)",
            "CREATE TABLE waiting (fingerprint TEXT PRIMARY KEY, reason TEXT, is_set_aside INTEGER, line INTEGER,"
            " member_number TEXT, provider_id TEXT, email TEXT, learner_name TEXT, course_id TEXT, course TEXT,"
            " completed_on TEXT, assurance INTEGER, evidence_url TEXT, external_id TEXT, learner_local TEXT) WITHOUT ROWID",
        )
        self.matched = 0

    def clear(self) -> None:
        """Forget every row, to read the file again."""
        self._store.execute("DELETE FROM matched")
        self._store.execute("DELETE FROM waiting")
        self.matched = 0

    def add(self, rows: list[tuple[Any, ...]]) -> None:
        """Rows to record: member, line, course, day, assurance, the source's id or None, the evidence's address."""
        self.matched += len(rows)
        self._store.executemany("INSERT INTO matched VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def let_wait(self, rows: Iterable[tuple[str, Outcome, bool, CompletionRow]]) -> None:
        """Rows that wait, each with its fingerprint, why, and whether it is set aside. The same row waits once."""
        self._store.executemany(
            "INSERT OR IGNORE INTO waiting VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    fingerprint,
                    reason.value,
                    is_set_aside,
                    *row[:7],
                    row.completed_on.isoformat(),
                    int(row.assurance),
                    *row[9:],
                )
                for fingerprint, reason, is_set_aside, row in rows
            ),
        )

    def members(self) -> int:
        """How many members have rows to record."""
        (count,) = self._store.execute("SELECT count(DISTINCT member_id) FROM matched").fetchone()
        return int(count)

    def by_member(self, source: str, batch_id: int | None, recorded_by: int | None) -> Iterator[tuple[int, list[Staged]]]:
        """The rows to record, member by member in rising order, each one's by line."""
        with closing(self._store.execute("SELECT * FROM matched ORDER BY member_id, line")) as cursor:
            for member_id, group in groupby(cursor, key=itemgetter(0)):
                yield (
                    member_id,
                    [
                        Staged(member, line, course, _day(on), assurance, source, external_id, url, batch_id, recorded_by)
                        for member, line, course, on, assurance, external_id, url in group
                    ],
                )

    def waiting(self, most: int = -1) -> Iterator[tuple[str, Outcome, bool, CompletionRow]]:
        """The rows that wait, by line, as :meth:`let_wait` took them."""
        with closing(self._store.execute("SELECT * FROM waiting ORDER BY line LIMIT ?", (most,))) as cursor:
            for fingerprint, reason, is_set_aside, *said, on, assurance, url, external_id, local in cursor:
                row = CompletionRow._make((*said, _day(on), Assurance(assurance), url, external_id, local))
                yield fingerprint, Outcome(reason), bool(is_set_aside), row


@lru_cache(maxsize=50_000)
def _day(text: str) -> date:
    return date.fromisoformat(text)
