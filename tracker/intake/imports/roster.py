"""A roster on its way in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime

from sqlalchemy.orm import Session

from tracker.intake.imports.imported import Imported, close_batch, imported_of, open_batch, refuse_if_strict
from tracker.intake.imports.original import Original
from tracker.intake.reading import Reading
from tracker.intake.reports import RosterReader
from tracker.operations.actor import Actor
from tracker.operations.completions import settle_waiting
from tracker.operations.roster import Full, RosterRecorded, StagedRoster, staged_roster
from tracker.operations.standings import refresh_standings
from tracker.operations.watching import Watch, unwatched


class RosterImport:
    """A roster laid out by member; made by :meth:`staged`."""

    def __init__(
        self, reader: RosterReader, roster: StagedRoster, original: Original, today: date, accept_leaving: int | None
    ) -> None:
        self._reader = reader
        self._roster = roster
        self._original = original
        self._today = today
        self._accept_leaving = accept_leaving

    @classmethod
    @contextmanager
    def staged(
        cls,
        read: Callable[[], RosterReader],
        original: Original,
        *,
        today: date,
        full: Full | None = None,
        accept_leaving: int | None = None,
        watch: Watch = unwatched,
    ) -> Iterator[RosterImport]:
        """Read the rows and lay them out, outside any write.

        Args:
            full: given where the file is complete: open cards that it does not name are closed today.
            accept_leaving: a person's word that so many people leave.

        Raises:
            Refused: the file cannot be read as what it is.
        """
        reader = read()
        with staged_roster(watch("Reading", reader, original.lines), today=today, full=full) as roster:
            yield cls(reader, roster, original, today, accept_leaving)

    @property
    def reading(self) -> Reading:
        """How the file is read, with what it settled itself: what a profile keeps."""
        return self._reader.reading

    def preview(self, session: Session, watch: Watch = unwatched) -> Imported:
        """What recording would do. Only reads."""
        recorded = self._roster.preview(session, watch)
        imported = self._imported(0, recorded)
        imported.brake = recorded.brake
        return imported

    def record(
        self, session: Session, actor: Actor, *, now: datetime, strict: bool = False, watch: Watch = unwatched
    ) -> Imported:
        """Record it as a batch, let the rules reach its cards, and settle completions that waited for its members.

        Raises:
            Refused: ``faulty_rows``, where ``strict`` and a row is faulty; ``brake``, where too many would leave.

        Needs ``writing(alone=True)``.
        """
        batch_id = open_batch(session, "roster", self._reader.profile, self._original, actor, now)
        recorded = self._roster.record(
            session, actor, batch_id=batch_id, now=now, accept_leaving=self._accept_leaving, watch=watch
        )
        refuse_if_strict(recorded, strict)
        refresh_standings(session, recorded.members, self._today)
        imported = self._imported(batch_id, recorded)
        imported.settled = settle_waiting(session, today=self._today, now=now).outcomes.total()
        close_batch(session, imported, self._original, actor, now)
        return imported

    def _imported(self, batch_id: int, recorded: RosterRecorded) -> Imported:
        return imported_of(
            *(batch_id, "roster", self._reader, recorded),
            new_members=recorded.new_members,
            settled=recorded.settled,
            held=recorded.held,
            closed=recorded.closed,
            leaving=recorded.leaving,
            diff=recorded.diff,
        )
