"""One import: a file's rows read, matched and laid out; then shown as a preview, or recorded as a batch.

Reading, matching and laying out only read the database and keep nobody waiting. Recording is one transaction of its own, in
which the same rows are judged by the same code: so a preview says what recording will do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Protocol, TypeVar

from sqlalchemy.orm import Session

from tracker.intake.accounts import read_accounts
from tracker.intake.completions import read_completions
from tracker.intake.imports.accounts import AccountsImport
from tracker.intake.imports.completions import CompletionsImport
from tracker.intake.imports.imported import Imported
from tracker.intake.imports.original import Original, original_of
from tracker.intake.imports.roster import RosterImport
from tracker.intake.reading import AS_FOUND, Reading
from tracker.intake.reports import AccountReader, CompletionReader, RosterReader
from tracker.intake.roster import read_roster
from tracker.intake.tables import Content
from tracker.language import _
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.profiles import profiles_of
from tracker.operations.refused import Refused
from tracker.operations.roster import Full
from tracker.operations.watching import Watch, unwatched

__all__ = [
    "KINDS",
    "AccountsImport",
    "CompletionsImport",
    "Imported",
    "Original",
    "RosterImport",
    "StagedImport",
    "import_completions",
    "import_roster",
    "original_of",
    "staged_import",
]

KINDS = ("completions", "roster", "accounts")


class StagedImport(Protocol):
    """A file on its way in, of whichever kind."""

    @property
    def reading(self) -> Reading:
        """How the file is read, with what it settled itself: what a profile keeps."""
        ...

    def preview(self, session: Session, watch: Watch = unwatched) -> Imported:
        """What recording would do. Only reads."""
        ...

    def record(
        self, session: Session, actor: Actor, *, now: datetime, strict: bool = False, watch: Watch = unwatched
    ) -> Imported:
        """Record it as a batch. Needs ``writing(alone=True)``."""
        ...


@contextmanager
def staged_import(
    session: Session,
    kind: str,
    content: Content,
    file_name: str,
    *,
    reading: Reading = AS_FOUND,
    full: Full | None = None,
    accept_leaving: int | None = None,
    call_it: str = "",
    today: date,
    by: Actor = OPERATOR,
    watch: Watch = unwatched,
) -> Iterator[StagedImport]:
    """Read a file and lay its rows out, outside any write, by the saved profiles there are.

    Args:
        kind: one of :data:`KINDS`.
        full: given where a roster or a list of accounts is complete: open cards, or accounts, that it does not name are
            closed.
        accept_leaving: a person's word that so many people leave by a roster.
        call_it: the name under which the way of reading is being saved as a profile.
        by: who records it, or would: nobody records their own as more than a claim.

    Raises:
        Refused: ``unknown_kind``; or the file cannot be read as what it is.
    """
    original = original_of(content, file_name)
    profiles = profiles_of(session, kind)
    if kind == "completions":

        def read_report() -> CompletionReader:
            return _called(read_completions(content, file_name, today, reading, profiles), call_it)

        with CompletionsImport.staged(session, read_report, original, today=today, by=by, watch=watch) as staged:
            yield staged
    elif kind == "roster":

        def read_cards() -> RosterReader:
            return _called(read_roster(content, file_name, reading, profiles), call_it)

        with RosterImport.staged(
            read_cards, original, today=today, full=full, accept_leaving=accept_leaving, watch=watch
        ) as roster:
            yield roster
    elif kind == "accounts":

        def read_people() -> AccountReader:
            return _called(read_accounts(content, file_name, reading, profiles), call_it)

        with AccountsImport.staged(
            session, read_people, original, today=today, full=full is not None, watch=watch
        ) as accounts:
            yield accounts
    else:
        raise Refused("unknown_kind", _("Say what is in the file: a roster, completed courses, or accounts."), field="kind")


_R = TypeVar("_R", CompletionReader, RosterReader, AccountReader)


def _called(reader: _R, name: str) -> _R:
    if name:
        reader.call(name)
    return reader


def import_completions(
    session: Session,
    content: Content,
    file_name: str,
    actor: Actor,
    *,
    today: date,
    now: datetime,
    reading: Reading = AS_FOUND,
    strict: bool = False,
    watch: Watch = unwatched,
) -> Imported:
    """Record a completion report in one go.

    Raises:
        Refused: the file is no report we read, or ``strict`` and a row is faulty. Nothing is written then.

    Needs ``writing(alone=True)``.
    """
    with staged_import(
        session, "completions", content, file_name, reading=reading, today=today, by=actor, watch=watch
    ) as staged:
        return staged.record(session, actor, now=now, strict=strict, watch=watch)


def import_roster(
    session: Session,
    content: Content,
    file_name: str,
    actor: Actor,
    *,
    today: date,
    now: datetime,
    reading: Reading = AS_FOUND,
    full: Full | None = None,
    accept_leaving: int | None = None,
    strict: bool = False,
    watch: Watch = unwatched,
) -> Imported:
    """Record a roster in one go.

    Raises:
        Refused: the file is not a roster, too many would leave, or ``strict`` and a row is faulty. Nothing is written then.

    Needs ``writing(alone=True)``.
    """
    with staged_import(
        *(session, "roster", content, file_name),
        reading=reading,
        full=full,
        accept_leaving=accept_leaving,
        today=today,
        watch=watch,
    ) as staged:
        return staged.record(session, actor, now=now, strict=strict, watch=watch)
