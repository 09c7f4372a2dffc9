"""A roster, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from tracker.curriculum.faults import Fault
from tracker.curriculum.words import Outcome
from tracker.models.loading import in_chunks, many_rows
from tracker.operations.actor import Actor
from tracker.operations.assignments import reach
from tracker.operations.roster.book import Book
from tracker.operations.rows import RosterRow, RowFaults

_ROWS_AT_ONCE = 20_000


@dataclass
class RosterRecorded:
    """How a roster's rows ended."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    members: set[int] = field(default_factory=set)  # whose facts changed
    new_members: int = 0


@many_rows()
def record_roster(
    session: Session,
    rows: Iterable[RosterRow | RowFaults],
    actor: Actor,
    *,
    batch_id: int | None,
    today: date,
    now: datetime,
) -> RosterRecorded:
    """Record what a roster says: a row is one membership, known by member, local, craft and first day.

    A row of a known card with another status, kind or last day corrects it: the fact is voided and another recorded. A blank
    never erases. A blank first day means the open card; a changed status then closes it today and opens another. Members are
    known by their number; an e-mail is added to what they are known by, never taken away.

    The rules that are in force reach the new cards at once. The door goes on with ``settle_waiting`` and
    ``refresh_standings`` for ``members``.

    Needs ``writing(alone=True)``.
    """
    recorded = RosterRecorded()
    book = Book(session, actor, batch_id, today, now)
    for chunk in in_chunks(rows, _ROWS_AT_ONCE):
        readable = []
        for row in chunk:
            if isinstance(row, RowFaults):
                recorded.outcomes[Outcome.FAULTY] += 1
                recorded.faults += row.faults
            else:
                readable.append(row)
        book.open(readable)
        for row in readable:
            outcome = book.take(row)
            recorded.outcomes[outcome] += 1
        book.close()
    recorded.faults += book.faults
    recorded.faults.sort()
    recorded.members = book.touched
    recorded.new_members = book.new_members
    if book.touched:
        reach(session, None, book.touched, actor, now, batch_id=batch_id, ended=book.ended)
    return recorded
