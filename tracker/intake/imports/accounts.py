"""A provider's list of accounts on its way in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from itertools import chain, count

from sqlalchemy.orm import Session

from tracker.intake.imports.imported import Imported, close_batch, imported_of, open_batch, refuse_if_strict
from tracker.intake.imports.original import Original
from tracker.intake.reading import Reading
from tracker.intake.reports import AccountReader
from tracker.operations.actor import Actor
from tracker.operations.completions import settle_waiting
from tracker.operations.provider_accounts import AccountList, AccountsRecorded
from tracker.operations.provider_accounts.recording import ListedRow
from tracker.operations.watching import Watch, unwatched

PROVIDER = "linkedin"  # whose accounts the union gives its members


class AccountsImport:
    """A list of accounts on its way in; made by :meth:`staged`."""

    def __init__(self, reader: AccountReader, accounts: AccountList, original: Original, today: date) -> None:
        self._reader = reader
        self._accounts = accounts
        self._original = original
        self._today = today

    @classmethod
    @contextmanager
    def staged(
        cls,
        session: Session,
        read: Callable[[], AccountReader],
        original: Original,
        *,
        today: date,
        full: bool = False,
        watch: Watch = unwatched,
    ) -> Iterator[AccountsImport]:
        """Read the rows, match them and lay them out, outside any write.

        Args:
            read: opens the file at its beginning. It is read again where a roster was recorded while it was matched.
            full: the list is complete: accounts that it does not name are closed.

        Raises:
            Refused: the file cannot be read as what it is.
        """
        first = read()
        readers = chain((first,), (read() for _ in count()))

        def rows() -> Iterable[ListedRow]:
            return watch("Reading", next(readers), original.lines)

        with AccountList(session, rows, PROVIDER, full=full) as accounts:
            yield cls(first, accounts, original, today)

    @property
    def reading(self) -> Reading:
        """How the file is read, with what it settled itself: what a profile keeps."""
        return self._reader.reading

    def preview(self, session: Session, watch: Watch = unwatched) -> Imported:
        """What recording would do. Only reads."""
        return self._imported(0, self._accounts.judge(session, self._today, watch))

    def record(
        self, session: Session, actor: Actor, *, now: datetime, strict: bool = False, watch: Watch = unwatched
    ) -> Imported:
        """Record it as a batch. Needs ``writing(alone=True)``.

        Raises:
            Refused: ``faulty_rows``, where ``strict`` and a row is faulty. Nothing is written then.
        """
        batch_id = open_batch(session, "accounts", self._reader.profile, self._original, actor, now)
        recorded = self._accounts.record(session, actor=actor, batch_id=batch_id, today=self._today, now=now, watch=watch)
        refuse_if_strict(recorded, strict)
        imported = self._imported(batch_id, recorded)
        if recorded.taught:
            imported.settled = settle_waiting(session, today=self._today, now=now).outcomes.total()
        close_batch(session, imported, self._original, actor, now)
        return imported

    def _imported(self, batch_id: int, recorded: AccountsRecorded) -> Imported:
        return imported_of(
            *(batch_id, "accounts", self._reader, recorded),
            closed=recorded.closed,
            kept_open=recorded.kept_open,
            set_aside=recorded.set_aside,
        )
