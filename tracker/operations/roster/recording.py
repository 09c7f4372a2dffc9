"""A whole roster at once: first its rows are laid out by member; then they are shown as a preview, or recorded."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from itertools import chain

from sqlalchemy.orm import Session

from tracker.models.loading import in_chunks, many_rows
from tracker.operations.actor import Actor
from tracker.operations.held import hold_changes
from tracker.operations.roster.book import Book
from tracker.operations.roster.cards import Person
from tracker.operations.roster.known import holders_of_cards
from tracker.operations.roster.recorded import Full, RosterRecorded
from tracker.operations.roster.settling import Settling
from tracker.operations.roster.stage import Group, RosterStage
from tracker.operations.roster.writing import write_people
from tracker.operations.rows import RosterRow, RowFaults
from tracker.operations.watching import Watch, unwatched

_MEMBERS_AT_ONCE = 5_000


class StagedRoster:
    """A roster laid out by member; made by :func:`staged_roster`. It may be previewed, recorded, or both."""

    def __init__(self, stage: RosterStage, today: date, full: Full | None) -> None:
        self._stage = stage
        self._today = today
        self._full = full

    @many_rows()
    def preview(self, session: Session, watch: Watch = unwatched) -> RosterRecorded:
        """What recording would do; ``brake`` tells whether it would be refused without a person's word. Only reads."""
        recorded, book = self._begin(session)
        settling = Settling(session)
        for people in self._people(session, book, watch, "Comparing", with_ends=False):
            settling.note(people)
        recorded.settled = settling.count()
        return self._end(session, recorded, book, is_written=False)

    @many_rows()
    def record(
        self,
        session: Session,
        actor: Actor,
        *,
        batch_id: int | None,
        now: datetime,
        accept_leaving: int | None = None,
        watch: Watch = unwatched,
    ) -> RosterRecorded:
        """Record it. The rules that are in force reach the new cards at once. The door goes on with ``settle_waiting`` and
        ``refresh_standings`` for ``members``.

        Args:
            batch_id: None only where nothing is held and nobody will undo it: in a demonstration.
            accept_leaving: a person's word that so many people leave a local or the union.

        Raises:
            Refused: ``brake``. The door rolls back what was written until then.

        Needs ``writing(alone=True)``.
        """
        recorded, book = self._begin(session)
        for people in self._people(session, book, watch, "Recording", with_ends=True):
            write_people(session, people, book.new_crafts, actor, batch_id, now)
        if book.holding.holds:
            if batch_id is None:
                raise ValueError("a held change needs the batch that asks for it")
            hold_changes(session, book.holding.holds, batch_id, now)
        self._end(session, recorded, book, is_written=True)
        if recorded.brake is not None:
            recorded.brake.release(accept_leaving)
        return recorded

    def _begin(self, session: Session) -> tuple[RosterRecorded, Book]:
        recorded = RosterRecorded()
        recorded.faults.extend(self._stage.faults)
        recorded.faults.in_all = self._stage.faults.in_all
        self._stage.resolve(session)
        return recorded, Book(session, recorded, self._today, self._full, self._stage.craft_names)

    def _people(self, session: Session, book: Book, watch: Watch, label: str, *, with_ends: bool) -> Iterator[list[Person]]:
        """Those who change, some thousand at a time: first whom the rows name, then whom a complete roster does not."""
        holders = holders_of_cards(session, book.extent, self._today) if self._full else array("q")
        absent = (
            Group(member, "", [])
            for chunk in in_chunks(holders, _MEMBERS_AT_ONCE)
            for member in self._stage.names_none_of(chunk)
        )
        groups = chain(watch(label, self._stage.by_member(), self._stage.groups), absent)
        for chunk in in_chunks(groups, _MEMBERS_AT_ONCE):
            yield book.take(chunk, with_ends=with_ends)

    def _end(self, session: Session, recorded: RosterRecorded, book: Book, *, is_written: bool) -> RosterRecorded:
        recorded.faults.sort()
        recorded.diff = recorded.diff.in_order()
        recorded.held = book.holding.count
        recorded.leaving = book.departures.people
        recorded.brake = book.departures.brake(session, book.counting, self._today, book.numbers, is_written=is_written)
        return recorded


@contextmanager
def staged_roster(rows: Iterable[RosterRow | RowFaults], *, today: date, full: Full | None = None) -> Iterator[StagedRoster]:
    """Read a roster's rows and lay them out by member, outside any write. Nothing here asks the database.

    Args:
        full: given where the file is complete: open cards that it does not name are closed today.
    """
    with RosterStage() as stage:
        with many_rows():
            stage.put(rows)
        yield StagedRoster(stage, today, full)


def record_roster(
    session: Session,
    rows: Iterable[RosterRow | RowFaults],
    actor: Actor,
    *,
    batch_id: int | None,
    today: date,
    now: datetime,
    full: Full | None = None,
    accept_leaving: int | None = None,
) -> RosterRecorded:
    """Record what a roster says, in one go: a row is one membership, known by member, local, craft and first day.

    A row of a known card with another status, kind or last day corrects it: the fact is voided and another recorded. A blank
    never erases. A blank first day means the open card; a changed status then closes it today and opens another. Members are
    known by their number; an e-mail is added to what they are known by, never taken away, and one that could give an account
    away is held for a person to decide.

    Raises:
        Refused: ``brake``: too many people would leave, and ``accept_leaving`` does not say how many.

    Needs ``writing(alone=True)``.
    """
    with staged_roster(rows, today=today, full=full) as roster:
        return roster.record(session, actor, batch_id=batch_id, now=now, accept_leaving=accept_leaving)
