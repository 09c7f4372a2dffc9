"""A report of completions on its way in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from itertools import chain, count

from sqlalchemy.orm import Session

from tracker.intake.imports.imported import Imported, close_batch, imported_of, open_batch, refuse_if_strict
from tracker.intake.imports.original import Original
from tracker.intake.reading import Reading
from tracker.intake.reports import CompletionReader
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.completions import CompletionsRecorded, Report, Reported
from tracker.operations.own_record import own_members
from tracker.operations.watching import Watch, unwatched

_MOST_WAITING_SHOWN = 200


class CompletionsImport:
    """A report of completions on its way in; made by :meth:`staged`."""

    def __init__(self, reader: CompletionReader, report: Report, original: Original, today: date) -> None:
        self._reader = reader
        self._report = report
        self._original = original
        self._today = today

    @classmethod
    @contextmanager
    def staged(
        cls,
        session: Session,
        read: Callable[[], CompletionReader],
        original: Original,
        *,
        today: date,
        by: Actor = OPERATOR,
        watch: Watch = unwatched,
    ) -> Iterator[CompletionsImport]:
        """Read the rows, match them and lay them out, outside any write.

        Args:
            read: opens the file at its beginning. It is read again where a roster was recorded while it was matched.
            by: who records it, or would.

        Raises:
            Refused: the file cannot be read as what it is.
        """
        first = read()
        readers = chain((first,), (read() for _ in count()))

        def rows() -> Iterable[Reported]:
            return watch("Reading", next(readers), original.lines)

        with Report(session, rows, source=first.source, own=own_members(session, by)) as report:
            yield cls(first, report, original, today)

    @property
    def reading(self) -> Reading:
        """How the file is read, with what it settled itself: what a profile keeps."""
        return self._reader.reading

    def preview(self, session: Session, watch: Watch = unwatched) -> Imported:
        """What recording would do. Only reads."""
        imported = self._imported(0, self._report.judge(session, self._today, watch))
        imported.waiting = self._report.waiting(_MOST_WAITING_SHOWN)
        return imported

    def record(
        self, session: Session, actor: Actor, *, now: datetime, strict: bool = False, watch: Watch = unwatched
    ) -> Imported:
        """Record it as a batch. Needs ``writing(alone=True)``.

        Raises:
            Refused: ``faulty_rows``, where ``strict`` and a row is faulty. Nothing is written then.
        """
        refuse_if_strict(self._report.read, strict, self._report.rows)
        batch_id = open_batch(session, "completions", self._reader.profile, self._original, actor, now)
        recorded = self._report.record(session, actor=actor, batch_id=batch_id, today=self._today, now=now, watch=watch)
        refuse_if_strict(recorded, strict)
        imported = self._imported(batch_id, recorded)
        close_batch(session, imported, self._original, actor, now)
        return imported

    def _imported(self, batch_id: int, recorded: CompletionsRecorded) -> Imported:
        return imported_of(
            *(batch_id, "completions", self._reader, recorded),
            set_aside=recorded.set_aside,
            lapsed=recorded.lapsed,
        )
