"""Sealing the audit trail and noting where its chain ends: what whoever keeps the site running calls every few seconds."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from tracker.config import Settings
from tracker.coverage.chain import chain_head, unsealed, unsealed_from
from tracker.models import Busy, db, writing
from tracker.operations.audit_heads import ANOTHERS, goes_on_from, heads_file, is_noted_today, newest_head, note_head
from tracker.operations.sealing import seal_entries

_ROUND = 1_000  # entries of one transaction: some hundredths of a second, so that nobody waits for it
_MOST_ROUNDS = 20  # of one call
_PATIENCE = 0.5  # seconds: an import is not waited for, the next call comes soon

_looked_on: dict[Path, date] = {}  # by the file of the heads: on which day this process last looked at the whole trail
_told: dict[Path, tuple[date, str]] = {}  # and what it said last of a head that cannot be noted

_log = logging.getLogger(__name__)


def seal_and_note(settings: Settings, now: datetime) -> int:
    """Seal what waits, some thousand entries at most, and note the head outside the database where it moved.

    Once a day, with the day's first head, it also looks for entries that came very late; where no head can be noted, each
    process does so once. To be called inside the application; it keeps nobody waiting, and gives up quietly where others
    write alone.

    Returns:
        How many entries were sealed.
    """
    file = heads_file(settings.instance)
    day = now.astimezone(UTC).date()
    is_noted = is_noted_today(file, now)
    is_first = not is_noted and _looked_on.get(file) != day
    sealed = seal_all(now, all_of=is_first, patience=_PATIENCE, most_rounds=_MOST_ROUNDS)
    if is_first:
        _looked_on[file] = day
    if sealed or not is_noted:
        note(settings, now)
    return sealed


def seal_all(
    now: datetime,
    *,
    all_of: bool = False,
    patience: float = _PATIENCE,
    most_rounds: int | None = None,
    progress: Callable[[int], object] = lambda rows: None,
) -> int:
    """Seal in small rounds until nothing waits, another is at it, or ``most_rounds`` are done. How many were sealed."""
    sealed, rounds = 0, 0
    while (most_rounds is None or rounds < most_rounds) and _any_waits(all_of=all_of and not rounds, onward=rounds > 0):
        try:
            with writing(patience=patience) as session:
                done = seal_entries(session, now, _ROUND, all_of=all_of and not rounds, onward=rounds > 0)
        except Busy:
            break
        sealed, rounds = sealed + done, rounds + 1
        progress(done)
        if done < _ROUND:
            break
    return sealed


def note(settings: Settings, now: datetime) -> bool:
    """Note where the chain ends; whether that could be done. Where it could not, the log says so, once a day."""
    file = heads_file(settings.instance)
    newest = newest_head(file)
    head = chain_head(db.session())
    is_ours = goes_on_from(db.session(), newest)
    db.session().rollback()
    if head is None:
        return False
    trouble = ""
    try:
        if not is_ours and newest is not None and head.position >= newest.position:
            trouble = f"the audit trail's chain does not hold the last head in {file.name}: {ANOTHERS}"
        elif not note_head(file, head, now):
            trouble = f"the audit trail's chain ends before what {file.name} holds: run `tracker audit verify`"
    except OSError as error:
        trouble = f"the head of the audit trail could not be noted: {error.strerror}"
    told = (now.astimezone(UTC).date(), trouble)
    if trouble and _told.get(file) != told:
        _told[file] = told
        _log.error("%s", trouble)
    return not trouble


def is_same_chain(settings: Settings) -> bool:
    """Whether the database that answers holds the head that was noted last."""
    newest = newest_head(heads_file(settings.instance))
    found = goes_on_from(db.session(), newest)
    db.session().rollback()
    return found


def _any_waits(*, all_of: bool, onward: bool) -> bool:
    """Whether anything waits, without taking anybody's turn to write."""
    session = db.session()
    session.rollback()
    found = unsealed(session, unsealed_from(session, all_of=all_of, onward=onward), 1)
    session.rollback()
    return bool(found)
